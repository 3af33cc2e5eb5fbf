# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The policy of an endurance flight and the camera before it, and what goes wrong with both.

Pictures pass the checks of the policy node; the policy behind them is a random walk.
"""

import contextlib
import math

import numpy as np

from ..arrays import Image
from ..errors import ImageError
from ..flight.guard.limits import Limits
from ..flight.guard.state import Proposal
from ..image import horizontal_fov_deg
from ..lens.lens import Lens
from ..ros.picture_gate import PictureGate
from ..ros.stamps import SECOND_NS

POLICY_FAULTS = (
    'policy silent',
    'policy not finite',
    'policy repeats itself',
    'policy from the future',
    'policy raves',
)
CLOCK_FAULTS = ('camera clock ahead', 'camera clock behind')
SECOND_PUBLISHER = 'second publisher'
CAMERA_FAULTS = (
    'camera silent',
    'camera frozen',
    *CLOCK_FAULTS,
    'camera repeats itself',
    'camera_info cannot be',
    'camera_info of another sensor',
    SECOND_PUBLISHER,
)
EPOCH_NS = 1_700_000_000 * SECOND_NS  # where the computer's clock begins
SHAPE = (18, 32)
FOCAL_PX = 22.8  # 70 degrees
OLDEST_S, FROZEN_S, MOST_AHEAD_S = 0.2, 0.5, 0.2  # by default in the nodes
DELAY_S = 0.02
SLACK_S = 0.3
IMPOSSIBLE = (  # widths and focal lengths
    (SHAPE[1], 1.0),
    (SHAPE[1], -FOCAL_PX),
    (SHAPE[1], math.inf),
    (SHAPE[1], math.nan),
    (SHAPE[1], 1e9),
    (0, FOCAL_PX),
    (10**6, FOCAL_PX),
)


class FaultyCamera:
    """Sends a picture each step, and knows when something new was last to be seen."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Begin with a calibration that can be."""
        self._rng = rng
        self._lens, self._gate = Lens(), PictureGate(OLDEST_S, FROZEN_S)
        self._image: Image = np.zeros((*SHAPE, 3), dtype=np.uint8)
        self._sent: list[tuple[Image, int, float]] = []  # picture, stamp, when it was taken
        self._ahead_s, self._is_another = 0.0, False
        self._acted: set[int] = set()  # steps whose pictures were acted on
        self.new_s = 0.0  # when the newest picture that showed something new was taken
        self.violation = ''

    def begin(self, name: str) -> None:
        """Draw what a fault is about."""
        if name in CLOCK_FAULTS:
            away_s = 10.0 ** float(self._rng.uniform(-2.0, 3.0))
            self._ahead_s = away_s if name == 'camera clock ahead' else -away_s

    def age_s(self, now_s: float, active: dict[str, float]) -> float | None:
        """Return the age of this step's picture for the guard; None: it is not acted on."""
        self._tell_lens(active)
        if 'camera silent' in active:
            return None
        image, stamp_ns, taken_s = self._picture(now_s, active)
        now_ns = EPOCH_NS + round(now_s * SECOND_NS)
        self._gate.watch(image, stamp_ns, now_ns)
        try:
            fov_deg = self._lens.fov_of(image.shape[1], image.shape[0])
            admission = self._gate.admit(stamp_ns, now_ns)
        except ImageError:
            return None
        if admission.is_repeated:
            return None
        self._judge(taken_s, now_s, fov_deg)
        return self._gate.stamps.age_s(stamp_ns, now_ns, MOST_AHEAD_S)

    def _picture(self, now_s: float, active: dict[str, float]) -> tuple[Image, int, float]:
        if 'camera repeats itself' in active and self._sent and self._rng.random() < 0.5:
            return self._sent[int(self._rng.integers(len(self._sent)))]
        taken_s = now_s - DELAY_S
        if 'camera frozen' not in active:
            self._image = self._rng.integers(0, 256, self._image.shape, dtype=np.uint8)
            self.new_s = taken_s
        is_off = any(name in active for name in CLOCK_FAULTS)
        stamp_s = taken_s + (self._ahead_s if is_off else 0.0)
        picture = self._image, EPOCH_NS + round(stamp_s * SECOND_NS), taken_s
        self._sent = [*self._sent[-5:], picture]
        return picture

    def _tell_lens(self, active: dict[str, float]) -> None:
        (height, width), focal_px = SHAPE, FOCAL_PX
        if 'camera_info cannot be' in active:
            width, focal_px = IMPOSSIBLE[int(self._rng.integers(len(IMPOSSIBLE)))]
        else:
            self._is_another = 'camera_info of another sensor' in active
        if self._is_another:
            height = width
        with contextlib.suppress(ImageError):  # as the node: it counts as not received
            self._lens.take(width, height, (focal_px, 0, 16, 0, focal_px, height / 2, 0, 0, 1))

    def _judge(self, taken_s: float, now_s: float, fov_deg: float | None) -> None:
        step = round(taken_s * 1000)
        true_deg = horizontal_fov_deg(SHAPE[1], FOCAL_PX)
        if step in self._acted:
            self.violation = f'the picture of {taken_s:.2f} s was acted on twice'
        elif now_s - self.new_s > FROZEN_S + SLACK_S:
            self.violation = f'a picture that is frozen since {self.new_s:.2f} s was acted on'
        elif self._is_another or fov_deg != true_deg:
            self.violation = f'a picture with a field of view of {fov_deg} was acted on'
        self._acted.add(step)


class FaultyPolicy:
    """Walks at random where the camera's pictures may be acted on."""

    def __init__(self, rng: np.random.Generator, limits: Limits) -> None:
        """Begin at rest."""
        self._rng, self._stop_s = rng, limits.stop_s + SLACK_S
        self._blind_s = FROZEN_S + limits.command_age_s + self._stop_s
        self._alone_s = 0.0  # when nobody else published
        self.camera = FaultyCamera(rng)
        self._command = np.zeros(4)
        self.proposal: Proposal | None = None

    def propose(self, now_s: float, active: dict[str, float]) -> Proposal | None:
        """Return this step's proposal, or the last one; None: silent."""
        rng = self._rng
        if SECOND_PUBLISHER not in active:
            self._alone_s = now_s
        self._command += rng.normal(size=4) * 0.1 - 0.03 * self._command
        command = self._command.tolist()
        age_s = self.camera.age_s(now_s, active)
        if 'policy silent' in active:
            return None
        if 'policy repeats itself' in active or age_s is None:
            return self.proposal
        if 'policy not finite' in active:
            command[int(rng.integers(4))] = float(rng.choice([math.nan, math.inf, -math.inf]))
        if 'policy raves' in active:
            command = (rng.normal(size=4) * 10.0 ** float(rng.uniform(0, 8))).tolist()
        if 'policy from the future' in active:
            age_s = -30.0
        proposal = Proposal(now_s - age_s, (command[0], command[1], command[2], command[3]))
        self.proposal = proposal
        return proposal

    def take_violation(self) -> str:
        """Return what was acted on and should not have been, once; empty: nothing."""
        violation, self.camera.violation = self.camera.violation, ''
        return violation

    def must_stand(self, now_s: float) -> str:
        """Tell why the vehicle must stand by now; empty: it need not."""
        blind_s, rival_s = now_s - self.camera.new_s, now_s - self._alone_s
        if rival_s > self._stop_s:
            return f'two publish commands for {rival_s:.1f} s'
        return f'nothing new was seen for {blind_s:.1f} s' if blind_s > self._blind_s else ''
