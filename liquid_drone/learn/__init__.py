# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From expert flights to a trained network: episodes, clips, behaviour cloning, DAgger."""
