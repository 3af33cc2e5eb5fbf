# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A policy under another name or namespace: its topics are others, and nobody says so but we."""

from typing import Any

import pytest
from geometry_msgs.msg import PointStamped, TwistStamped
from graph_bench import MavlinkBench
from rclpy.node import Node
from std_srvs.srv import Trigger

from liquid_drone import topics
from liquid_drone.flight.companion_session import NO_VEHICLE
from liquid_drone.flight.engagement import Stage
from liquid_drone.nodes.policy_reset import ADVICE
from liquid_drone.ros import qos


class Bench(MavlinkBench):
    """A policy node of any name, in any namespace, which gives what it is told to."""

    def __init__(self, name: str, namespace: str, *without: str) -> None:
        super().__init__()
        self.policy.destroy_publisher(self.commands)
        self.policy.destroy_publisher(self.sightings)
        self.policy.destroy_service(
            next(s for s in self.policy.services if s.srv_name[-5:] == 'reset')
        )
        self.other = Node(name, namespace=namespace)
        self.add(self.other)
        nobody = _Nobody()
        make = self.other.create_publisher
        self.commands = (
            nobody if 'cmd_vel' in without else make(TwistStamped, topics.COMMAND, qos.COMMAND)
        )
        self.sightings = (
            nobody if 'target' in without else make(PointStamped, '~/target', qos.COMMAND)
        )
        if 'reset' not in without:
            self.other.create_service(Trigger, '~/reset', self._on_reset)
        self.node.start()

    def is_refused(self, *words: str) -> bool:
        return self.wait(lambda: all(word in self.engage().message for word in words))


class _Nobody:
    def publish(self, message: Any) -> None:
        """Let it go."""


NO_COMMANDS, NO_TARGETS = 'nobody publishes /cmd_vel', 'nobody publishes /policy/target'
NO_RESET = 'nobody offers the service /policy/reset, by which a policy starts afresh'


@pytest.mark.parametrize(
    ('name', 'namespace', 'without', 'words'),
    [
        ('policy', '/drone1', (), f'{NO_COMMANDS}; there is /drone1/cmd_vel by /drone1/policy'),
        ('policy', '/a/b', (), f'{NO_COMMANDS}; there is /a/b/cmd_vel by /a/b/policy'),
        ('policy', '/drone1', ('cmd_vel',), f'{NO_COMMANDS}: {ADVICE}'),
        ('tracker', '/', (), f'{NO_TARGETS}; there is /tracker/target by /tracker'),
        ('policy_node', '/', (), f'{NO_TARGETS}; there is /policy_node/target by /policy_node'),
        ('policy', '/', ('target',), f'{NO_TARGETS}: {ADVICE}'),
        ('policy', '/', ('reset',), f'{NO_RESET}: {ADVICE}'),
    ],
)
def test_what_nobody_gives_refuses_engaging_and_is_named(
    ros: None, name: str, namespace: str, without: tuple[str, ...], words: str
) -> None:
    """It was engaged, and turned on the spot as if it looked for its target."""
    with Bench(name, namespace, *without) as bench:
        assert bench.is_refused('cannot engage', words)
        assert bench.wait(lambda: words in bench.node.decision.obstacle)
        told: list[str] = bench.node.session.obstacles()
        assert words in ' | '.join(told)


def test_a_service_under_another_name_is_named(ros: None) -> None:
    with Bench('policy', '/', 'reset') as bench:
        bench.other.create_service(Trigger, 'brain/reset', bench._on_reset)
        assert bench.is_refused('/policy/reset', 'there is /brain/reset by /brain')


@pytest.mark.parametrize('is_needed', [True, False])
def test_a_policy_that_tells_no_target_flies_where_no_limit_asks_for_it(
    ros: None, is_needed: bool
) -> None:
    with Bench('policy', '/', 'target') as bench:
        if is_needed:
            assert bench.is_refused('nobody publishes /policy/target')
            return
        assert bench.node.trigger_deactivate()
        assert bench.node.trigger_cleanup()
        bench.set(**{'limits.unseen_stop_s': 'off', 'limits.lost_after_s': 'off'})
        bench.node.start()
        bench.fly()
        assert bench.wait(lambda: bench.speed() > 0.4)


def test_a_policy_that_starts_later_is_waited_for(ros: None) -> None:
    with MavlinkBench() as bench:
        bench.policy.destroy_publisher(bench.sightings)
        bench.sightings = _Nobody()
        bench.node.start()
        assert bench.wait(lambda: NO_VEHICLE not in bench.engage().message)
        assert bench.wait(lambda: 'nobody publishes /policy/target' in bench.engage().message)
        bench.sightings = bench.policy.create_publisher(PointStamped, topics.SIGHTING, qos.COMMAND)
        bench.fly()
        assert bench.stage() is Stage.ENGAGED
