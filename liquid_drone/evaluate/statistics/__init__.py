# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of trainings and their flights: arrays in, numbers out."""
