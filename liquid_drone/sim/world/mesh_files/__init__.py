# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Meshes from files of others: what they hold is asked first, then read, with a colour a face."""
