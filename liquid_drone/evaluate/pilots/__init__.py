# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who flies beside the policies, to compare with: the expert, and pilots without a network."""
