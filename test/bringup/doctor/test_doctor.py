# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Machines as people have them: each fault is found, named, and comes with what mends it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.bringup.doctor import board, software
from liquid_drone.bringup.doctor.machine import Machine
from liquid_drone.cli.main import main
from liquid_drone.flight.preflight.symptom import Symptom
from liquid_drone.runtime.libraries import Device

NO_CUBLAS = 'libcublasLt.so.13: cannot open shared object file (built for CUDA 13.0)'
SOUND = Machine(
    python=(3, 11),
    variables={'ROS_DISTRO': 'jazzy'},
    today=date(2026, 11, 1),
    text=lambda path: '',
    output=lambda *command: '',
    version=lambda name: {'onnxruntime': '1.31.1'}.get(name, ''),
    import_error=lambda module: '',
    provider_fault=lambda provider: '',
    tensorrt_version=lambda: '',
    device=lambda: None,
    egl_devices=lambda: ['EGL_MESA_device_software'],
    opencv_build=lambda: '  GStreamer:   YES (1.20)\n  FFMPEG:  YES\n',
    openable=lambda path: True,
    matching=lambda pattern: [],
    free_bytes=lambda path: 100 * 2**30,
    largest_priority=lambda: 99,
)
CARD = Device('NVIDIA Orin', '8.7')


def findings(machine: Machine) -> list[Symptom]:
    return [found for check in (*software.CHECKS, *board.CHECKS) for found in check(machine)]


def faults(machine: Machine) -> list[Symptom]:
    return [found for found in findings(machine) if found.level != 'ok']


def says(**answers: str) -> Callable[..., str]:
    """Return a function that answers by the word that stands in its arguments."""
    return lambda *asked: next(
        (answer for word, answer in answers.items() if word in ' '.join(asked)), ''
    )


def versions(**found: str) -> Callable[[str], str]:
    return lambda name: {key.replace('_', '-'): value for key, value in found.items()}.get(
        name, ''
    )


TWO_OPENCVS = versions(opencv_python='4.10.0.84', opencv_python_headless='4.13.0.92')


def only(path: str) -> Callable[[str], list[str]]:
    """Return a machine's search that finds one device."""
    return lambda pattern: [path] if Path('/', path).match(pattern) else []


def test_a_sound_machine_has_no_fault():
    assert faults(SOUND) == []
    assert {found.subject for found in findings(SOUND)} >= {'Python', 'ROS 2', 'GPU', 'renderer'}


