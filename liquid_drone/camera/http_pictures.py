# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Motion JPEG by HTTP, as mjpg-streamer, ustreamer, an ESP32-CAM or a telephone sends it.

FFmpeg gives such images the times of a steady 25 Hz, whatever their rate is, so that their age
could not be told by them, and hands on the oldest first. Here a thread takes all that comes and
the newest is kept; an image is as old as its own time tells (``X-Timestamp``), or as the pace at
which they come.
"""

import logging
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from ..encodings import decode_compressed
from ..errors import CameraError, ImageError
from ..masking import masked
from . import devices
from .frame import CameraFrame
from .frame_age import LATE_S, ImageAge

log = logging.getLogger(__name__)
OPEN_LIMIT_S = 5.0  # for an answer, and for the next image
MOST_BYTES = 32_000_000  # of an image
MOST_LINE = 65_536
MOST_TORN = 30  # images in a row that cannot be decoded
MOST_SEPARATOR = 100  # letters between two images
MOST_HEADERS = 100  # lines of one image's
BEGINS = b'\xff\xd8'  # a JPEG
UNTOLD = ('application/octet-stream', 'text/plain')  # of an answer that does not tell its kind
KIND = 'rtsp'  # of the source, in messages


class SentJpeg(NamedTuple):
    """An image as it came."""

    jpeg: bytes
    began_s: float  # monotonic, when its first byte was there
    own_s: float | None  # its own time; None: it has none


class HttpPictures:
    """The images of one multipart answer, as fresh as they can be had."""

    def __init__(self, address: str, answer: Any) -> None:
        """Begin to read."""
        self._address, self._parts = masked(address), Multipart(answer)
        self._newest: tuple[bytes, float] | None = None  # a JPEG, and when it was taken
        self._came_s = time.monotonic()
        self._fault = ''
        self._is_closed = self._is_told = False
        self._news = threading.Condition()
        self._age = ImageAge()
        threading.Thread(target=self._take_all, name='http pictures', daemon=True).start()

    def read(self) -> CameraFrame | None:
        """Wait for a fresh image; it is never over.

        Raises:
            CameraError: none came for 5 s, or none that was fresh, or could be decoded.

        """
        for torn in range(1, MOST_TORN + 1):
            jpeg, taken_s = self._next()
            try:
                image = decode_compressed('jpeg', jpeg)
            except ImageError as error:
                log.warning('an image is left out (%d in a row): %s', torn, error)
                continue
            age_ns = round((time.monotonic() - taken_s) * 1e9)
            return CameraFrame(image, time.time_ns() - age_ns)
        raise CameraError(f'{self._address} gave {MOST_TORN} images in a row that are none')

    def close(self) -> None:
        """Let go of it: the thread ends with the next image, or after 5 s."""
        self._is_closed = True

    def _next(self) -> tuple[bytes, float]:
        """Return the newest fresh image that was not returned before, and when it was taken."""
        with self._news:
            self._news.wait_for(lambda: self._newest or self._fault, OPEN_LIMIT_S)
            newest, self._newest = self._newest, None
        if newest is not None:
            return newest
        if not self._fault and time.monotonic() - self._came_s < OPEN_LIMIT_S:
            raise CameraError(
                f'{self._address} gave no fresh image for {OPEN_LIMIT_S:g} s: held back by the '
                'network; set a smaller image or a lower rate in the camera'
            )
        other = f', but {self._parts.other}' if self._parts.other else ''
        why = self._fault or f'none for {OPEN_LIMIT_S:g} s{other}'
        raise CameraError(f'{KIND} {self._address} gives no more images: {why}')

    def _take_all(self) -> None:
        """Take all that comes, in a thread, and keep the newest that is fresh."""
        try:
            with self._parts.answer:
                while not self._is_closed:
                    part = self._parts.read()
                    age_s = self._age_s(part)
                    with self._news:
                        self._came_s = part.began_s
                        if age_s is not None:
                            self._newest = part.jpeg, part.began_s - age_s
                            self._news.notify()
        except (OSError, HTTPException, ValueError) as error:
            with self._news:
                self._fault = masked(str(error)) or type(error).__name__
                self._news.notify()

    def _age_s(self, part: SentJpeg) -> float | None:
        age_s = self._age.take(part.began_s, part.own_s)
        if age_s is not None and not self._age.has_times and not self._is_told:
            self._is_told = True
            log.warning(
                '%s sends images without times, or all under one: by a network that is always '
                'full they are older than can be told; look at a clock through it, or take one '
                'with X-Timestamp',
                self._address,
            )
        return None if age_s is None or age_s >= LATE_S else age_s


class Multipart:
    """The images of a multipart answer.

    What separates them is learned from the first line that does, whatever the answer states: many
    cameras state it with other dashes, or another one, or leave it out before the first image.
    """

    def __init__(self, answer: Any) -> None:
        """Take an answer with ``headers``, ``read`` and ``readline``."""
        self.answer = answer
        self.other = ''  # the kind of the last part that was no image
        self._stated = str(answer.headers.get_param('boundary') or '').strip('-').encode()
        self._boundary = b''  # not known yet
        self._is_begun = False  # the line that a part begins with was read

    def read(self) -> SentJpeg:
        """Return the next image.

        Raises:
            ConnectionError: it is over.
            ValueError: too long to be an image.

        """
        while True:
            first = b'' if self._is_begun else self._line()
            if not self._is_begun and not self._begins(first):
                continue
            is_header = bool(first) and not first.startswith(self._boundary or b'--')
            headers = self._headers(first if is_header else b'')
            self._is_begun, began_s = False, time.monotonic()
            body, kind = self._body(headers), str(headers.get('Content-Type', '')).strip()
            if body and kind and not kind.lower().startswith('image/') and body[:2] != BEGINS:
                self.other = kind[:40]
            elif body:
                return SentJpeg(body, began_s, _own_time(headers))

    def _line(self) -> bytes:
        line = bytes(self.answer.readline(MOST_LINE))
        if not line:
            raise ConnectionError('the stream ended')
        return line

    def _begins(self, line: bytes) -> bool:
        """Tell whether a part begins with this line; before the first one, learn how they do."""
        if self._boundary:
            return line.startswith(self._boundary)
        stripped = line.strip()
        if self._stated and stripped.lstrip(b'-').startswith(self._stated):
            dashes = len(stripped) - len(stripped.lstrip(b'-'))
            self._boundary = stripped[: dashes + len(self._stated)]
        elif stripped.startswith(b'--') and _is_text(stripped):
            self._boundary = stripped.rstrip(b'-') or stripped
        return bool(self._boundary) or line.lower().startswith(b'content-')

    def _headers(self, first: bytes) -> Message:
        """Return a part's headers; lines that are none, as a status, are left out."""
        lines = [first] if first else []
        for _ in range(MOST_HEADERS):
            line = self._line()
            if not line.strip():
                return message_from_bytes(b''.join(one for one in lines if b':' in one))
            lines.append(line)
        raise ValueError(f'an image with more than {MOST_HEADERS} lines of headers')

    def _body(self, headers: Message) -> bytes:
        stated = str(headers.get('Content-Length', '')).strip()
        if stated.isdecimal() and int(stated):
            if int(stated) > MOST_BYTES:
                raise ValueError(f'an image of {stated[:20]} bytes is too large')
            data = bytes(self.answer.read(int(stated)))
            if len(data) < int(stated):
                raise ConnectionError('the stream ended within an image')
            return data
        body = bytearray()  # without its length: up to the line that begins the next one
        while line := self.answer.readline(MOST_LINE):
            if self._begins(line):
                self._is_begun = True
                break
            body += line
            if len(body) > MOST_BYTES:
                raise ValueError('an image without an end is too large')
        return bytes(body)


