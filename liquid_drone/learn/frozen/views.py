# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Features of expert flights behind a frozen encoder, computed once for every core.

Each flight is seen several times, each view augmented in one way from its first frame to its last;
views depend on the encoder, the flights and the augmentation alone, never on a training's seed.
Shapes: V views, T frames of a flight, F features.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import EpisodeError, shown
from ...files import written
from ...policy.network import Network
from ...policy.vision import Vision
from ...schema import plain
from ...sim.identity import digest
from ...streams import Stream, stream
from ..augmentation import ImageAugmentation, changed, draw_augmentation
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
    label: npt.NDArray[np.float32]  # (V, T, 4), mirrored where the view is
    stamp_s: npt.NDArray[np.float64]  # (T,)
    target: npt.NDArray[np.float32]  # (T, 3): whether it is in the picture; its sides do not count
    belief: npt.NDArray[np.float32]  # (V, T, 3), mirrored where the view is
    request: npt.NDArray[np.float32]  # (T, 3)
    flown: npt.NDArray[np.float32]  # (V, T, 4), mirrored where the view is
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
    drawn = [[_drawn(config, clip, i, v) for v in range(views)] for i, clip in enumerate(clips)]
    names = [clip.frames.file.name for clip in clips]
    name = digest([key, names, views, plain(config.augmentation)])
    path, shape = cache / f'{name[:24]}.npy', (views, sum(map(len, clips)))
    features = _read(path, (*shape, network.config.vision.features))
    if features is None:
        found = _features(network, clips, drawn, config)
        cache.mkdir(parents=True, exist_ok=True)
        written(path, lambda aside: np.save(aside, found))
        features = found
    starts = np.cumsum([0, *map(len, clips)])
    return [
        FlightViews(
            features[:, start : start + len(clip)],
            np.stack([_mirrored(clip.label, one) for one in of_clip]),
            clip.stamp_s,
            clip.target,
            np.stack([_belief(clip, one) for one in of_clip]),
            clip.request,
            np.stack([_mirrored(clip.flown, one) for one in of_clip]),
        )
        for clip, of_clip, start in zip(clips, drawn, starts[:-1], strict=True)
    ]


def _drawn(config: TrainConfig, clip: Clip, number: int, view: int) -> ImageAugmentation:
    rng = stream(number, Stream.CORE_VIEWS, view)
    rows, columns = clip.frames.shape[1:3]
    return draw_augmentation(config.augmentation, (rows, columns), clip.target, rng)


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
    network: Network, clips: list[Clip], drawn: list[list[ImageAugmentation]], config: TrainConfig
) -> npt.NDArray[np.float16]:
    """Return (V, sum of T, F)."""
    device = device_of(config)
    half = precision_of(config, device) == 'bfloat16'
    vision = network.vision.to(device).eval()
    noise = np.random.default_rng(GRAIN_SEED).normal(size=(256, 256, 3))
    grain = torch.from_numpy(noise).to(device, torch.bfloat16)
    parts = []
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=half):
        for clip, of_clip in zip(clips, drawn, strict=True):
            rows = []
            for start in range(0, len(clip), FRAMES_AT_ONCE):
                frames = torch.from_numpy(clip.frames[start : start + FRAMES_AT_ONCE])[None]
                given = frames.to(device), grain, half
                rows.append([_seen(vision, one, *given) for one in of_clip])
            parts.append(torch.stack([torch.cat(view) for view in zip(*rows, strict=True)]))
    found = torch.cat(parts, dim=1).cpu().numpy()
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
