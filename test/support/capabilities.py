# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A thread without a right of root, as the user of a drone is (capabilities(7))."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
SYS_NICE = 1 << 23  # CAP_SYS_NICE


class _Header(ctypes.Structure):
    _fields_ = (('version', ctypes.c_uint32), ('process', ctypes.c_int))


class _Rights(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ('effective', 'permitted', 'inherited'))


@contextmanager
def without_sys_nice() -> Iterator[None]:
    """Let this thread have no CAP_SYS_NICE meanwhile; where it has none, nothing changes."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, rights = _Header(VERSION, 0), (_Rights * 2)()
    assert libc.capget(ctypes.byref(header), rights) == 0
    before = rights[0].effective
    rights[0].effective = before & ~SYS_NICE
    assert libc.capset(ctypes.byref(header), rights) == 0
    try:
        yield
    finally:
        rights[0].effective = before
        assert libc.capset(ctypes.byref(header), rights) == 0
