# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that send byte by byte, or nothing, or half a token: they go, and others are served."""

import asyncio
import contextlib
import logging
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from aiohttp import ClientSession
from page_client import client

from liquid_drone.operator.flight_view import FlightView
from liquid_drone.operator.server import MOST_WAITING, PageServer, ServerConfig

SLOW_S, LIMIT_S = 0.5, 20.0
HEAD = (
    b'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n'
    b'Content-Length: 500\r\nX-Long: ' + b'a' * 200 + b'\r\n\r\n'
)
ASKED = b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'


def port_of(server: PageServer) -> int:
    return int(server.address.rstrip('/').rpartition(':')[2])


async def _drip(port: int, rng: np.random.Generator) -> bytes:
    """Send some of a request at once, the rest byte by byte; return what came until the end."""
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    data = (ASKED if rng.random() < 0.3 else b'') + HEAD + b'x' * 500
    at = int(rng.integers(0, len(data) - 400))

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(data[:at])
            for byte in data[at:-1]:
                await asyncio.sleep(0.05)
                writer.write(bytes([byte]))
                await writer.drain()

    sending = asyncio.create_task(send())
    try:
        return await asyncio.wait_for(reader.read(), LIMIT_S)
    except ConnectionError:
        return b''
    finally:
        sending.cancel()
        writer.close()


async def _is_served(address: str) -> bool:
    async with ClientSession() as session, session.get(address) as answer:
        return answer.status == 200 and 'liquid_drone' in await answer.text()


@pytest.mark.parametrize('seed', range(3))
def test_whatever_is_sent_slowly_ends_and_breaks_nothing(
    seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    token = tmp_path / 'token'
    token.write_text('t' * 40)
    token.chmod(0o600)
    rng = np.random.default_rng(seed)

    async def work(server: PageServer) -> None:
        found = await asyncio.gather(*(_drip(port_of(server), rng) for _ in range(20)))
        assert len(found) == 20  # each one was ended by the server
        assert await _is_served(server.address)

    config = ServerConfig(port=0, slow_s=SLOW_S, token_file=str(token))
    with PageServer(config, FlightView()) as server:
        asyncio.run(work(server))
    assert [one.getMessage() for one in caplog.records] == []


def test_who_is_let_go_of_as_its_request_comes_breaks_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """On a machine that pauses both are there at once; reading then failed with a traceback."""
    caplog.set_level(logging.WARNING)

    async def work(server: PageServer, held: threading.Event) -> None:
        port = port_of(server)
        for ahead_s in np.linspace(0.0, SLOW_S, 4, endpoint=False):
            opened = [await asyncio.open_connection('127.0.0.1', port) for _ in range(5)]
            await asyncio.sleep(ahead_s)
            held.clear()
            assert server._loop is not None
            server._loop.call_soon_threadsafe(_hold, held, 2.0 * SLOW_S)
            await asyncio.to_thread(held.wait)
            for _, writer in opened:
                writer.write(HEAD)
            for reader, writer in opened:
                with contextlib.suppress(ConnectionError):
                    await asyncio.wait_for(reader.read(), LIMIT_S)
                writer.close()
        assert await _is_served(server.address)

    with PageServer(ServerConfig(port=0, slow_s=SLOW_S), FlightView()) as server:
        asyncio.run(work(server, threading.Event()))
    assert [one.getMessage() for one in caplog.records] == []


def _hold(held: threading.Event, seconds: float) -> None:
    """Hold a loop for some time, as a busy machine does."""
    held.set()
    time.sleep(seconds)


def test_hundreds_that_ask_for_nothing_lock_nobody_out() -> None:
    async def work(server: PageServer) -> None:
        waiting = [
            await asyncio.open_connection('127.0.0.1', port_of(server))
            for _ in range(MOST_WAITING + 60)
        ]
        try:
            assert await asyncio.wait_for(waiting[0][0].read(), LIMIT_S) == b''  # the oldest went
            assert await _is_served(server.address)  # long before the others' time is over
            assert not waiting[-1][0].at_eof()
        finally:
            for _, writer in waiting:
                writer.close()

    with PageServer(ServerConfig(port=0, slow_s=600.0), FlightView()) as server:
        asyncio.run(work(server))


def test_an_open_page_lives_on_and_a_slow_token_is_refused(tmp_path: Path) -> None:
    async def work(server: PageServer) -> None:
        headers = {'Origin': server.address.rstrip('/')}
        async with (
            client() as session,
            session.ws_connect(f'{server.address}socket', headers=headers) as socket,
        ):
            for number in range(1, 12):  # several times as long as a request may take
                assert (await socket.receive_json())['n'] == number
                await asyncio.sleep(0.2)
                await socket.send_json({'do': 'seen', 'n': number})
        reader, writer = await asyncio.open_connection('127.0.0.1', port_of(server))
        writer.write(HEAD + b'x')
        answer = await asyncio.wait_for(reader.read(), LIMIT_S)
        writer.close()
        assert answer.startswith(b'HTTP/1.1 4')

    with PageServer(ServerConfig(port=0, slow_s=SLOW_S), FlightView()) as server:
        asyncio.run(work(server))
