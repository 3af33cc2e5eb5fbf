# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The operator's page: a flight seen and asked for from a browser; knows no ROS, flies nothing."""
