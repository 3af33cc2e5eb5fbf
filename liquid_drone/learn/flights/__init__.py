# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training flights: one, many, and shared out over machines."""
