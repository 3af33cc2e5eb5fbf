# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A drone that follows what it has learned to see, flown by a liquid neural network."""

__version__ = '0.2.0'
