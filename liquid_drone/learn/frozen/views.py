# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Features of expert flights behind a frozen encoder, computed once for every core.

Each flight is seen several times, each view augmented in one way from its first frame to its last;
views depend on the encoder, the flight and the augmentation alone, never on a training's seed or
on other flights, so that those of earlier rounds are there already.
Shapes: V views, T frames of a flight, F features.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import EpisodeError, shown
from ...files import written
from ...policy.network import Network
from ...policy.vision import Vision
from ...sim.identity import digest
from ...streams import Stream, stream
from ..augmentation.config import identity_of
from ..augmentation.windows import ImageAugmentation, changed, draw_augmentation
from ..batches import MIRRORED, TURNED
from ..clips import Clip
from ..precision import device_of, precision_of
from ..recipe import TrainConfig

GRAIN_SEED = 0  # of the noise that all views are cut from
FRAMES_AT_ONCE = 100


@dataclass(frozen=True)
class FlightViews:
    """One flight through a frozen encoder."""

    features: npt.NDArray[np.float16]  # (V, T, F)
    label: npt.NDArray[np.float32]  # (V, T, 4), mirrored where the view is; nan: none
    stamp_s: npt.NDArray[np.float64]  # (T,)
    target: npt.NDArray[np.float32]  # (T, 3): whether it is in the picture; its sides do not count
    belief: npt.NDArray[np.float32]  # (V, T, 3), mirrored where the view is
    request: npt.NDArray[np.float32]  # (T, 3)
    flown: npt.NDArray[np.float32]  # (V, T, 4), mirrored where the view is
    near: npt.NDArray[np.float32]  # (T,): of the nearest thing in the picture, 1 at contact
    remembered: npt.NDArray[np.float32] | None = None  # (V, T, I), of a memory that is trained

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamp_s)

    def dt_s(
        self, nominal_s: float, index: npt.NDArray[np.int64] | None = None
    ) -> npt.NDArray[np.float32]:
        """Return the seconds since the frame before, of all frames or of those of an index."""
        stamps = self.stamp_s if index is None else self.stamp_s[index]
        return np.diff(stamps, prepend=stamps[0] - nominal_s).astype(np.float32)


def open_views(
    network: Network, clips: list[Clip], config: TrainConfig, views: int, cache: Path, key: str
) -> list[FlightViews]:
    """Return the views of all flights, from the cache or computed into it.

    Args:
        network: its encoder is the frozen one.
        clips: the flights.
        config: of the training: its augmentation, device and precision count.
        views: of each flight.
        cache: directory of the views; can always be deleted.
        key: identity of the encoder's weights.

    """
    cache.mkdir(parents=True, exist_ok=True)
    augmentation, size = identity_of(config.augmentation), network.config.vision.features
    found = []
    for clip in clips:
        drawn = [_drawn(config, clip, view) for view in range(views)]
        name = digest([key, clip.frames.file.name, views, augmentation])
        path = cache / f'{name[:24]}.npy'
        features = _read(path, (views, len(clip), size))
        if features is None:
            features = _features(network, clip, drawn, config)
            written(path, partial(_save, features))
        found.append(
            FlightViews(
                features,
                np.stack([_label(clip, one) for one in drawn]),
                clip.stamp_s,
                clip.target,
                np.stack([_belief(clip, one) for one in drawn]),
                clip.request,
                np.stack([_mirrored(clip.flown, one) for one in drawn]),
                np.nan_to_num(clip.auxiliary[:, 1:]).max(axis=1),
            )
        )
    return found


def _save(features: npt.NDArray[np.float16], path: Path) -> None:
    np.save(path, features)


def _drawn(config: TrainConfig, clip: Clip, view: int) -> ImageAugmentation:
    number = int(digest([clip.frames.file.name])[:8], 16)
    rng = stream(number, Stream.CORE_VIEWS, view)
    rows, columns = clip.frames.shape[1:3]
    return draw_augmentation(config.augmentation, (rows, columns), clip.target, rng)


def _label(clip: Clip, drawn: ImageAugmentation) -> npt.NDArray[np.float32]:
    """Return the labels (T, 4); in a mirrored view none before the target was first seen.

    Until then a teacher who knows no better turns to the left (``CameraExpert``). Mirrored, it
    would be taught to the right as well, and who learns from both stands still.
    """
    label = _mirrored(clip.label, drawn)
    if drawn.mirrored:
        was_seen = np.logical_or.accumulate(~(clip.target[:, 0] < 0.5))  # or nobody knows
        label[~was_seen] = np.nan
    return label


def _mirrored(
    command: npt.NDArray[np.float32], drawn: ImageAugmentation
) -> npt.NDArray[np.float32]:
    turned: npt.NDArray[np.float32] = command * (MIRRORED.numpy() if drawn.mirrored else 1.0)
    return turned.astype(np.float32)


def _belief(clip: Clip, drawn: ImageAugmentation) -> npt.NDArray[np.float32]:
    turned: npt.NDArray[np.float32] = clip.belief * (TURNED.numpy() if drawn.mirrored else 1.0)
    return turned.astype(np.float32)


def _read(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.float16] | None:
    """Return what the cache has; None where nothing is there or it is torn."""
    try:
        found = np.load(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError):
        return None  # torn: written anew
    if found.shape != shape or found.dtype != np.float16:
        return None
    return np.asarray(found, np.float16)


def _features(
    network: Network, clip: Clip, drawn: list[ImageAugmentation], config: TrainConfig
) -> npt.NDArray[np.float16]:
    """Return (V, T, F)."""
    device, home = device_of(config), network.limits.device  # where the core is trained
    half = precision_of(config, device) == 'bfloat16'
    vision = network.vision.to(device).eval()
    noise = np.random.default_rng(GRAIN_SEED).normal(size=(256, 256, 3))
    grain = torch.from_numpy(noise).to(device, torch.bfloat16)
    rows = []
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=half):
        for start in range(0, len(clip), FRAMES_AT_ONCE):
            frames = torch.from_numpy(clip.frames[start : start + FRAMES_AT_ONCE])[None]
            given = frames.to(device), grain, half
            rows.append([_seen(vision, one, *given) for one in drawn])
    network.vision.to(home)
    found = torch.cat([torch.stack(row) for row in rows], dim=1).cpu().numpy()  # not in autocast
    if not np.isfinite(found).all():
        raise EpisodeError(
            f'the frozen encoder gave features that are not finite: {shown(str(found.shape))}; '
            'take another bundle'
        )
    return np.asarray(found, np.float16)


def _seen(
    vision: Vision, drawn: ImageAugmentation, frames: Tensor, grain: Tensor, half: bool
) -> Tensor:
    """Return the features (T, F) of frames (1, T, h, w, 3)."""
    pixels = changed(frames, [drawn], grain)[0].permute(0, 3, 1, 2)  # (T, 3, h, w)
    pixels = pixels.flip(3) if drawn.mirrored else pixels
    return vision.look(pixels if half else pixels.float())[0].to(torch.float16)
