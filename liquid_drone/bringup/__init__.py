# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Starting a graph of nodes: launch actions and arguments, or without launch."""
