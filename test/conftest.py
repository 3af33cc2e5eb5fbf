# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import settings

# Machines differ: a slow one must not fail a test of behaviour.
settings.register_profile('liquid_drone', deadline=None)
settings.load_profile('liquid_drone')
