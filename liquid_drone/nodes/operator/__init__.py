# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The operator's page as a node: what it subscribes to, and the services that it calls."""
