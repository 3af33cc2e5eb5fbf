# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A town from a seed: streets, the blocks between them, their models and the painted ground."""
