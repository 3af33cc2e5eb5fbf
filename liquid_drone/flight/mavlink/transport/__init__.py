# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Ways for bytes to travel: UDP, TCP, a serial port, memory. Nothing here knows MAVLink."""
