# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the page's script does, without a browser: a real client of the operator's page."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType

from liquid_drone.operator.server import PageServer


def client() -> ClientSession:
    return ClientSession(cookie_jar=CookieJar(unsafe=True))  # cookies of addresses too


class Page:
    """One open page."""

    def __init__(self, socket: ClientWebSocketResponse, confirms: bool = True) -> None:
        self.socket, self.confirms = socket, confirms
        self.states: list[dict[str, Any]] = []
        self.pictures: list[bytes] = []
        self.answers: list[dict[str, Any]] = []

    async def read(self, until: Callable[[], bool], limit_s: float = 60.0) -> bool:
        end_s = time.monotonic() + limit_s
        while not until() and time.monotonic() < end_s:
            try:
                message = await self.socket.receive(timeout=0.2)
            except asyncio.TimeoutError:
                continue
            if message.type is WSMsgType.BINARY:
                self.pictures.append(message.data)
                await self._confirm()
            elif message.type is WSMsgType.TEXT:
                await self._take(json.loads(message.data))
            else:
                break
        return until()

    async def _take(self, found: dict[str, Any]) -> None:
        if 'answer' in found:
            self.answers.append(found)
            return
        self.states.append(found)
        if not found['has_picture']:
            await self._confirm()

    async def _confirm(self) -> None:
        if self.confirms:
            await self.send(do='seen', n=self.states[-1]['n'])

    async def send(self, **message: object) -> None:
        await self.socket.send_str(json.dumps(message))

    def stage(self) -> str:
        return str(self.states[-1]['stage']) if self.states else ''

    async def hold(self, seconds: float) -> None:
        await self.send(do='press')
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            await self.read(lambda: False, 0.15)
            await self.send(do='hold')


def with_page(server: PageServer, work: Callable[[Page], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with client() as session, connect(session, server) as socket:
            await work(Page(socket))

    asyncio.run(all_of_it())


def connect(session: ClientSession, server: PageServer, **headers: str) -> Any:
    origin = server.address.rstrip('/')
    return session.ws_connect(f'{server.address}socket', headers={'Origin': origin, **headers})
