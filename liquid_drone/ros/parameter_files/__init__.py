# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters in files: whose they are, and which of several values holds."""
