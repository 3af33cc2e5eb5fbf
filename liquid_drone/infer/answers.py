# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a bundle answers to footage, frame by frame, as flight would ask it.

The same crop and resize, the same state, the measured time between frames. Beside each command
stands what the guard's limits of speed, acceleration and jerk would let through, of a drone that
hovers and has nothing against it: position, battery and fences are not known here.
"""

from collections.abc import Iterator
from pathlib import Path

from ..arrays import Image
from ..errors import InferenceError, shown
from ..evaluate.pilots.colour_blob import largest_blob
from ..flight.guard.limits import ZERO, Limits, approach
from ..footage.footage import Footage, FootageFrame
from ..image import fitted
from ..runtime.providers import Backend
from ..runtime.runner import PolicyRunner
from ..runtime.selection import open_policy
from .frame_answer import FrameAnswer

COLOUR_BLOB = 'colour-blob'
LONGEST_STEP_S = 0.2


class Method:
    """A bundle, or the baseline, that answers frames."""

    def __init__(self, name: str, runner: PolicyRunner, is_baseline: bool) -> None:
        """Take the runner; of the baseline its camera alone counts."""
        self.name, self.runner, self.is_baseline = name, runner, is_baseline
        self._flown, self._slope, self._last_s = ZERO, ZERO, 0.0

    def answers(self, footage: Footage) -> Iterator[FrameAnswer]:
        """Yield an answer to each frame."""
        for frame in footage.frames():
            yield self.answer(frame)

    def answer(self, frame: FootageFrame) -> FrameAnswer:
        """Answer the next frame."""
        image = fitted(frame.image, self.runner.contract.camera, frame.fov_deg)
        return self._blob(frame, image) if self.is_baseline else self._step(frame, image)

    def _blob(self, frame: FootageFrame, image: Image) -> FrameAnswer:
        blob = largest_blob(image)
        seen = float(blob.is_seen)
        where = blob.bearing, blob.elevation
        answered = frame.index, frame.name, frame.stamp_s, image, seen
        return FrameAnswer(*answered, *where, None, None, None, frame.starts_afresh)

    def _step(self, frame: FootageFrame, image: Image) -> FrameAnswer:
        if frame.starts_afresh:
            self.runner.reset()
            self._flown, self._slope, self._last_s = ZERO, ZERO, frame.stamp_s
        try:
            output = self.runner.step(image, frame.stamp_s)
        except InferenceError as error:
            raise InferenceError(f'{shown(frame.name)}: {error}') from error
        vx, vy, vz, turn = (float(value) for value in output.command)
        dt_s = min(max(frame.stamp_s - self._last_s, 0.0), LONGEST_STEP_S) or output.dt_s
        self._last_s = frame.stamp_s
        self._flown, self._slope, _ = approach(
            self._flown, self._slope, (vx, vy, vz, turn), Limits(), dt_s
        )
        return FrameAnswer(
            frame.index,
            frame.name,
            frame.stamp_s,
            image,
            output.target_probability,
            output.target_bearing,
            output.target_elevation,
            (vx, vy, vz, turn),
            self._flown,
            output.belief,
            frame.starts_afresh,
        )


def methods_of(
    bundles: dict[str, Path], providers: str = 'cpu', precision: str = 'fp32'
) -> list[Method]:
    """Open the bundles; the baseline looks through the first one's camera.

    Args:
        bundles: name -> directory, in order; :data:`COLOUR_BLOB` stands for the baseline.
        providers: where the vision graphs run.
        precision: of them, on TensorRT.

    """
    backend = Backend('tensorrt', precision)
    first = next(path for name, path in bundles.items() if name != COLOUR_BLOB)
    return [
        Method(
            name,
            open_policy(first if name == COLOUR_BLOB else path, providers, backend=backend),
            is_baseline=name == COLOUR_BLOB,
        )
        for name, path in bundles.items()
    ]
