# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The flight recorder against the real companion, with a pilot who takes over."""

import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.episodes import episode
from liquid_drone.episodes.recording import EpisodeInfo
from liquid_drone.flight import recorder as recorder_module
from liquid_drone.flight.companion import Companion
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.profiles import PX4
from liquid_drone.flight.recorder import FlightRecorder, RecorderConfig
from liquid_drone.flight.report import facts, numbers
from liquid_drone.flight.set_clock import ClockSteps
from liquid_drone.flight.vehicle import BatterySample
from liquid_drone.geometry import euler_from_quaternion
from liquid_drone.image import encode_jpeg

DT_S = 0.05
START_S = 1_700_000_000.0
LOW = BatterySample(0.1, 16.0)
COMMAND = (0.5, 0.1, 0.0, 0.2)
rng = np.random.default_rng(5)
JPEG = encode_jpeg(rng.integers(0, 255, (144, 256, 3), dtype=np.uint8))


class Flight:
    """A companion that flies north, then a pilot who flies on; every frame is recorded."""

    def __init__(self, folder, shadow=False, **changes):
        info = EpisodeInfo('flight/abc', 'flight', 'unknown', 'red_backpack', -1, 'abc')
        config = replace(RecorderConfig(folder, info, least_free_bytes=0), **changes)
        self.recorder = FlightRecorder(config)
        self.companion = Companion(PX4, shadow=shadow)
        self.now_s, self.decision = START_S, None
        self.set_back_s = 0.0  # by which the computer's clock was set back
        self.vehicle = vehicles.known(
            self.now_s, mode=PX4.hold_mode, mode_name='hold', position_enu=(0.0, 0.0, 3.0)
        )
        self.velocity, self.yaw_rate = (-0.1, 0.5, 0.0), 0.0  # as commanded, facing north
        self.proposes, self.sees, self.is_sent = True, True, not shadow

    def frame(self, count=1):
        for _ in range(count):
            self.now_s += DT_S
            stamp_ns = round((self.now_s - self.set_back_s) * 1e9)
            before = self.vehicle
            position = [
                p + v * DT_S for p, v in zip(before.position_enu, self.velocity, strict=True)
            ]
            self.vehicle = vehicles.fresh(
                before,
                self.now_s,
                stamp_s=self.now_s,
                attitude_stamp_s=self.now_s,
                position_enu=(position[0], position[1], 3.0),
                velocity_enu=self.velocity,
                yaw=before.yaw + self.yaw_rate * DT_S,
            )
            self.recorder.see(JPEG, stamp_ns)
            proposal = Proposal(self.now_s, COMMAND) if self.proposes else None
            self.decision = self.companion.step(self.now_s, self.vehicle, proposal)
            if self.decision.reset_policy:
                self.companion.policy_was_reset()
            if self.sees:
                self.companion.see(Sighting(self.now_s, 0.0))
            sent = self.is_sent and self.decision.setpoint is not None
            told = facts(self.decision, self.vehicle, proposal, sent)
            self.recorder.hear(told, stamp_ns)
            self.recorder.watch(stamp_ns)
        return self

    def settle(self):
        """Wait for the disk: these flights are faster than any."""
        deadline = time.monotonic() + 240.0  # a bound for a hang, not for a busy machine
        while not self.recorder.is_idle and time.monotonic() < deadline:
            time.sleep(0.005)
        assert self.recorder.is_idle

    def close(self):
        """End with everything on the disk, however long a busy machine takes for it."""
        self.recorder.close(patience_s=240.0)
        assert self.recorder.is_idle

    def mode(self, mode):
        self.vehicle = replace(self.vehicle, mode=mode, mode_name=PX4.mode_name(mode))

    def engaged(self):
        self.vehicle = replace(self.vehicle, yaw=math.pi / 2)
        self.frame(2)
        assert self.companion.engage(True)[0]
        self.mode(PX4.follow_mode)
        return self.frame(4)


def kept(folder):
    found = episode.find_episodes(folder)
    return {path: episode.load(path) for path in found}


