# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A study: several arms trained several times on the same data, flown on the same seeds."""
