# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The command that comes next, as a shell takes it: names and places may have spaces in them."""

import shlex


def as_typed(*words: object) -> str:
    """Return ``liquid-drone`` with these words as a line that a shell splits into them again."""
    return shlex.join(['liquid-drone', *map(str, words)])
