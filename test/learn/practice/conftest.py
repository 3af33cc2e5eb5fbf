# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Places that flights in the flat world share."""

import pytest

from liquid_drone.learn.practice.places import beside_each_other, draw_place


@pytest.fixture(scope='module')
def places():
    """Three places, one of them with trunks in the way."""
    kinds = [('forest', 'behind-trees'), ('forest', 'follow'), ('urban', 'occlusion:2')]
    return beside_each_other([draw_place(*kind, 5000 + i) for i, kind in enumerate(kinds)])
