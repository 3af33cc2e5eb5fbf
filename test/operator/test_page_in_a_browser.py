# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser, as large as a desk's and as a telephone's: pressed, not called."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from flown_page import FlownPage
from headless import DESKTOP, TELEPHONE, Headless, browser_or_skip

from liquid_drone.flight.engagement import Stage
from liquid_drone.operator.requests import OperatorRequest
from liquid_drone.operator.server import FILES, PageServer, ServerConfig

PICTURES = os.environ.get('LIQUID_DRONE_SCREENSHOTS')  # a folder: they are kept there
TEAL, CYAN = (0, 122, 140), (90, 220, 230)  # of the belief, on the map and in the picture
Work = Callable[[Headless, FlownPage, PageServer], Awaitable[None]]


def browse(
    tmp_path: Path, work: Work, config: ServerConfig | None = None, kind: str = 'px4'
) -> None:
    program = browser_or_skip()

    async def all_of_it(flown: FlownPage, server: PageServer) -> None:
        async with Headless(program, tmp_path / 'profile') as tab:
            await work(tab, flown, server)

    with (
        FlownPage(kind) as flown,
        PageServer(config or ServerConfig(port=0), flown.view, flown.requests) as server,
    ):
        asyncio.run(all_of_it(flown, server))


async def picture(tab: Headless, name: str) -> None:
    if PICTURES:
        await tab.screenshot(Path(PICTURES) / f'{name}.png')


def test_the_page_is_small() -> None:
    folder = Path(__file__).parents[2] / 'liquid_drone' / 'operator' / 'page'
    assert sum((folder / name).stat().st_size for name, _ in FILES.values()) < 200_000


def pixels(canvas: str, colour: tuple[int, int, int]) -> str:
    """Return the script that counts the pixels of a colour."""
    red, green, blue = colour
    return (
        f'(() => {{ const c = document.getElementById("{canvas}");'
        'const copy = document.createElement("canvas"); copy.width = c.width;'
        'copy.height = c.height; const pen = copy.getContext("2d", {willReadFrequently: true});'
        'pen.drawImage(c, 0, 0); let n = 0;'
        'const d = pen.getImageData(0, 0, c.width, c.height).data;'
        f'for (let i = 0; i < d.length; i += 4) n += Math.abs(d[i] - {red})'
        f' + Math.abs(d[i + 1] - {green}) + Math.abs(d[i + 2] - {blue}) < 12; return n; }})()'
    )


async def engage(tab: Headless, flown: FlownPage) -> None:
    engaged = 'document.getElementById("stage").textContent.includes("engaged")'
    for _ in range(12):  # on a busy machine the hold may have a gap, or be answered late
        assert await tab.until(f'{engaged} || !document.getElementById("engage").disabled')
        if await tab.value(engaged):
            return
        await tab.press('engage', 1.6)
        if await tab.until(engaged, 5.0):
            return
    raise AssertionError(await tab.text('answer'))


async def check_layout(tab: Headless, width: int, height: int) -> None:
    wide = await tab.value('document.documentElement.scrollWidth')
    assert wide <= width  # nothing is off the screen
    low = await tab.value('document.getElementById("hand_back").getBoundingClientRect().bottom')
    assert low <= height
    for button in ('engage', 'hand_back', 'shadow', 'record'):
        tall = await tab.value(f'document.getElementById("{button}").offsetHeight')
        assert tall >= 44  # for a thumb


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_engaged_followed_taken_over_and_engaged_again_by_a_thumb(
    tmp_path: Path, kind: str
) -> None:
    handed = 'document.getElementById("stage").textContent.includes("handed")'

    async def work(tab: Headless, flown: FlownPage, server: PageServer) -> None:
        await tab.size(*TELEPHONE)
        await tab.open(server.address)
        assert await tab.until('!document.body.classList.contains("stale")')
        await picture(tab, f'telephone-{kind}-standby')
        await engage(tab, flown)
        assert flown.wait(lambda: speed(flown) > 0.3)
        await picture(tab, f'telephone-{kind}-engaged')
        flown.takes_over = True
        assert await tab.until(handed)
        await engage(tab, flown)
        await check_layout(tab, *TELEPHONE[:2])
        if kind == 'px4':
            await on_a_desk(tab, flown)
        assert tab.errors == []

    async def on_a_desk(tab: Headless, flown: FlownPage) -> None:
        await tab.size(*DESKTOP)
        flown.belief = 4.0, 1.5
        assert await tab.until(f'{pixels("map", TEAL)} > 20')
        assert await tab.until(f'{pixels("picture", CYAN)} > 20')
        await picture(tab, 'desktop-engaged')
        await check_layout(tab, *DESKTOP[:2])
        await tab.press('hand_back')
        assert await tab.until(handed)
        await tab.press('engage', 0.2)  # too short
        await asyncio.sleep(1.5)
        assert flown.stage is Stage.HANDED_BACK

    browse(tmp_path, work, kind=kind)


