# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what is watched belongs to one drone, and a node that stopped telling is shown so."""

import io
import time
from collections.abc import Iterator

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import TwistStamped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy.node import Node
from rich import console

from liquid_drone.cli.commands import watch
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.preflight.checklist import PartReport, autopilot_rows
from liquid_drone.operator import flight_view
from liquid_drone.operator.flight_view import FlightView
from liquid_drone.ros import conversions, diagnostics, qos
from liquid_drone.ros.diagnostics import Health, Level
from liquid_drone.ros.monitor import MOST_NODES, GraphSnapshot, Monitor, Status


class Drone:
    """What a drone in a namespace publishes."""

    def __init__(self, namespace: str) -> None:
        self.node = Node('policy', namespace=namespace)
        self.diagnostics = self.node.create_publisher(DiagnosticArray, '/diagnostics', qos.STATUS)
        self.commands = self.node.create_publisher(TwistStamped, 'cmd_vel', qos.COMMAND)

    def tell(self, summary: str, speed: float) -> None:
        name = self.node.get_fully_qualified_name()
        values: dict[str, object] = {'target_probability': 0.9}
        health = Health(Level.WARN, summary)
        self.diagnostics.publish(diagnostics.message(1, name, health, values))
        self.commands.publish(conversions.command_message((speed, 0.0, 0.0, 0.0), 1))


@pytest.fixture
def drones(ros: None) -> Iterator[list[Drone]]:
    made = [Drone('one'), Drone('two')]
    yield made
    for drone in made:
        drone.node.destroy_node()


def test_it_hears_its_own_drone_alone(drones: list[Drone]) -> None:
    with Monitor('one') as monitor:
        deadline, found = time.monotonic() + 60.0, monitor.snapshot()
        while not (found.commands and found.nodes) and time.monotonic() < deadline:
            for drone, speed in zip(drones, (0.5, 1.5), strict=True):
                drone.tell(drone.node.get_namespace(), speed)
            monitor.spin(0.1)
            found = monitor.snapshot()
    assert list(found.nodes) == ['policy']
    assert (found.nodes['policy'].level, found.nodes['policy'].summary) == ('WARN', '/one')
    assert found.commands['cmd_vel'][0] == 0.5
    assert found.value('policy', 'target_probability') == '0.9'
    assert found.value('mavlink', 'stage', 'unknown') == 'unknown'


def test_the_screen_says_who_is_silent_and_why_it_is_held() -> None:
    mavlink = Status(
        'OK',
        'engaged',
        {
            'reason': 'speed',
            'mode': 'OFFBOARD',
            'home_distance_m': '9.1',
            'fence_distance_m': '20.9',
            'armed': 'True',
            'capture_to_setpoint_ms_p50': '9',
        },
        0.5,
    )
    policy = Status(
        'STALE', 'following', {'target_probability': '0.8', 'target_bearing': '-0.5'}, 9.0
    )
    lines = dict(watch.rows(GraphSnapshot({'mavlink': mavlink, 'policy': policy})))
    assert 'engaged' in lines['[bold]mavlink[/bold]']
    assert 'STALE[/] silent for 9 s' in lines['[bold]policy[/bold]']
    assert lines['guard'] == 'speed'
    assert lines['target'] == '80% sure, left (-0.50)'
    assert lines['mode'].startswith('OFFBOARD, armed')
    assert lines['home'] == '9.1 m away, fence 20.9 m away'
    assert lines['capture to setpoint'].startswith('9 ms')


def test_every_fact_that_keeps_from_engaging_has_a_row() -> None:
    values = {'obstacles': 'battery: 5% of its charge | home position: never received'}
    mavlink = Status('WARN', 'standing by', values, 0.5)
    rows = watch.rows(GraphSnapshot({'mavlink': mavlink}))
    told = [words for name, words in rows if name == 'keeps from engaging']
    assert told == ['battery: 5% of its charge', 'home position: never received']


def test_an_empty_graph_is_said_in_words() -> None:
    ((_, words),) = watch.rows(GraphSnapshot())
    assert 'no diagnostics yet' in words


@pytest.mark.parametrize('stage', list(Stage))
@pytest.mark.parametrize('obstacle', ['', 'battery: 5% of its charge', 'position: never received'])
def test_page_and_watch_say_the_same_but_for_how_to_engage(stage: Stage, obstacle: str) -> None:
    view = FlightView()
    view.set('follow_mode', 'OFFBOARD')
    view.hear_decision({'stage': stage.name.lower(), 'obstacle': obstacle}, 'OK', stage.value)
    values = {'stage': stage.value, 'obstacles': obstacle, 'follow_mode': 'OFFBOARD'}
    snapshot = GraphSnapshot({'mavlink': Status('OK', '', values, 0.1)})
    told = dict(watch.rows(snapshot, flight_view.ENGAGE))['next']
    assert view.document()['next'] == told
    if obstacle and stage in (Stage.STANDBY, Stage.HANDED_BACK):
        part = PartReport('WARN', '', {**values, 'link': 'good'})
        (facts,) = [row for row in autopilot_rows(part) if row.subject == 'facts']
        assert facts.mend in told  # and so does the list before a flight


FOREIGN = st.one_of(
    st.text(st.characters(exclude_categories=['Cs']), max_size=30),
    st.lists(
        st.sampled_from(
            ['[/bold]', '[red', ']', '\\', '\x1b[2J', '\n', '[link=x]', '\u202e', ' | ']
        ),
        max_size=4,
    ).map(''.join),
)
KEYS = st.sampled_from(
    ['stage', 'obstacles', 'reason', 'battery', 'target_probability', 'target_bearing', 'provider']
)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(
    names=st.lists(st.sampled_from(['/mavlink', '/policy', '/one/', '/']) | FOREIGN, max_size=4),
    level=st.integers(0, 255),
    summary=FOREIGN,
    values=st.dictionaries(KEYS | FOREIGN, FOREIGN, max_size=6),
)
def test_no_other_program_on_diagnostics_ends_the_screen_or_moves_its_cursor(
    listener: Monitor, names: list[str], level: int, summary: str, values: dict[str, str]
) -> None:
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    listener._on_diagnostics(
        DiagnosticArray(
            status=[
                DiagnosticStatus(level=bytes([level]), name=name, message=summary, values=pairs)
                for name in names
            ]
        )
    )
    told = io.StringIO()
    console.Console(file=told, width=100).print(watch.screen(listener.snapshot(), watch.KEYS))
    assert all(one.isprintable() or one == '\n' for one in told.getvalue())
    assert len(listener.snapshot().nodes) <= MOST_NODES


@pytest.fixture(scope='module')
def listener() -> Iterator[Monitor]:
    with Monitor() as made:
        yield made
