# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a proposed command to what the autopilot is told: guard, engage rules, MAVLink. No ROS."""
