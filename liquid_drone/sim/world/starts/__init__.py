# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where a drone begins: behind the target, or where something stands in its way to it."""
