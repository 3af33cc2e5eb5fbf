# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that teach a scan how near things are, drawn where flights seldom come."""
