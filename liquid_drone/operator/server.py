# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the operator's page over HTTP, in a thread with a loop of its own.

On the loopback it needs no token; on any other address only with one. It answers its own page
alone: the Host must be an address or a known name, the Origin its own. No query is taken, and no
address of a request is logged, so no secret can stand there.
"""

import asyncio
import logging
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import resources as package_files
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ..errors import ConfigError
from .access import Doorkeeper, is_loopback, read_token
from .browser import Browser
from .flight_view import FlightView
from .requests import RequestQueue
from .slow_clients import SlowClients

COOKIE = 'liquid_drone_operator'
MOST_BROWSERS = 20
MOST_BYTES = 4096  # of a request or message
MOST_WAITING = 100  # connections that have not asked for anything yet
STARTS_S = 10.0
FILES = {
    '/': ('page.html', 'text/html'),
    '/page.js': ('page.js', 'text/javascript'),
    '/map.js': ('map.js', 'text/javascript'),
    '/page.css': ('page.css', 'text/css'),
}
HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'Cross-Origin-Resource-Policy': 'same-origin',
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """Where the page is served, and to whom."""

    host: str = '127.0.0.1'
    port: int = 8123  # 0: any free one
    token_file: str = ''  # needed on any address but the loopback
    hosts: tuple[str, ...] = ()  # names by which the page may be called, beside addresses
    certificate_file: str = ''  # with key_file: TLS
    key_file: str = ''
    slow_s: float = 10.0  # a whole request must have come within that time

    def doorkeeper(self) -> Doorkeeper:
        """Return who judges requests.

        Raises:
            ConfigError: an address that others reach, without a token; or a bad token file.

        """
        if not self.token_file:
            if not is_loopback(self.host):
                raise ConfigError(
                    f"host '{self.host}' can be reached by others: give token_file, a file of "
                    'its owner alone; or serve on 127.0.0.1'
                )
            return Doorkeeper(hosts=self.hosts)
        return Doorkeeper(read_token(Path(self.token_file)), self.hosts)

    def tls(self) -> ssl.SSLContext | None:
        """Return what encrypts; None: nothing does.

        Raises:
            ConfigError: files that cannot be used.

        """
        if not self.certificate_file and not self.key_file:
            return None
        if not (self.certificate_file and self.key_file):
            raise ConfigError('TLS needs both certificate_file and key_file')
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.certificate_file, self.key_file)
        except OSError as error:  # ssl's own are of this kind
            raise ConfigError(f'certificate_file or key_file: {error}') from error
        return context


class PageServer:
    """Runs in its own thread from entering to leaving the context."""

    def __init__(
        self, config: ServerConfig, view: FlightView, requests: RequestQueue | None = None
    ) -> None:
        """Read the token and the page; nothing is served yet.

        Args:
            config: where and to whom.
            view: what is shown.
            requests: what is asked for; who flies takes it from there.

        """
        self.config, self.view = config, view
        self.requests = requests or RequestQueue()
        self._door, self._tls = config.doorkeeper(), config.tls()
        folder = package_files.files(__package__) / 'page'
        self._files = {
            path: ((folder / name).read_bytes(), kind) for path, (name, kind) in FILES.items()
        }
        self._sockets: set[web.WebSocketResponse] = set()
        self._slow = SlowClients(config.slow_s, MOST_WAITING)
        self._started, self._failure = threading.Event(), ''
        self._loop: asyncio.AbstractEventLoop | None = None  # while it serves
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name='page')
        self._port = config.port

    @property
    def address(self) -> str:
        """What is typed into a browser."""
        host = self.config.host if self.config.host not in ('0.0.0.0', '::') else 'ADDRESS'
        host = f'[{host}]' if ':' in host else host
        return f'http{"s" if self._tls else ""}://{host}:{self._port}/'

    def __enter__(self) -> 'PageServer':
        """Begin to serve.

        Raises:
            ConfigError: the address cannot be used.

        """
        self._thread.start()
        if not self._started.wait(STARTS_S):
            self._failure = self._failure or 'it did not start in time'
        if self._failure:
            config = self.config
            raise ConfigError(
                f'the page cannot be served on {config.host}:{config.port}: {self._failure}; '
                'stop the program that holds it, or choose another port'
            )
        return self

    def __exit__(self, *_: object) -> None:
        """Close every page."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(STARTS_S)

    # its thread

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._started.set()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[self._judge])
        app.router.add_get('/socket', self._on_socket)
        app.router.add_post('/login', self._on_login)
        app.router.add_get('/session', self._on_session)
        for path in self._files:
            app.router.add_get(path, self._on_file)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_quiet_logger(),
            handle_signals=False,
            shutdown_timeout=1.0,
            keepalive_timeout=self.config.slow_s,
            lingering_time=min(1.0, self.config.slow_s),  # for a body that nobody reads
        )
        await runner.setup()
        try:
            listening = await self._listen(runner)
        except OSError as error:
            self._failure = error.strerror or str(error)
            await runner.cleanup()
            return
        self._port = listening.sockets[0].getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._started.set()
        await self._stop.wait()
        listening.close()
        for socket in tuple(self._sockets):
            await socket.close(code=1001)
        await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        """Listen as aiohttp's own site does, with a time limit on every connection."""
        config, make = self.config, runner.server
        assert make is not None  # it was set up
        return await asyncio.get_running_loop().create_server(
            self._slow.watched(make),  # type: ignore[arg-type]  # its handlers are protocols
            config.host,
            config.port,
            ssl=self._tls,
            ssl_handshake_timeout=None if self._tls is None else config.slow_s,
            reuse_address=True,
        )

    # requests

    @web.middleware
    async def _judge(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what is not from this page, and add the headers that keep it so."""
        self._slow.take(request.protocol)
        try:
            refusal = self._refusal(request)
            answer = refusal if refusal is not None else await handler(request)
        except web.HTTPException as error:
            answer = _said(error.status, error.reason)
        except (ConnectionError, RuntimeError) as error:  # aiohttp's: the moment decides which
            if request.transport is not None and isinstance(error, RuntimeError):
                raise
            answer = _said(400, 'the connection was lost')  # nobody reads it
        finally:
            self._slow.wait_for(request.protocol)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not _is_text(request):
            return _said(400, 'expected headers in UTF-8')
        host = request.headers.get('Host', '')
        if len(request.headers.getall('Host', [])) != 1 or not self._door.knows_host(host):
            return _said(421, 'this page is called by its address, or by a name in hosts')
        if request.query_string or '?' in request.raw_path:
            return _said(400, 'no query is taken; a token belongs in no address')
        if request.path in ('/socket', '/login'):
            origin = request.headers.get('Origin', '')
            if not self._door.is_own_origin(origin, host):
                return _said(403, 'not from another page')
        return None

    def _has_session(self, request: web.Request) -> bool:
        return self._door.knows_session(request.cookies.get(COOKIE, ''))

    async def _on_session(self, request: web.Request) -> web.StreamResponse:
        return _said(200, 'open') if self._has_session(request) else _said(401, 'token needed')

    async def _on_file(self, request: web.Request) -> web.StreamResponse:
        content, kind = self._files[request.path]
        return web.Response(body=content, content_type=kind, charset='utf-8')

    async def _on_login(self, request: web.Request) -> web.StreamResponse:
        if self._door.is_shut:
            return _said(429, 'too many wrong tokens: wait half a minute')
        try:
            body = await asyncio.wait_for(request.read(), self.config.slow_s)
        except asyncio.TimeoutError:
            answer = _said(408, 'the token came too slowly')
            answer.force_close()
            return answer
        session = self._door.open_session(body.decode('utf-8', 'replace'))
        if session is None:
            return _said(401, 'wrong token')
        answer = _said(200, 'welcome')
        answer.set_cookie(
            COOKIE, session, httponly=True, samesite='Strict', secure=self._tls is not None
        )
        return answer

    async def _on_socket(self, request: web.Request) -> web.StreamResponse:
        if not self._has_session(request):
            return _said(401, 'a token is needed')
        if len(self._sockets) >= MOST_BROWSERS:
            return _said(503, f'{MOST_BROWSERS} pages are open: close one')
        socket = web.WebSocketResponse(max_msg_size=MOST_BYTES, heartbeat=10.0, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        self.view.count_browsers(len(self._sockets))
        try:
            await Browser(socket, self.view, self.requests).serve()
        finally:
            self._sockets.discard(socket)
            self.view.count_browsers(len(self._sockets))
        return socket


def _is_text(request: web.Request) -> bool:
    """Tell whether all of the headers can be repeated: aiohttp's own refusals repeat them."""
    try:
        for name, value in request.headers.items():
            f'{name}{value}'.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quiet_logger() -> logging.Logger:
    """Return aiohttp's logger here: what is no HTTP is answered with 400, and never logged.

    aiohttp would log it as an error, with its bytes: strangers could fill the log, and a token
    that somebody put into an address would stand there.
    """
    logger = logging.getLogger(f'{__name__}.http')
    logger.addFilter(_is_ours)
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _said(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=f'{words}\n')
