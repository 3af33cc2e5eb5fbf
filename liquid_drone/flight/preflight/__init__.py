# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is looked at before a flight: one list, for the page, the terminal and the doctor."""
