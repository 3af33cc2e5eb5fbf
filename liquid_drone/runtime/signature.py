# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a graph takes and gives what its contract promises: names, types and shapes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import BundleError, shown

Signature = Mapping[str, tuple[str, list[int]]]  # name -> type, shape without the batch


def check_signature(graph: Path, session: Any, inputs: Signature, outputs: Signature) -> None:
    """Compare an open session with its contract.

    Raises:
        BundleError: a name, type or size differs; says which.

    """
    for word, nodes, expected in (
        ('inputs', session.get_inputs(), inputs),
        ('outputs', session.get_outputs(), outputs),
    ):
        try:
            got = {node.name: (node.type, list(node.shape[1:])) for node in nodes}
            has_batch = all(node.shape and _is_batch(node.shape[0]) for node in nodes)
        except UnicodeDecodeError as error:
            raise BundleError(
                f'{graph} does not fit its contract: a name of its {word} is no text ({error})'
            ) from error
        if got != dict(expected) or not has_batch:
            raise BundleError(
                f'{graph} does not fit its contract: expected {word} {shown(dict(expected))} '
                f'(behind a free batch), got {shown(got)}'
            )


def _is_batch(size: Any) -> bool:
    """Tell whether a dimension is free; of the core also a batch of one is enough."""
    return not isinstance(size, int) or size == 1