def speed(flown: FlownPage) -> float:
    return float(np.linalg.norm(flown.autopilot.plant.truth().velocity_enu))


def test_what_is_old_is_red_and_a_lost_connection_comes_back(tmp_path: Path) -> None:
    stale = 'document.body.classList.contains("stale")'

    async def work(tab: Headless, flown: FlownPage, server: PageServer) -> None:
        await tab.size(*TELEPHONE)
        await tab.open(server.address)
        assert await tab.until(f'!{stale}')
        flown.is_frozen = True
        assert await tab.until(f'{stale} && document.getElementById("engage").disabled')
        await picture(tab, 'telephone-stale')
        flown.is_frozen = False
        assert await tab.until(f'!{stale}')
        await tab.value('socket.close()')  # as a network that went
        assert await tab.until(stale)
        assert await tab.until(f'!{stale}')
        flown.autopilot.battery = 0.05
        assert await tab.until(
            'document.getElementById("obstacles").textContent.includes("battery")'
        )
        assert await tab.value('document.getElementById("engage").disabled')
        await picture(tab, 'telephone-cannot-engage')
        assert flown.stage is Stage.STANDBY

    browse(tmp_path, work)


class Wires:
    """A way between browser and page that can be cut as a change of the network cuts it.

    Connections that are there carry nothing more, and nobody is told; new ones do.
    """

    def __init__(self) -> None:
        self._cut = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self, port: int) -> asyncio.Server:
        async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            cut = self._cut
            far_reader, far_writer = await asyncio.open_connection('127.0.0.1', port)
            self._writers += [writer, far_writer]
            ways = (reader, far_writer), (far_reader, writer)
            self._tasks += [asyncio.create_task(self._carry(*way, cut)) for way in ways]

        return await asyncio.start_server(join, '127.0.0.1', 0)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if not cut.is_set():
                    writer.write(data)
        if not cut.is_set():
            writer.close()

    def cut(self) -> None:
        self._cut.set()
        self._cut = asyncio.Event()

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0.1)  # they close in the loop


@pytest.mark.parametrize('is_asked', [True, False])
def test_a_network_that_changes_is_noticed_and_what_was_asked_through_it_is_told(
    tmp_path: Path, is_asked: bool
) -> None:
    # an open connection that nothing comes through any more: browsers tell no page
    stale = 'document.body.classList.contains("stale")'
    engaged = 'document.getElementById("stage").textContent.includes("engaged")'

    async def work(tab: Headless, flown: FlownPage, server: PageServer) -> None:
        wires = Wires()
        proxy = await wires.open(int(server.address.rsplit(':', 1)[1].rstrip('/')))
        try:
            await tab.open(f'http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/')
            assert await tab.until(f'!{stale}')
            flown.requests.ask(OperatorRequest('engage'))
            assert await tab.until(engaged)
            await asyncio.sleep(3.0)  # the connections that brought the page itself are closed
            wires.cut()
            if is_asked:
                await tab.press('hand_back')
                assert 'no answer yet' in await tab.text('answer')
            assert await tab.until(stale)
            assert await tab.until(f'!{stale}', 20.0)
            assert flown.stage is Stage.ENGAGED  # it never heard of it
            assert ('no answer, the connection was lost' in await tab.text('answer')) is is_asked
            await tab.press('hand_back')
            assert await tab.until(
                'document.getElementById("stage").textContent.includes("handed")'
            )
            assert 'no answer' not in await tab.text('answer')
            assert tab.errors == []
        finally:
            proxy.close()
            await wires.close()

    browse(tmp_path, work, ServerConfig(port=0, slow_s=2.0))


def test_a_wrong_token_is_refused_and_the_right_one_opens(tmp_path: Path) -> None:
    token = tmp_path / 'operator.token'
    token.write_text('correct horse battery staple')
    token.chmod(0o600)

    async def type_in(tab: Headless, text: str) -> None:
        assert await tab.until('!document.getElementById("login").hidden')
        await tab.value(f'document.getElementById("token").value = "{text}"')
        await tab.value('document.getElementById("login").requestSubmit()')

    async def work(tab: Headless, flown: FlownPage, server: PageServer) -> None:
        await tab.size(*TELEPHONE)
        await tab.open(server.address)
        await type_in(tab, 'wrong')
        assert await tab.until(
            'document.getElementById("login-words").textContent.includes("wrong token")'
        )
        await picture(tab, 'telephone-token')
        await type_in(tab, 'correct horse battery staple')
        assert await tab.until('!document.body.classList.contains("stale")')
        assert await tab.value('document.cookie') == ''  # scripts cannot read it
        assert await tab.value('location.href') == server.address

    browse(tmp_path, work, ServerConfig(port=0, token_file=str(token)))
