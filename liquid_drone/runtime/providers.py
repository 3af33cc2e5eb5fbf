# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where a graph runs: the provider that was asked for, or an error that says why not.

ONNX Runtime falls back to the CPU without a word in its result, so what a session really got is
compared with what was asked for. One thread by default: two are faster on average and ten times
slower in the worst case.
"""

import ctypes
import hashlib
from pathlib import Path
from typing import Any

from ..contract import sha256_of
from ..errors import BundleError, ConfigError, require

CHOICES = ('auto', 'cpu', 'cuda', 'tensorrt')
NAMES = {
    'cpu': 'CPUExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'tensorrt': 'TensorrtExecutionProvider',
}
LIBRARIES = {
    'cuda': ('libcuda.so.1', 'libcudnn.so.9'),
    'tensorrt': ('libcuda.so.1', 'libnvinfer.so.10'),
}


def resolve(choice: str) -> str:
    """Turn ``auto`` into the best provider whose libraries load here; check the others.

    Raises:
        ConfigError: unknown choice, or a provider that this machine does not have.

    """
    if choice not in CHOICES:
        raise ConfigError(f"unknown provider '{choice}': expected one of {', '.join(CHOICES)}")
    if choice == 'auto':
        return 'cuda' if _missing('cuda') is None else 'cpu'
    reason = _missing(choice)
    if reason is not None:
        raise ConfigError(f"provider '{choice}' cannot be had here: {reason}; use 'cpu' or 'auto'")
    return choice


def open_session(graph: Path, provider: str, threads: int = 1) -> Any:
    """Open a graph on one provider of ``cpu``, ``cuda``, ``tensorrt``.

    Raises:
        BundleError: ONNX Runtime cannot read the graph.
        ConfigError: the session did not get the provider.

    """
    runtime = require('onnxruntime', 'cpu')
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    try:
        session = runtime.InferenceSession(
            str(graph), options, providers=_provider_list(graph, provider, runtime.__version__)
        )
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        raise BundleError(f'ONNX Runtime cannot open {graph}: {error}') from error
    got = session.get_providers()
    if NAMES[provider] not in got:
        raise ConfigError(
            f"asked for provider '{provider}', ONNX Runtime fell back to {', '.join(got)}; "
            "mend the GPU installation or choose 'cpu'"
        )
    return session


def _missing(provider: str) -> str | None:
    """Say what keeps a provider from working here; None when nothing is known to."""
    if provider == 'cpu':
        return None
    if NAMES[provider] not in require('onnxruntime', 'cpu').get_available_providers():
        return f'this build of ONNX Runtime has no {NAMES[provider]} (install liquid_drone[gpu])'
    for library in LIBRARIES[provider]:
        try:
            ctypes.CDLL(library)
        except OSError as error:
            return str(error)
    return None


def _provider_list(graph: Path, provider: str, version: str) -> list[Any]:
    if provider == 'tensorrt':
        cache = engine_cache(graph, version)
        cache.mkdir(parents=True, exist_ok=True)
        options = {
            'trt_fp16_enable': True,
            'trt_engine_cache_enable': True,
            'trt_engine_cache_path': str(cache),
        }
        return [(NAMES['tensorrt'], options), NAMES['cuda'], NAMES['cpu']]
    return [NAMES[provider]] if provider == 'cpu' else [NAMES[provider], NAMES['cpu']]


def engine_cache(graph: Path, version: str) -> Path:
    """Return where TensorRT engines of one graph belong: keyed by its content, not by its name."""
    key = hashlib.sha256(f'{sha256_of(graph)} {version}'.encode()).hexdigest()[:16]
    return Path.home() / '.cache' / 'liquid_drone' / 'tensorrt' / key
