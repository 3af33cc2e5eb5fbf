# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The same flights by several executors: what they cost, and that they are the same."""
