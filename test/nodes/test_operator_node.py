# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The operator's node beside the real mavlink and recorder nodes: seen and asked for by a page."""

import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from graph_bench import RecorderBench
from sensor_msgs.msg import Image as ImageMessage

from liquid_drone import topics
from liquid_drone.arrays import Image
from liquid_drone.errors import ConfigError
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.image import decode_jpeg
from liquid_drone.ros import conversions, process, qos

if importlib.util.find_spec('aiohttp') is None:
    pytest.skip("needs aiohttp: pip install 'liquid_drone[operator]'", allow_module_level=True)

from page_client import Page, with_page

from liquid_drone.nodes.operator.operator_node import OperatorNode

RED: Image = np.full((144, 256, 3), (220, 10, 10), np.uint8)


class OperatorBench(RecorderBench):
    """The operator's node lives beside the others."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.operator: OperatorNode | None = None
        self.stop = process.StopRequest()
        self.attends = False
        self.attention: Any = None

    def begin(self) -> None:
        self.recorder.start()
        self.node.start()
        self.operator = OperatorNode()
        self.operator.start()
        self.add(self.operator)

    def live(self) -> None:
        super().live()
        if self.operator is not None:
            self.operator.turn(self.stop)
        if self.attends:
            if self.attention is None:
                self.attention = self.policy.create_publisher(
                    ImageMessage, topics.ATTENTION, qos.SENSOR_OUT
                )
            self.attention.publish(conversions.image_message(RED, self.operator_ns()))

    def operator_ns(self) -> int:
        return int(self.policy.get_clock().now().nanoseconds)

    def close(self) -> None:
        if self.operator is not None:
            self.operator.close()
        super().close()


def _begin_ros(parameter: str) -> None:
    rclpy.shutdown()
    rclpy.init(args=['--ros-args', '-p', parameter])


@pytest.fixture
def bench(ros: None, tmp_path: Path) -> Iterator[OperatorBench]:
    _begin_ros('operator:port:=0')
    with OperatorBench(tmp_path / 'flights') as made:
        yield made


def rows(page: Page, subject: str) -> list[list[str]]:
    return [row for row in page.states[-1]['checks'] if row[0] == subject]


async def tightens_and_records(page: Page) -> None:
    assert await page.read(lambda: page.stage() == 'standby')
    assert await page.read(lambda: page.states[-1].get('follow_mode') == 'GUIDED')
    assert await page.read(lambda: not page.states[-1]['obstacles'])
    assert await page.read(lambda: 'speed_m_s' in page.states[-1].get('limits', {}))
    for message in (
        {'do': 'tighten', 'limit': 'speed_m_s', 'value': 0.8},
        {'do': 'tighten', 'limit': 'speed_m_s', 'value': 5.0},
        {'do': 'shadow', 'on': True},
        {'do': 'shadow', 'on': False},
        {'do': 'record'},
    ):
        count = len(page.answers)
        await page.send(**message)
        assert await page.read(lambda count=count: len(page.answers) > count)


async def engages_and_hands_back(page: Page) -> None:
    def is_handed_back() -> bool:
        state = page.states[-1]
        return state['stage'] == 'handed_back' and state['cause'] != Cause.SILENCE.name.lower()

    for _ in range(10):  # a busy machine may let go at any time
        await page.hold(1.3)
        if await page.read(lambda: page.stage() == 'engaged', 10.0):
            await page.send(do='hand_back')
            if await page.read(is_handed_back, 5.0):
                return
    pytest.fail(f'not handed back: {page.stage()} ({page.states[-1]["cause"]})')


async def shows_attention(page: Page, bench: OperatorBench) -> None:
    await page.send(do='attention', on=True)
    missing = 'no attention node: start with attention:=true'
    assert await page.read(lambda: page.answers[-1]['words'] == missing)
    bench.attends = True

    def shows_red() -> bool:
        return bool(page.pictures) and decode_jpeg(page.pictures[-1])[..., 0].mean() > 200

    for _ in range(40):  # until the graph knows the new node
        await page.send(do='attention', on=True)
        if await page.read(lambda: bool(page.states[-1].get('attention')), 0.5):
            break
    assert await page.read(shows_red)
    await page.send(do='attention', on=False)
    assert await page.read(lambda: page.states[-1].get('attention') is False)


async def shows_checks_pictures_and_log(page: Page) -> None:
    assert await page.read(lambda: len(rows(page, 'failsafes')) > 1, 60.0)  # all were read
    assert rows(page, 'link')[0][1] == 'OK'
    assert rows(page, 'disk')
    checks = page.states[-1]['checks']
    assert all(mend for _, level, _, mend in checks if level not in ('OK', 'UNKNOWN'))
    assert await page.read(lambda: len(page.pictures) > 0)
    assert await page.read(
        lambda: any('recording saved: ' in line[2] for one in page.states for line in one['log'])
    )


def test_a_page_engages_records_tightens_and_hands_back_through_the_services(
    bench: OperatorBench,
) -> None:
    bench.begin()
    assert bench.operator is not None
    server, told = bench.operator.server, []

    async def work(page: Page) -> None:
        await tightens_and_records(page)
        await engages_and_hands_back(page)
        told.extend(page.answers)
        await shows_attention(page, bench)
        await shows_checks_pictures_and_log(page)

    failure: list[BaseException] = []

    def browse() -> None:
        try:
            with_page(server, work)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=browse, daemon=True)
    thread.start()

    def is_over() -> bool:
        if bench.stage() is Stage.READY:
            bench.autopilot.pilot_mode('GUIDED')
        return not thread.is_alive()

    assert bench.wait(is_over, 400.0)
    assert failure == []
    assert [one['done'] for one in told[:5]] == [True, False, True, True, True]
    assert 'tightened' in told[1]['words']


def test_an_address_that_others_reach_needs_a_token(ros: None) -> None:
    _begin_ros('operator:host:=0.0.0.0')
    with pytest.raises(ConfigError, match='token_file'):
        OperatorNode()


@pytest.mark.parametrize(
    'text',
    ['20,30; -20,30; -20,-10; ', '20 30;-20 30 ; -20\t-10', ' 20, 30; -20 ,30; -20 , -10;;'],
)
def test_a_polygon_is_shown_however_it_is_written(bench: OperatorBench, text: str) -> None:
    """What the guard took failed here each second, and the map had no fence."""
    bench.set(**{'limits.fence_polygon': text})
    bench.begin()
    assert bench.operator is not None
    view = bench.operator.view
    assert bench.wait(lambda: view.document().get('fence_polygon') is not None, 20.0)
    corners = [[20.0, 30.0], [-20.0, 30.0], [-20.0, -10.0]]
    assert view.document()['fence_polygon'] == corners
    assert bench.operator.odd.count == 0
