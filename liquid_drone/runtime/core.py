# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One step of the liquid core on the CPU, through buffers that are bound to the graph once.

A step takes microseconds, of which ``session.run`` spends several on finding names and making
arrays; with bound buffers what is left is the graph (``liquid-drone bench policy``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Float32Array
from .providers import open_session
from .signature import check_signature


class CoreAnswer(NamedTuple):
    """What one step gives."""

    command: Float32Array  # (1, 4)
    state: Float32Array  # (1, S), the next one
    belief: Float32Array | None = None  # (1, 3): logit, bearing rad, distance m


class CoreStep:
    """Holds the session of a ``core.onnx`` and its buffers, for batch 1."""

    def __init__(
        self,
        graph: Path,
        feature_size: int,
        state_size: int,
        commands: int = 4,
        takes_request: bool = False,
        has_belief: bool = False,
    ) -> None:
        """Open the graph; sizes are compared before any buffer is bound.

        Raises:
            BundleError: ONNX Runtime cannot read it, or it takes or gives other shapes.

        """
        self.session = open_session(graph)
        inputs = {
            'features': ('tensor(float)', [feature_size]),
            'state': ('tensor(float)', [state_size]),
            'dt': ('tensor(float)', []),
        }
        outputs = {
            'command': ('tensor(float)', [commands]),
            'next_state': ('tensor(float)', [state_size]),
        }
        if takes_request:
            inputs['request'] = ('tensor(float)', [3])
        if has_belief:
            outputs['belief'] = ('tensor(float)', [3])
        check_signature(graph, self.session, inputs, outputs)
        self._binding = self.session.io_binding()
        self._features = self._bind('features', (1, feature_size))
        self._state = self._bind('state', (1, state_size))
        self._dt = self._bind('dt', (1,))
        self._command = self._bind('command', (1, commands), output=True)
        self._after = self._bind('next_state', (1, state_size), output=True)
        self._request = self._bind('request', (1, 3)) if takes_request else None
        self._belief = self._bind('belief', (1, 3), output=True) if has_belief else None

    def __call__(
        self,
        features: Float32Array,
        state: Float32Array,
        dt_s: float,
        request: Sequence[float] | None = None,
    ) -> CoreAnswer:
        """Step: features (1, F), state (1, S), dt in s, and the three numbers of a request."""
        if self._request is not None and request is not None:
            self._request[0] = request
        self._features[:] = features
        self._state[:] = state
        self._dt[0] = dt_s
        self.session.run_with_iobinding(self._binding)
        belief = None if self._belief is None else self._belief.copy()
        return CoreAnswer(self._command.copy(), self._after.copy(), belief)

    def _bind(self, name: str, shape: tuple[int, ...], output: bool = False) -> Float32Array:
        """Make a buffer that the graph reads or writes in place."""
        buffer = np.zeros(shape, np.float32)
        pointer: Any = buffer.ctypes.data
        bind = self._binding.bind_output if output else self._binding.bind_input
        bind(name, 'cpu', 0, np.float32, shape, pointer)
        return buffer
