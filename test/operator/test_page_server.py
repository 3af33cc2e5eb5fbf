# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The page's protocol with a real client and a real companion: who gets in, what it can do."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import (
    WSServerHandshakeError,
)
from flown_page import FlownPage
from page_client import Page, client, connect, with_page

from liquid_drone.errors import ConfigError
from liquid_drone.flight.engagement import Stage
from liquid_drone.operator.server import MOST_BROWSERS, PageServer, ServerConfig

TOKEN = 'correct horse battery staple'


@pytest.fixture
def flown() -> Iterator[FlownPage]:
    with FlownPage() as made:
        yield made


@pytest.fixture
def server(flown: FlownPage) -> Iterator[PageServer]:
    with PageServer(ServerConfig(port=0), flown.view, flown.requests) as made:
        yield made


def test_engage_hand_back_and_engage_again(server: PageServer, flown: FlownPage) -> None:
    async def work(page: Page) -> None:
        assert await page.read(
            lambda: page.stage() == 'standby' and not page.states[-1]['obstacles']
        )
        for _ in range(2):
            for _ in range(5):  # on a busy machine a gap in the hold lets go: press again
                await page.hold(1.3)
                if await page.read(lambda: page.stage() in ('ready', 'engaged'), 2.0):
                    break
            assert await page.read(lambda: page.stage() == 'engaged')
            assert page.states[-1]['sent']
            await page.send(do='hand_back')
            assert await page.read(lambda: page.stage() == 'handed_back')
            assert await page.read(lambda: not page.states[-1]['obstacles'])
        assert page.pictures[-1][:2] == b'\xff\xd8'
        assert any(
            'engaged, following' in text for one in page.states for _, _, text in one['log']
        )

    with_page(server, work)


def test_a_short_press_or_one_that_is_let_go_engages_nothing(
    server: PageServer, flown: FlownPage
) -> None:
    async def work(page: Page) -> None:
        assert await page.read(lambda: page.stage() == 'standby')
        await page.send(do='press')
        await page.read(lambda: False, 1.2)
        await page.send(do='hold')  # after a gap
        await page.send(do='press')
        await page.send(do='hold')
        await page.send(do='release')
        await page.read(lambda: False, 1.2)
        await page.send(do='hold')
        await page.send(do='engage')
        await page.read(lambda: False, 0.5)

    with_page(server, work)
    assert flown.stage is Stage.STANDBY


def test_nobody_engages_on_what_is_old(server: PageServer, flown: FlownPage) -> None:
    async def work(page: Page) -> None:
        assert await page.read(lambda: page.stage() == 'standby')
        flown.is_frozen = True
        assert await page.read(lambda: page.states[-1]['age_ms']['decision'] > 500)
        for _ in range(5):
            await page.hold(1.3)
            if page.answers:
                break
        assert not page.answers[-1]['done']
        assert 'nothing comes from the drone' in page.answers[-1]['words']

    with_page(server, work)
    assert flown.stage is Stage.STANDBY


def test_a_slow_page_gets_fewer_pictures_and_never_an_older_one(
    server: PageServer, flown: FlownPage
) -> None:
    async def work(page: Page) -> None:
        page.confirms = False
        assert await page.read(lambda: bool(page.pictures))
        await page.read(lambda: False, 1.0)
        assert len(page.states) == len(page.pictures) == 1  # nothing was queued for it
        shown = flown.view.picture()
        page.confirms = True
        await page.send(do='seen', n=page.states[-1]['n'])
        assert await page.read(lambda: len(page.pictures) == 2)
        assert shown is not None
        assert page.pictures[1] != shown.jpeg or page.pictures[1] != page.pictures[0]
        assert page.states[1]['age_ms']['decision'] < 1000
        await page.send(do='seen', n=10**6)  # of the future: it confirms nothing
        await page.send(do='seen', n=-1)

    with_page(server, work)


def test_shadow_and_limits_reach_the_companion_and_what_is_looser_is_refused(
    server: PageServer, flown: FlownPage
) -> None:
    async def work(page: Page) -> None:
        assert await page.read(lambda: page.stage() == 'standby')
        for message in (
            {'do': 'shadow', 'on': True},
            {'do': 'tighten', 'limit': 'speed_m_s', 'value': 1.0},
            {'do': 'tighten', 'limit': 'speed_m_s', 'value': 1.5},
            {'do': 'tighten', 'limit': 'floor_m', 'value': 50.0},
            {'do': 'record'},
        ):
            count = len(page.answers)
            await page.send(**message)
            assert await page.read(lambda count=count: len(page.answers) > count)
        assert [one['done'] for one in page.answers] == [True, True, False, False, False]
        assert await page.read(lambda: bool(page.states[-1]['shadow']))
        assert page.states[-1]['limits']['speed_m_s'] == 1.0

    with_page(server, work)
    assert flown.session.is_shadow
    assert flown.link.is_shadow
    assert flown.session.limits.speed_m_s == 1.0


