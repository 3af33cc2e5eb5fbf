# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Running a policy bundle without PyTorch: sessions, providers, warm-up, parity."""
