# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A drone that follows what it has learned to see, flown by a liquid neural network."""

import os

__version__ = '0.2.0'

# ONNX Runtime from 1.29 on keeps an identifier of the machine in the home and reports sessions,
# models and devices to its maker, unless this is set before it is loaded.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
