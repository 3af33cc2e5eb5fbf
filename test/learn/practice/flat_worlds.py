# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flights in the flat world, of an untrained network with a good encoder."""

import torch
from good_encoder import HALF_RAD, frames

from liquid_drone.learn.practice.flat_world import FlatWorld
from liquid_drone.learn.practice.told import Told
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
from liquid_drone.request import RequestSpec
from liquid_drone.sim.scenario.scenario import load_scenario

VEHICLE = load_scenario().vehicle
CONFIG = NetworkConfig(
    vision=VisionConfig.NAMED['wide-scan'], request=RequestSpec(), belief=True, memory=True,
    surroundings=True,
)  # fmt: skip


def network(seed: int = 0) -> Network:
    """Return an untrained one whose encoder tells 128 numbers, that nobody looks at here."""
    torch.manual_seed(seed)
    return Network(CONFIG)


def told(flights: int = 8, seed: int = 1) -> Told:
    """Return what a good encoder tells, of features as many as the network takes."""
    good = frames(2000)
    features = torch.zeros(len(good.features), 128)
    features[:, :3] = good.features
    return Told(good._replace(features=features), HALF_RAD, flights, seed)


def flat(places, flights: int = 8, seed: int = 1) -> FlatWorld:
    """Return some flights."""
    return FlatWorld(network(), places, told(flights, seed), VEHICLE, flights, seed)
