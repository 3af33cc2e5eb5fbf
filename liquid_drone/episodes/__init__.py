# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded flights: rosbag2 (MCAP) with a manifest, written in training and on the drone alike."""
