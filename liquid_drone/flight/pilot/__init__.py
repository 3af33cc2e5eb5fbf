# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the pilot does by radio and joystick, and what the pilot is told."""
