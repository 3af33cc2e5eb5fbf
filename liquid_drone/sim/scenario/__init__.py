# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""YAML schemas of what a user edits: world, season, target, task, vehicle, weather."""
