# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of what is installed: Python, ROS 2, ONNX Runtime, CUDA, TensorRT, OpenCV, renderer."""

import re
from collections.abc import Iterator
from datetime import date

from ...flight.preflight.symptom import Symptom
from ...runtime import libraries
from .machine import Machine

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
NO_SIMULATOR = (3, 14)  # the Python of Lyrical on Ubuntu 26.04
END_OF_LIFE = {  # https://docs.ros.org/en/rolling/Releases.html
    'humble': date(2027, 5, 31),
    'iron': date(2024, 12, 4),
    'jazzy': date(2029, 5, 31),
    'kilted': date(2026, 12, 31),
    'lyrical': date(2031, 5, 31),
}
SOON_DAYS = 180
ORT_BUILDS = ('onnxruntime', 'onnxruntime-gpu')
CV_BUILDS = tuple(
    f'opencv-{name}'
    for name in ('python', 'python-headless', 'contrib-python', 'contrib-python-headless')
)
# of which colcon wants options (ros2/ros2#1702, RoboStack/ros-jazzy#103)
SETUPTOOLS_WITHOUT_DEVELOP = 80
PORTS_GIVEN = '/proc/sys/net/ipv4/ip_local_port_range'  # to whoever asks for any
DOMAIN_PORTS, DOMAIN_WIDTH = 7400, 250  # of domain 0, and from one domain to the next
NUMPY_1_ROS = ('humble', 'iron', 'jazzy')  # whose messages are built for NumPy 1
# what is said where a module was built for another NumPy than the one that is there
OTHER_NUMPY = re.compile(
    r'_ARRAY_API|numpy\.core\.multiarray|numpy\.dtype size|API version 0x|NumPy 1\.x'
)
TENSORRT_MAJOR = 10  # what ONNX Runtime's provider is linked to


def python(machine: Machine) -> Iterator[Symptom]:
    """Check the interpreter."""
    name = '.'.join(map(str, machine.python))
    if OLDEST_PYTHON <= machine.python <= NEWEST_PYTHON:
        yield Symptom('Python', 'ok', name)
    elif machine.python[:2] == NO_SIMULATOR:
        state = f"{name}: the drone's part runs; PyBullet has no wheel for it"
        yield Symptom('Python', 'warning', state, 'simulate and train with Python 3.10 to 3.13')
    else:
        yield Symptom('Python', 'error', name, 'use Python 3.10 to 3.13: make PYTHON=python3.11')


def ros(machine: Machine) -> Iterator[Symptom]:
    """Check which ROS 2 there is and how long it is maintained."""
    if fault := machine.import_error('rclpy'):
        mend = 'source /opt/ros/<distribution>/setup.bash, or pip install liquid_drone[ros]'
        yield Symptom('ROS 2', 'warning', f'no rclpy ({fault})', mend)
        return
    name = machine.variables.get('ROS_DISTRO', '')
    if not name:
        yield Symptom('ROS 2', 'ok', 'rclpy as wheels: flies, without ros2 launch')
        return
    ends = END_OF_LIFE.get(name)
    if ends is None:
        yield Symptom('ROS 2', 'warning', f'{name}, which this program was never run on')
    elif (ends - machine.today).days < SOON_DAYS:
        past = 'ended' if ends < machine.today else 'ends'
        yield Symptom(
            'ROS 2', 'warning', f'{name}, whose support {past} {ends}', 'plan for Lyrical or Jazzy'
        )
    else:
        yield Symptom('ROS 2', 'ok', f'{name}, supported until {ends}')
    numpy = machine.version('numpy')
    if name in NUMPY_1_ROS and numpy and int(numpy.split('.')[0]) > 1:
        state = f'the messages of {name} are built for NumPy 1, and {numpy} is here'
        yield Symptom('ROS 2', 'warning', state, "pip3 install --user 'numpy<2'")
    yield from _setuptools(machine)
    yield from _domain(machine)
    yield from _fast_dds(machine)


def _setuptools(machine: Machine) -> Iterator[Symptom]:
    version = machine.version('setuptools')
    if version and int(version.split('.')[0]) >= SETUPTOOLS_WITHOUT_DEVELOP:
        state = f'with setuptools {version} colcon build --symlink-install ends in an error'
        mend = "build without --symlink-install, or pip3 install --user 'setuptools<80'"
        yield Symptom('ROS 2', 'warning', state, mend)


