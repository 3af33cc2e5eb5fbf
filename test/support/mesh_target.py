# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The text of a target whose one part is a mesh file."""

TEXT = """
name: thing
description: a thing
radius_m: 0.3
height_m: 1.0
parts:
  - {shape: mesh, size_m: [1.0], position_m: [0, 0, 0.5], file: FILE}
"""


def mesh_target(file: str) -> str:
    """Return it, for a file beside the target's."""
    return TEXT.replace('FILE', file)
