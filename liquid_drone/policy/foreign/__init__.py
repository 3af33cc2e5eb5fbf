# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the weights of others into our cells: ncps state dicts, the Keras files of 2023."""
