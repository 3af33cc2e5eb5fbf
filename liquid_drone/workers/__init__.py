# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where work is done: in this process, in local processes, on the machines of a Ray cluster."""
