# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What keeps a GPU provider of ONNX Runtime from working on this machine, found by trying.

The provider's own library is loaded, so that the dynamic linker names what is missing in the major
version that this wheel was built for; then the driver is asked for a device. Nothing is installed
and no session is opened.
"""

import contextlib
import ctypes
import io
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import require

NAMES = {
    'cpu': 'CPUExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'tensorrt': 'TensorrtExecutionProvider',
}
# What the providers open by name while they run, beside what they are linked to. Builds differ in
# the major version (microsoft/onnxruntime#22809); which one a build wants, its linking tells.
OPENED = {'cuda': ('libcudnn.so',), 'tensorrt': ('libcudnn.so', 'libnvonnxparser.so')}
MAJORS = {
    'libcudnn.so': (9, 8, 10),
    'libnvonnxparser.so': (10, 8, 11),
    'libnvinfer.so': (10, 8, 11),
}
CUDA_SUCCESS, MAJOR, MINOR = 0, 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
VISIBLE = 'CUDA_VISIBLE_DEVICES'  # empty or -1: none of the cards
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
FAULTS = {  # of cuInit, and what helps
    802: 'the cards are not ready (nvidia-fabricmanager has to run)',
    803: 'the driver was updated under the kernel that runs: restart the machine',
    804: 'the CUDA compatibility package does not fit this card: remove cuda-compat',
    999: 'it is in disorder, as after a suspend: reload nvidia_uvm, or restart the machine',
}


@dataclass(frozen=True)
class Device:
    """A graphics card as the CUDA driver names it."""

    name: str
    compute_capability: str  # such as '8.7' of an Orin


def load(library: str, everywhere: bool = False) -> Any:
    """Open a shared library.

    Raises:
        OSError: the dynamic linker's own words.

    """
    return ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL if everywhere else ctypes.DEFAULT_MODE)


def load_newest(library: str) -> Any:
    """Open a library in any of the majors that builds are linked to, the usual one first.

    Raises:
        OSError: none is there; the linker's words for the usual one.

    """
    usual, *others = MAJORS[library]
    try:
        return load(f'{library}.{usual}')
    except OSError:
        for major in others:
            with contextlib.suppress(OSError):
                return load(f'{library}.{major}')
        raise


def why_not(provider: str) -> str | None:
    """Return what keeps a provider from working here; None where nothing is known to."""
    if provider == 'cpu':
        return None
    runtime = require('onnxruntime', 'cpu')
    if NAMES[provider] not in runtime.get_available_providers():
        return (
            f'this build of ONNX Runtime has no {NAMES[provider]}: pip uninstall onnxruntime, '
            "then pip install 'liquid_drone[gpu]' (on a Jetson: NVIDIA's wheel)"
        )
    preload()
    capi = Path(str(runtime.__file__)).parent / 'capi'
    try:
        load(_part(capi, 'shared'), everywhere=True)
        load(_part(capi, provider))
        for library in OPENED[provider]:
            load_newest(library)
    except OSError as error:
        built = getattr(runtime, 'cuda_version', '')
        wanted = (
            f' (ONNX Runtime {runtime.__version__} is built for CUDA {built})' if built else ''
        )
        return f'{error}{wanted}'
    return _why_no_device() or _too_old_driver(runtime)


def _why_no_device() -> str | None:
    """Return why the CUDA driver shows no device; None: it shows one."""
    if device() is not None:
        return None
    try:
        code = load('libcuda.so.1').cuInit(0)
    except OSError as error:
        return f'the NVIDIA driver shows no device: {error}'
    if code in FAULTS:
        return f'the NVIDIA driver answers {code}: {FAULTS[code]}'
    if VISIBLE in os.environ:
        return f"the NVIDIA driver shows no device while {VISIBLE} is '{os.environ[VISIBLE]}'"
    told = '' if code in (CUDA_SUCCESS, NO_DEVICE) else f' (it answers {code})'
    return f'the NVIDIA driver shows no device{told} (nvidia-smi -L)'


def _too_old_driver(runtime: Any) -> str | None:
    """Return that the driver is of an older major of CUDA than ONNX Runtime; None: it is not."""
    built, taken = str(getattr(runtime, 'cuda_version', '') or ''), ctypes.c_int()
    if load('libcuda.so.1').cuDriverGetVersion(ctypes.byref(taken)) != CUDA_SUCCESS or not built:
        return None
    if taken.value // 1000 >= int(built.split('.')[0]):
        return None
    return (
        f'the NVIDIA driver takes CUDA {taken.value // 1000}.{taken.value % 1000 // 10}, and ONNX '
        f'Runtime {runtime.__version__} is built for CUDA {built}: take a newer driver, or an '
        'older onnxruntime-gpu'
    )


def _part(capi: Path, name: str) -> str:
    """Return the library of a provider: the wheel's, else what the linker finds by its name."""
    library = capi / f'libonnxruntime_providers_{name}.so'
    return str(library) if library.is_file() else library.name


@lru_cache(maxsize=1)
def preload() -> None:
    """Let ONNX Runtime load CUDA and cuDNN where pip brought them, without what it prints."""
    preload_dlls = getattr(require('onnxruntime', 'cpu'), 'preload_dlls', None)
    if preload_dlls is not None:  # since 1.21
        with contextlib.redirect_stdout(io.StringIO()):
            preload_dlls()


def device() -> Device | None:
    """Return the first device of the CUDA driver; None where there is no driver or no device."""
    try:
        driver = load('libcuda.so.1')
    except OSError:
        return None
    count, handle = ctypes.c_int(), ctypes.c_int()
    if driver.cuInit(0) != CUDA_SUCCESS:
        return None
    if driver.cuDeviceGetCount(ctypes.byref(count)) != CUDA_SUCCESS or count.value < 1:
        return None
    if driver.cuDeviceGet(ctypes.byref(handle), 0) != CUDA_SUCCESS:
        return None
    name = ctypes.create_string_buffer(128)
    driver.cuDeviceGetName(name, len(name), handle)
    numbers = []
    for attribute in (MAJOR, MINOR):
        number = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(number), attribute, handle)
        numbers.append(number.value)
    return Device(name.value.decode(errors='replace'), '.'.join(map(str, numbers)))


def tensorrt_version() -> str:
    """Return the version of the installed libnvinfer, such as ``10.16.1``; empty without one."""
    try:
        number = int(load_newest('libnvinfer.so').getInferLibVersion())
    except (OSError, AttributeError):
        return ''
    if number >= 100_000:  # from 10.0 on: major 10000, minor 100, patch 1
        return f'{number // 10_000}.{number // 100 % 100}.{number % 100}'
    return f'{number // 1000}.{number // 100 % 10}.{number % 100}'
