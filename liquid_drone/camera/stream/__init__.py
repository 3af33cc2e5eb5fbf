# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""H.264 for a ground station: encoder programs chosen from what is installed, and fed."""
