# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, videos and recordings that were taken elsewhere, read as one sequence of frames."""
