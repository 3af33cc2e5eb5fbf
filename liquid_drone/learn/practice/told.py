# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What an encoder tells where no picture is: drawn from what it told of recorded frames.

A flat world knows where the target is and how near things are; an encoder would not know it so
well. For the target, a recorded frame is drawn in which it was likewise (in the picture or not, as
far to the side, as far away): its features, and by how much the memory's measurement was off.
Where it was not and something was taken for it, somebody like it walked there; in a flat world
nobody does, and those frames are left out. For
the scan, each column's answer is drawn from the answers to a truth like this one, apart at the
picture's edges, and keeps to its quantile for a while: who overlooks a trunk overlooks it for
more than one frame.

Recorded frames hardly show a wall that fills the picture, and their features are other ones then.
Most flights are told the features of any frame or drawn picture, so that a core learns to go by
the memory and the scan, whatever the features say.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import EpisodeError
from ...policy.memory import REFERENCE_M
from ...policy.network import Network
from ...streams import Stream, stream
from ..clips import Clip

BEARINGS, RANGES = 9, 8  # bins of a target in the picture
RANGES_M = (1.5, 14.0)
EDGES = (1e-3, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # of nearness, between bins
OUTER = 2  # columns at each edge of the picture, whose answers are apart
HIDDEN = BEARINGS * RANGES  # bins of one that is not: beside the picture, or behind something
ELSEWHERE = HIDDEN + 2  # frames that nothing is told by
FEWEST = 20  # frames of a bin; one with fewer takes those of the likest bin
QUANTILES = 101
SAME = 1e-4  # of nearness, between columns that show one thing
ALIKE = 5  # columns beside each other that err alike
KEPT_FRAME, KEPT_SCAN = 0.8, 0.9  # from one tick to the next: the frame, the scan's quantile
LOOSE_SHARE, KEPT_LOOSE = 0.85, 0.99  # of flights whose features are any frame's; likewise
FRAMES_AT_ONCE = 64


class Frames(NamedTuple):
    """N recorded frames, and what an encoder and a memory made of them."""

    features: Tensor  # (N, D): without the scan
    seen: Tensor  # (N,): the target head says that it sees it
    taken: Tensor  # (N, 5): what the memory took for a measurement
    scan: Tensor  # (N, C)
    visible: Tensor  # (N,): the target truly is in the picture
    target: Tensor  # (N, 2): true bearing, rad, and log(distance / 4 m)
    near: Tensor  # (N, C): true nearness by column; nan: nobody knows
    others: Tensor | None = (
        None  # (M, D): features of drawn pictures besides; None: there are none
    )


class Telling(NamedTuple):
    """What is told at one tick."""

    features: Tensor  # (B, F): with the scan
    seen: Tensor  # (B,)
    measured: Tensor  # (B, 5)


def look_at(
    network: Network, clips: list[Clip], pictures: npt.NDArray[np.uint8] | None = None
) -> Frames:
    """Have a network look at clips, one after the other, not augmented.

    Args:
        network: with a memory and a scan.
        clips: recorded flights.
        pictures: (M, h, w, 3), reduced: what flights seldom show.

    Raises:
        EpisodeError: of no frame it is known where the target is.

    """
    rows = [_looked(network, clip) for clip in clips]
    frames = Frames(*(torch.cat(column) for column in zip(*rows, strict=True)))
    known = torch.isfinite(frames.target).all(dim=1)
    if not bool((known & frames.visible).any()):
        raise EpisodeError(
            'practice: expected flights of which it is known where the target is, got none; '
            'recorded flights alone are not enough'
        )
    others = None if pictures is None else _features(network, pictures)
    columns = (column[known] for column in frames if column is not None)
    return Frames(*columns)._replace(others=others)


@torch.no_grad()
def _features(network: Network, pictures: npt.NDArray[np.uint8]) -> Tensor:
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    parts = [network.vision.look(some.float())[0] for some in torch.split(pixels, FRAMES_AT_ONCE)]
    return torch.cat(parts)[:, : network.vision.dense]


@torch.no_grad()
def _looked(network: Network, clip: Clip) -> tuple[Tensor, ...]:
    assert network.memory is not None  # the recipe was checked
    pixels = torch.from_numpy(np.asarray(clip.frames)).float().permute(0, 3, 1, 2)
    parts = [network.vision.look(some) for some in torch.split(pixels, FRAMES_AT_ONCE)]
    features, head = (torch.cat(one) for one in zip(*parts, strict=True))
    stamps = clip.stamp_s
    dt_s = np.diff(stamps, prepend=stamps[0] - network.time.nominal_s).astype(np.float32)
    motion = network.motion(features[None], torch.from_numpy(clip.flown)[None])
    nothing = features.new_zeros(1, network.state_size)
    known = network.believe(features[None], torch.from_numpy(dt_s)[None], nothing, motion)
    dense, scanned = network.vision.dense, slice(network.vision.dense, network.vision.told)
    return (
        features[:, :dense], head[:, 0] > 0.0, known.measured[0], features[:, scanned],
        torch.from_numpy(clip.target[:, 0] > 0.5), torch.from_numpy(clip.belief[:, 1:]).float(),
        torch.from_numpy(clip.auxiliary[:, 1:]).float(),
    )  # fmt: skip


class Told:
    """Draws what is told, for B flights at once."""

    def __init__(
        self,
        frames: Frames,
        half_fov_rad: float,
        flights: int,
        seed: int,
        first: int = 0,
        loose: float = LOOSE_SHARE,
    ) -> None:
        """Begin.

        Args:
            frames: what an encoder and a memory told of recorded frames.
            half_fov_rad: half the camera's horizontal field of view.
            flights: B.
            seed: of the training.
            first: the step of the training that it begins at.
            loose: share of the flights that are told the features of any frame.

        Raises:
            EpisodeError: in no frame the target is out of sight.

        """
        self.frames, self.half_fov_rad = frames, half_fov_rad
        number = int(stream(seed, Stream.PRACTICE_TOLD, first).integers(2**62))
        self.rng = torch.Generator().manual_seed(number)
        visible, (bearing, log_range) = frames.visible, frames.target.unbind(1)
        self.off = frames.taken[:, 1:3] - frames.target
        of = self._bin(visible, bearing, log_range)
        of = torch.where(frames.seen & ~visible, ELSEWHERE, of)  # somebody like it: nobody is here
        self.first, self.count, self.order = self._bins(of)
        self.quantiles = _quantiles(frames.scan, frames.near)
        self.place = torch.rand(flights, generator=self.rng)  # within a bin
        some = [frames.features] if frames.others is None else [frames.features, frames.others]
        self.any = torch.cat(some)  # features that a loose flight is told
        self.picked = torch.randint(len(self.any), (flights,), generator=self.rng)
        self.share = loose
        self.loose = torch.rand(flights, generator=self.rng) < loose
        self.noise = torch.randn(flights, frames.scan.shape[1], generator=self.rng)

    def _bin(self, visible: Tensor, bearing: Tensor, log_range: Tensor) -> Tensor:
        """Return the bin of each target; out of sight there are two: ahead, and beside."""
        low, high = (math.log(m / REFERENCE_M) for m in RANGES_M)
        side = (bearing / self.half_fov_rad + 1.0) / 2.0 * BEARINGS
        side = side.floor().clamp(0, BEARINGS - 1).long()
        far = ((log_range - low) / (high - low) * RANGES).floor().clamp(0, RANGES - 1).long()
        ahead = (bearing.abs() < self.half_fov_rad).long()
        return torch.where(visible, side * RANGES + far, HIDDEN + ahead)

    def _bins(self, of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return where each bin begins in the order, how many it has, and the order (N,)."""
        order = torch.argsort(of, stable=True)
        count = torch.bincount(of, minlength=ELSEWHERE + 1)[:ELSEWHERE]
        first = torch.cumsum(count, 0) - count
        full = torch.nonzero(count[:HIDDEN] >= FEWEST).flatten()
        if not len(full):
            full = count[:HIDDEN].argmax()[None]
        for few in torch.nonzero(count[:HIDDEN] < FEWEST).flatten().tolist():
            side, far = divmod(few, RANGES)
            unlike = (full // RANGES - side).abs() * 1.5 + (full % RANGES - far).abs()
            likest = full[unlike.argmin()]
            first[few], count[few] = first[likest], count[likest]
        for one, other in ((HIDDEN, HIDDEN + 1), (HIDDEN + 1, HIDDEN)):
            if count[one] == 0:  # never by frames in which it is seen
                first[one], count[one] = first[other], count[other]
        if count[HIDDEN] == 0:
            raise EpisodeError(
                'practice: expected flights in which the target is out of sight at times, too, '
                'got none: record more of them, such as of the tracks'
            )
        return first, count, order

    def tell(self, visible: Tensor, bearing: Tensor, log_range: Tensor, near: Tensor) -> Telling:
        """Draw what is told of targets (B,) and of what is near (B, C)."""
        size = len(visible)
        other = torch.rand(size, generator=self.rng)
        stays = torch.rand(size, generator=self.rng) < KEPT_FRAME
        self.place = torch.where(stays, self.place, other)
        of = self._bin(visible, bearing, log_range)
        within = (self.place * self.count[of]).long()
        frame = self.order[(self.first[of] + within).clamp(max=len(self.order) - 1)]
        taken = self.frames.taken[frame]
        true = torch.stack([bearing, log_range], dim=1) + self.off[frame]
        measured = torch.where(visible[:, None], true, taken[:, 1:3])
        taken = torch.cat([taken[:, :1], measured, taken[:, 3:]], dim=1)
        features = torch.where(
            self._loose(stays)[:, None], self.any[self.picked], self.frames.features[frame]
        )
        features = torch.cat([features, self._scan(near)], dim=1)
        return Telling(features, self.frames.seen[frame], taken)

    def _loose(self, stays: Tensor) -> Tensor:
        """Return whose features (B,) are any frame's, and draw which."""
        other = torch.randint(len(self.any), stays.shape, generator=self.rng)
        self.picked = torch.where(stays, self.picked, other)
        anew = torch.rand(stays.shape, generator=self.rng) >= KEPT_LOOSE
        drawn = torch.rand(stays.shape, generator=self.rng) < self.share
        self.loose = torch.where(anew, drawn, self.loose)
        return self.loose

    def _scan(self, near: Tensor) -> Tensor:
        new = torch.randn(len(near), near.shape[1] + ALIKE - 1, generator=self.rng)
        new = new.unfold(1, ALIKE, 1).sum(dim=2) / math.sqrt(ALIKE)  # neighbours err alike
        self.noise = KEPT_SCAN * self.noise + math.sqrt(1.0 - KEPT_SCAN**2) * new
        at = (0.5 + 0.5 * torch.erf(self.noise / math.sqrt(2.0))) * (QUANTILES - 1)
        low = at.floor().long().clamp(0, QUANTILES - 2)
        where = kinds_of_columns(near)
        below, above = self.quantiles[(*where, low)], self.quantiles[(*where, low + 1)]
        return torch.lerp(below, above, at - low)


def kinds_of_columns(near: Tensor) -> tuple[Tensor, Tensor]:
    """Return the kind (N, C) of each column and the bin of its nearness.

    A column that a trunk's rim reaches into shows a few pixels of it, and one in its middle shows
    nothing else: what has no neighbour like it, one, or two are answered differently, and so are
    those at the picture's edges.
    """
    alike = ((near[:, 1:] - near[:, :-1]).abs() < SAME).long()
    neighbours = torch.nn.functional.pad(alike, (1, 0)) + torch.nn.functional.pad(alike, (0, 1))
    side = torch.arange(near.shape[1])
    outer = ((side < OUTER) | (side >= near.shape[1] - OUTER)).long()
    return neighbours + 3 * outer, torch.bucketize(near, torch.tensor(EDGES), right=True)


def _quantiles(scan: Tensor, near: Tensor) -> Tensor:
    """Return (6, bins, QUANTILES) of the answers, by the kind of column."""
    known = torch.isfinite(near)
    kind, of = kinds_of_columns(near.nan_to_num(nan=-1.0))
    steps, rows = np.linspace(0.0, 1.0, QUANTILES), []
    for one in range(6):
        for some in range(len(EDGES) + 1):
            here = known & (of == some)
            answers = scan[here & (kind == one)]
            if len(answers) < FEWEST:
                answers = scan[here]
            middle = max(some - 0.5, 0.0) / 10.0  # nobody was ever so near: the truth is told
            rows.append(
                np.quantile(answers.numpy(), steps) if len(answers) else np.full(QUANTILES, middle)
            )
    table = np.stack(rows).reshape(6, len(EDGES) + 1, QUANTILES)
    return torch.from_numpy(table.astype(np.float32))