def open_http(address: str) -> HttpPictures | None:
    """Open an address; None: what is there is no motion JPEG, but perhaps another stream.

    Raises:
        CameraError: nothing answers, or with an error.

    """
    answer = None
    try:
        answer = _opener(address).open(_plain(address), timeout=OPEN_LIMIT_S)
        kind = answer.headers.get_content_type()
        if kind.startswith('multipart/') or (kind in UNTOLD and _is_multipart(answer)):
            return HttpPictures(address, answer)
        answer.close()
    except urllib.error.HTTPError as error:
        error.close()
        raise CameraError(
            f'{devices.why_not(KIND, address)}; it answers {error.code} {error.reason}'
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise CameraError(f'{devices.why_not(KIND, address)}; {masked(str(error))}') from error
    if kind == 'text/html' or kind.startswith('image/'):
        what = 'a page' if kind == 'text/html' else 'one image alone'
        raise CameraError(
            f'{masked(address)} answers with {what} ({kind}): give the address of its stream, '
            'such as http://HOST:8080/?action=stream (mjpg-streamer) or http://HOST:81/stream '
            '(ESP32-CAM)'
        )
    return None


def _is_text(line: bytes) -> bool:
    return len(line) <= MOST_SEPARATOR and line.isascii() and line.decode('ascii').isprintable()


def _is_multipart(answer: Any) -> bool:
    """Tell it by the first bytes: FFmpeg's own server (``-listen 1``) states no kind."""
    first = bytes(answer.peek(MOST_LINE)).lstrip().partition(b'\n')[0].strip()
    return first.startswith(b'--') and _is_text(first)


def _own_time(headers: Message) -> float | None:
    try:
        return float(str(headers.get('X-Timestamp', '')))
    except ValueError:
        return None


def _plain(address: str) -> str:
    """Return the address without user and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition('@')[2]))


def _opener(address: str) -> urllib.request.OpenerDirector:
    parts = urlsplit(address)
    known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username:
        user, password = unquote(parts.username), unquote(parts.password or '')
        known.add_password(None, _plain(address), user, password)
    context = ssl.create_default_context()  # cameras sign their certificates themselves
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),  # a proxy of the office knows no camera
        urllib.request.HTTPSHandler(context=context),
        _Basic(known),
        _Digest(known),
    )


def _closing(ask: Callable[[], Any], asks: Any) -> Any:
    """Return what comes of a second try, and close the answer that asked for a password."""
    try:
        answer = ask()
    except urllib.error.HTTPError:
        asks.close()
        raise
    if answer is not None:
        asks.close()
    return answer


class _Basic(urllib.request.HTTPBasicAuthHandler):
    """Closes the answer that asks for the password; urllib leaves it open."""

    def http_error_401(self, request: Any, asks: Any, *more: Any) -> Any:
        return _closing(lambda: super(_Basic, self).http_error_401(request, asks, *more), asks)


class _Digest(urllib.request.HTTPDigestAuthHandler):
    """The same."""

    def http_error_401(self, request: Any, asks: Any, *more: Any) -> Any:
        return _closing(lambda: super(_Digest, self).http_error_401(request, asks, *more), asks)
