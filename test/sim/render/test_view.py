# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The numpy dtype of a picture's uniforms has the layout that OpenGL gives the GLSL block."""

import ctypes
import re

import numpy as np
import pytest

from liquid_drone.errors import LiquidDroneError
from liquid_drone.sim.render.gl_context import GlContext
from liquid_drone.sim.render.shaders.view import VIEW, VIEW_DTYPE

OFFSET, MATRIX_STRIDE = 0x8A3B, 0x8A3D  # GL_UNIFORM_...
MISSING = 0xFFFFFFFF
PACKED = """
#version 430
{view}
void main() {{ gl_Position = clip_from_world * (shadow_from_world[0] + {sum}); }}
"""


class OpenGl:
    """The three functions of OpenGL that report a layout; moderngl does not pass it on."""

    def __init__(self) -> None:
        egl = ctypes.CDLL('libEGL.so.1')
        egl.eglGetProcAddress.restype = ctypes.c_void_p
        self._address = egl.eglGetProcAddress

    def _call(self, name: str, *arguments: object) -> None:
        ctypes.CFUNCTYPE(None, *(type(a) for a in arguments))(self._address(name.encode()))(
            *arguments
        )

    def reported(self, program: int, name: str, what: int) -> int:
        """Return a property of one uniform."""
        names, index = (ctypes.c_char_p * 1)(name.encode()), ctypes.c_uint(MISSING)
        counts = ctypes.c_uint(program), ctypes.c_int(1)
        self._call('glGetUniformIndices', *counts, names, ctypes.pointer(index))
        assert index.value != MISSING, f'OpenGL knows no uniform {name}'
        found = ctypes.c_int(-1)
        chosen = ctypes.pointer(index), ctypes.c_uint(what), ctypes.pointer(found)
        self._call('glGetActiveUniformsiv', *counts, *chosen)
        return found.value


@pytest.fixture(scope='module')
def program():
    try:
        context = GlContext.shared().context
    except LiquidDroneError as error:
        pytest.skip(f'no OpenGL here: {error}')
    vectors = [name for name in VIEW_DTYPE.names if VIEW_DTYPE[name].itemsize == 16]
    source = PACKED.format(view=VIEW, sum=' + '.join(vectors)).strip()
    program = context.program(vertex_shader=source)
    yield program
    program.release()


def test_every_member_lies_where_opengl_reads_it(program):
    opengl = OpenGl()
    reported = {name: opengl.reported(program.glo, name, OFFSET) for name in VIEW_DTYPE.names}
    assert reported == {name: VIEW_DTYPE.fields[name][1] for name in VIEW_DTYPE.names}
    assert program['View'].size == VIEW_DTYPE.itemsize


def test_matrices_have_four_floats_a_column(program):
    opengl = OpenGl()
    for name in ('clip_from_world', 'shadow_from_world'):
        stride = opengl.reported(program.glo, name, MATRIX_STRIDE)
        assert stride == VIEW_DTYPE[name].base.itemsize * 4


def test_block_and_dtype_name_the_same_members_in_the_same_order():
    assert tuple(re.findall(r'^\s+(?:mat4|vec4) (\w+);', VIEW, re.MULTILINE)) == VIEW_DTYPE.names


def test_what_shares_a_vec4_fills_it():
    halves = [VIEW_DTYPE[name] for name in VIEW_DTYPE.names if VIEW_DTYPE[name].names]
    assert halves
    for vec4 in halves:
        vector, scalar = vec4.names
        assert (vec4.fields[vector][1], vec4.fields[scalar][1]) == (0, 12)
        assert vec4[vector].base == vec4[scalar] == np.float32
