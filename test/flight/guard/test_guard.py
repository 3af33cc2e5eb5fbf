# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vehicles import known

from liquid_drone.flight.facts import Evidence, first_wrong
from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import (
    SIMULATION_LIMITS,
    Limits,
    Sighting,
)
from liquid_drone.flight.guard.state import GuardInput, Phase, Proposal
from liquid_drone.flight.guard.state import start as begin
from liquid_drone.flight.reason import Reason
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.flight.vehicle import BatterySample, VehicleState
from liquid_drone.geometry import rotate_by_yaw
from liquid_drone.sim.physics.point_mass import PointMass

DT_S = 0.05
# the target and the vehicle that does not move have their own tests below
ALONE = {'lost_after_s': None, 'unseen_stop_s': None, 'stuck_after_s': None}
LIMITS = replace(Limits(), **ALONE)
SIMULATION = replace(SIMULATION_LIMITS, **ALONE)
anything = st.floats(allow_nan=True, allow_infinity=True)
sensible = st.floats(-5.0, 5.0)
commands = st.tuples(sensible, sensible, sensible, sensible)


def vehicle(now_s: float, height_m: float = 3.0, **changes: object) -> VehicleState:
    return known(now_s, **{'position_enu': (0.0, 0.0, height_m), **changes})


def fly(proposed, limits=LIMITS, dt_s=DT_S, **changes):
    """Return the setpoints for a list of fresh commands, None among them meaning no proposal."""
    state, now, setpoints = begin(0.0), 0.0, []
    for command in proposed:
        now += dt_s
        proposal = None if command is None else Proposal(now, command)
        state, setpoint, _ = guard.step(
            state, GuardInput(now, vehicle(now, **changes), limits, proposal)
        )
        setpoints.append(setpoint)
    return setpoints


@given(st.lists(st.tuples(anything, anything, anything, anything), max_size=40))
@example([(1.3e308, 1.3e308, 0.0, 0.0)])
def test_whatever_is_proposed_the_setpoint_is_finite_and_slow_enough(proposed):
    for setpoint in fly(proposed):
        if setpoint is None:
            continue
        vx, vy, vz, yaw_rate = setpoint.as_tuple()
        assert math.hypot(vx, vy) <= LIMITS.speed_m_s + 1e-9
        assert abs(vz) <= LIMITS.climb_m_s + 1e-9
        assert abs(yaw_rate) <= LIMITS.yaw_rate_rad_s + 1e-9


@given(
    st.lists(commands, min_size=2, max_size=40),
    st.sampled_from([0.01, 0.05, 0.1]),
    st.sampled_from([LIMITS, SIMULATION]),
)
def test_acceleration_is_limited(proposed, dt_s, limits):
    setpoints = np.array(
        [Setpoint().as_tuple()] + [s.as_tuple() for s in fly(proposed, limits, dt_s)]
    )
    slope = np.diff(setpoints, axis=0) / dt_s
    assert np.hypot(slope[:, 0], slope[:, 1]).max() <= limits.acceleration_m_s2 + 1e-6
    assert np.abs(slope[:, 2]).max() <= limits.acceleration_m_s2 + 1e-6
    assert np.abs(slope[:, 3]).max() <= limits.yaw_acceleration_rad_s2 + 1e-6


@given(st.lists(st.tuples(st.floats(-0.5, 0.5), st.just(0.0), st.just(0.0), st.just(0.0))))
def test_jerk_is_limited_away_from_the_speed_limit(proposed):
    speeds = np.array([0.0, 0.0] + [s.vx_m_s for s in fly(proposed)])
    jerk = np.diff(speeds, n=2) / DT_S**2
    assert np.abs(jerk).max(initial=0.0) <= LIMITS.jerk_m_s3 + 1e-6


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_a_steady_command_within_the_limits_is_reached_and_not_exceeded(vx, vy):
    setpoints = fly([(0.7 * vx, 0.7 * vy, 0.0, 0.0)] * 80)
    asked = 0.7 * math.hypot(vx, vy)
    speeds = [math.hypot(s.vx_m_s, s.vy_m_s) for s in setpoints]
    assert max(speeds) <= asked + 1e-6
    assert speeds[-1] == pytest.approx(asked, abs=1e-3)


def test_a_raw_step_of_speed_becomes_a_smooth_ramp():
    first = fly([(1.0, 0.0, 0.0, 0.0)])[0]
    assert 0.0 < first.vx_m_s <= LIMITS.jerk_m_s3 * DT_S**2


