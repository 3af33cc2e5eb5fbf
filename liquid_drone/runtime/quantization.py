# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A vision graph in INT8: static quantisation by ONNX Runtime, ranges from pictures.

What gains little or costs much stays in single precision: the first convolution (three channels
fill no vector register, and the camera's own noise passes through it) and the target head. Weights
have 7 bits of 8 and a scale a channel, so that processors without VNNI, whose 16-bit sums would
saturate, give the same answers as those with it.
"""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Image
from ..errors import require

NO_VARIANT = 'no INT8 variant: liquid-drone quantize BUNDLE --out {}'
MOST_IR = 9  # as exported: ONNX Runtime reads it from 1.17 on
KINDS = ['Conv', 'Gemm', 'Relu']


def quantize_vision(graph: Path, images: Iterable[Image], out: Path) -> None:
    """Write a quantised copy of a vision graph.

    Args:
        graph: ``vision.onnx``, single precision.
        images: (H, W, 3) uint8 each, as the graph takes them; the range of each activation is the
            one that they reach.
        out: file to write.

    """
    onnx = require('onnx', 'train')
    require('onnxruntime', 'cpu')
    whole = single_precision(onnx.load(str(graph)))
    with warnings.catch_warnings(), _without_hints():
        warnings.simplefilter('ignore')  # of its own use of NumPy and ONNX
        from onnxruntime import quantization

        quantization.quantize_static(
            whole,
            str(out),
            _reader(quantization, images),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=KINDS,
            nodes_to_exclude=kept_nodes(whole.graph),
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
    model = onnx.load(str(out))
    model.ir_version = min(model.ir_version, MOST_IR)
    onnx.checker.check_model(model)
    out.write_bytes(model.SerializeToString())


def variant_of(bundle: Path, given: Path | None = None) -> Path:
    """Return where the INT8 variant of a bundle lies: where it is said, else beside it."""
    return given or bundle.with_name(f'{bundle.name}-int8')


def single_precision(model: Any) -> Any:
    """Give weights that are stored in half precision back, in place; the quantiser takes no Cast.

    Returns:
        The model.

    """
    onnx = require('onnx', 'train')
    weights = {weight.name: weight for weight in model.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type == 'Cast']:
        weight = weights.get(node.input[0])
        if weight is not None and weight.data_type == onnx.TensorProto.FLOAT16:
            values = onnx.numpy_helper.to_array(weight).astype(np.float32)
            weight.CopyFrom(onnx.numpy_helper.from_array(values, node.output[0]))
            model.graph.node.remove(node)
    return model


def kept_nodes(graph: Any) -> list[str]:
    """Return the nodes that stay: the first convolution and the target head, with their ReLUs."""
    first = next((node for node in graph.node if node.op_type == 'Conv'), None)
    kept = [] if first is None else [first]
    kept += [node for node in graph.node if any(map(_is_of_heatmap, node.input))]
    behind = {name for node in kept for name in node.output}
    kept += [node for node in graph.node if node.op_type == 'Relu' and behind & {*node.input}]
    kept += [node for node in graph.node if 'target' in node.output]
    return [node.name for node in kept]


def _is_of_heatmap(name: str) -> bool:
    return name.startswith(('heatmap.', 'apart.'))


def _reader(quantization: Any, images: Iterable[Image]) -> Any:
    rows = iter(images)

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Hands the pictures over one by one."""

        def get_next(self) -> dict[str, Image] | None:
            image = next(rows, None)
            return None if image is None else {'image': image[None]}

    return Reader()


@contextmanager
def _without_hints() -> Iterator[None]:
    """Silence the advice that the quantiser writes to the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
