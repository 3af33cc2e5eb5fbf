# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Feeds pictures to an encoder in a process of its own; whoever shows one never waits.

One picture waits at most, and a newer one takes its place. An encoder that ends is started again,
after a pause that doubles; one that ends soon gives way to the next, and one that takes no picture
for seconds is ended.
"""

import contextlib
import math
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...arrays import Image
from .encoders import Encoder

FIRST_PAUSE_S, MOST_PAUSE_S = 1.0, 30.0
RUNS_S, PROVEN_S = 1.0, 5.0  # after which an encoder is said to run, and to work here
STALLED_S = 5.0  # for one picture
END_LIMIT_S = 2.0


class VideoSender:
    """A thread that feeds an encoder; it runs from the first picture on."""

    def __init__(
        self,
        encoders: Sequence[Encoder],
        say: Callable[[str], None],
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """Begin to wait for pictures.

        Args:
            encoders: what can be tried, the best first; at least one.
            say: gets a sentence when an encoder runs, and when it ended.
            first_pause_s: before an encoder is started again.

        """
        self._encoders, self._say, self._first_pause_s = tuple(encoders), say, first_pause_s
        self.encoder = ''  # the one that runs; empty: none
        self.fault = ''  # why none does
        self.sent = self.dropped = 0
        self._waiting: Image | None = None
        self._writing_s = math.inf  # since when it takes a picture
        self._stopping = False
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name='video', daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether pictures are still taken."""
        return self._thread.is_alive()

    def show(self, image: Image) -> None:
        """Offer a picture (H, W, 3) RGB of the target's size; it may be dropped."""
        with self._changed:
            self.dropped += self._waiting is not None
            self._waiting = image
            if self._process and time.monotonic() - self._writing_s > STALLED_S:
                self._process.kill()
            self._changed.notify()

    def close(self) -> None:
        """End the encoder."""
        with self._changed:
            self._stopping = True
            if self._process is not None:
                self._process.kill()  # a write that waits ends too
            self._changed.notify()
        self._thread.join(END_LIMIT_S)

    # in the thread

    def _run(self) -> None:
        turn, pause_s = 0, self._first_pause_s
        while (image := self._next()) is not None:
            encoder = self._encoders[turn % len(self._encoders)]
            began_s = time.monotonic()
            fault = self._feed(encoder, image)
            if self._stopping:
                return
            if time.monotonic() - began_s >= PROVEN_S:
                pause_s = self._first_pause_s
            else:
                turn += 1
            if not self.fault:
                self._say(f'{encoder.name} ended: {fault}; it is tried again')
            self.fault = f'{encoder.name}: {fault}'
            if turn % len(self._encoders) == 0:
                self._pause(pause_s)
                pause_s = min(2.0 * pause_s, MOST_PAUSE_S)

    def _next(self) -> Image | None:
        """Wait for a picture; None: it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._stopping)
            image, self._waiting = self._waiting, None
            return None if self._stopping else image

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def _feed(self, encoder: Encoder, image: Image | None) -> str:
        """Feed one encoder until it ends, and return why it did."""
        words: list[str] = []
        try:
            process = self._started(encoder)
        except OSError as error:
            return str(error)
        reader = threading.Thread(target=_keep_last, args=(process.stderr, words), daemon=True)
        reader.start()
        assert process.stdin is not None  # a pipe
        began_s = time.monotonic()
        try:
            while image is not None:
                self._writing_s = time.monotonic()
                process.stdin.write(_planes(image))
                process.stdin.flush()
                self._writing_s = math.inf
                self.sent += 1
                if not self.encoder and time.monotonic() - began_s >= RUNS_S:
                    self.encoder, self.fault = encoder.name, ''
                    self._say(f'{encoder.name} encodes')
                image = self._next()
        except OSError:  # it ended
            self._writing_s = math.inf
        self.encoder = ''
        _end(process)
        reader.join(END_LIMIT_S)
        return words[-1] if words else f'exit code {process.returncode}'

    def _started(self, encoder: Encoder) -> 'subprocess.Popen[bytes]':
        with self._changed:
            self._process = subprocess.Popen(
                encoder.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is not for it
            )
            if self._stopping:
                self._process.kill()
            return self._process


def _planes(image: Image) -> memoryview:
    """Return the picture (H, W, 3) as I420, half as many bytes."""
    import cv2

    planes: Image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420), dtype=np.uint8)
    return planes.data.cast('B')


def _keep_last(stream: Any, words: list[str]) -> None:
    """Read all that a program complains of, and keep the last line."""
    with stream:
        for line in stream:
            text = line.decode(errors='replace').strip()[:200]
            if text:
                words[:] = [text]


def _end(process: 'subprocess.Popen[bytes]') -> None:
    assert process.stdin is not None  # a pipe
    process.kill()
    with contextlib.suppress(OSError):  # what it did not take
        process.stdin.close()
    process.wait()
