# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Vision graphs keep to what TensorRT's parser takes, by its documented table of operators.

The rules are those of the operators that occur: types, two dimensions, weights that are
initializers. Types and shapes of all tensors come from ONNX's own inference. Looked at is what
ONNX Runtime hands to a provider: its constants folded, among them weights stored in half
precision.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from liquid_drone import resources
from liquid_drone.contract import VISION_FILE
from liquid_drone.policy.config import (
    CHAHINE_2023,
    WIDE_TAPPED_SCAN,
    NetworkConfig,
    VisionConfig,
)
from liquid_drone.policy.export import export_vision
from liquid_drone.policy.network import Network

SHIPPED = (
    'follow',
    'follow-compact',
    'follow-memory',
    'follow-summer',
    'reach',
)
COLOURED = VisionConfig(mean=(110.0, 115.0, 120.0), std=(60.0, 70.0, 80.0))
MADE = {'chahine2023': CHAHINE_2023, 'own': COLOURED}
FLOAT, BYTE, LONG = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64
NEWEST_OPSET = 20  # of TensorRT 10.3, which JetPack 6.2 has


def folded(path: Path) -> Any:
    """Return a model as ONNX Runtime gives it to a provider."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / 'folded.onnx')
        onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        return onnx.load(options.optimized_model_filepath)


class Graph:
    """A graph whose tensors' types and shapes are known."""

    def __init__(self, path: Path) -> None:
        onnx.checker.check_model(onnx.load(path), full_check=True)
        model = folded(path)
        self.model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        graph = self.model.graph
        self.weights = {one.name: one for one in graph.initializer}
        told = [*graph.input, *graph.value_info, *graph.output]
        self.types = {one.name: one.type.tensor_type.elem_type for one in told}
        self.types |= {name: one.data_type for name, one in self.weights.items()}
        self.ranks = {one.name: len(one.type.tensor_type.shape.dim) for one in told}


def floats(graph: Graph, node: Any) -> bool:
    return all(graph.types[name] == FLOAT for name in (*node.input, *node.output))


def planar(graph: Graph, node: Any) -> bool:
    return floats(graph, node) and graph.ranks[node.input[0]] == 4


def convolves(graph: Graph, node: Any) -> bool:
    return planar(graph, node) and all(name in graph.weights for name in node.input[1:])


def casts_to_float(graph: Graph, node: Any) -> bool:
    return graph.types[node.output[0]] == FLOAT


def reshapes(graph: Graph, node: Any) -> bool:
    known = node.input[1] in graph.weights and graph.types[node.input[1]] == LONG
    return known and graph.types[node.input[0]] == FLOAT


def reduces(graph: Graph, node: Any) -> bool:
    """Over axes, or between bounds, that are known."""
    ends = graph.types[node.input[0]], graph.types[node.output[0]]
    return ends == (FLOAT, FLOAT) and all(name in graph.weights for name in node.input[1:])


RULES: dict[str, Callable[[Graph, Any], bool]] = {
    'Cast': casts_to_float,
    'Transpose': floats,
    'AveragePool': planar,
    'Sub': floats,
    'Mul': floats,
    'Conv': convolves,
    'Relu': floats,
    'Reshape': reshapes,
    'Gemm': floats,
    'MatMul': floats,
    'Add': floats,
    'Div': floats,
    'Exp': floats,
    'Log': floats,
    'Sigmoid': floats,
    'Concat': floats,
    'Clip': reduces,
    'ReduceMax': reduces,
    'ReduceSum': reduces,
}


def check(graph: Graph) -> None:
    for node in graph.model.graph.node:
        assert node.op_type in RULES, node.op_type
        assert node.domain in ('', 'ai.onnx')
        assert RULES[node.op_type](graph, node), node
        takes_bytes = any(graph.types[name] == BYTE for name in node.input)
        assert takes_bytes is (node.op_type == 'Cast')  # bytes go into a Cast and nothing else
    assert graph.model.ir_version <= 9
    assert max(entry.version for entry in graph.model.opset_import) <= NEWEST_OPSET
    image = graph.model.graph.input[0].type.tensor_type.shape.dim
    assert image[0].dim_param  # the profile sets the batch, and nothing else is free
    assert all(one.dim_value for one in image[1:])


def kinds(graph: Graph) -> set[str]:
    return {node.op_type for node in graph.model.graph.node}


@pytest.mark.parametrize('name', SHIPPED)
def test_a_shipped_graph_keeps_to_the_rules(name: str) -> None:
    check(Graph(resources.bundle(name) / VISION_FILE))


def test_the_default_encoder_keeps_to_the_rules_and_scales_no_pixels(bundle: Path) -> None:
    graph = Graph(bundle / VISION_FILE)
    check(graph)
    assert 'Mul' not in kinds(graph)


@pytest.mark.parametrize('name', MADE)
def test_a_new_graph_keeps_to_the_rules_and_scales_no_pixels(name: str, tmp_path: Path) -> None:
    network = Network(NetworkConfig(vision=MADE[name])).eval()
    path = tmp_path / VISION_FILE
    export_vision(network, path)
    graph = Graph(path)
    check(graph)
    assert kinds(graph) & {'Sub', 'Mul'} == ({'Sub'} if MADE[name].padding == 'same' else set())


def test_a_scan_with_layers_of_its_own_keeps_to_the_rules(tmp_path: Path) -> None:
    path = tmp_path / VISION_FILE
    export_vision(Network(NetworkConfig(vision=WIDE_TAPPED_SCAN)).eval(), path)
    check(Graph(path))


def test_a_graph_that_breaks_a_rule_is_found(tmp_path: Path) -> None:
    model = onnx.load(resources.bundle('follow-compact') / VISION_FILE)
    cast, permute = model.graph.node[:2]
    cast.input[0], permute.input[0] = permute.output[0], 'image'
    cast.output[0], permute.output[0] = permute.output[0], 'bytes_first'
    cast.input[0] = 'bytes_first'
    moved = [permute, cast, *model.graph.node[2:]]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in moved]
    del model.graph.node[:]
    model.graph.node.extend(copies)
    del model.graph.value_info[:]
    onnx.save(model, tmp_path / VISION_FILE)
    with pytest.raises(AssertionError):
        check(Graph(tmp_path / VISION_FILE))
