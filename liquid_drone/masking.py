# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets out of what is logged or shown: passwords in addresses, and keys given as text."""

import re

MASK = '***'
_PASSWORD = re.compile(r'(?P<before>(?:^|[/:\s\'"])[^/:@\s]*):[^/\s]+@')
# also with the characters that end the host of an address; a host with a port is no user
_IN_ADDRESS = re.compile(
    r'(?P<before>\b[a-z][a-z0-9+.-]*://(?![^/:@\s\'"]*\.[^/:@\s\'"]*:\d{1,5}(?:[/?#]|$))'
    r'[^/:@\s\'"]*):[^\s\'"]*@',
    re.I,
)
_QUERY = re.compile(
    r'(?P<name>[?&](?:[\w-]*(?:pass|loginpas|pwd|token|secret)[\w-]*|key|auth)=)[^&\s#]+', re.I
)
_PROPERTY = re.compile(  # of a GStreamer element, such as rtspsrc user-pw=...
    r'(?P<name>\b[\w-]*(?:pw|passw\w*|token|secret)\s*=\s*)(?:"[^"]*"|[^&\s#]+)', re.I
)
_KEY = re.compile(r'(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])')


def masked(text: str) -> str:
    """Return a text without the passwords and keys in it.

    ``rtsp://pilot:secret@host/x?token=abc`` becomes ``rtsp://pilot:***@host/x?token=***``; 64
    hexadecimal digits, as a signing key has them, become ``***``.
    """
    text = _IN_ADDRESS.sub(rf'\g<before>:{MASK}@', text)
    text = _PASSWORD.sub(rf'\g<before>:{MASK}@', text)
    text = _QUERY.sub(rf'\g<name>{MASK}', text)
    text = _PROPERTY.sub(rf'\g<name>{MASK}', text)
    return _KEY.sub(MASK, text)
