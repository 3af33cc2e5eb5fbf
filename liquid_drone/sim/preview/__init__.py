# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Worlds, seasons and targets to look at before one flies."""