def _domain(machine: Machine) -> Iterator[Symptom]:
    """Check that the system gives a domain's ports to no other program."""
    told = machine.variables.get('ROS_DOMAIN_ID', '')
    given = [int(word) for word in machine.text(PORTS_GIVEN).split()] or [32768, 60999]
    if not told.isdecimal():
        return
    begin = DOMAIN_PORTS + DOMAIN_WIDTH * int(told)
    if begin <= given[-1] and begin + DOMAIN_WIDTH > given[0]:
        yield Symptom(
            'DDS',
            'warning',
            f'ROS_DOMAIN_ID {told} has ports that the system gives to any program, and then a '
            'node ends at its start or finds no other',
            'take a ROS_DOMAIN_ID of 0 to 100',
        )


def _fast_dds(machine: Machine) -> Iterator[Symptom]:
    names = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
    files = [machine.variables[name] for name in names if name in machine.variables]
    if not files:
        state = 'no Fast DDS profile in this shell (ours is set by the launch files)'
        yield Symptom('DDS', 'ok', state)
        return
    missing = [file for file in files if not machine.text(file)]
    if missing:
        yield Symptom('DDS', 'error', f'profile {missing[0]} cannot be read', f'unset {names[0]}')
    else:
        yield Symptom('DDS', 'ok', f'profile {files[0]}')


def onnx_runtime(machine: Machine) -> Iterator[Symptom]:
    """Check that one build is there, that it imports, and what its providers lack."""
    found = {name: machine.version(name) for name in ORT_BUILDS}
    found = {name: version for name, version in found.items() if version}
    if len(found) > 1:
        builds = ' and '.join(f'{name} {version}' for name, version in found.items())
        mend = 'pip uninstall onnxruntime onnxruntime-gpu, then install one of them'
        yield Symptom('ONNX Runtime', 'error', f'{builds} share one module', mend)
    if fault := machine.import_error('onnxruntime'):
        mend = "pip install 'liquid_drone[cpu]' or 'liquid_drone[gpu]'"
        if found:
            mend = f'pip install --force-reinstall {next(iter(found))}'
        mend = _mend_numpy(fault, machine) or mend
        yield Symptom('ONNX Runtime', 'error', f'cannot be imported ({fault})', mend)
        return
    if len(found) < 2:
        name, version = next(iter(found.items()), ('onnxruntime', 'of the system'))
        yield Symptom('ONNX Runtime', 'ok', f'{name} {version}')
    yield from _providers(machine, is_gpu_build='onnxruntime-gpu' in found)


def _mend_numpy(fault: str, machine: Machine) -> str:
    """Return what to do about a module of another NumPy's; empty where that is not the fault."""
    if not OTHER_NUMPY.search(fault):
        return ''
    numpy = machine.version('numpy')
    other = "'numpy<2'" if numpy.split('.')[0] > '1' else "'numpy>=2'"
    return f'it is built for another NumPy than {numpy or "the one here"}: pip install {other}'


def _providers(machine: Machine, is_gpu_build: bool) -> Iterator[Symptom]:
    card = machine.device()
    if card is None and not is_gpu_build:
        yield Symptom('GPU', 'ok', 'none; the network runs on the CPU, which suffices at 20 Hz')
        return
    if card is not None:
        state = f'{card.name}, compute capability {card.compute_capability}'
        yield Symptom('GPU', 'ok', state)
    for provider in ('cuda', 'tensorrt'):
        fault = machine.provider_fault(provider)
        if not fault:
            yield Symptom(f'provider {provider}', 'ok', 'loads')
        else:
            yield Symptom(f'provider {provider}', 'warning', fault, _mend_provider(fault))
    yield from _tensorrt(machine)


def _mend_provider(fault: str) -> str:
    if libraries.VISIBLE in fault:
        return f'unset {libraries.VISIBLE}, or set it to the number of a card (nvidia-smi -L)'
    if fault.startswith('the NVIDIA driver answers'):
        return fault.partition(': ')[2]
    if 'no device' in fault or 'libcuda' in fault:
        return 'install the NVIDIA driver; in a container: --runtime nvidia or --gpus all'
    if 'libnvinfer' in fault or 'libnvonnxparser' in fault:
        return "pip install 'tensorrt<11', or JetPack's own; needed for tensorrt alone"
    if 'libcudnn' in fault or 'libcu' in fault:
        return "pip install 'onnxruntime-gpu[cuda,cudnn]' brings CUDA and cuDNN of its own major"
    return 'fly with providers:=cpu, or install liquid_drone[gpu]'


