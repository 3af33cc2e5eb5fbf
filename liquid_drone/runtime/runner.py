# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly a bundle: camera frame in, command out, the state kept in between. No PyTorch, no ROS.

The encoder may run on a GPU; the liquid core runs on the CPU in single precision. dt is measured
from the frames' stamps.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Command, Float32Array, Image, Vector
from ..contract import (
    CORE_FILE,
    MOST_TOLERANCE,
    Belief,
    Contract,
    ParityVectors,
    check_image,
    largest_difference,
    load_contract,
    parity_inputs,
)
from ..errors import BundleError, ConfigError, InferenceError
from ..request import FlightRequest, RequestInForce
from .core import CoreAnswer, CoreStep
from .providers import Backend, check
from .vision import VisionStep

ONE, MOST_LOGIT = np.float32(1.0), np.float32(30.0)


class PolicyOutput(NamedTuple):
    """The answer to one frame."""

    command: Command  # (4,) vx, vy, vz m/s, yaw rate rad/s; body FLU, heading-aligned
    target_probability: float  # that the target is in the image, 0..1
    target_bearing: float  # -1 left edge .. 1 right edge
    target_elevation: float  # -1 bottom edge .. 1 top edge
    dt_s: float  # the time step that the network was given
    belief: Belief | None = None  # None: the core has none
    request: Vector | None = None  # distance m, height m, speed m/s; None: it takes none


