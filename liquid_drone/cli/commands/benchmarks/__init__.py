# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmarks of ``liquid-drone bench``, one a file."""
