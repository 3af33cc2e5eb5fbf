# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Weights that have faded to next to nothing are stored as zero: a processor stumbles over them.

Weight decay takes the weights of a filter that has died towards zero for ever. Below 1.2e-38 a
number is denormal, which x86 processors compute with a hundred times slower, picture by picture.
"""

from typing import Any

import numpy as np

from ..errors import require

FADED = 1e-30  # below it no sum that a camera's picture is part of changes in its last bit


def store_faded_as_zero(model: Any) -> None:
    """Replace such weights of an ONNX model by zeros, in place."""
    onnx = require('onnx', 'train')
    for weight in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        if values.dtype != np.float32:
            continue
        faded = (values != 0) & (np.abs(values) < FADED)
        if faded.any():
            kept = np.where(faded, np.float32(0), values)
            weight.CopyFrom(onnx.numpy_helper.from_array(kept, weight.name))
