# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a proposed command may become: pure functions of state, proposal and limits."""
