# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Thin rclpy nodes: parameters in, a call, a message out."""
