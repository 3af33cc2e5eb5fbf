# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The uniforms of one picture, twice: the GLSL block, and the numpy dtype of the same bytes.

Every member has the same name in both. std140 with vec4 only, so that no driver pads differently;
the dtype names what shares a vec4. Matrices are stored by columns: assign the transpose.
"""

import numpy as np

VIEW = """
layout(std140, binding = 0) uniform View {
    mat4 clip_from_world;
    mat4 shadow_from_world;   // static things, once a place
    vec4 camera;              // w: exposure
    vec4 sun;                 // w: share of ambient light
    vec4 sun_colour;          // w: snow
    vec4 horizon;             // w: fog density per metre
    vec4 zenith;              // w: foliage
    vec4 ground_map;          // uv = xy * world.xy + zw
    vec4 ray_forward;         // of the sky: direction = forward + x * left + y * up;
                              // w: share of the snow that lies on the painted ground too
    vec4 ray_left;
    vec4 ray_up;
    vec4 near_shadow;         // what moves shades a square: middle (x, y, z), half its side
};
"""


def _vec4(vector: str, scalar: str) -> np.dtype[np.void]:
    """Return the dtype of a vec4 whose xyz and w are two things."""
    return np.dtype([(vector, np.float32, 3), (scalar, np.float32)])


VIEW_DTYPE = np.dtype(
    [
        ('clip_from_world', np.float32, (4, 4)),
        ('shadow_from_world', np.float32, (4, 4)),
        ('camera', _vec4('position', 'exposure')),
        ('sun', _vec4('direction', 'ambient')),
        ('sun_colour', _vec4('rgb', 'snow')),
        ('horizon', _vec4('rgb', 'fog_density')),
        ('zenith', _vec4('rgb', 'foliage')),
        ('ground_map', np.float32, 4),
        ('ray_forward', _vec4('direction', 'ground_snow')),
        ('ray_left', _vec4('direction', 'unused')),
        ('ray_up', _vec4('direction', 'unused')),
        ('near_shadow', _vec4('middle', 'half_side')),
    ]
)
