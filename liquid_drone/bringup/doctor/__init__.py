# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What on this machine keeps a drone, a simulation or a training from working; how to mend it."""
