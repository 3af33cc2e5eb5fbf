# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Gymnasium environments, one or many at a time."""