FAULTS: dict[str, tuple[dict[str, object], str, str]] = {  # what differs, what is said, the mend
    'old Python': ({'python': (3, 8)}, 'Python: 3.8', '3.10 to 3.13'),
    'the Python of Lyrical': ({'python': (3, 14)}, 'PyBullet has no wheel', '3.10 to 3.13'),
    'no ROS': ({'import_error': says(rclpy='ImportError: no')}, 'no rclpy', 'setup.bash'),
    'ROS at its end': ({'variables': {'ROS_DISTRO': 'kilted'}}, 'ends 2026-12-31', 'Jazzy'),
    'unknown ROS': ({'variables': {'ROS_DISTRO': 'rolling'}}, 'never run on', ''),
    'a DDS profile that is gone': (
        {'variables': {'ROS_DISTRO': 'jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE': '/gone.xml'}},
        '/gone.xml cannot be read',
        'unset',
    ),
    'two builds of ONNX Runtime': (
        {'version': versions(onnxruntime='1.31.1', onnxruntime_gpu='1.26.0')},
        'onnxruntime 1.31.1 and onnxruntime-gpu 1.26.0 share',
        'pip uninstall onnxruntime onnxruntime-gpu',
    ),
    'a broken ONNX Runtime': (
        {'import_error': says(onnxruntime='ImportError: numpy.core')},
        'cannot be imported (ImportError: numpy.core',
        'pip install --force-reinstall onnxruntime',
    ),
    'half of CUDA': (
        {
            'version': versions(onnxruntime_gpu='1.31.1'),
            'device': lambda: CARD,
            'provider_fault': says(cuda=NO_CUBLAS),
        },
        'libcublasLt.so.13',
        'onnxruntime-gpu[cuda,cudnn]',
    ),
    'a GPU build without a driver': (
        {
            'version': versions(onnxruntime_gpu='1.31.1'),
            'provider_fault': lambda _: 'libcuda.so.1: cannot open shared object file',
        },
        'libcuda.so.1',
        '--gpus all',
    ),
    'TensorRT of another major': (
        {'version': versions(onnxruntime_gpu='1.31.1', tensorrt='11.0.0'), 'device': lambda: CARD},
        'tensorrt 11.0.0 by pip, ONNX Runtime wants 10',
        "'tensorrt<11'",
    ),
    'cards that the environment hides': (
        {
            'version': versions(onnxruntime_gpu='1.31.1'),
            'provider_fault': lambda _: "shows no device while CUDA_VISIBLE_DEVICES is '-1'",
        },
        'CUDA_VISIBLE_DEVICES',
        'unset CUDA_VISIBLE_DEVICES',
    ),
    'a driver in disorder': (
        {
            'version': versions(onnxruntime_gpu='1.31.1'),
            'provider_fault': lambda _: 'the NVIDIA driver answers 803: restart the machine',
        },
        'answers 803',
        'restart the machine',
    ),
    'setuptools that colcon does not know': (
        {'version': versions(onnxruntime='1.31.1', setuptools='80.9.0')},
        'setuptools 80.9.0',
        "'setuptools<80'",
    ),
    'OpenCV without libGL': (
        {'import_error': says(cv2='ImportError: libGL.so.1')},
        'libGL.so.1',
        'apt-get install libgl1',
    ),
    'two builds of OpenCV (physical-ai-studio 958)': (
        {'version': TWO_OPENCVS},
        'opencv-python 4.10.0.84 and opencv-python-headless 4.13.0.92 share',
        'pip uninstall opencv-python opencv-python-headless',
    ),
    'the same, and it does not load': (
        {
            'version': TWO_OPENCVS,
            'import_error': says(cv2="AttributeError: module 'cv2' has no attribute 'gapi_wip'"),
        },
        'cannot be imported (AttributeError',
        'pip uninstall opencv-python opencv-python-headless',
    ),
    'no OpenCV': (
        {'import_error': says(cv2="ModuleNotFoundError: No module named 'cv2'")},
        'cannot be imported (ModuleNotFoundError',
        'opencv-python-headless',
    ),
    'messages of another NumPy': (
        {'version': versions(numpy='2.2.6', onnxruntime='1.31.1')},
        'the messages of jazzy are built for NumPy 1, and 2.2.6 is here',
        "'numpy<2'",
    ),
    'OpenCV from PyPI': (
        {'opencv_build': lambda: '  GStreamer:    NO\n  FFMPEG:   YES\n'},
        'without GStreamer',
        'python3-opencv',
    ),
    'no EGL': ({'egl_devices': list}, 'no EGL device', 'libegl1'),
    'a port of somebody else': (
        {'matching': only('/dev/ttyTHS1'), 'openable': lambda _: False},
        '/dev/ttyTHS1 may not be opened',
        'dialout',
    ),
    'a console on the port': ({'output': says(nvgetty='active')}, 'nvgetty', 'disable --now'),
    'a login on the port (ArduPilot wiki 1527, dronekit 922)': (
        {
            'matching': only('/dev/ttyAMA0'),
            'output': lambda *asked: 'active' if 'serial-getty@ttyAMA0' in asked else '',
        },
        'a login on /dev/ttyAMA0',
        'disable --now serial-getty@ttyAMA0',
    ),
    'a kernel that speaks on the port (PX4 15866)': (
        {
            'matching': only('/dev/serial0'),
            'text': says(cmdline='console=serial0,115200 console=tty1 root=/dev/mmcblk0p2'),
        },
        'the kernel writes its messages to /dev/serial0',
        'console=serial0',
    ),
    'the same by its other name': (
        {
            'matching': only('/dev/serial0'),
            'text': says(cmdline='coherent_pool=1M console=ttyAMA0,115200'),
            'output': says(readlink='/dev/ttyAMA0'),
        },
        'the kernel writes its messages to /dev/serial0',
        'raspi-config',
    ),
    'the small UART of a Raspberry Pi (dronekit 922)': (
        {'matching': only('/dev/serial0'), 'output': says(readlink='/dev/ttyS0')},
        '/dev/serial0 is the small UART',
        'dtoverlay=disable-bt',
    ),
    'a USB port that is suspended (PX4 28340)': (
        {'matching': only('/dev/ttyACM0'), 'text': says(control='auto\n')},
        'the system suspends /dev/ttyACM0',
        'echo on | sudo tee /sys/class/tty/ttyACM0/device/../power/control',
    ),
    'a camera of somebody else': (
        {'matching': only('/dev/video0'), 'openable': lambda _: False},
        '/dev/video0 may not be opened',
        'usermod -aG video',
    ),
    'too little voltage (raspberrypi/linux 1320, 2367)': (
        {
            'matching': only('/sys/devices/platform/soc/soc:firmware/get_throttled'),
            'text': says(get_throttled='50005\n'),
        },
        'processor: too little voltage now',
        'power supply',
    ),
    'no priority': ({'largest_priority': lambda: 0}, 'at most 0, wanted 10', 'rtprio 10'),
    'an unset clock': ({'output': says(timedatectl='no')}, 'not synchronised', 'set-ntp'),
    'a full disk': ({'free_bytes': lambda _: 2**30}, '1 GB free', 'make space'),
    'an autopilot that is silent': (
        {'connection': 'udpin:127.0.0.1:0'},
        'nobody heard',
        'RX and TX',
    ),
}  # fmt: skip


