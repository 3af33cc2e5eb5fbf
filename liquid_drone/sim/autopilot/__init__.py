# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated PX4 and ArduPilot, and the pilot with the radio. It knows no world."""
