# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: over nothing that arrives does a node end or fall deaf, and what was odd is named."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from liquid_drone.ros import qos
from liquid_drone.ros.lifecycle import ManagedNode
from liquid_drone.ros.survival import SteadyExecutor


class Fragile(ManagedNode):
    """Fails over the word 'bad', in whatever callback."""

    def __init__(self) -> None:
        super().__init__('fragile', ())
        self.heard: list[str] = []
        self.subscription = self.create_subscription(String, 'words', self._on_word, qos.STATUS)
        self.create_service(Trigger, '~/fail', self._on_fail)

    def _on_word(self, message: String) -> None:
        if message.data == 'bad':
            raise KeyError('no such word')
        self.heard.append(message.data)

    def _on_fail(self, _request: Any, _response: Any) -> Any:
        raise ZeroDivisionError('a bug')

    def release(self) -> None:
        """Nothing is held."""


class Stage:
    """The fragile node on its executor, and who speaks with it."""

    def __init__(self) -> None:
        self.node, self.peer = Fragile(), Node('peer')
        self.words = self.peer.create_publisher(String, 'words', qos.STATUS)
        self.client = self.peer.create_client(Trigger, 'fragile/fail')
        self.executor = SteadyExecutor(self.node.odd)
        for node in (self.node, self.peer):
            self.executor.add_node(node)
        assert self.wait(lambda: self.words.get_subscription_count() > 0)

    def wait(self, is_true: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 20.0
        while not is_true() and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)
        return is_true()

    def say(self, *words: str) -> None:
        for word in words:
            self.words.publish(String(data=word))


@pytest.fixture
def stage(ros: None) -> Iterator[Stage]:
    made = Stage()
    yield made
    for node in (made.node, made.peer):
        made.executor.remove_node(node)
        node.destroy_node()
    made.executor.shutdown()


def test_what_a_callback_fails_over_is_counted_named_once_a_second_and_not_received(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.say('one', 'bad', 'bad', 'bad', 'two')
    assert stage.wait(lambda: stage.node.heard == ['one', 'two'])
    assert stage.node.odd.count == 3
    said = capfd.readouterr().err
    assert said.count('treated as not received') == 1
    assert "KeyError: 'no such word' (test_survival.py:" in said


def test_a_message_that_cannot_be_taken_does_not_make_the_node_deaf(stage: Stage) -> None:
    kind, stage.node.subscription.msg_type = stage.node.subscription.msg_type, None
    stage.say('lost')
    assert stage.wait(lambda: stage.node.odd.count > 0)
    stage.node.subscription.msg_type = kind
    stage.say('heard')
    assert stage.wait(lambda: 'heard' in stage.node.heard)


def test_a_service_that_fails_still_answers(stage: Stage) -> None:
    future = stage.client.call_async(Trigger.Request())
    assert stage.wait(future.done)
    assert not future.result().success
    assert future.result().message == 'ZeroDivisionError: a bug'
