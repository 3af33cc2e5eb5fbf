# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Why nothing useful arrives, in one sentence that says what to do. Pure.

Silence, noise, another dialect, heartbeats alone, slow streams, another system, ground stations
alone, a signature that does not match: each of them looks alike from outside, "no vehicle".
"""

from dataclasses import dataclass, field
from enum import Enum

from .framing import Tally
from .profiles import detect
from .roster import AUTOPILOT_COMPONENT, Speaker
from .streams import StreamRate

PATIENCE_S = 5.0  # of nothing useful, before it is said
QUIET_S = 1.5  # of not one packet, heartbeats being one a second: its rates tell nothing then
A_FEW = 3  # frames that tell more than chance
USUAL_BAUDS = '57600, 115200, 921600'


class LinkFinding(Enum):
    """What is wrong with a link; the value is for people."""

    GOOD = 'good'
    WAITING = 'waiting for the autopilot'
    UNREACHABLE = 'the system refuses to send or receive'
    SILENCE = 'silence'
    NOISE = 'noise'
    WRONG_CHECKSUMS = 'wrong checksums'
    MAVLINK_1 = 'MAVLink 1 only'
    NOT_SIGNED = 'packets are not signed'
    WRONG_SIGNATURE = 'signed with another key'
    WE_DO_NOT_SIGN = 'signed, and ours are not'
    UNUSABLE_AUTOPILOT = 'an autopilot that cannot be used'
    OTHER_SYSTEM = 'another system only'
    SEVERAL_VEHICLES = 'several vehicles'
    GROUND_STATIONS = 'ground stations only'
    NO_AUTOPILOT = 'no autopilot'
    HEARTBEATS_ONLY = 'heartbeats only'
    NO_HEARTBEATS = 'no heartbeats'
    ONLY_COPIES = 'only copies'
    SLOW_STREAMS = 'streams too slow'
    UNANSWERED = 'not answered'


@dataclass(frozen=True)
class LinkEvidence:
    """All that a diagnosis is made from; the tally is of the last 5 s."""

    address: str = 'the connection'
    kind: str = ''  # serial, udpin, udpout, tcp
    listened_s: float = 0.0
    trouble: str = ''  # what the system refuses at present
    tally: Tally = field(default_factory=Tally)
    speakers: tuple[Speaker, ...] = ()  # of the last 5 s
    wanted_system: int | None = None
    has_key: bool = False
    refusal: str = ''  # why an autopilot that was heard is not taken
    vehicle: int | None = None  # its system id, once it is known
    known_s: float = 0.0  # since it is
    quiet_s: float = 0.0  # since it spoke last
    beatless_s: float = 0.0  # since a heartbeat of it that counts
    unanswered_s: float = 0.0  # since it answered one of our questions
    rates: tuple[StreamRate, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What was found, and a sentence that says what to do."""

    finding: LinkFinding
    sentence: str = ''

    @property
    def obstacle(self) -> str:
        """What keeps from engaging; empty: nothing."""
        return '' if self.finding is LinkFinding.GOOD else self.sentence or self.finding.value


def diagnose(seen: LinkEvidence) -> Diagnosis:
    """Tell what is wrong with a link, the most telling thing first."""
    if seen.vehicle is not None and seen.quiet_s <= PATIENCE_S:
        return _of_vehicle(seen)
    if seen.listened_s < PATIENCE_S:
        return Diagnosis(LinkFinding.WAITING)
    tally = seen.tally
    if not tally.bytes:
        return _of_silence(seen)
    if not tally.frames:
        return _of_noise(seen)
    return _of_frames(seen)


def _of_vehicle(seen: LinkEvidence) -> Diagnosis:
    several = _of_several(seen)
    if several is not None:
        return several
    if seen.known_s < PATIENCE_S:
        return Diagnosis(LinkFinding.GOOD)
    if seen.quiet_s > QUIET_S:
        return Diagnosis(LinkFinding.WAITING)
    if seen.beatless_s > PATIENCE_S:
        return _of_refusal(seen) or _of_copies(seen) or _of_no_heartbeats(seen)
    slow = [rate for rate in seen.rates if rate.need.is_flown_on and not rate.is_enough]
    if seen.unanswered_s >= PATIENCE_S:
        return _of_unanswered(seen)
    if not slow:
        return Diagnosis(LinkFinding.GOOD)
    told = ', '.join(map(str, slow))
    answers = sorted({rate.answer for rate in slow if rate.answer}) or ['no acknowledgement']
    if not any(rate.rate_hz for rate in slow):
        return Diagnosis(
            LinkFinding.HEARTBEATS_ONLY,
            f'heartbeats of system {seen.vehicle} arrive, but not {told}; they were requested '
            f'{slow[0].asked} times ({", ".join(answers)}): check the stream settings of this '
            'port, and whether another program stops the streams',
        )
    return Diagnosis(
        LinkFinding.SLOW_STREAMS,
        f'too slow: {told}; requested {slow[0].asked} times ({", ".join(answers)}): raise the '
        'rate of this port (PX4: MAV_n_MODE Onboard, MAV_n_RATE; ArduPilot: SRn_POSITION and '
        'SRn_EXTRA1, from 4.7 MAVn_...), or its speed',
    )


