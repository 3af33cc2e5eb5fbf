# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Other people's programs, clocks and lifecycle managers in the graph of a flying drone."""

import ast
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rclpy
from geometry_msgs.msg import Point, PointStamped, Twist, TwistStamped
from graph_bench import GraphBench, MavlinkBench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Range
from std_msgs.msg import String, UInt8

from liquid_drone import nodes, topics
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.reason import Reason
from liquid_drone.nodes import bridge_rivals
from liquid_drone.nodes.mavlink_node import HAND_BACK_LIMIT_S
from liquid_drone.nodes.operator import graph_controls
from liquid_drone.operator.companion_desk import SHOWN_LIMITS
from liquid_drone.operator.flight_view import FlightView
from liquid_drone.operator.requests import RequestQueue
from liquid_drone.ros import conversions, process, qos

FOREIGN = st.sampled_from(['', '/', 'map', 'odom', 'world', 'earth', 'base_footprint', 'base']) | (
    st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'), max_size=30)
)
PREFIX = st.sampled_from(['', '/', 'drone1/', '/drone1/'])
DAY_NS = 24 * 3600 * 10**9


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench() as made:
        yield made


def hear(bench: MavlinkBench, topic: str, message: Any) -> None:
    """Give a message to the node, as its executor does."""
    (one,) = (each for each in bench.node.subscriptions if each.topic_name.endswith(f'/{topic}'))
    one.callback(message)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(foreign=FOREIGN, prefix=PREFIX)
def test_numbers_of_another_frame_are_refused_and_a_prefix_is_not(
    foreign: str, prefix: str
) -> None:
    ours, eye = conversions.BODY_FRAME, 'camera_color_optical_frame'
    if foreign.rpartition('/')[2] != ours:
        said = conversions.wrong_frame(topics.COMMAND, foreign, ours)
        assert ours in said
        assert foreign[:60] in said
    assert not conversions.wrong_frame(topics.COMMAND, prefix + ours, ours)
    assert not conversions.wrong_frame(topics.SIGHTING, prefix + eye, conversions.OPTICAL_FRAME)
    assert conversions.wrong_frame(topics.SIGHTING, prefix + ours, conversions.OPTICAL_FRAME)


def test_a_command_in_another_frame_is_not_flown_and_the_drone_is_handed_back(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.node.start()
    bench.fly()
    publish = bench.commands.publish

    def in_the_map(message: TwistStamped) -> None:
        message.header.frame_id = 'map'
        publish(message)

    bench.commands.publish = in_the_map
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
    assert bench.speed() < 0.1
    said = [line for line in capfd.readouterr().err.splitlines() if "came in 'map'" in line]
    assert 1 <= len(said) <= 4  # not one for each command


def test_a_sighting_in_another_frame_is_none(bench: MavlinkBench) -> None:
    bench.node.start()
    bench.fly()
    seen: list[Any] = []
    bench.node.session.see = seen.append
    point = PointStamped(header=conversions.header(bench.node.get_clock().now().nanoseconds, ''))
    for topic in (topics.SIGHTING, topics.BELIEF):
        point.header.frame_id = 'map'
        hear(bench, topic, point)
    assert not seen


@pytest.mark.parametrize('offset_ns', [-DAY_NS, -10 * 60 * 10**9, 0])
def test_why_commands_that_come_are_not_fresh_is_said(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str], offset_ns: int
) -> None:
    bench.node.start()
    now_ns = bench.node.get_clock().now().nanoseconds
    stamp_ns = now_ns + offset_ns if offset_ns else 0
    hear(bench, topics.COMMAND, conversions.command_message((0.1, 0.0, 0.0, 0.0), stamp_ns))
    said = capfd.readouterr().err
    assert 'old when it comes, at most 0.25' in said
    assert ('another clock' if offset_ns else 'it has no stamp') in said


@pytest.mark.parametrize('transition', ['deactivate', 'shutdown'])
def test_a_lifecycle_manager_that_ends_it_in_flight_ends_it_as_ctrl_c_does(
    bench: MavlinkBench, transition: str
) -> None:
    bench.node.start()
    bench.fly()
    is_over = threading.Event()

    def live() -> None:  # the vehicle, while the node is in its transition
        while not is_over.wait(0.05):
            bench.endpoint.flush()
            bench.endpoint.poll()
            bench.autopilot.advance(12)

    vehicle = threading.Thread(target=live)
    vehicle.start()
    began_s = time.monotonic()
    try:
        ended = getattr(bench.node, f'trigger_{transition}')()
    finally:
        is_over.set()
        vehicle.join()
    assert ended == TransitionCallbackReturn.SUCCESS
    assert time.monotonic() - began_s < HAND_BACK_LIMIT_S + 10.0
    assert bench.speed() < 0.1
    said: list[Any] = []
    late = Node('late')
    late.create_subscription(String, topics.STAGE, said.append, qos.LATCHED)
    late.create_subscription(UInt8, topics.STAGE_CODE, said.append, qos.LATCHED)
    bench.add(late)
    assert bench.wait(lambda: len(said) == 2)
    assert {one.data for one in said} == {Stage.DISCONNECTED.value, 0}


