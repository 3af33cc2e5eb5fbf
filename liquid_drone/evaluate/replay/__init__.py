# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flights by their ids: found, flown again, compared, and kept as regressions."""
