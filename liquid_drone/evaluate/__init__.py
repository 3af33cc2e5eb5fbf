# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Closed-loop flights judged: protocol, metrics, intervals, video, report."""
