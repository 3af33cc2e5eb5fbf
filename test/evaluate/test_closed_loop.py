# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One loop for policy, expert and training flights; one judge; one record that trains."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from liquid_drone import topics
from liquid_drone.cli.main import main
from liquid_drone.contract import CommandSpec
from liquid_drone.episodes import episode
from liquid_drone.episodes.rosbag import storage_file
from liquid_drone.evaluate import closed_loop, expert_flights
from liquid_drone.evaluate.closed_loop import run
from liquid_drone.evaluate.direct_flight import DirectFlight, DirectOptions
from liquid_drone.evaluate.driver import DriverOutput, ExpertDriver
from liquid_drone.evaluate.scoring import score
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS
from liquid_drone.learn import behaviour_cloning
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.recipe import TrainConfig
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.task import Task
from liquid_drone.sim.session import Session
from liquid_drone.sim.simulator import Simulator

SEED = 9_001  # of the training split
TREE_AHEAD = 9_006  # where who flies straight on hits one within seven seconds
SHORT = Task('follow', duration_s=3.0, settle_s=1.0)
FAST = np.array([3.0, 0.0, 0.0, 0.0], dtype=np.float32)


class Away:
    """A driver that flies on as fast as it may, and counts what it is asked."""

    def __init__(self, command: np.ndarray = FAST) -> None:
        self.command, self.steps = command, 0

    def reset(self) -> None:
        pass

    def step(self, image: np.ndarray, stamp_s: float, label: np.ndarray) -> DriverOutput:
        self.steps += 1
        return DriverOutput(self.command)


@pytest.fixture(scope='module')
def simulator():
    made = Simulator(load_scenario())
    yield made
    made.close()


def test_a_flight_that_loses_the_target_ends_and_fails(simulator):
    back = np.array([-3.0, 0.0, 0.0, 0.0], dtype=np.float32)
    flight = DirectFlight(simulator, SEED, DirectOptions(300, lost_m=9.0))
    log = run(flight, Away(back))
    assert 10 < len(log) < 300
    assert 'ended_early' in score(log, Task('follow', duration_s=20.0)).failures
    assert np.isnan(log.column('label')[-1]).all()  # nothing is to be learned from the end
    assert np.isfinite(log.column('label')[:-1]).all()
    assert not log.column('following')[-1]


def test_a_collision_ends_a_flight_is_judged_and_never_learned_from(simulator, tmp_path):
    log = run(DirectFlight(simulator, TREE_AHEAD, DirectOptions(300, keeps_images=True)), Away())
    assert log.collision
    assert log.column('collision').tolist() == [False] * (len(log) - 1) + [True]
    assert 'collision' in score(log, Task('follow')).failures
    info = log.save(tmp_path / 'episode')
    assert info.collision
    assert info.frames == len(episode.load(tmp_path / 'episode').jpegs) == len(log) - 1


def test_drift_moves_the_drone_and_not_its_commands(simulator):
    stand = np.zeros(4, dtype=np.float32)
    ends = []
    for drift in ((0.0, 0.0, 0.0), (0.5, 0.0, 0.0)):
        options = DirectOptions(60, drift_enu_m_s=drift)
        log = run(DirectFlight(simulator, SEED, options), Away(stand))
        ends.append(log.column('position_enu')[-1])
        assert not log.column('command').any()
        assert not log.column('setpoint').any()
    assert ends[1][0] - ends[0][0] > 0.8


@pytest.mark.parametrize('weather', ['clear', 'late:2,dropped:3'])
def test_a_driver_is_asked_once_for_each_new_image(weather):
    simulator = Simulator(load_scenario(weather=weather))
    driver = Away(np.zeros(4, dtype=np.float32))
    log = run(DirectFlight(simulator, SEED, DirectOptions(60, keeps_images=True)), driver)
    simulator.close()
    new = [bool(jpeg) for jpeg in log.jpegs]
    assert driver.steps == sum(new)
    assert all(new) == (weather == 'clear')
    exposed = log.column('exposed_ns')[np.array(new)]
    assert (np.diff(exposed) > 0).all()


def test_the_expert_takes_few_images_and_commands_every_frame():
    scenario = replace(load_scenario(), task=SHORT)
    log = expert_flights.fly(scenario, SEED)
    assert len(log) == 60
    assert len(np.unique(log.column('command'), axis=0)) > 50
    assert len(np.unique(log.column('exposed_ns'))) == 6
    assert np.array_equal(log.column('label'), log.column('command'))


def test_the_expert_flies_through_mavlink_in_the_same_loop():
    """What differs is composed: this driver with this way of the commands to the motors."""
    session = Session(FlightSpec(seed=SEED, start='hover', duration_s=4.0, land=False))
    driver = ExpertDriver()
    flight = closed_loop.MavlinkFlight(session, driver.reset, SIMULATION_LIMITS, 80.0)
    try:
        log = run(flight, driver)
    finally:
        flight.close()
        session.close()
    followed = log.column('following')
    assert followed.sum() > 60
    assert np.isfinite(log.column('setpoint')[followed]).all(axis=1).mean() > 0.9
    assert np.array_equal(log.column('label')[followed], log.column('command')[followed])


def test_a_flight_is_an_episode_that_others_open_and_that_trains(bundle, tmp_path, capsys):
    out = tmp_path / 'out'
    line = ['fly', '--no-ros', '--no-video', '--seed', str(SEED), '--start', 'hover']
    main([*line, '--duration', '4', '--bundle', str(bundle), '--out', str(out), '--json'])
    printed = capsys.readouterr().out
    directory = out / 'episode'
    assert FlightLog.load(directory).trajectory_hash() in printed

    with storage_file(directory / 'bag').open('rb') as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        counted = Counter(channel.topic for _, channel, _ in reader.iter_messages())
    assert summary is not None
    schemas = {summary.schemas[c.schema_id].name for c in summary.channels.values()}
    assert 'sensor_msgs/msg/CompressedImage' in schemas
    log = FlightLog.load(directory)
    assert counted[f'/{topics.IMAGE_COMPRESSED}'] == counted[f'/{topics.ODOMETRY}'] == len(log)
    learned = int((log.column('following') & ~log.column('collision')).sum())
    assert counted[f'/{topics.COMMAND}'] == learned > 40

    assert main(['validate', str(directory)]) == 0, capsys.readouterr().out
    small = VisionConfig(convolutions=((8, 5, 4), (8, 3, 2)), features=16)
    clips = open_clips([directory], tmp_path / 'cache', small.reduce, CommandSpec())
    assert len(clips[0]) == learned
    network = train_one_step(small, clips, tmp_path / 'net.pt')
    untouched = Network(NetworkConfig(small)).state_dict()
    moved = [k for k, v in network.state_dict().items() if not (v == untouched[k]).all()]
    assert 'auxiliary.weight' in moved


def train_one_step(small: VisionConfig, clips: list, checkpoint: Path) -> Network:
    config = TrainConfig(windows=2, length=16, warmup_steps=1)
    span = behaviour_cloning.Span(0, 1, 1)
    return behaviour_cloning.train(Network(NetworkConfig(small)), clips, config, span, checkpoint)