def test_two_who_tell_the_time_or_nobody_are_named(ros: None) -> None:
    made = MavlinkBench()
    try:
        made.set(use_sim_time=True)
        made.node.start()
        assert made.wait(lambda: 'no time comes on /clock' in made.engage().message)
        publishers = [
            made.policy.create_publisher(Clock, '/clock', qos.CLOCK),
            made.policy.create_publisher(Clock, '/clock', qos.CLOCK),
        ]
        assert made.wait(lambda: '2 publishers on /clock' in made.node.rivals())
        made.policy.destroy_publisher(publishers.pop())
        publishers[0].publish(Clock(clock=conversions.time_message(5 * 10**9)))
        assert made.wait(lambda: not made.node.rivals())
    finally:
        made.close()


def test_a_second_range_sensor_is_named(bench: MavlinkBench) -> None:
    """Each reading is its own: with two the distance is kept to neither."""
    made = [bench.policy.create_publisher(Range, topics.TARGET_RANGE, qos.SENSOR_OUT)]
    bench.node.start()
    assert bench.wait(lambda: not bench.node.rivals())
    made += [bench.policy.create_publisher(Range, topics.TARGET_RANGE, qos.SENSOR_OUT)]
    assert bench.wait(lambda: '2 publishers on /target/range' in bench.node.rivals())
    bench.policy.destroy_publisher(made.pop())
    assert bench.wait(lambda: not bench.node.rivals())


@pytest.mark.parametrize(
    ('topic', 'kind', 'wanted'),
    [
        (topics.COMMAND, Twist, 'geometry_msgs/msg/TwistStamped'),
        (topics.COMMAND, TwistStamped, ''),
        (topics.SIGHTING, Point, 'geometry_msgs/msg/PointStamped'),
        (topics.IMAGE, CompressedImage, 'sensor_msgs/msg/Image'),
        (topics.IMAGE_COMPRESSED, CompressedImage, ''),
    ],
)
def test_a_topic_that_comes_as_another_message_is_named(
    ros: None, topic: str, kind: Any, wanted: str
) -> None:
    """Nav2 and ros2_control went from Twist to TwistStamped; DDS connects neither to the other."""
    made, context = MavlinkBench(), rclpy.Context()
    made.policy.destroy_publisher(made.commands)
    made.policy.destroy_publisher(made.sightings)
    made.proposes = None
    process.begin(context=context)
    other = Node('teleop', context=context)
    try:
        made.node.start()
        other.create_publisher(kind, topic, 10)
        assert made.wait(lambda: made.node.count_publishers(topic) == 1)
        made.pause(2.5)
        found = made.node.rivals()
        assert bool(found) is bool(wanted)
        if wanted:
            assert found.startswith(f'/{topic} is ')
            assert f' by /teleop, expected {wanted}' in found
            assert found in made.engage().message
            other.destroy_node()
            assert made.wait(lambda: not made.node.rivals())
    finally:
        context.try_shutdown()
        made.close()


@pytest.mark.filterwarnings('ignore:Deprecated in favor of')  # rclpy's own line of the log
@pytest.mark.parametrize('topic', [topics.COMMAND, topics.SIGHTING, topics.BELIEF])
@pytest.mark.parametrize('reliability', ['BEST_EFFORT', 'RELIABLE'])
def test_a_publisher_whose_quality_of_service_is_not_received_is_named(
    ros: None, topic: str, reliability: str
) -> None:
    """It was refused with "never received" alone."""
    with MavlinkBench() as made:
        made.policy.destroy_publisher(made.commands)
        made.policy.destroy_publisher(made.sightings)
        made.proposes = None
        made.node.start()
        other = Node('my_policy')
        made.add(other)
        kind = TwistStamped if topic == topics.COMMAND else PointStamped
        policy = ReliabilityPolicy[reliability]
        other.create_publisher(kind, topic, QoSProfile(depth=1, reliability=policy))
        if policy is ReliabilityPolicy.RELIABLE:
            made.pause(2.5)
            assert not made.node.rivals()
            return
        assert made.wait(lambda: f'/{topic} by /my_policy has another QoS' in made.node.rivals())
        assert made.wait(lambda: 'reliab' in made.engage().message.lower())
        other.destroy_node()
        assert made.wait(lambda: not made.node.rivals())


