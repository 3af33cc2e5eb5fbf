# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A ground station's part: the companion as the MAVLink camera that QGroundControl tracks with."""