@pytest.mark.parametrize('name', FAULTS)
def test_a_fault_is_found_and_comes_with_its_mend(name, monkeypatch):
    monkeypatch.setattr(board, 'LISTEN_S', 0.05)
    changes, said, mend = FAULTS[name]
    found = faults(replace(SOUND, **changes))  # type: ignore[arg-type]
    assert [one for one in found if said in f'{one.subject}: {one.state}' and mend in one.mend], (
        found
    )


def test_the_command_reports_this_machine_for_people_and_for_programs(capsys):
    code = main(['doctor'])
    told = capsys.readouterr().out
    assert 'Python' in told
    assert main(['doctor', '--json']) == code
    listed = json.loads(capsys.readouterr().out)
    assert {'subject', 'level', 'state', 'mend'} == set(listed[0])
    assert code == int(any(one['level'] == 'error' for one in listed))


@pytest.mark.parametrize('module', ['cv2', 'onnxruntime'])
@pytest.mark.parametrize(
    'fault',
    [
        'AttributeError: _ARRAY_API not found',
        'ImportError: numpy.core.multiarray failed to import',
        'ValueError: numpy.dtype size changed, may indicate binary incompatibility',
        'RuntimeError: module compiled against API version 0xf but this version of numpy is 0xd',
    ],
)
@pytest.mark.parametrize(('numpy', 'mend'), [('2.2.6', "'numpy<2'"), ('1.26.4', "'numpy>=2'")])
def test_a_module_of_another_numpy_is_not_mended_by_libraries(module, fault, numpy, mend):
    """opencv 25772, opencv-python 997, pi-top 557."""
    machine = replace(
        SOUND,
        import_error=lambda name: fault if name == module else '',
        version=versions(numpy=numpy),
    )
    found = [one for one in faults(machine) if fault in one.state]
    assert len(found) == 1
    assert mend in found[0].mend
    assert numpy in found[0].mend


@pytest.mark.parametrize(
    ('listed', 'said'),
    [
        ("ioctl: VIDIOC_ENUM_FMT\n [0]: 'YUYV' (YUYV)\n [1]: 'MJPG' (MJPG)", '(YUYV, MJPG)'),
        ('ioctl: VIDIOC_ENUM_FMT\n\tType: Video Capture\n', 'lists no formats'),
        ('', '/dev/video1'),
    ],
)
def test_a_device_without_pictures_is_told_beside_those_that_have(listed, said):
    """usb_cam 104, v4l2_camera: the second device of a camera by USB is its metadata."""
    machine = replace(SOUND, matching=only('/dev/video1'), output=says(formats=listed))
    rows = [row for row in board.cameras(machine) if row.subject == 'camera']
    assert [row.level for row in rows] == ['ok']
    assert said in rows[0].state
    assert bool(listed) == (rows[0].state != '/dev/video1')


@given(st.integers(0, 232), st.sampled_from([None, (32768, 60999), (49152, 65535)]))
def test_a_domain_whose_ports_others_may_have_is_told(
    domain: int, given_ports: tuple[int, int] | None
) -> None:
    """A node then ends at its start, now and again (selfpatch/ros2_medkit#595)."""
    first, last = given_ports or (32768, 60999)
    told = '' if given_ports is None else f'{first}\t{last}\n'
    machine = replace(
        SOUND,
        variables={**SOUND.variables, 'ROS_DOMAIN_ID': str(domain)},
        text=lambda path: told if path.endswith('ip_local_port_range') else '',
    )
    ports = range(7400 + 250 * domain, 7400 + 250 * (domain + 1))
    is_shared = any(first <= port <= last for port in ports)
    assert bool(faults(machine)) is is_shared
    if is_shared:
        assert f'ROS_DOMAIN_ID {domain} has ports' in faults(machine)[0].state
