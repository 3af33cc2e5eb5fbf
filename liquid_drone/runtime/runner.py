# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly a bundle: camera frame in, command out, the state kept in between. No PyTorch, no ROS.

The encoder may run on a GPU; the liquid core runs on the CPU in single precision. dt is measured
from the frames' stamps.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Command, Image
from ..contract import CORE_FILE, VISION_FILE, Contract, check_image, load_contract, parity_inputs
from ..errors import BundleError
from .core import CoreStep
from .providers import open_session, resolve


@dataclass(frozen=True)
class PolicyOutput:
    """The answer to one frame."""

    command: Command  # (4,) vx, vy, vz m/s, yaw rate rad/s; body FLU, heading-aligned
    target_probability: float  # that the target is in the image, 0..1
    target_bearing: float  # -1 left edge .. 1 right edge
    target_elevation: float  # -1 bottom edge .. 1 top edge
    dt_s: float  # the time step that the network was given


class PolicyRunner:
    """Holds the two sessions of a bundle and the state of the liquid core."""

    def __init__(
        self, bundle: Path, providers: str = 'auto', check_parity: bool = True, threads: int = 1
    ) -> None:
        """Open a bundle and, unless told otherwise, replay its parity vectors.

        Raises:
            BundleError: missing, altered, unreadable, or not giving the answers that its contract
                promises.
            ConfigError: the provider cannot be had.

        """
        self.bundle = bundle
        self.contract: Contract = load_contract(bundle)
        self.provider = resolve(providers)
        self._vision = open_session(bundle / VISION_FILE, self.provider, threads)
        self._core = CoreStep(
            bundle / CORE_FILE, self.contract.feature_size, self.contract.state_size
        )
        self._check_shapes()
        self.reset()
        if check_parity:
            self.check_parity()

    def warm_up(self) -> None:
        """Run both graphs once, so that no real frame is slower; the state is untouched."""
        camera = self.contract.camera
        self._infer(np.zeros((camera.height, camera.width, 3), np.uint8), 0.05, self._zero_state())

    def reset(self) -> None:
        """Forget the past: zero state, and the next frame gets the nominal time step."""
        self._state = self._zero_state()
        self._last: tuple[float, PolicyOutput] | None = None

    def step(self, image: Image, stamp_s: float) -> PolicyOutput:
        """Answer one frame.

        A repeated stamp gives the same answer without a step; a gap longer than the contract's, or
        a step back in time, resets first.

        Args:
            image: (H, W, 3) uint8 RGB, as the contract says.
            stamp_s: when it was taken.

        Raises:
            ImageError: another shape or type.

        """
        check_image(image, self.contract.camera)
        time = self.contract.time
        dt_s = time.nominal_s
        if self._last is not None:
            gap_s = stamp_s - self._last[0]
            if gap_s == 0.0:
                return self._last[1]
            if 0.0 < gap_s <= time.reset_after_s:
                dt_s = min(max(gap_s, time.min_s), time.max_s)
            else:
                self.reset()
        command, target, self._state = self._infer(image, dt_s, self._state)
        output = PolicyOutput(
            command=command,
            target_probability=float(1.0 / (1.0 + np.exp(-np.clip(target[0], -30.0, 30.0)))),
            target_bearing=float(np.clip(target[1], -1.0, 1.0)),
            target_elevation=float(np.clip(target[2], -1.0, 1.0)),
            dt_s=dt_s,
        )
        self._last = (stamp_s, output)
        return output

    def what_if(self, images: Image, dt_s: float | None = None) -> tuple[Command, Any]:
        """Answer several pictures as if each came next; the state is untouched.

        Args:
            images: (B, H, W, 3) uint8 RGB.
            dt_s: the time step; None: the nominal one.

        Returns:
            Commands (B, 4) and target heads (B, 3): logit, bearing, elevation.

        """
        step_s = dt_s or self.contract.time.nominal_s
        features, targets = self._vision.run(['features', 'target'], {'image': images})
        commands = [
            self._core(row[None], self._state, step_s)[0] for row in features
        ]  # B of (1, 4)
        return np.concatenate(commands), targets  # (B, 4), (B, 3)

    def check_parity(self) -> float:
        """Replay the parity vectors; return the largest difference. The state is untouched.

        Raises:
            BundleError: no vectors, or a difference above their tolerance.

        """
        parity = self.contract.parity
        if parity is None:
            raise BundleError(f'bundle {self.bundle} has no parity vectors: export it again')
        state, worst = self._zero_state(), 0.0
        images = parity_inputs(parity, self.contract.camera)
        for image, dt_s, command, target in zip(
            images, parity.dt_s, parity.commands, parity.targets, strict=True
        ):
            got_command, got_target, state = self._infer(image, dt_s, state)
            for got, expected in ((got_command, command), (got_target, target)):
                scale = np.maximum(np.abs(expected), 1.0)
                worst = max(worst, float(np.max(np.abs(got - np.array(expected)) / scale)))
        if not worst <= parity.tolerance:  # also when it is nan
            raise BundleError(
                f"bundle {self.bundle} on provider '{self.provider}' differs from its parity "
                f'vectors by {worst:.2g}, more than {parity.tolerance:g}: export it again or '
                'choose another provider'
            )
        return worst

    def _infer(self, image: Image, dt_s: float, state: Any) -> tuple[Command, Any, Any]:
        features, target = self._vision.run(['features', 'target'], {'image': image[None]})
        command, after = self._core(features, state, dt_s)
        return command[0], target[0], after

    def _zero_state(self) -> Any:
        return np.zeros((1, self.contract.state_size), dtype=np.float32)

    def _check_shapes(self) -> None:
        camera = self.contract.camera
        expected = {
            'image': [camera.height, camera.width, 3],
            'features': [self.contract.feature_size],
            'state': [self.contract.state_size],
            'dt': [],
        }
        graphs = (
            (VISION_FILE, self._vision, ['image']),
            (CORE_FILE, self._core.session, ['features', 'state', 'dt']),
        )
        for file, session, names in graphs:
            shapes = {node.name: list(node.shape[1:]) for node in session.get_inputs()}
            wanted = {name: expected[name] for name in names}
            if shapes != wanted:
                raise BundleError(
                    f'{self.bundle / file} does not fit its contract: expected inputs {wanted} '
                    f'(without the batch), got {shapes}'
                )
