# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Finished flights as one self-contained HTML page, with a CSV and a JSON file beside it."""
