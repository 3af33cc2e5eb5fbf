# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a link has received and answered, as data for people and for the decision to engage.

It sends nothing: the link asks it which requests are due. Where nothing useful arrives it finds
one sentence and logs it once, and again when it changes.
"""

import logging
import math
from dataclasses import dataclass
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from .codec import MavlinkCodec
from .diagnosis import Diagnosis, LinkEvidence, LinkFinding, diagnose
from .encoder import COMPANION_COMPONENT
from .framing import Tally
from .profiles import PROFILES, Profile
from .streams import StreamKeeper, StreamNeed, StreamRate, StreamRequest
from .telemetry.texts import AutopilotTexts
from .transport.address import Address
from .transport.troubles import Troubles

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 1.0
ASKED = (mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, mavlink.MAV_CMD_REQUEST_MESSAGE)  # our commands


@dataclass(frozen=True)
class LinkReport:
    """A link at one moment."""

    diagnosis: Diagnosis
    rates: tuple[StreamRate, ...]
    tally: Tally  # of the last 5 s
    troubles: dict[str, int]  # such as 'sending ENETUNREACH' -> times
    unanswered_s: float | None  # since our questions were answered; None: no vehicle yet

    @property
    def obstacle(self) -> str:
        """What keeps from engaging; empty: nothing."""
        return self.diagnosis.obstacle

    def values(self) -> dict[str, str]:
        """Name and value of each, for diagnostics; counts are of the last 5 s."""
        tally, finding = self.tally, self.diagnosis.finding
        told = {
            'link': finding.value,
            'link_advice': self.diagnosis.sentence,
            'link_frames': str(tally.frames),
            'link_noise_bytes': str(tally.noise),
            'link_refused_signatures': str(tally.unsigned_refused + tally.bad_signature),
            'link_other_path_frames': str(tally.other_path),
            'link_errors': ', '.join(f'{key}: {n}' for key, n in sorted(self.troubles.items())),
        }
        needed = [one for one in self.rates if not one.need.is_extra]
        told['streams_short'] = ', '.join(str(one) for one in needed if not one.is_enough)
        for rate in needed:
            told[f'rate_{rate.need.name}'] = f'{rate.rate_hz:.1f} Hz, needs {rate.need.need_hz:g}'
        return told


class LinkMonitor:
    """Watches one link; all times are the caller's."""

    def __init__(
        self,
        codec: MavlinkCodec,
        address: Address | None,
        troubles: Troubles,
        besides: tuple[StreamNeed, ...] = (),
    ) -> None:
        """Begin with nothing heard; ``besides`` is received besides what the profile asks for."""
        self._besides = besides
        self._codec, self._address, self._troubles = codec, address, troubles
        self._streams: StreamKeeper | None = None  # of the vehicle
        self._streams_of: Profile | None = None
        self._began_s: float | None = None
        self._now_s = -math.inf
        self._known_s = self._heard_s = self._answered_s = -math.inf
        self._looked_s = -math.inf
        self._finding = LinkFinding.WAITING
        self._texts = AutopilotTexts()

    def take(self, messages: list[Any], now_s: float) -> None:
        """Count what the vehicle sent, after each poll."""
        if self._began_s is None or now_s < self._now_s:  # the caller's clock began anew
            self._began_s = now_s
            self._known_s = self._heard_s = self._answered_s = self._looked_s = -math.inf
        self._now_s = now_s
        if messages:
            self._heard_s = now_s
            self._known_s = now_s if math.isinf(self._known_s) else self._known_s
        for message in messages:
            self._count(message, now_s)
        self._texts.keep_up(now_s)
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._log(self.report().diagnosis)

    def due(self, profile: Profile, now_s: float) -> list[StreamRequest]:
        """Return which messages are to be asked for now."""
        if self._streams is None or profile is not self._streams_of:
            self._streams_of = profile
            besides = (
                one for one in self._besides if profile.name in (one.autopilots or PROFILES)
            )
            self._streams = StreamKeeper(
                (*profile.streams, *besides),
                profile.streams_by_itself,
                profile.stream_groups,
            )
        return self._streams.due(now_s)

    def report(self) -> LinkReport:
        """Return what is known at the last poll."""
        evidence = self._evidence()
        return LinkReport(
            diagnose(evidence),
            evidence.rates,
            evidence.tally,
            dict(self._troubles.counts),
            None if evidence.vehicle is None else evidence.unanswered_s,
        )

    def _count(self, message: Any, now_s: float) -> None:
        number = message.get_msgId()
        if number == mavlink.MAVLINK_MSG_ID_COMMAND_ACK and _is_to_us(message):
            self._note_answer(now_s)
            if self._streams is not None:
                self._streams.acknowledged(message.command, message.result)
        elif number == mavlink.MAVLINK_MSG_ID_TIMESYNC and self._codec.clock.heard_s == now_s:
            self._note_answer(now_s)  # to us: autopilots answer others on this link too
        elif number == mavlink.MAVLINK_MSG_ID_STATUSTEXT:
            self._texts.take(message, now_s)
        if self._streams is not None:
            self._streams.heard(number, now_s)

    def _note_answer(self, now_s: float) -> None:
        self._answered_s = now_s
        self._codec.path.answered(now_s)

    def _evidence(self) -> LinkEvidence:
        now_s, codec, vehicle = self._now_s, self._codec, self._codec.vehicle
        began_s = now_s if self._began_s is None else self._began_s
        answered_s = max(self._answered_s, self._known_s)
        beat_s = -math.inf if vehicle is None else vehicle.heartbeat_received_s
        return LinkEvidence(
            address='the connection' if self._address is None else str(self._address),
            kind='' if self._address is None else self._address.kind,
            listened_s=now_s - began_s,
            trouble=self._troubles.sentence,
            tally=codec.receiver.recent(now_s),
            speakers=tuple(codec.roster.recent(now_s)),
            wanted_system=codec.wanted_id,
            has_key=codec.receiver.has_key,
            refusal=codec.refusal,
            vehicle=None if vehicle is None else vehicle.system_id,
            known_s=now_s - max(self._known_s, began_s),
            quiet_s=now_s - self._heard_s,
            beatless_s=now_s - max(beat_s, self._known_s, began_s),
            unanswered_s=now_s - max(answered_s, began_s),
            rates=() if self._streams is None else self._streams.rates(now_s),
        )

    def _log(self, diagnosis: Diagnosis) -> None:
        if diagnosis.finding in (self._finding, LinkFinding.WAITING):
            return  # a pause in between begins nothing anew
        before, self._finding = self._finding, diagnosis.finding
        if diagnosis.sentence:
            logger.warning('the link to the autopilot: %s', diagnosis.sentence)
        elif diagnosis.finding is LinkFinding.GOOD and before is not LinkFinding.WAITING:
            logger.info('the link to the autopilot is good again')


def _is_to_us(ack: Any) -> bool:
    """Tell whether an acknowledgement answers us: others command the autopilot on this link too.

    Zeros address nobody, as in MAVLink 1; then only the command tells.
    """
    is_ours = ack.command in ASKED and ack.target_component in (0, COMPANION_COMPONENT)
    return is_ours and ack.target_system in (0, ack.get_srcSystem())