OTHERS = [  # topic, and whether what is published there is a setpoint for our autopilot
    ('fmu/in/trajectory_setpoint', True),
    ('fmu/in/vehicle_attitude_setpoint_v1', True),
    ('fmu/in/offboard_control_mode', True),
    ('fmu/in/vehicle_visual_odometry', False),
    ('/drone2/fmu/in/trajectory_setpoint', False),
    ('mavros/setpoint_velocity/cmd_vel', True),
    ('mavros/setpoint_raw/local', True),
    ('mavros/setpoint_raw/target_local', False),  # MAVROS's own report
    ('mavros/local_position/velocity_local', False),
    ('ap/cmd_vel', True),
    ('ap/v1/cmd_gps_pose', True),
    ('ap/v1/twist/filtered', False),
]


@pytest.mark.parametrize(('topic', 'is_rival'), OTHERS)
def test_who_commands_the_autopilot_over_a_bridge_is_named_once_it_does(
    ros: None, topic: str, is_rival: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They travel on a link of their own; a program that only waits is none."""
    monkeypatch.setattr(bridge_rivals, 'LATELY_S', 1.0)
    with MavlinkBench() as made:
        made.node.start()
        other = Node('offboard')
        made.add(other)
        publisher = other.create_publisher(TwistStamped, topic, qos.SENSOR_OUT)
        made.pause(2.5)
        assert not made.node.rivals()
        timer = other.create_timer(0.1, lambda: publisher.publish(TwistStamped()))
        if not is_rival:
            made.pause(1.5)
            assert not made.node.rivals()
            return
        assert made.wait(lambda: f'/offboard sends setpoints by /{topic}' in made.node.rivals())
        assert made.wait(lambda: '/offboard sends setpoints' in made.engage().message)
        timer.cancel()
        assert made.wait(lambda: not made.node.rivals())


def test_in_flight_it_is_handed_back_where_another_commands_over_a_bridge(
    bench: MavlinkBench,
) -> None:
    bench.node.start()
    bench.fly()
    other = Node('offboard')
    bench.add(other)
    publisher = other.create_publisher(TwistStamped, 'fmu/in/trajectory_setpoint', 10)
    other.create_timer(0.05, lambda: publisher.publish(TwistStamped()))
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
    assert bench.node.decision.reason is Reason.TWO_COMMAND


@pytest.mark.parametrize('name', ['px4_msgs/msg/TrajectorySetpoint', 'std_msgs/msg/Nothing'])
def test_a_message_that_is_not_installed_is_none(name: str) -> None:
    assert bridge_rivals._message_type(name) is None


def test_an_answer_lost_with_the_node_that_owes_it_is_asked_for_again(
    ros: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_controls, 'PATIENCE_S', 0.2)
    page, view = Node('page'), FlightView()
    refuse = (False, '')
    controls = graph_controls.GraphControls(page, view, RequestQueue(), lambda _: refuse)
    hung = Node('mavlink')  # never spun: it takes the question and dies
    bench = GraphBench(Node('other'), page)
    bench.node.close = lambda: None

    def is_shown() -> bool:
        controls.read_limits()
        return bool(view.document().get('limits'))

    assert not bench.wait(is_shown, 0.5)
    hung.destroy_node()
    restarted = Node('mavlink')
    for name in SHOWN_LIMITS:
        restarted.declare_parameter(f'limits.{name}', 2.0)
    restarted.declare_parameter('limits.fence_polygon', '')
    bench.add(restarted)
    assert bench.wait(is_shown)
    bench.close()


def is_node(one: ast.AST) -> bool:
    return isinstance(one, ast.ClassDef) and any('Node' in ast.unparse(base) for base in one.bases)


def test_no_node_takes_a_name_that_rclpy_has_in_its_own_nodes(ros: None) -> None:
    theirs = LifecycleNode('theirs')
    taken = {*vars(theirs), *dir(theirs)}
    theirs.destroy_node()
    found = []
    for path in Path(nodes.__file__).parent.rglob('*.py'):
        classes = (one for one in ast.walk(ast.parse(path.read_text())) if is_node(one))
        for one in (inner for made in classes for inner in ast.walk(made)):
            if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
                is_own = isinstance(one.value, ast.Name) and one.value.id == 'self'
                if is_own and one.attr in taken:
                    found.append(f'{path.name}:{one.lineno}: {one.attr}')
    assert not found