class PolicyRunner:
    """Holds the two sessions of a bundle and the state of the liquid core."""

    def __init__(
        self, bundle: Path, backend: Backend | None = None, check_parity: bool = True
    ) -> None:
        """Open a bundle and, unless told otherwise, replay its parity vectors.

        Args:
            bundle: directory.
            backend: where the vision graph runs (default: on one thread of the CPU);
                :func:`.selection.open_policy` chooses one.
            check_parity: compare with the stored answers.

        Raises:
            BundleError: missing, altered, unreadable, or not giving the answers that its contract
                promises.
            ConfigError: the provider cannot be had.

        """
        self.bundle = bundle
        self.contract: Contract = load_contract(bundle)
        camera = self.contract.camera
        backend = backend or Backend()
        check(backend.provider)
        if self.contract.precision == 'int8' and backend.provider != 'cpu':
            raise ConfigError(
                f"bundle {bundle} is INT8, which is for the processor alone: use providers 'cpu', "
                f"or the FP32 bundle that it was made from on '{backend.provider}'"
            )
        backend = replace(backend, rows_columns=(camera.height, camera.width))
        self.vision = VisionStep(bundle, self.contract, backend)
        contract, asked = self.contract, self.contract.request
        self.core = CoreStep(
            bundle / CORE_FILE,
            contract.feature_size,
            contract.state_size,
            takes_request=asked is not None,
            has_belief=contract.belief,
        )
        self._request = None if asked is None else RequestInForce(asked)
        self.reset()
        if check_parity:
            self.check_parity()

    def warm_up(self) -> None:
        """Run both graphs once, so that no real frame is slower; the state is untouched."""
        camera = self.contract.camera
        request = None if self._request is None else self._request.values
        black = np.zeros((camera.height, camera.width, 3), np.uint8)
        self._infer(black, 0.05, self._zero_state(), request)

    @property
    def asked(self) -> FlightRequest:
        """What was asked for last."""
        return FlightRequest() if self._request is None else self._request.asked

    def ask(self, request: FlightRequest) -> Vector | None:
        """Ask for another distance, height or speed; a reset does not forget it.

        In flight it is come to smoothly, see :mod:`liquid_drone.request`.

        Returns:
            What it will come to, held to the ranges of training; None: nothing was asked for,
            and this policy takes nothing.

        Raises:
            ConfigError: this policy takes no request, and one is made.

        """
        if self._request is None:
            if request:
                raise ConfigError(
                    f'bundle {self.bundle} takes no request ({request}): its contract has format '
                    f'{self.contract.format_version}; take one of format 2, or ask for nothing'
                )
            return None
        return self._request.ask(request)

    def reset(self) -> None:
        """Forget the past: zero state, and the next frame gets the nominal time step."""
        self._state = self._zero_state()
        if self._request is not None:
            self._request.begin()
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
            InferenceError: it cannot be computed, or not all of the answer is finite; the state
                stays that of the image before.

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
        request = None if self._request is None else self._request.step(dt_s)
        features, target = self.see(image)
        answer = self.core(features, self._state, dt_s, request)
        self._check_finite(features, target, *answer[:2])
        self._state = answer.state
        output = PolicyOutput(
            command=answer.command[0],
            target_probability=probability(target[0, 0]),
            target_bearing=float(clipped(target[0, 1], ONE)),
            target_elevation=float(clipped(target[0, 2], ONE)),
            dt_s=dt_s,
            belief=None if answer.belief is None else _believed(answer.belief[0]),
            request=request,
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
        request = None if self._request is None else self._request.values
        features, targets = self.vision(images)
        commands = [
            self.core(row[None], self._state, step_s, request).command for row in features
        ]  # B of (1, 4)
        return np.concatenate(commands), targets  # (B, 4), (B, 3)

    def parity_difference(self) -> float:
        """Replay the parity vectors; return the largest difference, relative above 1.

        The state is untouched; infinite where an answer is not finite.

        Raises:
            BundleError: no vectors.

        """
        parity = self.contract.parity
        if parity is None:
            raise BundleError(f'bundle {self.bundle} has no parity vectors: export it again')
        return self.difference_from(parity)

    def difference_from(self, parity: ParityVectors) -> float:
        """Return the largest difference from stored answers, relative above 1; see above."""
        pairs = zip(self.replay(parity), parity.answers, strict=True)
        return max(largest_difference(got, expected) for got, expected in pairs)

    def replay(self, parity: ParityVectors) -> tuple[Float32Array, ...]:
        """Answer the inputs of parity vectors: commands (T, 4), target heads (T, 3), beliefs."""
        state, rows = self._zero_state(), []
        images = parity_inputs(parity, self.contract.camera)
        for index, (image, dt_s) in enumerate(zip(images, parity.dt_s, strict=True)):
            request = parity.requests[index] if parity.requests else None
            target, answer = self._infer(image, dt_s, state, request)
            state = answer.state
            row = [answer.command[0], target[0]]
            rows.append(row if answer.belief is None else [*row, answer.belief[0]])
        return tuple(np.stack(column) for column in zip(*rows, strict=True))

    @property
    def backend(self) -> Backend:
        """Where the vision graph runs."""
        return self.vision.backend

    @property
    def precision(self) -> str:
        """Of the vision graph: what its weights are stored in, else what the provider makes."""
        return self.vision.precision

    @property
    def tolerance(self) -> float:
        """The largest difference that is taken: a bundle may ask for less, never for more."""
        most, parity = MOST_TOLERANCE[self.precision], self.contract.parity
        if self.precision != 'fp32' or parity is None:
            return most
        return min(most, parity.tolerance)

    def check_parity(self) -> float:
        """Replay the parity vectors; return the largest difference. The state is untouched.

        Raises:
            BundleError: no vectors, or a difference above their tolerance.

        """
        worst, tolerance = self.parity_difference(), self.tolerance
        if worst > tolerance:
            raise BundleError(
                f'bundle {self.bundle} on {self.vision.where} differs from its parity vectors '
                f'by {worst:.2g}, more than {tolerance:g}: {self._advice()}'
            )
        return worst

    def _advice(self) -> str:
        if self.backend.provider == 'cpu':
            return 'its graphs are not what its contract was made of; export the bundle again'
        return "fly it with providers 'cpu' (or precision 'fp32'), and report GPU and versions"

    @property
    def provider(self) -> str:
        """Where the vision graph runs, for diagnostics and results, such as ``cuda fp32``."""
        return self.vision.provider

    def see(self, image: Image) -> tuple[Float32Array, Float32Array]:
        """Run the vision graph alone: features (1, F), target head (1, 3)."""
        return self.vision(image[None])

    def _check_finite(self, *answers: Float32Array) -> None:
        """Refuse what would stay in the state of the core for good.

        Raises:
            InferenceError: a number of them is not finite.

        """
        if all(math.isfinite(np.vdot(answer, answer)) for answer in answers):
            return  # beyond 1e19 squares are not finite, and no network means that
        raise InferenceError(
            f'bundle {self.bundle} on {self.vision.where} answers with numbers that are not '
            "finite for this image: take precision 'fp32', or providers 'cpu'"
        )

    def _infer(
        self, image: Image, dt_s: float, state: Any, request: Sequence[float] | None
    ) -> tuple[Any, CoreAnswer]:
        features, target = self.see(image)
        return target, self.core(features, state, dt_s, request)

    def _zero_state(self) -> Any:
        return np.zeros((1, self.contract.state_size), dtype=np.float32)


def clipped(value: np.float32, most: np.float32) -> np.float32:
    """Clip a number to both sides, as np.clip does; a tenth of its time."""
    return min(max(value, -most), most)


def probability(logit: np.float32) -> float:
    """Return the probability of a logit."""
    return float(ONE / (ONE + np.exp(-clipped(logit, MOST_LOGIT))))


def _believed(belief: Float32Array) -> Belief:
    return Belief(probability(belief[0]), float(belief[1]), float(belief[2]))
