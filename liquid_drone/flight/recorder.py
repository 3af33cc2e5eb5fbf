# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The flight recorder: the last half minute in memory, an episode on disk when something happens.

Something is a hand-back for whatever cause (pilot takeover, failsafe, disengaged, policy lost), a
stop by the guard that may pass, or a companion that fell silent in flight. The episode is written
at once, since the worst may follow, and once more a few seconds later, with what the pilot did
then. A thread of its own writes; memory and disk are bounded.

Ready for retraining: where the pilot flew, the label is the pilot's own motion; where the policy
flew, its proposal. ``mavlink/decision`` in the episode tells the two apart, frame by frame.
"""

import contextlib
import logging
import math
import queue
import shutil
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..episodes.episode import save
from ..episodes.recording import EpisodeInfo, Recording
from ..geometry import quaternion_from_euler, rotate_by_yaw
from .engagement import ENGAGED_STAGES, Cause, Stage
from .reason import Reason
from .report import Facts, numbers
from .set_clock import StampOrder

logger = logging.getLogger(__name__)
SECOND_NS = 1_000_000_000
SILENT_S = 1.0  # of the companion in flight: that is an event
PAUSE_S = 0.5  # between two looks: what was not heard meanwhile may wait
TURN_S = 0.3  # over which the pilot's yaw rate is taken
ASKED_FOR = 'asked_for'  # the name of what a human kept
WAITING = 3  # episodes that may wait for the disk
HOLDERS = frozenset(stage.name.lower() for stage in (Stage.ENGAGING, *ENGAGED_STAGES))
FAULTS = frozenset(r.code for r in Reason if r.is_stop and r is not Reason.CALLED_OFF)
GUARD_STOPPED = Cause.GUARD_STOPPED.name.lower()
UNKNOWN = (math.nan,) * 3


@dataclass(frozen=True)
class RecorderConfig:
    """Where to, and how much."""

    folder: Path
    info: EpisodeInfo  # what all episodes have in common; ids and events are filled in
    before_s: float = 30.0
    after_s: float = 5.0
    most_bytes: int = 64_000_000  # of pictures in memory; the oldest go first
    least_free_bytes: int = 500_000_000  # on the disk; with less nothing is written


@dataclass(frozen=True)
class Moment:
    """A picture and the facts that were known when the next one came."""

    stamp_ns: int
    jpeg: bytes
    facts: Facts


@dataclass(frozen=True)
class _Event:
    name: str
    stamp_ns: int
    folder: Path


class FlightRecorder:
    """Feed it with :meth:`see` and :meth:`hear`, call :meth:`watch` now and then; close it.

    All stamps are on one clock; where it is set, :meth:`set_clock` goes on by it. Without that
    word, what was kept before it was set back is forgotten, since nobody can say what was before
    what. None of the calls waits for the disk.
    """

    def __init__(self, config: RecorderConfig) -> None:
        """Begin with an empty memory.

        Raises:
            OSError: the folder cannot be made.

        """
        config.folder.mkdir(parents=True, exist_ok=True)
        self.config = config
        self.saved: deque[str] = deque(maxlen=WAITING)  # names of episodes on the disk, new ones
        self.lost = 0  # episodes that the disk did not take
        self._moments: deque[Moment] = deque()
        self._bytes = 0
        self._picture: tuple[int, bytes] | None = None  # the newest, without its facts yet
        self._newest_ns = 0  # of the pictures in memory
        self._seen, self._decided, self._watched = StampOrder(), StampOrder(), StampOrder()
        self._facts: Facts = {}
        self._heard_ns = self._looked_ns = self._awake_ns = 0
        self._event: _Event | None = None  # whose seconds afterwards are still to come
        self._faulted_ns: int | None = None
        self._saved = ''  # the last one
        self._jobs: queue.Queue[tuple[_Event, list[Moment]] | None] = queue.Queue(WAITING)
        self._is_ending = False  # its thread is told to
        self._thread = threading.Thread(target=self._write_all, daemon=True, name='recorder')
        self._thread.start()

    # what comes in

    def see(self, jpeg: bytes, stamp_ns: int) -> None:
        """Take a picture, as the policy saw it; a repeated stamp is no new one."""
        if self._seen.begins_anew(stamp_ns):
            self._forget()
        newest_ns = self._picture[0] if self._picture else self._newest_ns
        if stamp_ns <= newest_ns:
            return
        self._finish_picture()
        self._picture = stamp_ns, jpeg

    def hear(self, facts: Facts, stamp_ns: int) -> None:
        """Take a decision; see :mod:`.report`."""
        if self._decided.begins_anew(stamp_ns):
            self._forget()
            self._heard_ns = 0
        before, self._facts = self._facts, facts
        self._heard_ns = max(self._heard_ns, stamp_ns)  # one that was under way as it was set
        name = self._what_happened(before, facts, stamp_ns)
        if name:
            self._keep(name, stamp_ns)

    def watch(self, now_ns: int) -> None:
        """Notice that time has passed; a pause of the recorder's own is nobody's silence."""
        if self._watched.begins_anew(now_ns):
            self._forget()
        if not 0 <= now_ns - self._looked_ns <= PAUSE_S * SECOND_NS:
            self._awake_ns = now_ns
        self._looked_ns, self._heard_ns = now_ns, min(self._heard_ns, now_ns)
        holds = self._facts.get('stage') in HOLDERS
        since_ns = max(self._heard_ns, self._awake_ns)
        if holds and now_ns - since_ns > SILENT_S * SECOND_NS:
            self._facts = {**self._facts, 'stage': 'silent', 'sent': 'false'}
            self._keep('companion_silent', now_ns)
        event = self._event
        if event is not None and now_ns - event.stamp_ns >= self.config.after_s * SECOND_NS:
            self._write(event)
            self._event = None

    def set_clock(self, step_ns: int) -> None:
        """Go on by a clock that was set: all that is kept is as long ago as it was.

        Args:
            step_ns: by which it was set forward; negative: back.

        """
        for order in (self._seen, self._decided, self._watched):
            order.set_clock(step_ns)
        self._moments = deque(
            replace(one, stamp_ns=one.stamp_ns + step_ns) for one in self._moments
        )
        if self._picture is not None:
            self._picture = self._picture[0] + step_ns, self._picture[1]
        if self._event is not None:
            self._event = replace(self._event, stamp_ns=self._event.stamp_ns + step_ns)
        if self._faulted_ns is not None:
            self._faulted_ns += step_ns
        self._newest_ns += step_ns if self._newest_ns else 0
        self._heard_ns += step_ns if self._heard_ns else 0
        self._looked_ns, self._awake_ns = self._looked_ns + step_ns, self._awake_ns + step_ns

    def keep(self, stamp_ns: int) -> str:
        """Keep the last half minute now, because a human asks; returns the episode's name."""
        return self._keep(ASKED_FOR, stamp_ns)

    def close(self, patience_s: float = 10.0) -> None:
        """Write what is waiting, and end; what the disk does not take in time is named."""
        if self._event is not None:
            self._write(self._event)
            self._event = None
        with contextlib.suppress(queue.Full):
            if not self._is_ending:
                self._jobs.put(None, timeout=patience_s)
                self._is_ending = True
            self._thread.join(patience_s)
        if self._thread.is_alive():
            logger.error('the disk did not take the last recordings in %g s', patience_s)

    @property
    def held_bytes(self) -> int:
        """Size of the pictures in memory."""
        return self._bytes

    @property
    def is_idle(self) -> bool:
        """Nothing waits for the disk."""
        return self._jobs.unfinished_tasks == 0

    # deciding what to keep

    def _what_happened(self, before: Facts, now: Facts, stamp_ns: int) -> str:
        had, has = (told.get('stage') in HOLDERS for told in (before, now))
        if had and not has:
            cause = now.get('cause', '').replace('none', '') or 'ended'  # a node that began anew
            return now.get('reason') or cause if cause == GUARD_STOPPED else cause
        stops = [told.get('reason') in FAULTS for told in (before, now)]
        if not has or stops != [False, True]:
            return ''
        recent_ns = self.config.before_s * SECOND_NS
        if self._faulted_ns is not None and stamp_ns - self._faulted_ns < recent_ns:
            return ''  # in the memory of the last one, or in the hand-back's that follows
        self._faulted_ns = stamp_ns
        return f'fault_{now["reason"]}'

    def _keep(self, name: str, stamp_ns: int) -> str:
        self._finish_picture()
        if self._event is not None:
            self._write(self._event)
        when = time.strftime('%Y%m%d-%H%M%S', time.gmtime(stamp_ns / SECOND_NS))
        folder, number = self.config.folder / f'{when}-{name}', 2
        while folder.exists():
            folder, number = self.config.folder / f'{when}-{name}-{number}', number + 1
        event = _Event(name, stamp_ns, folder)
        self._write(event)
        self._event = event if self.config.after_s > 0.0 else None
        return folder.name

    def _finish_picture(self) -> None:
        if self._picture is None:
            return
        moment = Moment(*self._picture, self._facts)
        self._picture, self._newest_ns = None, moment.stamp_ns
        self._moments.append(moment)
        self._bytes += len(moment.jpeg)
        keep_ns = (self.config.before_s + self.config.after_s) * SECOND_NS
        while self._moments and (
            moment.stamp_ns - self._moments[0].stamp_ns > keep_ns
            or self._bytes > self.config.most_bytes
        ):
            self._bytes -= len(self._moments.popleft().jpeg)

    def _forget(self) -> None:
        """Begin anew; the seconds after an event end here."""
        self._finish_picture()
        if self._event is not None:
            self._write(self._event)
            self._event = None
        self._moments.clear()
        self._bytes = self._newest_ns = 0
        self._faulted_ns = None

    # writing

    def _write(self, event: _Event) -> None:
        since_ns = event.stamp_ns - self.config.before_s * SECOND_NS
        moments = [moment for moment in self._moments if moment.stamp_ns >= since_ns]
        try:
            self._jobs.put_nowait((event, moments))
        except queue.Full:
            self._lose(event, 'the disk is too slow')

    def _write_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            event, moments = job
            try:
                self._write_one(event, moments)
            except Exception as error:  # whatever it is: recording must never end a flight
                self._lose(event, f'{type(error).__name__}: {error}')
            finally:
                self._jobs.task_done()
        self._jobs.task_done()

    def _write_one(self, event: _Event, moments: list[Moment]) -> None:
        free = shutil.disk_usage(self.config.folder).free
        if free < self.config.least_free_bytes:
            self._lose(event, f'{free / 1e6:.0f} MB are free on the disk')
            return
        info = replace(
            self.config.info, id=f'{self.config.info.id}/{event.folder.name}', event=event.name
        )
        recording = recording_of(moments, info)
        if recording.jpegs:
            save(recording, event.folder)
            logger.info('%s: %d frames kept', event.folder, len(recording.jpegs))
            if event.folder.name != self._saved:  # each is written twice
                self._saved = event.folder.name
                self.saved.append(self._saved)

    def _lose(self, event: _Event, why: str) -> None:
        self.lost += 1
        logger.error('%s was not recorded: %s', event.folder.name, why)


