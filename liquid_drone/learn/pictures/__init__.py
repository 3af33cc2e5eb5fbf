# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training pictures that nobody flew: targets and people as various as in life, with labels."""