def test_a_takeover_is_kept_with_what_was_before_and_what_the_pilot_did_then(tmp_path):
    flight = Flight(tmp_path).engaged().frame(1000)
    flight.mode(PX4.hold_mode)
    flight.velocity, flight.yaw_rate = (0.0, 0.0, 0.0), -0.4
    flight.frame(200)
    flight.close()
    ((path, recording),) = kept(tmp_path).items()
    assert path.name == '20231114-221410-taken_over'
    info = recording.info
    assert (info.event, info.target, info.pilot) == ('taken_over', 'red_backpack', 'abc')
    assert len(recording.jpegs) == pytest.approx((30 + 5) / DT_S, abs=3)
    stamps = recording.column('stamp_ns')
    assert np.all(np.diff(stamps) > 0)
    stages = [told['stage'] for told in recording.decisions]
    first = stages.index('handed_back')
    assert set(stages[:first]) == {'engaged'}
    assert set(stages[first:]) == {'handed_back'}
    assert recording.decisions[first]['cause'] == 'taken_over'
    # The policy flew: its proposal is the label, the guard's setpoint what was done.
    label, executed = recording.column('label'), recording.column('executed')
    assert label[first - 5] == pytest.approx(COMMAND)
    assert executed[first - 5] == pytest.approx(COMMAND, abs=1e-3)
    # The pilot flew: the pilot's own motion is the label.
    assert label[first + 20] == pytest.approx((0.0, 0.0, 0.0, -0.4), abs=1e-3)
    assert np.array_equal(label[first + 1 :], executed[first + 1 :])
    yaw = euler_from_quaternion(recording.column('quaternion_xyzw')[first - 5])[2]
    assert yaw == pytest.approx(math.pi / 2, abs=1e-4)
    assert np.isnan(recording.column('target_mask')).all()
    assert recording.jpegs[0] == JPEG


def test_the_pilots_motion_is_told_in_the_vehicles_own_heading(tmp_path):
    flight = Flight(tmp_path, shadow=True)
    flight.vehicle = replace(flight.vehicle, yaw=math.pi / 2)
    flight.velocity = (0.3, 0.7, 0.1)  # facing north: 0.7 ahead, 0.3 to the right
    flight.frame(2)
    flight.companion.engage(True)
    flight.frame(40)
    flight.sees = False
    flight.frame(60)
    assert flight.decision.stage is Stage.HOLDING  # no sighting for two seconds
    assert flight.decision.setpoint is not None
    flight.companion.engage(False)
    flight.frame(80)
    flight.close()
    (recording,) = kept(tmp_path).values()
    assert recording.info.event == 'called_off'
    assert {told['sent'] for told in recording.decisions} == {'false'}
    for name in ('label', 'executed'):
        assert recording.column(name)[10] == pytest.approx((0.7, -0.3, 0.1, 0.0), abs=1e-3)
    setpoint = numbers(recording.decisions[30], 'setpoint', 4)
    assert setpoint[0] == pytest.approx(0.5, abs=0.1)  # what would have been sent


def test_a_stop_that_passes_is_kept_once(tmp_path):
    flight = Flight(tmp_path).engaged().frame(20)
    for _ in range(3):
        flight.proposes = False
        flight.frame(10)
        flight.proposes = True
        flight.frame(10)
    assert flight.decision.stage is Stage.ENGAGED
    flight.close()
    (recording,) = kept(tmp_path).values()
    assert recording.info.event == 'fault_stale_command'


def test_a_companion_that_falls_silent_in_flight_is_an_event(tmp_path):
    flight = Flight(tmp_path).engaged().frame(20)
    for tick in range(30):
        flight.recorder.watch(round((flight.now_s + tick * DT_S) * 1e9))
    flight.close()
    (recording,) = kept(tmp_path).values()
    assert recording.info.event == 'companion_silent'


@pytest.mark.parametrize('looks_first', [True, False])
@pytest.mark.parametrize('paused_s', [0.6, 1.1, 5.0])
def test_what_waited_while_the_recorder_paused_is_no_silence(tmp_path, paused_s, looks_first):
    """Each of the decisions that had waited was an event, and took the place of a hand-back."""
    flight = Flight(tmp_path, after_s=0.0).engaged().frame(20)
    begun_s, told = flight.now_s, flight.recorder._facts
    now_s = begun_s + paused_s
    for number in range(10):  # as many as wait
        if looks_first:
            flight.recorder.watch(round((now_s + number * 0.01) * 1e9))
        flight.recorder.hear(told, round((begun_s + paused_s * number / 10) * 1e9))
        flight.recorder.watch(round((now_s + number * 0.01) * 1e9))
    flight.settle()
    assert kept(tmp_path) == {}
    for tick in range(30):
        flight.recorder.watch(round((now_s + 0.1 + tick * DT_S) * 1e9))
    flight.close()
    (recording,) = kept(tmp_path).values()
    assert recording.info.event == 'companion_silent'


def test_a_companion_that_began_anew_in_flight_is_an_event(tmp_path):
    flight = Flight(tmp_path).engaged().frame(20)
    flight.companion = Companion(PX4)
    flight.frame(1)
    flight.close()
    (recording,) = kept(tmp_path).values()
    assert recording.info.event == 'ended'


