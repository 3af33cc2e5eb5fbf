# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a camera makes of the world: its timing, and what it does to a picture."""
