# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Cores behind an encoder that stays as it is: its features are computed once for all of them."""
