# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A processor that is held back is told with what to do; one that is not, is not."""

import re
from fnmatch import fnmatch

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.preflight.processor import (
    AIR,
    DRIVER,
    GOVERNOR,
    JETSON_POWER,
    POWER,
    processor_symptoms,
)

PI_4 = '/sys/devices/platform/soc/soc:firmware/get_throttled'
PI_5 = '/sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled'


def found(files):
    folders = sorted({*files, *(path.rsplit('/', 1)[0] for path in files)})
    return list(
        processor_symptoms(
            lambda path: files.get(path, ''),
            lambda pattern: [one for one in folders if fnmatch(one[1:], pattern)],
        )
    )


@given(
    place=st.sampled_from([PI_4, PI_5]),
    bits=st.integers(0, 2**20 - 1),
    prefix=st.sampled_from(['', '0x']),
)
def test_every_word_of_a_raspberry_pi_is_told(place, bits, prefix):
    rows = found({place: f'{prefix}{bits:x}\n'})
    mends = {row.mend: row.state for row in rows if row.level == 'warning'}
    assert (POWER in mends) == bool(bits & 0x10001)
    assert (AIR in mends) == bool(bits & 0xE000E)
    assert not mends or len(mends) == len(rows)
    assert mends or [row.level for row in rows] == ['ok']
    if POWER in mends:
        assert ('now' in mends[POWER]) == bool(bits & 1)


@given(
    governor=st.sampled_from(['powersave', 'performance', 'schedutil', 'ondemand', '']),
    driver=st.sampled_from(['intel_pstate', 'amd-pstate-epp', 'cpufreq-dt', 'tegra194', '']),
    kind=st.sampled_from(['cpufreq-cpu0', 'thermal-cpufreq-0', 'Processor', 'pwm-fan', 'x']),
    state=st.sampled_from(['0', '1', '7', '']),
    alarm=st.sampled_from(['0', '1', '']),
    told=st.text(max_size=6),
)
def test_every_machine_is_judged_by_what_its_kernel_tells(
    governor, driver, kind, state, alarm, told
):
    rows = found(
        {
            PI_4: '' if re.fullmatch(r'\s*\S*[0-9a-fA-F]\s*', told) else told,
            GOVERNOR: governor + '\n',
            DRIVER: driver + '\n',
            '/sys/class/thermal/cooling_device3/type': kind + '\n',
            '/sys/class/thermal/cooling_device3/cur_state': state + '\n',
            '/sys/class/hwmon/hwmon2/name': 'rpi_volt\n',
            '/sys/class/hwmon/hwmon2/in0_lcrit_alarm': alarm + '\n',
            '/sys/class/hwmon/hwmon1/name': 'cpu_thermal\n',
            '/sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n',
        }
    )
    slow = [row.state for row in rows if row.level == 'warning']
    assert any('governor' in one for one in slow) == (
        governor == 'powersave' and 'pstate' not in driver
    )
    assert any('heat' in one for one in slow) == (
        kind in ('cpufreq-cpu0', 'thermal-cpufreq-0', 'Processor') and state in ('1', '7')
    )
    assert any('voltage' in one for one in slow) == (alarm == '1')
    assert slow or not governor or rows[0].level == 'ok'


def test_a_machine_that_tells_nothing_has_no_row():
    assert found({}) == []


@given(
    st.lists(st.tuples(st.sampled_from(['0', '1', '17', '']), st.sampled_from('01')), max_size=3)
)
def test_a_jetson_that_brakes_for_its_supply_is_told(alarms):
    """It shows that on a screen alone (jetson-inference 1717, isaac_ros_object_detection 34)."""
    files = {GOVERNOR: 'schedutil\n'}
    for number, (count, brakes) in enumerate(alarms, start=1):
        files[f'/sys/class/hwmon/hwmon4/oc{number}_event_cnt'] = count + '\n'
        files[f'/sys/class/hwmon/hwmon4/oc{number}_throt_en'] = brakes + '\n'
    slow = [row for row in found(files) if row.level == 'warning']
    assert len(slow) == any(count in ('1', '17') and brakes == '1' for count, brakes in alarms)
    assert all('current' in row.state and row.mend == JETSON_POWER for row in slow)
