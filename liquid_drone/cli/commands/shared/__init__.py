# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Commands on runs that were shared out: what is done, and all of it in one place."""
