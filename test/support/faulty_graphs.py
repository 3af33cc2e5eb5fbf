# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles whose vision graph fails or hangs for a white image, and for no other."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx

from liquid_drone.contract import CONTRACT_FILE, VISION_FILE, sha256_of

WHITE = 255  # the brightness for which the graphs below fail
INT64 = onnx.TensorProto.INT64
AXES = list(range(4))


def overflowing(graph: Any, output: str) -> None:
    """Let an output be not finite where the whole image is white: 0 * log(0)."""
    node, constant = onnx.helper.make_node, onnx.helper.make_tensor
    graph.initializer.extend(
        [
            constant('white', onnx.TensorProto.FLOAT, [], [float(WHITE)]),
            constant('nothing', onnx.TensorProto.FLOAT, [], [0.0]),
        ]
    )
    graph.node.extend(
        [
            node('Cast', ['image'], ['bright'], to=onnx.TensorProto.FLOAT),
            node('ReduceMean', ['bright'], ['mean'], axes=AXES, keepdims=0),
            node('Sub', ['white', 'mean'], ['room']),
            node('Log', ['room'], ['log']),
            node('Mul', ['log', 'nothing'], ['grain']),
            node('Add', [f'{output}_before', 'grain'], [output]),
        ]
    )


def failing(graph: Any, output: str) -> None:
    """Let the graph fail where the whole image is white: an index behind the end."""
    node, constant = onnx.helper.make_node, onnx.helper.make_tensor
    graph.initializer.append(constant('table', onnx.TensorProto.FLOAT, [WHITE], [0.0] * WHITE))
    graph.node.extend(
        [
            node('Cast', ['image'], ['bright'], to=onnx.TensorProto.FLOAT),
            node('ReduceMean', ['bright'], ['mean'], axes=AXES, keepdims=0),
            node('Cast', ['mean'], ['index'], to=INT64),
            node('Gather', ['table', 'index'], ['grain']),
            node('Add', [f'{output}_before', 'grain'], [output]),
        ]
    )


def hanging(graph: Any, output: str) -> None:
    """Let the graph never end where the whole image is white: a loop that counts for ever."""
    node, constant = onnx.helper.make_node, onnx.helper.make_tensor
    value, boolean = onnx.helper.make_tensor_value_info, onnx.TensorProto.BOOL
    body = onnx.helper.make_graph(
        [node('Identity', ['goes_on'], ['goes_on_so']), node('Identity', ['kept'], ['kept_so'])],
        'turn',
        [
            value('turn', INT64, []),
            value('goes_on', boolean, []),
            value('kept', onnx.TensorProto.FLOAT, []),
        ],
        [value('goes_on_so', boolean, []), value('kept_so', onnx.TensorProto.FLOAT, [])],
    )
    graph.initializer.extend(
        [
            constant('white', onnx.TensorProto.FLOAT, [], [float(WHITE)]),
            constant('for_ever', INT64, [], [2**62]),
            constant('yes', boolean, [], [True]),
            constant('nothing', onnx.TensorProto.FLOAT, [], [0.0]),
        ]
    )
    graph.node.extend(
        [
            node('Cast', ['image'], ['bright'], to=onnx.TensorProto.FLOAT),
            node('ReduceMean', ['bright'], ['mean'], axes=AXES, keepdims=0),
            node('Equal', ['mean', 'white'], ['is_white']),
            node('Cast', ['is_white'], ['once'], to=INT64),
            node('Mul', ['once', 'for_ever'], ['turns']),
            node('Loop', ['turns', 'yes', 'nothing'], ['grain'], body=body),
            node('Add', [f'{output}_before', 'grain'], [output]),
        ]
    )


def altered(bundle: Path, to: Path, change: Callable[[Any, str], None], output: str) -> Path:
    """Return a copy of a bundle whose vision graph fails (or hangs) for a white image alone."""
    shutil.copytree(bundle, to)
    model = onnx.load(to / VISION_FILE)
    for node in model.graph.node:
        node.output[:] = [f'{output}_before' if name == output else name for name in node.output]
        node.input[:] = [f'{output}_before' if name == output else name for name in node.input]
    model.opset_import[0].version = min(model.opset_import[0].version, 17)
    change(model.graph, output)
    onnx.save(model, to / VISION_FILE)
    document = json.loads((to / CONTRACT_FILE).read_text())
    document['sha256'][VISION_FILE] = sha256_of(to / VISION_FILE)
    (to / CONTRACT_FILE).write_text(json.dumps(document))
    return to
