# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Score the attention of several networks on the same scenes, frame by frame; then per place.

Noise is drawn from the seed and the frame alone, so that all networks get the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...arrays import FloatArray, Image
from ...policy.network import Network
from ...runtime.attention import occlude
from ...runtime.runner import PolicyRunner
from .maps import HELD, METHODS
from .scenes import Scene
from .scores import SeasonMonitor, entropy, hits, jump, lift, mass_on, mean_of, ssim

NOISE = 8.0  # standard deviation, of 255: the largest that training adds
OCCLUSION = 'occlusion'
Look = Callable[[Image], FloatArray]  # images (B, H, W, 3) to maps (B, H, W)


@dataclass(frozen=True)
class MapScore:
    """One map of one frame."""

    bundle: str
    method: str
    world: str
    season: str
    seed: int
    pair: int
    mass: float  # share on the target and beside it; nan: it is not in the picture
    lift: float  # against an even map
    hit: float  # 1: the largest value is there
    entropy: float
    jump: float  # to the next frame, widths of the picture
    ssim: float  # with and without noise

    @property
    def place(self) -> str:
        """World and season."""
        return f'{self.world}-{self.season}'


def looks_of(network: Network | None, runner: PolicyRunner | None) -> dict[str, Look]:
    """Return the ways to make a map that a bundle allows: from its weights, from its graphs."""
    found: dict[str, Look] = {}
    if network is not None:
        for name, method in METHODS.items():
            found[name] = _bound(method, network)
    if runner is not None:
        found[OCCLUSION] = _bound(_occluded, runner)
    return found


def _bound(method: Callable[[Any, Image], FloatArray], of: Any) -> Look:
    return lambda images: method(of, images)


def _occluded(runner: PolicyRunner, images: Image) -> FloatArray:
    """Return the change of the command by each covered patch, with the picture held before."""
    found = []
    height, width = images.shape[1:3]
    for image in images:
        runner.reset()
        for tick in range(HELD):
            runner.step(image, tick * 0.05)
        change = occlude(runner, image).change.astype(np.float64)
        rows = np.arange(height) * change.shape[0] // height
        columns = np.arange(width) * change.shape[1] // width
        found.append(change[rows][:, columns] / max(float(change.sum()), 1e-12))
    maps = np.stack(found)
    return np.asarray(maps / np.maximum(maps.sum(axis=(1, 2), keepdims=True), 1e-300))


def score_scene(bundle: str, looks: Mapping[str, Look], scene: Scene) -> list[MapScore]:
    """Return the scores of every method on every pair of a scene."""
    found = []
    first, second = scene.images[:, 0], scene.images[:, 1]
    noisy = _noisy(first, scene.seed)
    for method, look in looks.items():
        plain, after, disturbed = look(first), look(second), look(noisy)
        for pair, one in enumerate(plain):
            mask = scene.masks[pair, 0]
            found.append(
                MapScore(
                    bundle,
                    method,
                    scene.world,
                    scene.season,
                    scene.seed,
                    pair,
                    mass=mass_on(one, mask),
                    lift=lift(one, mask),
                    hit=hits(one, mask),
                    entropy=entropy(one),
                    jump=jump(one, after[pair]),
                    ssim=ssim(one, disturbed[pair]),
                )
            )
    return found


def _noisy(images: Image, seed: int) -> Image:
    noise = np.random.default_rng(seed).normal(scale=NOISE, size=images.shape)
    return np.clip(images + noise, 0, 255).round().astype(np.uint8)


def summary_of(scores: Iterable[MapScore], home: str) -> list[dict[str, Any]]:
    """Return a row for each network, method and place, with the monitor's alarms.

    The monitor learns from the even seeds at home; there the odd ones alone count.

    Args:
        scores: of all frames.
        home: name of the place that is usual.

    """
    groups: dict[tuple[str, str], dict[str, list[MapScore]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for one in scores:
        groups[one.bundle, one.method][one.place].append(one)
    rows = []
    for (bundle, method), places in groups.items():
        usual = [one for one in places[home] if one.seed % 2 == 0]
        monitor = SeasonMonitor(_behaviour(usual)) if len(usual) > 1 else None
        for place, found in places.items():
            judged = [one for one in found if place != home or one.seed % 2]
            names = ('mass', 'lift', 'hit', 'entropy', 'jump', 'ssim')
            means = {name: mean_of([asdict(one)[name] for one in found]) for name in names}
            alarms = monitor.alarms(_behaviour(judged)) if monitor and judged else None
            who = {'bundle': bundle, 'method': method, 'place': place, 'frames': len(found)}
            rows.append({**who, **means, 'alarms': alarms})
    return rows


def _behaviour(scores: list[MapScore]) -> FloatArray:
    return np.array([(one.entropy, one.jump) for one in scores])


def table(rows: list[dict[str, Any]], home: str) -> str:
    """Return the rows as Markdown."""
    lines = [
        '| bundle | method | place | mass on the target | times an even map | largest there '
        f'| SSIM under noise | entropy | jump | alarms (home: {home}) |',
        '|---|---|---|---|---|---|---|---|---|---|',
    ]
    for row in rows:
        alarms = '' if row['alarms'] is None else f'{row["alarms"]:.0%}'
        lines.append(
            f'| {row["bundle"]} | {row["method"]} | {row["place"]} | {_share(row["mass"])} '
            f'| {row["lift"]:.1f} | {_share(row["hit"])} | {row["ssim"]:.2f} '
            f'| {row["entropy"]:.2f} | {row["jump"]:.3f} | {alarms} |'
        )
    return '\n'.join(lines) + '\n'


def _share(value: float) -> str:
    return 'no target' if np.isnan(value) else f'{value:.0%}'