def test_two_pages_see_the_same_and_either_hands_back(
    server: PageServer, flown: FlownPage
) -> None:
    async def work() -> None:
        async with (
            client() as session,
            connect(session, server) as a,
            connect(session, server) as b,
        ):
            one, two = Page(a), Page(b)
            assert await one.read(lambda: one.stage() == 'standby')
            for _ in range(5):
                await one.hold(1.3)
                if flown.stage is not Stage.STANDBY:
                    break
            assert await two.read(
                lambda: two.stage() == 'engaged' and two.states[-1]['browsers'] == 2
            )
            await two.send(do='hand_back')
            assert await one.read(lambda: one.stage() == 'handed_back')
            lines = [text for state in one.states for _, _, text in state['log']]
            assert sum('operator: hand back' in text for text in lines) == 1

    asyncio.run(work())


def _statuses(server: PageServer, *requests: tuple[str, str, dict[str, str]]) -> list[int]:
    async def work() -> list[int]:
        found = []
        async with client() as session:
            for method, path, headers in requests:
                address = f'{server.address}{path}'
                async with session.request(method, address, headers=headers, data=b'') as answer:
                    found.append(answer.status)
                    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
        return found

    return asyncio.run(work())


def test_strange_names_origins_and_queries_are_refused(server: PageServer) -> None:
    assert _statuses(
        server,
        ('GET', '', {}),
        ('GET', 'page.js', {}),
        ('GET', '', {'Host': 'evil.example'}),
        ('GET', 'socket', {'Host': 'evil.example', 'Origin': 'http://evil.example'}),
        ('GET', 'socket', {'Origin': 'http://127.0.0.1:1'}),
        ('GET', 'socket', {}),
        ('POST', 'login', {'Origin': 'http://evil.example'}),
        ('GET', '?token=x', {}),
        ('GET', 'none', {}),
        ('DELETE', '', {}),
    ) == [200, 200, 421, 421, 403, 403, 403, 400, 404, 405]


def test_another_page_in_the_browser_cannot_open_a_socket(server: PageServer) -> None:
    async def work() -> None:
        async with client() as session:
            for origin in ('http://evil.example', 'null', 'http://127.0.0.1:1'):
                with pytest.raises(WSServerHandshakeError, match='403'):
                    async with connect(session, server, Origin=origin):
                        pass

    asyncio.run(work())


def test_beyond_the_loopback_a_token_is_needed(tmp_path: Path, flown: FlownPage) -> None:
    for host in ('0.0.0.0', '192.168.4.1', '::', 'drone1'):
        with pytest.raises(ConfigError, match='token_file'):
            PageServer(ServerConfig(host=host, port=0), flown.view)


def test_only_the_token_opens_the_page_and_it_stands_nowhere(
    tmp_path: Path, flown: FlownPage, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / 'operator.token'
    path.write_text(TOKEN)
    path.chmod(0o600)
    caplog.set_level(0)

    async def work(server: PageServer) -> None:
        headers = {'Origin': server.address.rstrip('/')}
        async with client() as session:
            with pytest.raises(WSServerHandshakeError, match='401'):
                async with connect(session, server):
                    pass
            for token, status in (('wrong', 401), ('', 401), (TOKEN, 200)):
                login = f'{server.address}login'
                async with session.post(login, data=token, headers=headers) as answer:
                    assert answer.status == status
                    assert TOKEN not in str(answer.headers)
            async with connect(session, server) as socket:
                page = Page(socket)
                assert await page.read(lambda: page.stage() == 'standby')
                assert TOKEN not in json.dumps(page.states)

    with PageServer(
        ServerConfig(port=0, token_file=str(path)), flown.view, flown.requests
    ) as server:
        asyncio.run(work(server))
    assert TOKEN not in caplog.text


def test_a_busy_port_is_said_with_what_to_do(server: PageServer, flown: FlownPage) -> None:
    port = int(server.address.rstrip('/').rpartition(':')[2])
    with pytest.raises(ConfigError, match='choose another port'):
        PageServer(ServerConfig(port=port), flown.view).__enter__()


def test_so_many_pages_and_no_more(server: PageServer) -> None:
    async def work() -> None:
        async with client() as session:
            sockets = [await connect(session, server) for _ in range(MOST_BROWSERS)]
            with pytest.raises(WSServerHandshakeError, match='503'):
                await connect(session, server)
            for socket in sockets:
                await socket.close()

    asyncio.run(work())


def test_a_flooding_page_is_closed(server: PageServer, flown: FlownPage) -> None:
    async def work(page: Page) -> None:
        try:
            for _ in range(500):
                await page.send(do='hold')
        except ConnectionError:
            pass
        await page.read(lambda: page.socket.closed)
        assert page.socket.closed

    with_page(server, work)
    assert flown.stage is Stage.STANDBY