def test_every_ending_is_kept_under_a_name_of_its_own(tmp_path):
    flight = Flight(tmp_path, after_s=0.0)
    for change in ({'armed': False}, {'landed': True}, {'battery': LOW, 'battery_before': LOW}):
        healthy = flight.engaged().frame(5).vehicle
        flight.vehicle = replace(healthy, **change)
        flight.frame(50)
        flight.settle()
        assert flight.decision.stage is Stage.HANDED_BACK
        flight.vehicle = replace(
            flight.vehicle, armed=True, landed=False, battery=healthy.battery, mode=PX4.hold_mode
        )
        flight.frame(2)
        flight.settle()
    flight.close()
    events = sorted(recording.info.event for recording in kept(tmp_path).values())
    assert events == ['disarmed', 'fault_low_battery', 'landed', 'low_battery']


def test_memory_is_bounded_in_bytes_and_in_time(tmp_path):
    flight = Flight(tmp_path, most_bytes=20 * len(JPEG)).frame(100)
    assert flight.recorder.held_bytes <= 20 * len(JPEG)
    flight.close()
    flight = Flight(tmp_path, before_s=1.0, after_s=0.5).frame(100)
    assert flight.recorder.held_bytes == 31 * len(JPEG)
    flight.close()


def test_the_same_picture_again_is_no_new_one(tmp_path):
    flight = Flight(tmp_path).engaged().frame(5)
    for _ in range(5):
        flight.recorder.see(JPEG, round(flight.now_s * 1e9))
    flight.mode(PX4.hold_mode)
    flight.frame(5)
    flight.close()
    (recording,) = kept(tmp_path).values()
    assert len(set(recording.column('stamp_ns'))) == len(recording.jpegs)


def test_no_call_waits_for_a_disk_that_hangs(tmp_path, monkeypatch, caplog):
    hangs = threading.Event()
    monkeypatch.setattr(recorder_module, 'save', lambda *_: hangs.wait(30.0))
    flight = Flight(tmp_path, after_s=0.0)
    for _ in range(recorder_module.WAITING + 3):
        flight.engaged().frame(2)
        flight.mode(PX4.hold_mode)
        flight.frame(2)
    assert flight.recorder.lost > 0
    assert 'the disk is too slow' in caplog.text
    flight.recorder.close(patience_s=0.05)
    assert 'did not take the last recordings in 0.05 s' in caplog.text  # it used to end silently
    hangs.set()
    flight.close()


def test_closed_again_and_again_it_ends_once(tmp_path):
    flight = Flight(tmp_path)
    for _ in range(3):
        flight.close()


def test_a_full_disk_is_said_and_nothing_ends(tmp_path, caplog):
    flight = Flight(tmp_path, least_free_bytes=2**62).engaged().frame(5)
    flight.mode(PX4.hold_mode)
    flight.frame(10)
    flight.close()
    assert kept(tmp_path) == {}
    assert 'MB are free on the disk' in caplog.text


def test_what_cannot_be_written_is_said_and_recording_goes_on(tmp_path, caplog, monkeypatch):
    save, failed = recorder_module.save, []

    def fails_once(recording, folder):
        if not failed:
            failed.append(folder)
            raise PermissionError('read-only')
        return save(recording, folder)

    monkeypatch.setattr(recorder_module, 'save', fails_once)
    flight = Flight(tmp_path, after_s=1.0).engaged().frame(5)
    flight.mode(PX4.hold_mode)
    flight.frame(40)
    flight.close()
    assert 'PermissionError: read-only' in caplog.text
    assert len(kept(tmp_path)) == 1  # the second writing, with the seconds afterwards


def test_facts_without_numbers_are_unknown():
    assert numbers({'a': '1 2'}, 'a', 2) == (1.0, 2.0)
    for text in ('', '1', '1 2 3', 'x y'):
        assert numbers({'a': text}, 'a', 2) is None
    assert numbers({}, 'a', 2) is None


@pytest.mark.parametrize('set_back_s', [1.2, 20.0, 3600.0, 1e8])
def test_a_clock_that_is_set_back_in_flight_costs_what_was_before_and_nothing_after_it(
    tmp_path, set_back_s
):
    """All pictures were taken for repeated ones, for as long as the clock had been ahead."""
    flight = Flight(tmp_path).engaged().frame(300)
    flight.set_back_s = set_back_s
    flight.frame(200)
    flight.mode(PX4.hold_mode)
    flight.frame(120)
    flight.close()
    ((path, recording),) = kept(tmp_path).items()
    assert path.name.endswith('taken_over')
    stamps, now_ns = recording.column('stamp_ns'), (flight.now_s - set_back_s) * 1e9
    assert np.all(np.diff(stamps) > 0)
    assert stamps[-1] <= now_ns + 1
    assert len(stamps) == pytest.approx((10 + 5) / DT_S, abs=6)
    assert [told['stage'] for told in recording.decisions].count('engaged') >= 190


