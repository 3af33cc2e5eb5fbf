# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How fast the parts are: one module a benchmark, all of them timed the same way."""
