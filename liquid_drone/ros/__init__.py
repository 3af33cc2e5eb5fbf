# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the nodes share: messages, qualities of service, parameters, lifecycle, process."""
