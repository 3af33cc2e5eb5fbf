# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The list that is gone through before a flight: from what a running graph publishes. Pure.

Green: good. Yellow: it flies, and something should be mended. Red: do not fly. The operator's page
and ``liquid-drone doctor`` show this list. Nothing that is not known is green.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..failsafes import FAILSAFES, complaints, names
from ..mavlink.diagnosis import LinkFinding
from ..next_step import helps_for
from .symptom import Symptom, SymptomLevel

FRESH_S = 3.0  # nodes publish once a second
LEAST_HZ, GOOD_HZ = 5.0, 15.0  # of commands: the contract's slowest; 20 are nominal
GOOD_SHARE = 0.5  # of the largest age that the guard admits
PARAMETER = 'parameter_'  # before the name of one of the autopilot's, among values
LEVELS: dict[str, SymptomLevel] = {'OK': 'ok', 'WARN': 'warning', 'ERROR': 'error'}
DEFAULT_LIMITS = 'default'  # the value of "limits" where nobody set them
START = 'ros2 launch liquid_drone follow.launch.py; read its log'
CAMERA_HELP = 'cap, cable, topic and type: docs/ROS2.md (Pictures)'
LENS_HELP = 'calibrate it, or remap camera/camera_info: docs/ROS2.md (Calibration)'
SET_IT = 'set it in the ground station: docs/SAFETY.md'


SOURCES = {  # subject: the nodes without which it is not known
    'camera': ('policy',),
    'rate': ('policy',),
    'delays': ('policy', 'mavlink'),
    'link': ('mavlink',),
    'streams': ('mavlink',),
    'facts': ('mavlink',),
    'failsafes': ('mavlink',),
    'bundle': ('policy',),
}


@dataclass(frozen=True)
class PartReport:
    """What one node of a graph published last on ``/diagnostics``."""

    level: str  # OK, WARN, ERROR, STALE
    summary: str
    values: Mapping[str, str]
    age_s: float = 0.0

    @property
    def is_fresh(self) -> bool:
        """It was published lately."""
        return self.age_s <= FRESH_S and self.level in LEVELS

    def number(self, name: str) -> float | None:
        """Return a value as a number; None: not there, or none."""
        try:
            return float(self.values[name])
        except (KeyError, ValueError):
            return None


def checklist(parts: Mapping[str, PartReport], computer: Sequence[Symptom] = ()) -> list[Symptom]:
    """Return the whole list, always in the same order.

    Args:
        parts: of one drone's graph, by short name: camera, policy, mavlink, recorder.
        computer: its disk and clock.

    """
    fresh = {name: part for name, part in parts.items() if part.is_fresh}
    policy, mavlink = fresh.get('policy'), fresh.get('mavlink')
    found = [_camera(fresh.get('camera'), policy, 'camera' in parts), _rate(policy)]
    found += [_delays(policy, mavlink), *autopilot_rows(mavlink), _bundle(policy)]
    recorder = fresh.get('recorder')
    if 'recorder' in parts:
        found.append(_recorder(recorder))
    return [*found, *computer]


def waits_for(subject: str, parts: Mapping[str, PartReport]) -> str:
    """Return the node that a subject waits for, which published nothing yet; empty: none."""
    return next((name for name in SOURCES.get(subject, ()) if name not in parts), '')


def autopilot_rows(mavlink: PartReport | None) -> Iterator[Symptom]:
    """Yield what concerns the autopilot; None: the mavlink node publishes nothing."""
    if mavlink is None:
        for subject in ('link', 'streams', 'facts', 'failsafes'):
            yield Symptom(subject, 'error', 'nothing comes from the mavlink node', START)
        return
    yield _link(mavlink)
    yield _streams(mavlink)
    yield _facts(mavlink)
    yield from failsafe_rows(mavlink)


def _camera(camera: PartReport | None, policy: PartReport | None, is_ours: bool) -> Symptom:
    if is_ours and (camera is None or camera.level == 'ERROR'):
        state = 'nothing comes from the camera node' if camera is None else camera.summary
        return Symptom('camera', 'error', state, CAMERA_HELP)
    if policy is None:
        return Symptom('camera', 'error', 'nothing comes from the policy node', START)
    level = LEVELS[policy.level]
    if level == 'ok' and policy.values.get('camera_fov_deg') == 'unknown':
        state = 'pictures arrive, and the angle of the lens is taken for that of training'
        return Symptom('camera', 'warning', state, LENS_HELP)
    if level == 'ok':
        return Symptom('camera', 'ok', 'pictures arrive and are answered')
    return Symptom('camera', level, policy.summary, CAMERA_HELP)


