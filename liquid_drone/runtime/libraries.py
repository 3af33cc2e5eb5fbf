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
# What the providers open by name while they run, beside what they are linked to.
OPENED = {'cuda': ('libcudnn.so.9',), 'tensorrt': ('libcudnn.so.9', 'libnvonnxparser.so.10')}
CUDA_SUCCESS, MAJOR, MINOR = 0, 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR


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
            load(library)
    except OSError as error:
        built = getattr(runtime, 'cuda_version', '')
        wanted = (
            f' (ONNX Runtime {runtime.__version__} is built for CUDA {built})' if built else ''
        )
        return f'{error}{wanted}'
    return None if device() else 'the NVIDIA driver shows no device (nvidia-smi -L)'


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
        number = int(load('libnvinfer.so.10').getInferLibVersion())
    except (OSError, AttributeError):
        return ''
    if number >= 100_000:  # from 10.0 on: major 10000, minor 100, patch 1
        return f'{number // 10_000}.{number // 100 % 100}.{number % 100}'
    return f'{number // 1000}.{number // 100 % 10}.{number % 100}'
