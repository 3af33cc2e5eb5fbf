# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the vehicle's messages tell: its state, home, and where a gimbal looks."""
