# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's GPU wheel, faked: graphs run on the CPU, engines are files, faults come on order.

As TensorRT's provider does, it reads the engine of its directory or builds one, and refuses an
engine that is cut short or belongs to another graph, and a timing cache that is cut short.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from liquid_drone.runtime import engine_cache, libraries, providers

ENGINE, TIMING = 'TensorrtExecutionProvider_graph_sm87.engine', 'sm87.timing'
WHOLE_TIMING = b'timing of kernels'


class Killed(BaseException):
    """The process ends here, as by ``kill -9``."""


class FakeSession:
    """A session on the CPU that says it is elsewhere."""

    def __init__(self, session: Any, names: Sequence[str]) -> None:
        self._session, self._names = session, names

    def get_providers(self) -> list[str]:
        return [*self._names]

    def get_provider_graph_assignment_info(self) -> list[Any]:
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


@dataclass
class FakeWheel:
    """What ``import onnxruntime`` gives."""

    fails: set[str] = field(default_factory=set)  # of 'build', 'cuda'
    parts: int = 1  # of a graph, each with an engine
    killed_at: int | None = None  # the part at whose half engine a build is killed
    build_s: float = 0.0  # from the first half of an engine's file to the second
    built: list[Path] = field(default_factory=list)  # directories of engines, in order
    loaded: list[Path] = field(default_factory=list)

    def get_available_providers(self) -> list[str]:
        return [*libraries.NAMES.values()]

    def InferenceSession(  # noqa: N802
        self, graph: str, options: Any, providers: list[Any], enable_fallback: int
    ) -> FakeSession:
        assert enable_fallback == 0
        names = [one if isinstance(one, str) else one[0] for one in providers]
        if names[0] == libraries.NAMES['tensorrt']:
            self._engine(Path(graph), providers[0][1])
        if names[0] == libraries.NAMES['cuda'] and 'cuda' in self.fails:
            raise RuntimeError('CUDA failure 100')
        cpu = [libraries.NAMES['cpu']]
        session = onnxruntime.InferenceSession(graph, options, providers=cpu)
        return FakeSession(session, names)

    def _engine(self, graph: Path, options: dict[str, Any]) -> None:
        folder = Path(options['trt_engine_cache_path'])
        timing = Path(options['trt_timing_cache_path']) / TIMING
        if timing.is_file() and timing.read_bytes() != WHOLE_TIMING:
            raise RuntimeError('TensorRT EP could not create timing cache')
        engines = [folder / engine_of(part) for part in range(self.parts)]
        there = [engine for engine in engines if engine.is_file()]
        whole = whole_engine(graph)
        if any(engine.read_bytes() != whole for engine in there):
            raise RuntimeError('TensorRT EP could not deserialize engine from cache')
        if there == engines:
            self.loaded.append(folder)
            return
        if 'build' in self.fails:
            raise RuntimeError('TensorRT EP could not build engine for fused node')
        for part, engine in enumerate(engines):
            if engine in there:
                continue
            engine.write_bytes(whole[: len(whole) // 2])
            if part == self.killed_at:
                raise Killed
            time.sleep(self.build_s)
            engine.write_bytes(whole)
        timing.write_bytes(WHOLE_TIMING)
        self.built.append(folder)

    def __getattr__(self, name: str) -> Any:
        return getattr(onnxruntime, name)


def engine_of(part: int) -> str:
    """Return the file of one part's engine."""
    return ENGINE if part == 0 else f'TensorrtExecutionProvider_graph_{part}_sm87.engine'


def whole_engine(graph: Path) -> bytes:
    """Return what the engine of a graph holds."""
    return hashlib.sha256(graph.read_bytes()).digest()


def install(patch: pytest.MonkeyPatch, cache: Path) -> FakeWheel:
    """Make this a machine with TensorRT and CUDA, whose cache is empty."""
    wheel = FakeWheel()
    for module in (libraries, providers, engine_cache):
        patch.setattr(module, 'require', lambda *_: wheel)
    patch.setattr(libraries, 'why_not', lambda _: None)
    patch.setattr(libraries, 'device', lambda: libraries.Device('Orin', '8.7'))
    patch.setattr(libraries, 'tensorrt_version', lambda: '10.16.1')
    patch.setenv('XDG_CACHE_HOME', str(cache))
    return wheel
