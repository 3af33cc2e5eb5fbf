# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training pictures changed on the way to the network: light, colours, noise, lens, style."""