def _rate(policy: PartReport | None) -> Symptom:
    rate_hz = None if policy is None else policy.number('commands_per_second')
    if rate_hz is None:
        return Symptom('rate', 'error', 'no commands', START)
    state = f'{rate_hz:.0f} commands a second'
    if rate_hz >= GOOD_HZ:
        return Symptom('rate', 'ok', state)
    mend = 'more light (exposure_dynamic_framerate=0), a quicker camera, or another provider: '
    mend += 'docs/jetson.md'
    return Symptom('rate', 'warning' if rate_hz >= LEAST_HZ else 'error', state, mend)


def _delays(policy: PartReport | None, mavlink: PartReport | None) -> Symptom:
    age_ms = None if mavlink is None else mavlink.number('capture_to_guard_ms_p95')
    limit_ms = None if mavlink is None else mavlink.number('command_age_limit_ms')
    if age_ms is None and policy is not None:
        age_ms = policy.number('capture_to_command_ms_p95')
    if age_ms is None or limit_ms is None:
        return Symptom('delays', 'warning', 'not measured yet', 'camera and policy must run')
    state = (
        f'a picture is {age_ms:.0f} ms old when its command comes (p95), at most {limit_ms:.0f}'
    )
    if age_ms <= GOOD_SHARE * limit_ms:
        return Symptom('delays', 'ok', state)
    mend = 'clock of the camera, encoder, load of the computer: docs/ROS2.md (Delay and cost)'
    return Symptom('delays', 'warning' if age_ms <= limit_ms else 'error', state, mend)


def _link(mavlink: PartReport) -> Symptom:
    finding, advice = mavlink.values.get('link', ''), mavlink.values.get('link_advice', '')
    if finding == LinkFinding.GOOD.value:
        trip_ms = mavlink.number('link_trip_ms')
        words = '' if trip_ms is None else f', {trip_ms:.0f} ms there and back'
        return Symptom('link', 'ok', f'good{words}')
    if finding == LinkFinding.SLOW_STREAMS.value:
        return Symptom('link', 'ok', 'heard; its streams are slow')
    mend = advice or 'baud rate, RX and TX, telemetry port: docs/jetson.md'
    return Symptom('link', 'error', finding or mavlink.summary, mend)


def _streams(mavlink: PartReport) -> Symptom:
    asked = sum(name.startswith('rate_') for name in mavlink.values)
    short = mavlink.values.get('streams_short', '')
    if short:
        mend = 'a faster port, or more of the telemetry port: docs/FLIGHT.md (Link)'
        return Symptom('streams', 'error', short, mend)
    if not asked:
        return Symptom('streams', 'error', 'none asked for: there is no vehicle', START)
    return Symptom('streams', 'ok', f'{asked} streams, each as often as needed')


def _facts(mavlink: PartReport) -> Symptom:
    if not mavlink.values.get('stage') or mavlink.values.get('link') is None:
        return Symptom('facts', 'error', mavlink.summary, START)
    obstacles = mavlink.values.get('obstacles', '')
    if obstacles:
        state = obstacles.replace(' | ', '; ')
        if mavlink.values.get('limits') == DEFAULT_LIMITS:
            return Symptom('facts', 'warning', state, 'judged by the default limits: try --graph')
        return Symptom('facts', 'error', state, helps_for(obstacles.split(' | ')))
    if mavlink.level == 'ERROR':
        return Symptom('facts', 'error', mavlink.summary, 'docs/FLIGHT.md')
    return Symptom('facts', 'ok', 'all that must be known is known and good')


def failsafe_rows(mavlink: PartReport) -> Iterator[Symptom]:
    """Yield each failsafe of the autopilot that is not as in docs/SAFETY.md, then the others."""
    kind, values = mavlink.values.get('autopilot', ''), mavlink.values
    if kind not in FAILSAFES:
        yield Symptom('failsafes', 'error', 'not read: there is no vehicle', START)
        return
    asked = {PARAMETER + name: name for name in names(kind)}
    found = {asked[key]: mavlink.number(key) for key in values if key in asked}
    judged = complaints(kind, {name: one for name, one in found.items() if one is not None})
    good = [name for name, complaint in judged.items() if not complaint]
    for complaint in filter(None, judged.values()):
        yield Symptom('failsafes', 'warning', complaint, SET_IT)
    if good:
        yield Symptom('failsafes', 'ok', f'as in docs/SAFETY.md: {", ".join(good)}')


def _bundle(policy: PartReport | None) -> Symptom:
    digest = '' if policy is None else policy.values.get('bundle', '')
    if policy is None or not digest:
        return Symptom('bundle', 'error', 'no bundle is loaded', START)
    return Symptom('bundle', 'ok', f'{digest[:12]} on {policy.values.get("provider", "unknown")}')


def _recorder(recorder: PartReport | None) -> Symptom:
    if recorder is None:
        return Symptom('recorder', 'warning', 'nothing comes from the recorder node', START)
    mend = '' if recorder.level == 'OK' else 'disk, directory, pictures: the log of the recorder'
    return Symptom('recorder', LEVELS[recorder.level], recorder.summary, mend)
