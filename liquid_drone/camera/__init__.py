# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where pictures come from on a drone: device, GStreamer, RTSP, video, folder; calibration."""
