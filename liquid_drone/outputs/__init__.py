# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where results may be made, and what is left there when a process dies in the middle."""
