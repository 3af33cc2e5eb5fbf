# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What holds the processor back: too little voltage, too much current, heat, a governor.

A board without a screen says it nowhere, and every step of the network takes two or three times
as long.
"""

import re
from collections.abc import Callable, Iterator

from .symptom import Symptom

SUBJECT = 'processor'
FIRMWARE = 'sys/devices/platform/soc*/soc*:firmware/get_throttled'  # of a Raspberry Pi
# what its bits mean, now and, 16 higher, since the start
STARVED, CAPPED, SLOWED, WARM = 1, 2, 4, 8
SINCE_START = 16
GOVERNOR = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'
DRIVER = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver'
OWN_GOVERNORS = ('intel_pstate', 'amd-pstate', 'amd-pstate-epp')  # whose powersave is none
POWER = 'a power supply of its own (5 V, 3 to 5 A) and a short, thick cable; less on USB'
JETSON_POWER = 'a power supply and cable that hold what its power mode takes, or a lower mode'
AIR = 'a cooler or a fan; wait with the flight, and look again'

Text = Callable[[str], str]
Matching = Callable[[str], list[str]]


def processor_symptoms(text: Text, matching: Matching) -> Iterator[Symptom]:
    """Look for what holds the processor back; nothing where the kernel tells nothing.

    Args:
        text: returns a file's text, empty where it cannot be read.
        matching: returns the paths below / that match a pattern.

    """
    told = ''.join(text(path) for path in matching(FIRMWARE)[:1]).strip()
    faults = [*_of_firmware(told), *_of_kernel(text, matching)]
    governor, driver = text(GOVERNOR).strip(), text(DRIVER).strip()
    if governor == 'powersave' and driver not in OWN_GOVERNORS:
        mend = 'sudo cpupower frequency-set -g schedutil (Jetson: sudo nvpmodel -m 0)'
        faults.append((f'kept at its least speed: its governor is {governor}', mend))
    for state, mend in dict(faults).items():
        yield Symptom(SUBJECT, 'warning', state, mend)
    if not faults and (governor or told):
        yield Symptom(SUBJECT, 'ok', 'nothing holds it back')


def _of_firmware(told: str) -> Iterator[tuple[str, str]]:
    try:
        bits = int(told, 16)
    except ValueError:
        return
    for which, what, mend in (
        (STARVED, 'too little voltage', POWER),
        (CAPPED | SLOWED | WARM, 'slowed', AIR),
    ):
        if bits & which:
            yield f'{what} now: it computes at half its speed or less', mend
        elif bits >> SINCE_START & which:
            yield f'{what} at some time since the start', mend


def _of_kernel(text: Text, matching: Matching) -> Iterator[tuple[str, str]]:
    for sensor in matching('sys/class/hwmon/hwmon*'):
        name, alarm = text(f'{sensor}/name').strip(), text(f'{sensor}/in0_lcrit_alarm').strip()
        if (name, alarm) == ('rpi_volt', '1'):
            yield 'too little voltage now: it computes at half its speed or less', POWER
    for counter in matching('sys/class/hwmon/hwmon*/oc*_event_cnt'):  # of a Jetson
        is_braked = text(counter.replace('_event_cnt', '_throt_en')).strip() == '1'
        if is_braked and text(counter).strip() not in ('', '0'):
            yield (
                'too much current or too little voltage at some time since the start',
                JETSON_POWER,
            )
    for device in matching('sys/class/thermal/cooling_device*'):
        kind, state = text(f'{device}/type').strip(), text(f'{device}/cur_state').strip()
        if re.search(r'cpufreq|cpu[-_]throttle|^Processor$', kind) and state not in ('', '0'):
            yield 'slowed by heat now', AIR