def after_cruise(limits=LIMITS):
    """Return the guard's state and time after two seconds at full speed ahead."""
    state, now = begin(0.0), 0.0
    while now < 2.0:
        now += DT_S
        proposal = Proposal(now, (limits.speed_m_s, 0.0, 0.0, 0.2))
        state, setpoint, _ = guard.step(state, GuardInput(now, vehicle(now), limits, proposal))
    assert setpoint.vx_m_s == pytest.approx(limits.speed_m_s, abs=1e-3)
    return state, now


def test_without_fresh_proposals_it_ramps_holds_and_falls_silent():
    state, last_image = after_cruise()
    for tick in range(1, 61):
        now = last_image + tick * DT_S
        state, setpoint, reason = guard.step(state, GuardInput(now, vehicle(now), LIMITS))
        age = now - last_image
        if age < 0.25 - 1e-6:
            assert setpoint.vx_m_s > 0.9
        if age > 0.25 + 1e-6:
            assert reason is Reason.STALE_COMMAND
        if 0.25 + LIMITS.stop_s < age < 1.25 + LIMITS.stop_s:
            assert setpoint == Setpoint()
        if age > 1.25 + LIMITS.stop_s + 1e-6:
            assert setpoint is None


@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=60))
def test_it_never_speaks_longer_than_ramp_and_hold_after_the_last_image(steps):
    state, last_image = after_cruise()
    now = last_image
    for dt in steps:
        now += dt
        state, setpoint, _ = guard.step(state, GuardInput(now, vehicle(now), LIMITS))
        if now - last_image > LIMITS.command_age_s + LIMITS.stop_s + LIMITS.hold_s + 1e-6:
            assert setpoint is None


def test_the_same_old_proposal_again_and_again_is_no_fresh_one():
    state, now = after_cruise()
    old = Proposal(now, (1.0, 0.0, 0.0, 0.0))
    for _ in range(20):
        now += DT_S
        state, setpoint, reason = guard.step(state, GuardInput(now, vehicle(now), LIMITS, old))
    assert reason is Reason.STALE_COMMAND
    assert setpoint == Setpoint()


def test_it_follows_again_when_proposals_return_in_time_and_never_after_silence():
    state, now = after_cruise()
    for _ in range(20):
        now += DT_S
        state, stopped, _ = guard.step(state, GuardInput(now, vehicle(now), LIMITS))
    assert stopped == Setpoint()
    now += DT_S
    fresh = Proposal(now, (1.0, 0.0, 0.0, 0.0))
    state, setpoint, reason = guard.step(state, GuardInput(now, vehicle(now), LIMITS, fresh))
    assert reason is Reason.FOLLOWING
    assert 0.0 < setpoint.vx_m_s < 0.1
    for _ in range(40):
        now += DT_S
        state, setpoint, _ = guard.step(state, GuardInput(now, vehicle(now), LIMITS))
    assert (setpoint, state.ended) == (None, True)
    fresh = Proposal(now + DT_S, (1.0, 0.0, 0.0, 0.0))
    assert (
        guard.step(state, GuardInput(now + DT_S, vehicle(now + DT_S), LIMITS, fresh)).setpoint
        is None
    )


@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('axis', range(4))
def test_a_number_that_is_not_finite_is_refused_and_named(bad, axis):
    state, now = after_cruise()
    command = [0.5, 0.0, 0.0, 0.0]
    command[axis] = bad
    for _ in range(9):
        now += DT_S
        proposal = Proposal(now, tuple(command))
        state, setpoint, reason = guard.step(
            state, GuardInput(now, vehicle(now), LIMITS, proposal)
        )
        assert all(map(math.isfinite, setpoint.as_tuple()))
    assert reason is Reason.NOT_FINITE


def test_images_from_before_the_start_and_from_the_future_do_not_count():
    for stamp in (9.9, 10.0, 13.0):
        state = begin(10.0)
        state, _, _ = guard.step(
            state, GuardInput(10.1, vehicle(10.1), LIMITS, Proposal(stamp, (1, 0, 0, 0)))
        )
        assert state.command == (0.0, 0.0, 0.0, 0.0)