@pytest.mark.parametrize('set_back_s', [1.2, 3600.0])
def test_an_event_before_the_clock_was_set_back_ends_with_it(tmp_path, set_back_s):
    flight = Flight(tmp_path).engaged().frame(100)
    flight.mode(PX4.hold_mode)
    flight.frame(40)
    flight.set_back_s = set_back_s
    flight.frame(200)
    flight.close()
    ((_, recording),) = kept(tmp_path).items()
    stages = [told['stage'] for told in recording.decisions]
    assert stages.count('handed_back') == pytest.approx(40, abs=3)
    assert np.all(np.diff(recording.column('stamp_ns')) > 0)


def test_odd_stamps_alone_forget_nothing(tmp_path):
    flight = Flight(tmp_path).engaged()
    for odd_s in (0.0, 1.0, START_S - 500.0, START_S - 400.0, 5.0):
        flight.frame(20)
        flight.recorder.see(JPEG, round(odd_s * 1e9))
    flight.mode(PX4.hold_mode)
    flight.frame(120)
    flight.close()
    ((_, recording),) = kept(tmp_path).items()
    assert [told['stage'] for told in recording.decisions].count('engaged') >= 98


@pytest.mark.parametrize('late', [False, True])
@pytest.mark.parametrize('step_s', [1.2, 1.5e8, -1.2, -1.5e9])
def test_a_clock_that_is_set_in_flight_costs_nothing_where_it_is_told(tmp_path, step_s, late):
    """ros/ros_comm 2317: a Jetson is told the time by a network that it reaches in the air."""
    flight = Flight(tmp_path, after_s=1.0).engaged().frame(60)
    before_ns = round((flight.now_s - flight.set_back_s) * 1e9)
    flight.set_back_s -= step_s
    now_ns = round((flight.now_s - flight.set_back_s) * 1e9)
    flight.recorder.set_clock(now_ns - before_ns)
    flight.recorder.watch(now_ns)
    if late:  # under way meanwhile, as the node lets them through
        flight.recorder.hear(flight.recorder._facts, min(before_ns, now_ns))
        flight.recorder.see(JPEG, min(before_ns, now_ns))
    flight.frame(10)
    flight.mode(PX4.hold_mode)
    flight.frame(30)
    flight.close()
    ((path, recording),) = kept(tmp_path).items()
    assert path.name.endswith('taken_over')
    stages = [told['stage'] for told in recording.decisions]
    assert stages.count('engaged') >= 69
    assert stages.count('handed_back') == pytest.approx(1 / DT_S, abs=3)
    steps_s = np.diff(recording.column('stamp_ns')) / 1e9
    assert steps_s.min() > 0.0
    assert steps_s.max() < 3 * DT_S


@given(
    steps_ns=st.lists(
        st.none() | st.integers(11 * 10**8, 10**17) | st.integers(-(10**17), -11 * 10**8),
        min_size=1,
        max_size=40,
    ),
    before_s=st.floats(1.0, 3.0),
)
def test_what_is_kept_is_as_long_ago_as_it_was_however_often_the_clock_is_set(
    tmp_path_factory, steps_ns, before_s
):
    flight = Flight(tmp_path_factory.mktemp('flights'), before_s=before_s, after_s=0.0)
    recorder, clock, ahead_ns, kept_ns = flight.recorder, ClockSteps(), 10**18, []
    for number, step_ns in enumerate(steps_ns):
        steady_ns = round(number * DT_S * 1e9)
        ahead_ns += step_ns or 0
        now_ns = steady_ns + ahead_ns
        if taken_ns := clock.take(now_ns, steady_ns / 1e9):
            assert taken_ns == step_ns
            recorder.set_clock(taken_ns)
        recorder.watch(now_ns)
        recorder.hear({'stage': 'engaged'}, now_ns)
        recorder.see(b'jpeg', now_ns)
        kept_ns = [one for one in (*kept_ns, steady_ns) if steady_ns - one <= before_s * 1e9]
    recorder._finish_picture()
    assert [one.stamp_ns - ahead_ns for one in recorder._moments] == kept_ns
    assert recorder.is_idle  # nothing happened
    recorder.close()


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(-0.9, 0.9)), max_size=50))
def test_a_clock_that_is_slewed_or_a_pause_is_no_step(moves):
    clock, steady_s, ahead_s = ClockSteps(), 100.0, 0.0
    for passed_s, slew_s in moves:
        steady_s, ahead_s = steady_s + passed_s, ahead_s + slew_s
        assert clock.take(round((START_S + steady_s + ahead_s) * 1e9), steady_s) == 0
    stepped = clock.take(round((START_S + steady_s + ahead_s + 1e8) * 1e9), steady_s)
    assert stepped == pytest.approx(1e17 if moves else 0, abs=1e9)
