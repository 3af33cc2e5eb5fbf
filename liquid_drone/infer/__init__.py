# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Show a bundle pictures that were taken elsewhere: no ROS, no simulator, no drone."""
