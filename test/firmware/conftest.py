# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A rig with each firmware; skipped where no firmware is given."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rig import Rig, firmware_or_skip

KINDS = ('ardupilot', 'px4')


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Firmware and companion, both started."""
    rig = Rig(firmware_or_skip(request.param), tmp_path / 'firmware.log')
    try:
        yield rig
    finally:
        rig.close()
