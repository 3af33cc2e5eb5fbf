# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes, each with its own parameters and topics: parameters in, a call, a message out."""
