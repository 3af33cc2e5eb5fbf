# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a scenario and a seed to a layout: what stands where, who moves, light. numpy only."""
