# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The thread of the setpoints comes first while the mavlink node is active, and gives that back.

On a drone an ordinary user asks for it, whom limits.conf or LimitRTPRIO allow a priority and
nothing else. Such a thread cannot take back that its children begin without it (sched(7)).
"""

import os
from collections.abc import Iterator

import pytest
from capabilities import without_sys_nice
from graph_bench import MavlinkBench
from rclpy.lifecycle import TransitionCallbackReturn

SUCCESS = TransitionCallbackReturn.SUCCESS


def policy() -> int:
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except PermissionError:
        pytest.skip('this system allows no real-time priority')
    with MavlinkBench() as made:
        yield made


def test_its_thread_comes_first_while_it_is_active(bench: MavlinkBench) -> None:
    bench.node.start()
    assert policy() == os.SCHED_FIFO
    assert os.sched_getparam(0).sched_priority == 10
    bench.node.trigger_deactivate()
    assert policy() == os.SCHED_OTHER
    assert os.sched_getparam(0).sched_priority == 0


@pytest.mark.parametrize(
    'ends',
    [
        ('deactivate',),
        ('deactivate', 'cleanup', 'configure'),
        ('deactivate', 'cleanup', 'shutdown'),
        ('shutdown',),
        (),  # Ctrl-C
    ],
)
def test_a_user_that_may_ask_for_a_priority_alone_ends_it_too(
    bench: MavlinkBench, ends: tuple[str, ...]
) -> None:
    bench.node.start()
    with without_sys_nice():
        for end in ends:
            assert getattr(bench.node, f'trigger_{end}')() == SUCCESS, bench.node.failure
        bench.node.close()
        assert bench.node.link is None
        assert policy() == os.SCHED_OTHER