def _of_several(seen: LinkEvidence) -> Diagnosis | None:
    """Refuse to guess: pictures are of one of them, and setpoints would go to the first."""
    others = tuple(
        one for one in seen.speakers if one.is_multirotor and one.system != seen.vehicle
    )
    if not others or seen.wanted_system is not None:
        return None
    return Diagnosis(
        LinkFinding.SEVERAL_VEHICLES,
        f'{_named(others)} speaks on {seen.address} besides system {seen.vehicle}, and which of '
        'them carries this computer is not known: set system_id to its number',
    )


def _of_no_heartbeats(seen: LinkEvidence) -> Diagnosis:
    return Diagnosis(
        LinkFinding.NO_HEARTBEATS,
        f'system {seen.vehicle} speaks, and no heartbeat of it came for {seen.beatless_s:.0f} s: '
        'check that no router leaves heartbeats out, and whether the autopilot calibrates',
    )


def _of_unanswered(seen: LinkEvidence) -> Diagnosis:
    if seen.tally.frames and seen.tally.version_1 == seen.tally.frames:
        return Diagnosis(
            LinkFinding.MAVLINK_1,
            f'only MAVLink 1 arrives on {seen.address} and nothing of ours is answered: set this '
            'port of the autopilot to MAVLink 2 (PX4: MAV_PROTO_VER 2; ArduPilot: '
            'SERIALn_PROTOCOL 2)',
        )
    if seen.tally.signed and not seen.has_key:
        return Diagnosis(
            LinkFinding.WE_DO_NOT_SIGN,
            f'system {seen.vehicle} signs its packets and answers none of ours, which are not '
            'signed: give its key with signing_key_file',
        )
    if 3 * seen.tally.other_path >= seen.tally.frames > 0:
        return Diagnosis(
            LinkFinding.UNANSWERED,
            f'{seen.tally.other_path} of the last {seen.tally.frames} packets came from other '
            'addresses than the one that is answered, and none of our questions is answered: let '
            f'system {seen.vehicle}, or the bridge before it, send from one port and listen there',
        )
    flown_on = [rate.rate_hz for rate in seen.rates if rate.need.is_flown_on]
    arrives = 'is received' if any(flown_on) else 'arrive'
    who = (
        f'system {seen.vehicle}' if any(flown_on) else f'only heartbeats of system {seen.vehicle}'
    )
    return Diagnosis(
        LinkFinding.UNANSWERED,
        f'{who} {arrives}, and none of our questions is answered for {seen.unanswered_s:.0f} s: '
        'check the way to it (our TX to its RX, a one-way router, a signing key that it has and '
        'we have not)',
    )


def _of_silence(seen: LinkEvidence) -> Diagnosis:
    if seen.trouble:
        return Diagnosis(
            LinkFinding.UNREACHABLE,
            f'nothing arrives on {seen.address}, and {seen.trouble}: check the network or the '
            'cable; it is tried again all the time',
        )
    check = {
        'serial': "its TX goes to our RX, and this port of it has MAVLink 2 at the port's speed, "
        'without flow control (PX4: MAV_n_FLOW_CTRL 0; ArduPilot: BRD_SERn_RTSCTS 0)',
        'udpin': 'it, or its router, sends to this port of this computer'
        + (' (127.0.0.1 takes nothing from outside)' if '127.0.0.1' in seen.address else ''),
    }.get(seen.kind, 'it, or its router, is there')
    return Diagnosis(
        LinkFinding.SILENCE,
        f'nothing has arrived on {seen.address} for {PATIENCE_S:.0f} s: check that the autopilot '
        f'is on, and that {check}',
    )


def _of_noise(seen: LinkEvidence) -> Diagnosis:
    tally = seen.tally
    if tally.wrong_checksum + tally.unknown >= A_FEW:
        return Diagnosis(
            LinkFinding.WRONG_CHECKSUMS,
            f'{tally.wrong_checksum + tally.unknown} frames arrived on {seen.address} and none '
            'has a good checksum: another MAVLink dialect, or bytes are lost on the way',
        )
    cause = 'the other side sends something else than MAVLink'
    if seen.kind == 'serial':
        baud = seen.address.rpartition(':')[2]
        cause = f'the baud rate is probably not {baud} (usual: {USUAL_BAUDS}), or {cause}'
    return Diagnosis(
        LinkFinding.NOISE,
        f'{tally.bytes} bytes arrived on {seen.address} and no MAVLink is in them: {cause}',
    )


