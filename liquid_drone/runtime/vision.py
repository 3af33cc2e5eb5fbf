# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The vision graph of a bundle on one provider; on the CPU once a graphics card has failed.

CUDA does not recover within a process: what failed once fails for every image. Only the vision
graph runs on a card, so that another session of it goes on where the first one stopped.
"""

import logging
from pathlib import Path
from typing import Any

from ..arrays import Float32Array, Image
from ..contract import VISION_FILE, Contract
from ..errors import InferenceError
from .libraries import NAMES
from .providers import Backend, assignment, open_session
from .signature import check_signature

MOST_TOLD = 300  # characters of what ONNX Runtime says
log = logging.getLogger(__name__)


class VisionStep:
    """Holds the session of a ``vision.onnx``, and where it runs."""

    def __init__(self, bundle: Path, contract: Contract, backend: Backend) -> None:
        """Open the graph.

        Args:
            bundle: directory.
            contract: of the bundle.
            backend: where it runs.

        Raises:
            BundleError: ONNX Runtime cannot read it, or it takes or gives other shapes.
            ConfigError: the provider cannot be had.

        """
        self.bundle, self.backend, self._stored = bundle, backend, contract.precision
        self._session = open_session(bundle / VISION_FILE, backend)
        self.assignment = assignment(self._session)  # provider -> nodes that it runs
        self._spare: VisionStep | None = None
        self.fault = ''  # why the spare sees in its place; empty: it does not
        camera = contract.camera
        inputs = {'image': ('tensor(uint8)', [camera.height, camera.width, 3])}
        outputs = {
            'features': ('tensor(float)', [contract.feature_size]),
            'target': ('tensor(float)', [3]),
        }
        check_signature(bundle / VISION_FILE, self._session, inputs, outputs)

    def keep_spare(self, spare: 'VisionStep') -> None:
        """Go on with another session of the same graph where this one fails."""
        self._spare = spare

    def __call__(self, images: Image) -> tuple[Float32Array, Float32Array]:
        """Answer images (B, H, W, 3) with features (B, F) and target heads (B, 3).

        Raises:
            InferenceError: they cannot be computed, by a spare neither.

        """
        try:
            features, target = self._session.run(['features', 'target'], {'image': images})
        except Exception as error:  # ONNX Runtime's errors share no base but Exception
            told = ' '.join(str(error).split())[:MOST_TOLD]
            words = f'{self.where} cannot compute bundle {self.bundle}: {told}'
            if self._spare is not None:
                self._take_spare(self._spare, words)
                return self(images)
            raise InferenceError(
                f'{words}; a graphics card that failed once fails until the program starts anew: '
                "start it again, or take providers 'cpu'"
            ) from error
        return features, target

    def _take_spare(self, spare: 'VisionStep', fault: str) -> None:
        self._session, self._spare, self.fault = spare._session, None, fault
        self.backend, self.assignment = spare.backend, spare.assignment
        log.error('%s; %s computes it until the program starts anew', fault, self.where)

    @property
    def precision(self) -> str:
        """What its weights are stored in, else what the provider makes of them."""
        return self.backend.precision if self._stored == 'fp32' else self._stored

    @property
    def where(self) -> str:
        """Name provider and precision."""
        return f'{self.backend.provider} {self.precision}'

    @property
    def provider(self) -> str:
        """Where it runs, for diagnostics and results, such as ``cuda fp32``.

        A graph of which another provider runs a part says so.
        """
        main = NAMES[self.backend.provider]
        others: dict[str, Any] = {
            name: nodes for name, nodes in self.assignment.items() if name != main
        }
        part = ''.join(f' ({nodes} nodes on {name})' for name, nodes in sorted(others.items()))
        return f'{self.where}{part}'
