# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a core without a memory does not fly at what its scan told of and no longer sees."""

import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.cli.main import main
from liquid_drone.contract import load_contract
from liquid_drone.policy.brake import (
    ALONE_KEPT_M,
    ALONE_RATE_PER_S,
    LAGS_S,
    MOVED,
    braked_alone,
)
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.network import Core, Network
from liquid_drone.policy.surroundings import SCAN_M, STATE, Surroundings
from liquid_drone.runtime.runner import PolicyRunner

DT_S, COLUMNS, FOV_RAD = 0.05, 16, math.radians(80.0)
SMALL = VisionConfig(convolutions=((4, 5, 4), (4, 3, 4)), features=80, scan=True)


class Tick(NamedTuple):
    """Where the drone is, and its commanded velocity, both in the world."""

    place: np.ndarray  # (2,) m
    commanded: np.ndarray  # (2,) m/s


def scan_of(post: np.ndarray, place: np.ndarray, heading: float) -> np.ndarray:
    """Return what an exact scan tells of one thin post, (COLUMNS,)."""
    away = post - place
    bearing = math.remainder(math.atan2(away[1], away[0]) - heading, 2 * math.pi)
    column = math.floor((0.5 - bearing / FOV_RAD) * COLUMNS)
    scan = np.zeros(COLUMNS, np.float32)
    if 0 <= column < COLUMNS:
        scan[column] = max(1.0 - math.hypot(*away) / SCAN_M, 0.0)
    return scan


def path_of(command: np.ndarray, post: np.ndarray | None = None) -> list[Tick]:
    """Fly a command (4,) for 4 s as a vehicle that lags as it is thought to, braked for a post."""
    surroundings, held = Surroundings(COLUMNS, FOV_RAD), torch.zeros(1, STATE + MOVED)
    place, heading, own, ticks = np.zeros(2), 0.0, np.zeros(3), []
    for _ in range(80):
        flies = torch.tensor(command[None], dtype=torch.float32)
        if post is not None:
            scan = torch.from_numpy(scan_of(post, place, heading)[None])
            flies, held = braked_alone(flies, surroundings, scan, torch.tensor([DT_S]), held)
        wanted = flies[0, [0, 1, 3]].numpy()
        turned = np.array([math.cos(heading), math.sin(heading)])
        ticks.append(Tick(place, wanted[0] * turned + wanted[1] * turned[::-1] * [-1, 1]))
        own = wanted + (own - wanted) * np.exp(-DT_S / np.array(LAGS_S))
        place = place + (own[0] * turned + own[1] * turned[::-1] * [-1, 1]) * DT_S
        heading += own[2] * DT_S
    return ticks


@settings(max_examples=12, deadline=None)
@given(
    ahead=st.floats(0.6, 2.0),
    left=st.floats(-0.8, 0.8),
    turn=st.floats(-0.8, 0.8),
    when=st.integers(40, 79),
)
@example(ahead=1.0, left=0.7, turn=-0.7, when=60)  # to the left, while it looks to the right
def test_no_command_leads_at_a_post_that_was_seen_though_the_drone_has_turned_away(
    ahead, left, turn, when
):
    command = np.array([ahead, left, 0.0, turn])
    post = path_of(command)[when].place  # it would fly right into it
    assume(np.hypot(*post) > 1.5 and abs(math.atan2(post[1], post[0])) < FOV_RAD / 2 - 0.1)
    for tick in path_of(command, post):
        away_m = np.linalg.norm(post - tick.place)
        towards = float((post - tick.place) @ tick.commanded) / away_m
        most = ALONE_RATE_PER_S * max(away_m - ALONE_KEPT_M, 0.0)
        assert towards <= most + 0.35  # its direction is known to half a column, and less near it


@settings(max_examples=8, deadline=None)
@given(st.floats(0.6, 2.0), st.floats(-0.8, 0.8), st.floats(-0.8, 0.8))
def test_what_stands_far_beside_the_way_changes_nothing(ahead, left, turn):
    command = np.array([ahead, left, 0.0, turn])
    free = path_of(command)
    for post in (np.array([12.0, 0.0]), np.array([-8.0, 3.0])):
        for tick, was in zip(path_of(command, post), free, strict=True):
            assert tick.commanded == pytest.approx(was.commanded, abs=1e-6)


def test_a_braked_bundle_answers_as_its_network(tmp_path):
    assert (
        main(['export', '--bundle', 'follow', '--brake', '--out', str(tmp_path / 'braked')]) == 0
    )
    plain, braked = load_contract(resources.bundle('follow')), load_contract(tmp_path / 'braked')
    assert PolicyRunner(tmp_path / 'braked').check_parity() < 1e-4
    assert braked.state_size == plain.state_size + STATE + MOVED
    assert braked.network['config']['brake']
    assert braked.training == plain.training


def test_a_braked_network_goes_on_learning_with_the_state_that_it_left():
    torch.manual_seed(2)
    plain = Network(NetworkConfig(SMALL, CoreConfig()))
    learns = Network(NetworkConfig(SMALL, CoreConfig(), brake=True))
    learns.load_state_dict(plain.state_dict())
    pixels, dt_s = torch.rand(2, 6, 72, 128, 3) * 255.0, torch.full((2, 3), DT_S)
    first = learns(pixels[:, :3].contiguous(), dt_s)
    then = learns(pixels[:, 3:].contiguous(), dt_s, first.state)
    then.motor.sum().backward()
    whole = plain(pixels, torch.full((2, 6), DT_S))
    assert torch.allclose(then.motor, whole.motor[:, 3:], atol=1e-5)


def test_far_from_all_things_a_braked_core_is_the_core():
    torch.manual_seed(2)
    plain = Network(NetworkConfig(SMALL, CoreConfig())).eval()
    other = Network(NetworkConfig(SMALL, CoreConfig(), brake=True)).eval()
    other.load_state_dict(plain.state_dict())
    states = [torch.zeros(1, one.state_size) for one in (plain, other)]
    features = torch.randn(1, 80)
    features[:, plain.vision.dense :] = 0.0  # nothing within ten metres
    for _ in range(5):
        commands = []
        for number, one in enumerate((plain, other)):
            with torch.no_grad():
                command, states[number] = Core(one)(features, states[number], torch.tensor([DT_S]))
            commands.append(command)
        assert torch.equal(*commands)


@pytest.mark.parametrize(
    'given',
    [
        ['--brake'],
        ['--bundle', 'follow', '--brake', '--half'],
        ['--bundle', 'follow-compact', '--brake'],
    ],
)
def test_what_has_no_scan_or_no_bundle_is_not_braked(given, tmp_path, capsys):
    assert main(['export', *given, '--out', str(tmp_path / 'out')]) != 0
    said = capsys.readouterr().err
    assert '--bundle' in said or 'wide-scan' in said