def _of_frames(seen: LinkEvidence) -> Diagnosis:
    for rule in (
        _of_signatures,
        _of_refusal,
        _of_other_system,
        _of_component,
        _of_copies,
        _of_others,
    ):
        found = rule(seen)
        if found is not None:
            return found
    if seen.vehicle is not None and not seen.speakers:
        return Diagnosis(LinkFinding.WAITING)  # its last packets are about to be forgotten
    return Diagnosis(
        LinkFinding.NO_AUTOPILOT,
        f'MAVLink arrives on {seen.address} from {_named(seen.speakers) or "nobody that is known"}'
        ', and no autopilot is among them: check which port the autopilot sends to',
    )


def _of_signatures(seen: LinkEvidence) -> Diagnosis | None:
    tally = seen.tally
    if not seen.has_key or tally.unsigned_refused + tally.bad_signature < A_FEW:
        return None
    if tally.bad_signature:
        return Diagnosis(
            LinkFinding.WRONG_SIGNATURE,
            'the packets that arrive are signed with another key than signing_key_file, or their '
            'time is wrong: give both sides one key, and set both clocks',
        )
    if tally.version_1 == tally.frames:
        return Diagnosis(
            LinkFinding.MAVLINK_1,
            'only MAVLink 1 arrives, which cannot be signed: set this port of the autopilot to '
            'MAVLink 2, or take signing_key_file away',
        )
    return Diagnosis(
        LinkFinding.NOT_SIGNED,
        'the packets that arrive are not signed, and signing_key_file is set: give the autopilot '
        'the key by a ground station, or take signing_key_file away',
    )


def _of_refusal(seen: LinkEvidence) -> Diagnosis | None:
    autopilots = [one for one in seen.speakers if one.is_autopilot]
    wanted = [one for one in autopilots if seen.wanted_system in (None, one.system)]
    if not seen.refusal or not wanted:
        return None
    return Diagnosis(
        LinkFinding.UNUSABLE_AUTOPILOT, f'MAVLink system {wanted[0].system} {seen.refusal}'
    )


def _of_other_system(seen: LinkEvidence) -> Diagnosis | None:
    others = tuple(one for one in seen.speakers if one.is_autopilot)
    ours = seen.wanted_system if seen.vehicle is None else seen.vehicle
    if not others or ours in (None, *(one.system for one in others)):
        return None
    mend = f'set system_id to {others[0].system}, or to 0 for the first autopilot heard'
    if seen.wanted_system is None:  # it was the first one heard
        mend = 'if the autopilot was given another system id, start the companion anew'
    return Diagnosis(
        LinkFinding.OTHER_SYSTEM, f'{_named(others)} speaks, system {ours} does not: {mend}'
    )


def _of_component(seen: LinkEvidence) -> Diagnosis | None:
    strange = [one for one in seen.speakers if one.autopilot is not None and detect(one.autopilot)]
    if not strange or any(one.is_autopilot for one in strange):
        return None
    return Diagnosis(
        LinkFinding.NO_AUTOPILOT,
        f'{_named(tuple(strange))} is an autopilot under a component that is not '
        f'{AUTOPILOT_COMPONENT}, and is not listened to: set MAV_COMP_ID to {AUTOPILOT_COMPONENT}',
    )


def _of_copies(seen: LinkEvidence) -> Diagnosis | None:
    if not any(one.is_autopilot and one.system == seen.vehicle for one in seen.speakers):
        return None
    return Diagnosis(
        LinkFinding.ONLY_COPIES,
        f'the heartbeats of system {seen.vehicle} are copies of earlier ones: look for a loop '
        'between routers, or a recording that is played',
    )


def _of_others(seen: LinkEvidence) -> Diagnosis | None:
    if not seen.speakers or not all(one.is_ground_station for one in seen.speakers):
        return None
    return Diagnosis(
        LinkFinding.GROUND_STATIONS,
        f'only ground stations speak on {seen.address} ({_named(seen.speakers)}): check that the '
        'autopilot itself sends here',
    )


def _named(speakers: tuple[Speaker, ...], most: int = 4) -> str:
    words = [_name(one) for one in speakers[:most]]
    more = [f'{len(speakers) - most} more'] if len(speakers) > most else []
    return ', '.join(words + more)


def _name(one: Speaker) -> str:
    if one.is_ground_station:
        return f'system {one.system} (a ground station)'
    profile = detect(one.autopilot) if one.is_autopilot and one.autopilot is not None else None
    component = '' if one.is_autopilot else f' component {one.component}'
    return f'system {one.system}{component}' + (f' ({profile.name})' if profile else '')
