# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions of ONNX Runtime: on the provider that was asked for, or an error that says why not.

ONNX Runtime falls back to the CPU without a word in its result, so the fall-back is switched off,
and what a session really got is compared with what was asked for. Single precision is single
precision: no TF32, which differs by 5.6e-3 where FP32 differs by 7.6e-6 (H200, ``models/follow``).
One thread by default: two are faster on average and ten times slower in the worst case.
"""

import logging
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import BundleError, ConfigError, require
from ..files import utf8_path
from . import engine_cache, libraries
from .graph_file import check_graph
from .libraries import NAMES

ProviderChoice = Literal['auto', 'cpu', 'cuda', 'tensorrt']
PrecisionChoice = Literal['fp32', 'fp16']
CHOICES: tuple[str, ...] = get_args(ProviderChoice)
PRECISIONS: tuple[str, ...] = get_args(PrecisionChoice)
MOST_IMAGES = 16  # of a batch; TensorRT builds for 1 to so many
RECORD_ASSIGNMENT = 'session.record_ep_graph_assignment_info'
TF32 = 'NVIDIA_TF32_OVERRIDE'  # of all that computes in this process; 0: none
TF32_SINCE = (1, 18)  # of ONNX Runtime: an option of each session (microsoft/onnxruntime#19426)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backend:
    """Where and how exactly a vision graph runs."""

    provider: str = 'cpu'
    precision: str = 'fp32'  # 'fp16': TensorRT only
    threads: int = 1
    role: str = 'flight'  # or 'attention': engines are kept apart
    rows_columns: tuple[int, int] = (144, 256)  # of an image, for TensorRT's profile
    builds: bool = True  # an engine that is not there; False in a node, which may be in the air

    def __post_init__(self) -> None:
        if self.provider not in NAMES:
            expected = ', '.join(NAMES)
            raise ConfigError(f"unknown provider '{self.provider}': expected one of {expected}")
        if self.precision not in PRECISIONS:
            expected = ', '.join(PRECISIONS)
            raise ConfigError(f"unknown precision '{self.precision}': expected one of {expected}")
        if self.precision == 'fp16' and self.provider != 'tensorrt':
            raise ConfigError(
                f"precision 'fp16' needs provider 'tensorrt', got '{self.provider}'; "
                "use precision 'fp32' or provider 'tensorrt'"
            )

    def __str__(self) -> str:
        return f'{self.provider} {self.precision}'


def check(choice: str) -> None:
    """Refuse a provider that is unknown, or that this machine does not have.

    Raises:
        ConfigError: with the reason, as the linker or the driver gives it.

    """
    if choice not in CHOICES:
        raise ConfigError(f"unknown provider '{choice}': expected one of {', '.join(CHOICES)}")
    reason = None if choice == 'auto' else libraries.why_not(choice)
    if reason is not None:
        raise ConfigError(f"provider '{choice}' cannot be had here: {reason}; use 'cpu' or 'auto'")


def open_session(graph: Path, backend: Backend | None = None) -> Any:
    """Open a graph.

    Raises:
        BundleError: ONNX Runtime cannot read the graph, or it has weights in other files.
        ConfigError: the session did not get the provider.

    """
    backend = backend or Backend()
    if backend.provider == 'tensorrt':
        return _open_tensorrt(graph, backend)
    return _checked(_open(graph, backend, _provider_list(backend, None)), backend)


def _open_tensorrt(graph: Path, backend: Backend) -> Any:
    """Open on TensorRT; what was cached and does not load is set aside and built once more."""
    key = engine_key(graph, backend)
    was_cached = engine_cache.has_files(key)
    with engine_cache.held(key, backend.builds and not engine_cache.is_built(key), backend.builds):
        if not (engine_cache.is_built(key) or backend.builds):
            raise ConfigError(
                f'TensorRT has no engine for {graph} on this machine: {_warm_up(backend)}'
            )
        try:
            return _built(graph, backend, key)
        except (BundleError, ConfigError) as error:
            if not was_cached:
                raise
            fault = error
    with engine_cache.held(key, True, backend.builds):
        broken = engine_cache.set_aside(key)
        if not backend.builds:
            raise ConfigError(
                f'TensorRT engine set aside at {broken}: {fault}; {_warm_up(backend)}'
            ) from fault
        log.warning('TensorRT engine set aside at %s, building anew: %s', broken, fault)
        return _built(graph, backend, key)


def engine_key(graph: Path, backend: Backend) -> engine_cache.EngineKey:
    """Return what the engine of a graph depends on here."""
    profile = ' '.join(profile_of(backend))
    return engine_cache.key_of(graph, backend.precision, backend.role, profile)


def _warm_up(backend: Backend) -> str:
    more = ' --attention' if backend.role == 'attention' else f' --precision {backend.precision}'
    return (
        'building one takes minutes, which is not done where a drone may be in the air; on the '
        f'ground: liquid-drone warmup BUNDLE --providers tensorrt{more}'
    )


def _built(graph: Path, backend: Backend, key: engine_cache.EngineKey) -> Any:
    folder, is_built = engine_cache.open_folder(key), engine_cache.is_built(key)
    if not is_built:
        log.info('TensorRT builds an engine for %s: minutes on a small board', graph.name)
    session = _checked(_open(graph, backend, _provider_list(backend, folder)), backend)
    if not is_built:
        engine_cache.note_built(key)
    return session


def _open(graph: Path, backend: Backend, providers: list[Any]) -> Any:
    version, place = check_graph(graph), utf8_path(graph, BundleError)
    runtime = require('onnxruntime', 'cpu')
    options = runtime.SessionOptions()
    options.intra_op_num_threads = backend.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.add_session_config_entry(RECORD_ASSIGNMENT, '1')
    try:
        return runtime.InferenceSession(place, options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        hint = (
            f'; the graph is IR {version}: export it again, or take ONNX Runtime 1.18 or newer'
            if 'IR version' in str(error) or 'ir_version' in str(error)
            else ''
        )
        text = ' '.join(str(error).split())[:300]
        raise BundleError(
            f'ONNX Runtime {runtime.__version__} cannot open {graph} on {backend}: {text}{hint}'
        ) from error


def _checked(session: Any, backend: Backend) -> Any:
    got = session.get_providers()
    if NAMES[backend.provider] not in got:
        reason = libraries.why_not(backend.provider) or 'ONNX Runtime does not say why'
        raise ConfigError(
            f"asked for provider '{backend.provider}', ONNX Runtime fell back to "
            f"{', '.join(got)}: {reason}; mend the GPU installation or choose 'cpu'"
        )
    return session


def assignment(session: Any) -> dict[str, int]:
    """Return how many nodes each provider runs; empty where ONNX Runtime is too old to tell."""
    info = getattr(session, 'get_provider_graph_assignment_info', None)
    if info is None:
        return {}
    counts: Counter[str] = Counter()
    for part in info():
        counts[part.ep_name] += len(part.get_nodes())
    return dict(counts)


def _provider_list(backend: Backend, folder: Path | None) -> list[Any]:
    """Return providers with their options, first choice first."""
    cuda = (NAMES['cuda'], cuda_options(require('onnxruntime', 'cpu').__version__))
    if backend.provider == 'cpu':
        return [NAMES['cpu']]
    if backend.provider == 'cuda':
        if 'use_tf32' not in cuda[1]:
            os.environ.setdefault(TF32, '0')
        return [cuda, NAMES['cpu']]
    assert folder is not None  # TensorRT's, made by the caller
    if backend.precision == 'fp32':
        os.environ.setdefault(TF32, '0')  # TensorRT has no option for it
    return [(NAMES['tensorrt'], tensorrt_options(backend, folder)), cuda, NAMES['cpu']]


def cuda_options(version: str) -> dict[str, str]:
    """Return CUDA's options; a version refuses those that it does not know."""
    knows_tf32 = tuple(map(int, re.findall(r'\d+', version)[:2])) >= TF32_SINCE
    return {'cudnn_conv_algo_search': 'HEURISTIC', **({'use_tf32': '0'} if knows_tf32 else {})}


def tensorrt_options(backend: Backend, folder: Path) -> dict[str, Any]:
    """Return TensorRT's options: engine and timing cache, one profile for 1 to 16 images."""
    least, usual, most = profile_of(backend)
    return {
        'trt_fp16_enable': backend.precision == 'fp16',
        'trt_engine_cache_enable': True,
        'trt_engine_cache_path': str(folder),
        'trt_timing_cache_enable': True,
        'trt_timing_cache_path': str(folder),
        'trt_profile_min_shapes': least,
        'trt_profile_opt_shapes': usual,
        'trt_profile_max_shapes': most,
    }


def profile_of(backend: Backend) -> tuple[str, str, str]:
    """Return the least, the usual and the largest shape of the input, as TensorRT takes them."""
    usual = MOST_IMAGES if backend.role == 'attention' else 1
    rows, columns = backend.rows_columns
    least, common, most = (f'image:{n}x{rows}x{columns}x3' for n in (1, usual, MOST_IMAGES))
    return least, common, most
