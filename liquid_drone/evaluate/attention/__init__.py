# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Attention maps of a policy, scored against the mask of the target."""