def of_battery(share, voltage_v, battery_most_v=0.0):
    sample = BatterySample(share, voltage_v)
    return {'battery': sample, 'battery_before': sample, 'battery_most_v': battery_most_v}


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'heartbeat_received_s': -19.0}, Reason.NO_HEARTBEAT),
        ({'status': 5, 'status_before': 5}, Reason.AUTOPILOT_FAILSAFE),
        ({'status': 0, 'status_before': 99}, Reason.NO_HEARTBEAT),
        ({'answered_s': -19.0}, Reason.NO_ANSWER),
        ({'received_s': -19.0}, Reason.NO_POSITION),
        ({'received_s': 99.0}, Reason.NO_POSITION),
        ({'attitude_received_s': -19.0}, Reason.NO_ATTITUDE),
        ({'estimator_received_s': -19.0}, Reason.NO_ESTIMATOR),
        ({'position_valid': False}, Reason.ESTIMATOR_UNUSABLE),
        ({'position_enu': (math.nan, 0.0, 3.0)}, Reason.NO_POSITION),
        ({'home_received_s': -19.0}, Reason.NO_HOME),
        ({'home_differs_m': 2.0}, Reason.NO_HOME),
        ({'landed_received_s': -19.0}, Reason.NO_LANDED_STATE),
        ({'landed_told': None}, Reason.NO_LANDED_STATE),
        ({'battery_received_s': -19.0}, Reason.NO_BATTERY),
        (of_battery(None, None), Reason.NO_BATTERY),
        (of_battery(0.1, 16.0), Reason.LOW_BATTERY),
        (of_battery(1.0, 10.0), Reason.LOW_BATTERY),
        (of_battery(None, 13.0, battery_most_v=16.0), Reason.LOW_BATTERY),
        ({'roll': 0.9}, Reason.TILTED),
    ],
)
def test_each_thing_that_can_go_wrong_stops_the_vehicle_and_is_named(change, reason):
    state, now = after_cruise()
    given_setpoints, given_reasons = [], []
    for _ in range(40):
        now += DT_S
        fresh = Proposal(now, (1.0, 0.0, 0.0, 0.0))
        sick = replace(vehicle(now), **change)
        state, setpoint, why = guard.step(state, GuardInput(now, sick, LIMITS, fresh))
        given_setpoints.append(setpoint)
        given_reasons.append(why)
    assert given_reasons[-1] is reason
    assert Setpoint() in given_setpoints
    assert given_setpoints[-1] is None


def test_a_short_lean_is_not_a_fall():
    state, now = after_cruise()
    for roll in (0.9, 0.9, 0.9, 0.0, 0.9, 0.9):
        now += DT_S
        fresh = Proposal(now, (1.0, 0.0, 0.0, 0.0))
        state, _, reason = guard.step(
            state, GuardInput(now, vehicle(now, roll=roll), LIMITS, fresh)
        )
        assert reason is Reason.FOLLOWING


@pytest.mark.parametrize('odd', [BatterySample(0.0, 16.0), BatterySample(0.9, 1.0)])
def test_one_odd_report_on_the_battery_decides_nothing(odd):
    good = BatterySample(0.9, 16.0)
    for pair in ((odd, good), (good, odd)):
        both = {'battery': pair[0], 'battery_before': pair[1]}
        assert first_wrong(Evidence(1.0, vehicle(1.0, **both)), LIMITS) is None


def test_where_cells_are_counted_a_flat_pack_is_not_taken_for_a_full_smaller_one():
    flat = vehicle(1.0, **of_battery(1.0, 21.0))  # of 6 cells, or 5 full ones
    assert first_wrong(Evidence(1.0, flat), LIMITS) is None
    wrong = first_wrong(Evidence(1.0, flat), replace(LIMITS, battery_cells=6.2))
    assert 'battery: 21.0 V are 3.39 V for each of 6.2 cells' in wrong.sentence


def test_called_off_it_stops_and_stays_stopped():
    state, now = after_cruise()
    for called_off in [True] + [False] * 40:
        now += DT_S
        fresh = Proposal(now, (1.0, 0.0, 0.0, 0.0))
        state, setpoint, reason = guard.step(
            state, GuardInput(now, vehicle(now), LIMITS, fresh, called_off=called_off)
        )
    assert setpoint is None
    assert reason is Reason.CALLED_OFF


def test_where_two_command_it_stops_for_good():
    state, now = after_cruise()
    for two_command in [True] + [False] * 40:
        now += DT_S
        fresh = Proposal(now, (1.0, 0.0, 0.0, 0.0))
        state, setpoint, reason = guard.step(
            state, GuardInput(now, vehicle(now), LIMITS, fresh, two_command=two_command)
        )
    assert setpoint is None
    assert reason is Reason.TWO_COMMAND


