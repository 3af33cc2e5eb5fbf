# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An autopilot that is reset comes back under another number, and another device has its own."""

import os
import pty
import tempfile
import tty
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.mavlink.transport import opening, reconnect
from liquid_drone.flight.mavlink.transport.address import Address
from liquid_drone.flight.mavlink.transport.opening import Opener

AUTOPILOT, OTHER = b'autopilot', b'other'


class Board:
    """A device that the system numbers anew each time, and links by its socket and its name."""

    def __init__(self, folder: Path, number: int, names: list[str]) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.links = [folder / f'ttyACM{number}', *(folder / 'serial' / name for name in names)]
        for link in self.links:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def received(self) -> bytes:
        try:
            return os.read(self.master, 4096)
        except (BlockingIOError, OSError):
            return b''

    def leave(self) -> None:
        os.close(self.master)
        for link in self.links:
            link.unlink()


@settings(max_examples=40, deadline=None)
@given(
    old=st.integers(0, 3),
    new=st.integers(0, 3),
    names=st.sampled_from(
        [['by-path/usb-0:1'], ['by-id/usb-fc'], ['by-path/usb-0:1', 'by-id/usb-fc'], []]
    ),
    is_moved=st.booleans(),
    taken=st.booleans(),
)
def test_a_port_is_found_again_by_its_lasting_name_and_no_other_device_is_written_to(
    old: int, new: int, names: list[str], is_moved: bool, taken: bool
) -> None:
    """Nothing came any more, and what was sent went to the device that had the number then."""
    with tempfile.TemporaryDirectory() as made:
        folder, now_s = Path(made), [0.0]
        first = Board(folder, old, names)
        opener = Opener(Address('serial', str(folder / f'ttyACM{old}'), 57600), folder=folder)
        way = reconnect.Reconnecting(
            opener.open(waits=False),
            lambda: opener.open(waits=False),
            lambda: now_s[0],
            opener.troubles,
        )
        first.leave()
        assert way.read() == []
        other = Board(folder, old, ['by-path/usb-0:9']) if taken and new != old else None
        moved = [name for name in names if not (is_moved and 'by-path' in name)]
        again = Board(folder, new, moved)
        for _ in range(3):
            now_s[0] += 1.1
            way.read()
        os.write(again.master, AUTOPILOT)
        way.write(OTHER)
        came = b''.join(data for data, _ in way.read())
        is_found = bool(moved) or (new == old and not names)
        assert (came == AUTOPILOT) is is_found
        assert (again.received() == OTHER) is is_found
        if other is not None and names:
            assert other.received() == b''
        if not is_found and other is None:
            assert f'here are: {", ".join(opening.serial_ports(folder))}' in way.troubles.sentence
        way.close()
        for board in (again, other):
            if board is not None:
                board.leave()