def recording_of(moments: list[Moment], info: EpisodeInfo) -> Recording:
    """Return the moments as an episode; those without a position are left out.

    Label and executed are finite always: where nothing was proposed or sent, what the vehicle did.
    """
    known = [moment for moment in moments if numbers(moment.facts, 'position_enu', 3)]
    recording = Recording(info)
    if not known:
        return recording
    turns = _yaw_rates(known)
    for moment, turn in zip(known, turns, strict=True):
        recording.append(moment.jpeg, moment.facts, **_row(moment, float(turn)))
    return recording


def _row(moment: Moment, turn_rad_s: float) -> dict[str, Any]:
    facts = moment.facts
    euler = _finite(facts, 'euler_enu', 3)
    velocity = _finite(facts, 'velocity_enu', 3)
    motion = (*rotate_by_yaw(velocity, -euler[2]).tolist(), turn_rad_s)
    flies = facts.get('stage') in HOLDERS and facts.get('sent') == 'true'
    return {
        'stamp_ns': moment.stamp_ns,
        'label': _command(facts, 'proposal', flies) or motion,
        'executed': _command(facts, 'setpoint', flies) or motion,
        'position_enu': _finite(facts, 'position_enu', 3),
        'velocity_enu': velocity,
        'quaternion_xyzw': quaternion_from_euler(*euler),
        'target_position_enu': UNKNOWN,
        'target_mask': UNKNOWN,
    }


def _command(facts: Facts, key: str, flies: bool) -> tuple[float, ...] | None:
    found = numbers(facts, key, 4) if flies else None
    return found if found and all(map(math.isfinite, found)) else None


def _finite(facts: Facts, key: str, count: int) -> tuple[float, ...]:
    found = numbers(facts, key, count) or (0.0,) * count
    return tuple(value if math.isfinite(value) else 0.0 for value in found)


def _yaw_rates(moments: list[Moment]) -> npt.NDArray[np.float64]:
    """Return the yaw rate at each moment, from the yaw a little before and after."""
    times = np.array([(m.stamp_ns - moments[0].stamp_ns) / SECOND_NS for m in moments])
    yaws = np.unwrap([_finite(m.facts, 'euler_enu', 3)[2] for m in moments])
    early, late = (np.clip(times + side * TURN_S / 2, times[0], times[-1]) for side in (-1, 1))
    turned = np.interp(late, times, yaws) - np.interp(early, times, yaws)
    return np.asarray(turned / np.maximum(late - early, 1e-3))
