# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The types of arrays and small tuples, each alias once; shapes stand where they are used."""

from typing import Any  # noqa: F401 - in the text below

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
RealArray = npt.NDArray['np.floating[Any]']  # a text: NumPy 1.21 takes no [] there
IntArray = npt.NDArray[np.int64]
Int8Array = npt.NDArray[np.int8]
IndexArray = npt.NDArray[np.uint32]
BoolArray = npt.NDArray[np.bool_]
Image = npt.NDArray[np.uint8]  # (..., H, W, 3) RGB
Command = npt.NDArray[np.float32]  # (4,) vx, vy, vz m/s body FLU, heading-aligned; yaw rate rad/s

Range = tuple[float, float]  # least, most
Vector = tuple[float, float, float]
Colour = tuple[float, float, float]  # red, green, blue, 0..1
FourFloats = tuple[
    float, float, float, float
]  # vx, vy, vz m/s FLU, yaw rate rad/s; or a quaternion
RowMajorRotation = tuple[float, float, float, float, float, float, float, float, float]
SeverityTable = tuple[float, float, float, float, float, float]  # of severities 0 to 5
