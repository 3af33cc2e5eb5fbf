# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a picture says of its own colours, and the way from them to sRGB."""
