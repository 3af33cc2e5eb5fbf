# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: who holds a serial port is told, whatever bytes that program has for a name."""

import os
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.mavlink.transport.serial_port import holders

HOLDER = """
import os, sys
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
for line in sys.stdin:
    with open('/proc/self/comm', 'wb') as name:
        name.write(bytes.fromhex(line))
    print(flush=True)
"""


@settings(max_examples=15, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=15), min_size=4, max_size=8))
def test_a_name_in_any_bytes_is_told(names: list[bytes]) -> None:
    """Linux keeps 15 bytes of a name, and cuts a letter in two; it was a traceback."""
    leader, follower = os.openpty()
    device = os.ttyname(follower)
    os.close(follower)
    line = [sys.executable, '-c', HOLDER, device]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        for name in ('Bodenstationsü'.encode()[:15], *names):
            holder.stdin.write(f'{name.hex()}\n')
            holder.stdin.flush()
            holder.stdout.readline()
            (told,) = holders(device)
            assert told.endswith(f'(process {holder.pid})')
        holder.stdin.close()
    os.close(leader)
