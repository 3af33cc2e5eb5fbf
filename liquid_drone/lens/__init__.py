# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Lenses: what is believed of a ``camera_info``, alike in flight, of recordings and in import."""
