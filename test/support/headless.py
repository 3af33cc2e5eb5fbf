# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A real browser without a screen, driven over its own protocol (Chrome DevTools)."""

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'chrome')
DESKTOP, TELEPHONE = (1280, 900, False), (390, 844, True)
EVENTS = ('Runtime.exceptionThrown', 'Log.entryAdded')


def is_trouble(event: dict[str, Any]) -> bool:
    """Tell whether the page did something wrong, other than a browser's advice."""
    return event.get('entry', {}).get('level') not in ('verbose', 'info')


def browser_or_skip() -> str:
    """Return the browser of this machine, or skip the test."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f'no browser: expected one of {", ".join(NAMES)}')
    return found


class Headless:
    """One tab; use it as an asynchronous context."""

    def __init__(self, program: str, profile: Path) -> None:
        self._line = [program, '--headless=new', '--no-sandbox', '--disable-gpu']
        self._line += ['--disable-dev-shm-usage', '--no-first-run', '--hide-scrollbars']
        self._line += ['--remote-debugging-port=0', f'--user-data-dir={profile}', 'about:blank']
        self._profile, self._number = profile, 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.errors: list[str] = []  # of the page's console

    async def __aenter__(self) -> 'Headless':
        async with contextlib.AsyncExitStack() as begun:
            await self._begin(begun)
            self._begun = begun.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._begun.aclose()

    async def _begin(self, begun: contextlib.AsyncExitStack) -> None:
        """Start the browser and open its tab, each with its end."""
        self._process = subprocess.Popen(
            self._line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        begun.callback(self._process.kill)
        begun.callback(self._process.wait, 20.0)
        begun.callback(self._process.terminate)
        port = await self._port()
        self._session = await begun.enter_async_context(ClientSession())
        async with self._session.get(f'http://127.0.0.1:{port}/json') as answer:
            tabs = await answer.json()
        address = next(tab for tab in tabs if tab['type'] == 'page')['webSocketDebuggerUrl']
        self._socket: ClientWebSocketResponse = await self._session.ws_connect(
            address, max_msg_size=0
        )
        self._reader = asyncio.create_task(self._read())
        begun.push_async_callback(self._leave)
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            await self.call(f'{domain}.enable')

    async def _leave(self) -> None:
        await self._socket.close()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader

    async def _port(self) -> int:
        path, end_s = self._profile / 'DevToolsActivePort', time.monotonic() + 60.0
        while time.monotonic() < end_s:
            if path.is_file() and (lines := path.read_text().splitlines()):
                return int(lines[0])
            await asyncio.sleep(0.05)
        raise TimeoutError('the browser did not start in a minute')

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            found = json.loads(message.data)
            if 'id' in found:
                self._answers.pop(found['id']).set_result(found)
            elif found['method'] in EVENTS and is_trouble(found['params']):
                self.errors.append(json.dumps(found['params'])[:400])

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        future = asyncio.get_running_loop().create_future()
        self._answers[self._number] = future
        line = {'id': self._number, 'method': method, 'params': parameters}
        await self._socket.send_str(json.dumps(line))
        found = await asyncio.wait_for(future, 60.0)
        assert 'error' not in found, found
        return dict(found['result'])

    async def size(self, width: int, height: int, is_mobile: bool) -> None:
        await self.call(
            'Emulation.setDeviceMetricsOverride',
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_mobile,
        )

    async def open(self, address: str) -> None:
        await self.call('Page.navigate', url=address)
        loaded = f'document.readyState === "complete" && location.href === "{address}"'
        assert await self.until(loaded)

    async def value(self, expression: str) -> Any:
        found = await self.call(
            'Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True
        )
        assert 'exceptionDetails' not in found, found
        return found['result'].get('value')

    async def text(self, name: str) -> str:
        return str(await self.value(f'(document.getElementById("{name}") || {{}}).textContent'))

    async def until(self, expression: str, limit_s: float = 40.0) -> bool:
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            if await self.value(f'Boolean({expression})'):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _mouse(self, kind: str, name: str) -> None:
        box = await self.value(
            f'(() => {{ const b = document.getElementById("{name}").getBoundingClientRect();'
            ' return [b.x + b.width / 2, b.y + b.height / 2]; })()'
        )
        await self.call(
            'Input.dispatchMouseEvent', type=kind, x=box[0], y=box[1], button='left', clickCount=1
        )

    async def press(self, name: str, held_s: float = 0.05) -> None:
        """Press a button as a hand does."""
        await self._mouse('mousePressed', name)
        await asyncio.sleep(held_s)
        await self._mouse('mouseReleased', name)

    async def screenshot(self, path: Path) -> None:
        found = await self.call('Page.captureScreenshot', format='png')
        path.write_bytes(base64.b64decode(found['data']))

    async def offline(self, is_off: bool) -> None:
        await self.call(
            'Network.emulateNetworkConditions',
            offline=is_off,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )
