# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever arrives at the page, nothing breaks and nothing engages.

LIQUID_DRONE_PAGE_FUZZ=100000 sends as many, half of them HTTP, half WebSocket messages.
"""

import asyncio
import json
import logging
import os

import numpy as np
import pytest
from aiohttp import ClientSession
from flown_page import FlownPage

from liquid_drone.flight.engagement import Stage
from liquid_drone.operator.server import PageServer, ServerConfig

COUNT = int(os.environ.get('LIQUID_DRONE_PAGE_FUZZ', '300'))
PER_CONNECTION, AT_ONCE = 40, 8
REQUESTS = (
    b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
    b'GET /socket HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n'
    b'Upgrade: websocket\r\nConnection: Upgrade\r\n'
    b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n\r\n',
    b'POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n'
    b'Content-Length: 5\r\n\r\ntoken',
    b'POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    b'5\r\ntoken\r\n0\r\n\r\n',
)
MESSAGES = [
    json.dumps(one)
    for one in (
        {'do': 'engage'},
        {'do': 'hold'},
        {'do': 'seen', 'n': 1},
        {'do': 'tighten', 'limit': 'speed_m_s', 'value': 2.0},
        {'do': 'shadow', 'on': False},
        {'do': 'record'},
    )
]


def _mutated(rng: np.random.Generator, data: bytes) -> bytes:
    """Change a few bytes, cut, double or fill."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 8))):
        at = int(rng.integers(0, len(found) + 1))
        kind = int(rng.integers(0, 5))
        if kind == 0 and found:
            found[at % len(found)] = int(rng.integers(0, 256))
        elif kind == 1:
            found = found[:at]
        elif kind == 2:
            found[at:at] = rng.integers(0, 256, int(rng.integers(1, 40)), dtype=np.uint8).tobytes()
        elif kind == 3:
            found[at:at] = found[: int(rng.integers(0, 60))]
        else:
            found[at:at] = b'A' * int(rng.integers(1, 9000))
    return bytes(found)


async def _http(rng: np.random.Generator, port: int, count: int) -> None:
    for _ in range(count):
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        try:
            writer.write(_mutated(rng, REQUESTS[int(rng.integers(len(REQUESTS)))]))
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 20.0)
        except ConnectionError:
            pass
        finally:
            writer.close()


async def _sockets(rng: np.random.Generator, address: str, count: int) -> None:
    sent = 0
    async with ClientSession() as session:
        while sent < count:
            headers = {'Origin': address.rstrip('/')}
            async with session.ws_connect(f'{address}socket', headers=headers) as socket:
                for _ in range(PER_CONNECTION):
                    sent += 1
                    data = _mutated(rng, MESSAGES[int(rng.integers(len(MESSAGES)))].encode())
                    try:
                        if rng.random() < 0.1:
                            await socket.send_bytes(data)
                        else:
                            await socket.send_str(data.decode('utf-8', 'replace'))
                    except ConnectionError:
                        break
                    if socket.closed:
                        break


def test_no_message_breaks_the_page_or_engages(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    async def work(address: str, port: int) -> None:
        share = COUNT // 2 // AT_ONCE + 1
        await asyncio.gather(
            *(_http(np.random.default_rng((1, n)), port, share) for n in range(AT_ONCE)),
            *(_sockets(np.random.default_rng((2, n)), address, share) for n in range(AT_ONCE)),
        )
        async with ClientSession() as session, session.get(address) as answer:
            assert answer.status == 200  # it still serves
            assert 'liquid_drone' in await answer.text()

    with FlownPage() as flown:
        with PageServer(ServerConfig(port=0), flown.view, flown.requests) as server:
            port = int(server.address.rstrip('/').rpartition(':')[2])
            asyncio.run(work(server.address, port))
        assert flown.stage is Stage.STANDBY
        assert flown.wait(lambda: flown.view.browsers == 0)
        assert flown.view.decision_age_s < 1.0
    assert [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR
    ] == []
