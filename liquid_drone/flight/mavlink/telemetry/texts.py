# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The autopilot's words in the log: in one piece, and no more of them than can be read.

A text of more than 50 letters comes in pieces (STATUSTEXT's id and chunk_seq). Firmware in trouble
repeats itself hundreds of times a second, in the thread that sends the setpoints, on a disk that
may be small: a text that comes again is counted, and of others a few a second are logged. Errors
have a share of their own, so that a flood of other words hides none.
"""

import logging
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

logger = logging.getLogger(__name__)
PIECE_LETTERS = 50
WHOLE_S = 1.0  # for which the pieces of a text are waited for
MOST_PENDING, MOST_PIECES = 4, 16
AGAIN_S = 10.0  # between two lines with the same words
MOST_KNOWN = 64
BURST, EACH_S = 10.0, 0.5  # so many lines at once, and one more each time


@dataclass
class _Pending:
    """A text of which pieces are missing."""

    severity: int
    began_s: float
    pieces: dict[int, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        last = max(self.pieces)
        return len(self.pieces[last]) < PIECE_LETTERS and len(self.pieces) == last + 1

    @property
    def words(self) -> str:
        return ''.join(self.pieces.get(number, '...') for number in range(max(self.pieces) + 1))


@dataclass
class _Share:
    """How many lines may be written now, and how many were left out."""

    left: float = BURST
    since_s: float = -math.inf
    left_out: int = 0

    def takes(self, now_s: float) -> bool:
        self.left = min(BURST, self.left + max(0.0, now_s - self.since_s) / EACH_S)
        self.since_s = now_s
        if self.left < 1.0:
            self.left_out += 1
            return False
        self.left -= 1.0
        return True


class AutopilotTexts:
    """Logs what one autopilot says; all times are the caller's."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._pending: OrderedDict[int, _Pending] = OrderedDict()
        # words and level -> when they were logged, how often they came since
        self._known: OrderedDict[tuple[str, int], tuple[float, int]] = OrderedDict()
        self._shares = {logging.ERROR: _Share(), logging.INFO: _Share()}

    def take(self, message: Any, now_s: float) -> None:
        """Take in a STATUSTEXT."""
        words = ''.join(letter if letter.isprintable() else '?' for letter in str(message.text))
        if message.id == 0:
            self._say(message.severity, words, now_s)
            return
        text = self._pending.setdefault(message.id, _Pending(message.severity, now_s))
        if message.chunk_seq < MOST_PIECES:
            text.pieces[message.chunk_seq] = words
        if text.pieces and text.is_whole:
            self._finish(message.id, now_s)
        elif len(self._pending) > MOST_PENDING:
            self._finish(next(iter(self._pending)), now_s)

    def keep_up(self, now_s: float) -> None:
        """Log what waited long enough: texts of which a piece is lost, and how often one came."""
        for number, text in list(self._pending.items()):
            if not 0.0 <= now_s - text.began_s < WHOLE_S:
                self._finish(number, now_s)
        for (words, level), (told_s, times) in list(self._known.items()):
            if 0.0 <= now_s - told_s < AGAIN_S:
                continue
            del self._known[words, level]
            if times:
                self._known[words, level] = now_s, 0
                self._write(level, f'{words} ({times} times more in {AGAIN_S:g} s)', now_s)

    def _finish(self, number: int, now_s: float) -> None:
        text = self._pending.pop(number)
        if text.pieces:
            self._say(text.severity, text.words, now_s)

    def _say(self, severity: int, words: str, now_s: float) -> None:
        level = logging.ERROR if severity <= mavlink.MAV_SEVERITY_ERROR else logging.INFO
        key = words, level
        if key in self._known:
            told_s, times = self._known[key]
            self._known[key] = told_s, times + 1
            return
        if not self._write(level, words, now_s):
            return
        self._known[key] = now_s, 0
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _write(self, level: int, words: str, now_s: float) -> bool:
        share = self._shares[level]
        if not share.takes(now_s):
            return False
        left_out, share.left_out = share.left_out, 0
        more = f' ({left_out} other texts before it were left out)' if left_out else ''
        logger.log(level, 'autopilot says: %s%s', words, more)
        return True