def _tensorrt(machine: Machine) -> Iterator[Symptom]:
    version = machine.version('tensorrt')
    if version and int(version.split('.')[0]) > TENSORRT_MAJOR:
        state = f'tensorrt {version} by pip, ONNX Runtime wants {TENSORRT_MAJOR}'
        yield Symptom('TensorRT', 'error', state, "pip install 'tensorrt<11'")
    elif installed := machine.tensorrt_version():
        yield Symptom('TensorRT', 'ok', installed)


def driver(machine: Machine) -> Iterator[Symptom]:
    """Compare the CUDA that the driver takes with the one that ONNX Runtime was built for."""
    said = machine.output('nvidia-smi')
    match = re.search(r'CUDA(?: UMD)? Version: *(\d+)\.(\d+)', said)
    if match is None:
        return
    try:
        import onnxruntime
    except ImportError:
        return
    built = str(getattr(onnxruntime, 'cuda_version', '') or '')
    if built and int(match[1]) < int(built.split('.')[0]):
        state = f'driver takes CUDA {match[1]}.{match[2]}, ONNX Runtime is built for {built}'
        mend = "a newer driver, or pip install 'onnxruntime-gpu<1.27' (the last for CUDA 12)"
        yield Symptom('NVIDIA driver', 'error', state, mend)
    else:
        yield Symptom('NVIDIA driver', 'ok', f'takes CUDA {match[1]}.{match[2]}')


def opencv(machine: Machine) -> Iterator[Symptom]:
    """Check that OpenCV loads and what it can read."""
    found = {name: version for name in CV_BUILDS if (version := machine.version(name))}
    again = f'pip uninstall {" ".join(found)}, then install one of them'
    if len(found) > 1:
        builds = ' and '.join(f'{name} {version}' for name, version in found.items())
        yield Symptom('OpenCV', 'warning', f'{builds} share one module', again)
    if fault := machine.import_error('cv2'):
        mend = 'sudo apt-get install libgl1 libglib2.0-0 libsm6 libice6 libx11-6 libxext6'
        if len(found) > 1:
            mend = again
        elif fault.startswith(('ModuleNotFoundError', 'AttributeError')):
            mend = f'pip install --force-reinstall {next(iter(found), CV_BUILDS[1])}'
        mend = _mend_numpy(fault, machine) or mend
        yield Symptom('OpenCV', 'error', f'cannot be imported ({fault})', mend)
        return
    build = machine.opencv_build()
    has = {name: bool(re.search(rf'{name}:\s+YES', build)) for name in ('GStreamer', 'FFMPEG')}
    lacks = [name for name, there in has.items() if not there]
    if 'GStreamer' in lacks:
        mend = 'for CSI cameras and pipelines: the system package python3-opencv'
        yield Symptom('OpenCV', 'warning', f'without {" and ".join(lacks)}', mend)
    else:
        yield Symptom('OpenCV', 'ok', 'with GStreamer and FFMPEG')


def renderer(machine: Machine) -> Iterator[Symptom]:
    """Check that the simulator draws by OpenGL, and on what."""
    if fault := machine.import_error('moderngl'):
        mend = "for the simulator: pip install 'liquid_drone[sim]'"
        yield Symptom('renderer', 'warning', f'no moderngl ({fault})', mend)
        return
    devices = machine.egl_devices()
    cards = [device for device in devices if 'EGL_MESA_device_software' not in device]
    if not devices:
        mend = 'sudo apt-get install libegl1 libgl1-mesa-dri'
        state = 'no EGL device: PyBullet draws, slower, and other pictures than policies know'
        yield Symptom('renderer', 'warning', state, mend)
    elif cards:
        yield Symptom('renderer', 'ok', f'OpenGL through EGL, {len(cards)} graphics device(s)')
    else:
        yield Symptom('renderer', 'ok', "OpenGL through EGL, Mesa's software renderer")


def video(machine: Machine) -> Iterator[Symptom]:
    """Check that films can be written."""
    fault = machine.import_error('imageio_ffmpeg')
    if fault:
        mend = 'fly --no-video, or pip install imageio-ffmpeg'
        yield Symptom('video', 'warning', f'no H.264 encoder ({fault})', mend)
    else:
        yield Symptom('video', 'ok', 'H.264 by imageio-ffmpeg')


CHECKS = (python, ros, onnx_runtime, driver, opencv, renderer, video)
