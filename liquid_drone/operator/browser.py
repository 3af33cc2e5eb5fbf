# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One open page: shows it the newest, and carries its requests; nothing is ever queued for it.

The next state and picture are sent when the page has confirmed the last ones: a slow network gets
fewer, never older ones. The page counts the age of what it shows from its own last confirmation,
on its own clock alone, so that no delay on the way can make it look fresh.
"""

import asyncio
import contextlib
import json
import time
from collections import deque

from aiohttp import WSMsgType, web

from .flight_view import FlightView
from .requests import (
    HeldButton,
    OperatorRequest,
    OperatorRequestError,
    RequestQueue,
    read_request,
)

EVERY_S = 0.1  # at most so often
SILENT_S = 30.0  # a page that confirms nothing for so long is closed
ANSWER_S = 3.0
STALE_S = 0.5  # what is older is shown in red, and nobody engages on it
ON_THE_WAY_S = 1.0  # to the page and back
MOST_ERRORS, MOST_PER_S = 20, 60  # messages of one page
GONE = (ConnectionError, RuntimeError)  # aiohttp: closing, closed
WORDS = {
    'engage': 'engage',
    'hand_back': 'hand back',
    'record': 'record',
    'shadow': 'shadow',
    'attention': 'attention',
    'tighten': 'limit',
    'request': 'request',
}


class Browser:
    """Serves one WebSocket until it ends."""

    def __init__(
        self, socket: web.WebSocketResponse, view: FlightView, requests: RequestQueue
    ) -> None:
        """Take an open socket."""
        self._socket, self._view, self._requests = socket, view, requests
        self._button = HeldButton()
        self._confirmed = asyncio.Event()
        self._number, self._line, self._picture = 0, 0, 0  # of what was sent last
        self._made_s = self._seen_made_s = -1e9  # state sent last; confirmed last
        self._confirmed_s = time.monotonic()
        self._errors, self._times = 0, deque[float](maxlen=MOST_PER_S)
        self._pending: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Show and listen, until the page goes."""
        showing = asyncio.create_task(self._show())
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT or not self._is_slow_enough():
                    await self._socket.close(code=1008)
                    break
                await self._take(message.data)
        except GONE:
            return
        finally:
            for task in (showing, self._pending):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, *GONE):
                        await task

    # showing

    async def _show(self) -> None:
        self._confirmed.set()  # the first one is waited for by nobody
        try:
            while not self._socket.closed:
                await asyncio.wait_for(self._confirmed.wait(), SILENT_S)
                self._confirmed.clear()
                await asyncio.sleep(max(0.0, self._made_s + EVERY_S - time.monotonic()))
                await self._show_once()
        except asyncio.TimeoutError:
            await self._socket.close(code=1001)
        except GONE:
            return

    async def _show_once(self) -> None:
        document, picture = self._view.document(self._line), self._view.picture()
        self._made_s = now_s = time.monotonic()
        self._number += 1
        is_new = picture is not None and picture.number != self._picture
        document.update(
            n=self._number,
            waited_ms=round(1e3 * (now_s - self._confirmed_s)),
            has_picture=is_new,
        )
        lines = document['log']
        if isinstance(lines, list) and lines:
            self._line = lines[-1][0]
        await self._socket.send_str(json.dumps(document, allow_nan=False))
        if is_new and picture is not None:
            self._picture = picture.number
            await self._socket.send_bytes(picture.jpeg)

    # listening

    def _is_slow_enough(self) -> bool:
        now_s = time.monotonic()
        is_flood = len(self._times) == MOST_PER_S and now_s - self._times[0] < 1.0
        self._times.append(now_s)
        return not is_flood

    async def _take(self, text: str) -> None:
        try:
            request = read_request(text)
        except OperatorRequestError as error:
            self._errors += 1
            if self._errors > MOST_ERRORS:
                await self._socket.close(code=1008)
                return
            await self._answer('', False, str(error))
            return
        if request.do == 'seen':
            self._note_seen(request.number)
        elif request.do in ('press', 'hold', 'release'):
            await self._take_button(request.do)
        else:
            await self._begin(request)

    def _note_seen(self, number: int) -> None:
        if number == self._number and not self._confirmed.is_set():
            self._confirmed_s, self._seen_made_s = time.monotonic(), self._made_s
            self._confirmed.set()

    async def _take_button(self, do: str) -> None:
        now_s = time.monotonic()
        if do == 'press':
            self._button.press(now_s)
        elif do == 'release':
            self._button.release()
        elif self._button.hold(now_s):
            stale = self._stale(now_s)
            if stale:
                await self._answer('engage', False, stale)
            else:
                await self._begin(OperatorRequest('engage'))

    def _stale(self, now_s: float) -> str:
        """Say why nobody should engage on what this page shows; empty: it is fresh."""
        if self._view.decision_age_s > STALE_S:
            return 'cannot engage: nothing comes from the drone'
        if now_s - self._seen_made_s > ON_THE_WAY_S:
            return 'cannot engage: the page is behind; is the network slow?'
        return ''

    async def _begin(self, request: OperatorRequest) -> None:
        """Pass a request on; one at a time, but a hand-back waits for nothing."""
        if request.do == 'hand_back' or self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._carry(request))
        else:
            await self._answer(request.do, False, 'one thing at a time: wait for the answer')

    async def _carry(self, request: OperatorRequest) -> None:
        asked = asyncio.wrap_future(self._requests.ask(request))
        try:
            answer = await asyncio.wait_for(asked, ANSWER_S)
            done, words = answer.done, answer.words
        except asyncio.TimeoutError:
            done, words = False, f'no answer in {ANSWER_S:g} s: see the stage'
        self._view.note(f'operator: {WORDS[request.do]}: {words}')
        with contextlib.suppress(*GONE):
            await self._answer(request.do, done, words)

    async def _answer(self, do: str, done: bool, words: str) -> None:
        await self._socket.send_str(json.dumps({'answer': do, 'done': done, 'words': words}))