def test_while_stopped_it_holds_the_height_where_the_autopilot_does_not():
    state, now = after_cruise()
    for height, sign in ((3.5, -1), (2.5, 1)):
        held = state
        for t in (0.3, 0.9):
            at = vehicle(now + t, height_m=3.0 if t < 0.5 else height)
            held, setpoint, _ = guard.step(
                held, GuardInput(now + t, at, LIMITS, holds_height=True)
            )
        assert sign * setpoint.vz_m_s == pytest.approx(0.4)


def closed_loop(command, limits, seconds, start=(0.0, 0.0, 3.0), yaw=0.3):
    """Fly a point mass through the guard with one constant command; returns positions (T, 3)."""
    plant = PointMass(position_enu=np.array(start), yaw_rad=yaw)
    state, positions = begin(1.0), []
    while plant.substeps < seconds * 240:
        truth = plant.truth()
        now = truth.stamp_ns / 1e9
        position = tuple(truth.position_enu.tolist())
        known = vehicle(now, position_enu=position, yaw=plant.yaw_rad)
        state, setpoint, _ = guard.step(
            state, GuardInput(now, known, limits, Proposal(now, command))
        )
        vx, vy, vz, yaw_rate = setpoint.as_tuple()
        plant.advance(rotate_by_yaw([vx, vy, vz], plant.yaw_rad), yaw_rate)
        positions.append(position)
    return np.array(positions)


@settings(max_examples=25, deadline=None)
@given(commands, st.sampled_from([LIMITS, SIMULATION]))
def test_no_command_leads_out_of_the_altitude_band_or_far_over_the_fence(command, limits):
    limits = replace(limits, fence_radius_m=8.0)
    path = closed_loop(command, limits, seconds=20.0)
    assert path[:, 2].min() > limits.floor_m - 0.25
    assert path[:, 2].max() < limits.ceiling_m + 0.25
    assert np.hypot(path[:, 0], path[:, 1]).max() < 8.0 + 1.0


@pytest.mark.parametrize(
    'command', [(0.9, -4.0, 0.0, 0.23), (3.7, -3.3, 0.5, 0.3), (2.2, 0.0, 0.0, -0.35)]
)
def test_curves_along_the_fence_do_not_creep_outward(command):
    limits = replace(SIMULATION, fence_radius_m=8.0)
    path = closed_loop(command, limits, seconds=90.0)
    assert np.hypot(path[:, 0], path[:, 1]).max() < 9.0


def test_outside_band_and_fence_nothing_leads_further_out_and_nothing_is_added():
    for start, climb in ((0.3, -0.5), (0.3, 0.0), (12.0, 0.0), (12.0, 0.5)):
        path = closed_loop((0.0, 0.0, climb, 0.0), LIMITS, seconds=5.0, start=(0.0, 0.0, start))
        assert path[-1, 2] == pytest.approx(start, abs=1e-6)
    back = closed_loop((0.0, 0.0, 0.5, 0.0), LIMITS, seconds=5.0, start=(0.0, 0.0, 0.3))
    assert back[-1, 2] > 1.0
    limits = replace(LIMITS, fence_radius_m=5.0)
    outside = closed_loop((1.0, 0.0, 0.0, 0.0), limits, seconds=5.0, start=(7.0, 0, 3.0), yaw=0.0)
    assert outside[-1, 0] == pytest.approx(7.0, abs=0.05)


def test_the_reason_says_what_bound_the_command():
    reasons = {}
    for name, command, place in (
        ('fast', (5.0, 0.0, 0.0, 0.0), (0.0, 0.0, 3.0)),
        ('high', (0.0, 0.0, 0.4, 0.0), (0.0, 0.0, 10.0)),
        ('far', (0.5, 0.0, 0.0, 0.0), (30.0, 0.0, 3.0)),
        ('fine', (0.5, 0.0, 0.0, 0.0), (0.0, 0.0, 3.0)),
    ):
        here = vehicle(1.0, position_enu=place)
        reasons[name] = guard.step(
            begin(0.95), GuardInput(1.0, here, LIMITS, Proposal(1.0, command))
        ).reason
    assert reasons == {
        'fast': Reason.LIMITED,
        'high': Reason.AT_HEIGHT_LIMIT,
        'far': Reason.AT_FENCE,
        'fine': Reason.FOLLOWING,
    }


