# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The companion: engagement, guard and MAVLink, recorder and report. No ROS."""
