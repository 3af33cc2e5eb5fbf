# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Weights that half precision can hold are stored in it: a bundle of half the size.

Only what is stored changes. The graph turns them back into single precision, once, when a session
is opened, and computes in it. Weights that half precision cannot hold exactly are left alone.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import require
from .network import Network

LEAST = 8192  # elements: fewer are not worth a node


def round_weights(network: Network) -> None:
    """Round the large weights of the encoder to half precision, in place."""
    for weight in network.vision.parameters():
        if weight.numel() > LEAST:
            weight.data = weight.data.half().float()


def as_half(values: npt.NDArray[Any]) -> npt.NDArray[np.float16] | None:
    """Return an array in half precision, where that loses nothing and is worth it; else None."""
    if values.dtype != np.float32 or values.size <= LEAST:
        return None
    with np.errstate(over='ignore'):
        half = values.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), values) else None


def store_half(model: Any) -> None:
    """Store the weights of an ONNX model so, in place; a Cast in front gives them back."""
    onnx = require('onnx', 'train')
    casts = []
    for weight in model.graph.initializer:
        half = as_half(onnx.numpy_helper.to_array(weight))
        if half is None:
            continue
        name = weight.name
        weight.CopyFrom(onnx.numpy_helper.from_array(half, f'{name}_half'))
        cast = onnx.helper.make_node(
            'Cast', [f'{name}_half'], [name], name=f'{name}_single', to=onnx.TensorProto.FLOAT
        )
        casts.append(cast)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