def test_limits_that_make_no_sense_are_refused_and_off_switches_are_listed():
    with pytest.raises(ValueError, match='speed_m_s must be positive'):
        Limits(speed_m_s=0.0)
    with pytest.raises(ValueError, match='not below'):
        Limits(floor_m=5.0, ceiling_m=4.0)
    assert Limits(fence_radius_m=None, ceiling_m=None).switched_off() == [
        'ceiling_m',
        'fence_radius_m',
    ]


def spot(now, bearing=0.0, distance=None):
    return Sighting(now, bearing, distance)


def watched(seconds, sightings, holds_height=False):
    """Fly ahead for some time; ``sightings(t)`` tells what is seen. Returns [(t, step)]."""
    limits, state, steps = replace(Limits(), stuck_after_s=None), begin(0.0), []
    for number in range(1, round(seconds / DT_S) + 1):
        now = number * DT_S
        step = guard.step(
            state,
            GuardInput(
                now,
                vehicle(now),
                limits,
                Proposal(now, (0.8, 0.0, 0.0, 0.0)),
                sightings(now),
                holds_height=holds_height,
            ),
        )
        state = step.state
        steps.append((now, step))
    return steps


def test_a_lost_target_is_waited_for_then_looked_for_then_given_up():
    steps = watched(45.0, lambda t: spot(t, bearing=-0.4) if t < 3.0 else None)
    reasons = {}
    for now, step in steps:
        reasons.setdefault(step.reason, now)
    limits = Limits()
    assert reasons[Reason.TARGET_LOST] == pytest.approx(3.0 + limits.lost_after_s, abs=0.11)
    assert reasons[Reason.SEARCHING] == pytest.approx(5.0 + limits.lost_hold_s, abs=0.11)
    assert reasons[Reason.TARGET_GONE] == pytest.approx(7.0 + limits.search_s, abs=0.11)
    held = next(step for now, step in steps if now > 6.9)  # a vehicle that does not turn
    assert held.setpoint == Setpoint(yaw_rate_rad_s=-limits.yaw_rate_rad_s)
    turning = next(step for now, step in steps if now > 20.0)
    assert turning.setpoint == Setpoint(yaw_rate_rad_s=-limits.search_yaw_rate_rad_s)
    assert turning.state.phase is Phase.SEARCH
    assert steps[-1][1].setpoint is None


def test_a_target_never_seen_is_looked_for_at_once_and_one_flash_does_not_bring_it_back():
    steps = watched(8.0, lambda t: spot(t) if 4.98 < t < 5.02 or t > 6.98 else None)
    reasons = {round(now, 2): step.reason for now, step in steps}
    assert reasons[0.6] is Reason.UNSEEN
    assert {reasons[x] for x in (0.8, 1.9, 3.0, 4.9)} == {Reason.SEARCHING}
    assert reasons[6.5] is Reason.SEARCHING  # in spite of the flash at 5 s
    assert reasons[7.5] is Reason.FOLLOWING


def test_while_it_looks_for_the_target_it_holds_the_height_where_the_autopilot_does_not():
    state = watched(4.0, lambda t: None, holds_height=True)[-1][1].state
    limits = replace(Limits(), stuck_after_s=None)  # it does not turn either
    for number in range(1, 30):
        now = 4.0 + number * DT_S
        low = vehicle(now, height_m=2.5)
        go_on = Proposal(now, (0.8, 0.0, 0.0, 0.0))
        state, setpoint, _ = guard.step(
            state, GuardInput(now, low, limits, go_on, holds_height=True)
        )
    assert setpoint.vz_m_s == pytest.approx(0.4)


@pytest.mark.parametrize(
    ('bearing', 'distance', 'expected'),
    [
        (0.0, 9.0, (0.8, 0.0)),
        (0.0, 2.6, (0.3, 0.0)),
        (0.0, 1.0, (0.0, 0.0)),
        (math.pi / 4, 1.0, (0.4, -0.4)),
        (0.0, None, (0.8, 0.0)),
    ],
)
def test_it_keeps_its_distance_to_the_target_where_that_is_known(bearing, distance, expected):
    last = watched(4.0, lambda t: spot(t, bearing, distance))[-1][1]
    assert (last.setpoint.vx_m_s, last.setpoint.vy_m_s) == pytest.approx(expected, abs=1e-6)
    assert last.reason is (Reason.FOLLOWING if expected[0] == 0.8 else Reason.NEAR_TARGET)


def test_a_stop_must_not_be_softer_than_the_flight():
    with pytest.raises(ValueError, match='stop_jerk_m_s3 must not be below'):
        Limits(jerk_m_s3=500.0)
