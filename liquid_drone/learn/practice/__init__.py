# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A core practises: it flies in a world made of numbers, and learns by what its flights cost."""
