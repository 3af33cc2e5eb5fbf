# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with the target's mask, the same viewpoints in every season: pairs of two frames.

The expert flies a seed in the first season; its poses are photographed in all seasons of a world,
whose trunks and paths are the same. No policy flies, so that all networks see the same pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...arrays import BoolArray, FloatArray, Image
from ...sim.flight_spec import FlightSpec
from ...sim.scenario.scenario import Scenario, scenario_of
from ...sim.simulator import FRAME_S, START_NS, Simulator
from ..closed_loop import run
from ..direct_flight import DirectFlight, DirectOptions
from ..driver import ExpertDriver

FIRST_S = 2.0  # of a flight: no pair before
EVERY_S = 1.6  # between two pairs
PAIR = 2  # frames, one after the other


@dataclass(frozen=True)
class Scene:
    """The pairs of one seed in one season."""

    world: str
    season: str
    seed: int
    images: Image  # (N, 2, H, W, 3)
    masks: BoolArray  # (N, 2, H, W)

    @property
    def place(self) -> str:
        """World and season."""
        return f'{self.world}-{self.season}'


@dataclass(frozen=True)
class Pose:
    """Where the drone was at a frame of a flight."""

    stamp_ns: int
    position_enu: FloatArray  # (3,)
    quaternion_xyzw: FloatArray  # (4,)


def scenes_of(
    flight: FlightSpec, seasons: Sequence[str], seeds: Sequence[int], pairs: int
) -> Iterator[Scene]:
    """Yield every seed of a world in every season; the first season is the one that is flown.

    Args:
        flight: world, target, task and vehicle.
        seasons: names or files.
        seeds: of the places.
        pairs: of each seed.

    """
    starts = [round((FIRST_S + k * EVERY_S) / FRAME_S) for k in range(pairs)]
    scenarios = [scenario_of(replace(flight, season=season)) for season in seasons]
    for seed in seeds:
        poses = fly_poses(scenarios[0], seed, starts[-1] + PAIR)
        chosen = [poses[min(k + n, len(poses) - 1)] for k in starts for n in range(PAIR)]
        for scenario in scenarios:
            images, masks = photograph(scenario, seed, chosen)
            shape = (pairs, PAIR, *masks.shape[1:])
            yield Scene(
                scenario.world.name,
                scenario.season.name,
                seed,
                images.reshape(*shape, 3),
                masks.reshape(shape),
            )


def fly_poses(scenario: Scenario, seed: int, frames: int) -> list[Pose]:
    """Return the expert's poses, frame by frame, to the end or to so many frames."""
    simulator = Simulator(scenario)
    options = DirectOptions(frames=frames, image_every=frames)
    try:
        log = run(DirectFlight(simulator, seed, options), ExpertDriver())
    finally:
        simulator.close()
    stamps = log.column('stamp_ns').tolist()
    columns = log.column('position_enu'), log.column('quaternion_xyzw')
    return [Pose(stamp, *pose) for stamp, *pose in zip(stamps, *columns, strict=True)]


def photograph(scenario: Scenario, seed: int, poses: Sequence[Pose]) -> tuple[Image, BoolArray]:
    """Return what the camera sees at some poses (N, H, W, 3) and where the target is (N, H, W)."""
    simulator = Simulator(scenario)
    simulator.reset(seed)
    images, masks = [], []
    try:
        for pose in poses:
            simulator.show(pose.position_enu, pose.quaternion_xyzw, pose.stamp_ns, START_NS)
            picture = simulator.picture()
            images.append(picture.image)
            masks.append(np.asarray(picture.target, dtype=bool))
    finally:
        simulator.close()
    return np.stack(images), np.stack(masks)


def stretch(flight: FlightSpec, seed: int, frames: int) -> Image:
    """Return every second frame of a stretch of the expert's flight, (N, H, W, 3)."""
    scenario = scenario_of(flight)
    poses = fly_poses(scenario, seed, 2 * frames)
    return photograph(scenario, seed, poses[::2])[0]
