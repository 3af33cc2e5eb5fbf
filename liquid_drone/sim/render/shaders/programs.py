# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GLSL of the OpenGL renderer: shaders for each kind of surface, the sky and the shadows.

Light is computed in linear colour, with a gamma of 2: squared on the way in, rooted on the way
out. Alpha carries no opacity but whose pixel it is: 1 the target, 0 anything else. Round and small
things (``solid``, ``leaves``) are lit at their vertices, walls (``facade``) at their pixels, and
the ground once, into a picture from above.
"""

from .view import VIEW

VERSION = '#version 430\n'

# Light, snow and air; the same at vertices and at pixels.
LIGHT = """
uniform sampler2DShadow shadow;

float lit(vec3 place, vec3 n) {
    return texture(shadow, (shadow_from_world * vec4(place + n * 0.08, 1.0)).xyz);
}

vec3 shone(float up, float direct) {
    vec3 around = mix(vec3(0.32, 0.30, 0.26), zenith.rgb * 0.5 + 0.5, 0.5 + 0.5 * up) * sun.w;
    return around + sun_colour.rgb * (direct * (1.0 - sun.w) * 2.2);
}

"""

SNOWED = """
const vec3 SNOW = vec3(0.82, 0.86, 0.92);

float white(float up, float noised) {   // share that is under snow
    float snow = sun_colour.w;
    return smoothstep(0.35, 0.60, up + 0.5 * (noised - 0.5) - 1.0 + snow) * step(0.01, snow);
}
"""

# Where the noise is read on what is round: straight lines in space, so that there is no seam.
SPOTS = """
vec2 along_leaf(vec3 place) {
    return (place.xy * 0.8 + place.z * vec2(0.55, 0.83)) * 0.9;
}

vec2 along_stem(vec3 place) {
    float across = place.x * 0.83 + place.y * 0.55, deep = place.y * 0.83 - place.x * 0.55;
    return vec2(across, place.z + 0.5 * deep);
}
"""

# By the air and by the camera; ``clear`` is the share of light that comes through.
SEEN = """
vec4 seen(vec3 light, float clear, float owner) {
    vec3 fogged = mix(horizon.rgb * horizon.rgb, light, clear) * camera.w;
    return vec4(sqrt(clamp(fogged / (0.75 + 0.4 * fogged), 0.0, 1.0)), owner);
}
"""

MATERIALS = """
const int LEAVES = 3, NEEDLES = 4, BRICK = 6, WINDOWS = 8, GLASS = 9;
"""

# LOOK: noise cells per metre along the surface and up, their strength, the share of snow it takes.
SURFACE = (
    MATERIALS
    + """
const vec4 LOOK[10] = vec4[10](
    vec4(0.0, 0.0, 0.0, 0.6), vec4(0.35, 0.35, 0.35, 1.0), vec4(1.6, 0.22, 0.55, 0.8),
    vec4(0.8, 0.8, 0.0, 1.0), vec4(0.7, 0.35, 0.7, 1.0), vec4(0.4, 0.4, 0.45, 1.0),
    vec4(0.3, 0.3, 0.25, 0.5), vec4(0.15, 0.15, 0.2, 0.6), vec4(0.15, 0.15, 0.15, 0.5),
    vec4(0.0, 0.0, 0.0, 0.5));

vec2 along(vec3 place, vec3 n) {        // metres along a surface and up, or on it
    if (abs(n.z) > 0.75) return place.xy;
    return vec2(dot(place.xy, normalize(vec2(-n.y, n.x))), place.z);
}
"""
)

# A vertex: of what never moves in the world's frame, of what moves (MOVES) in its part's.
VERTEX_INPUTS = """
in vec3 position;
in vec3 normal;
in vec4 colour;            // a * 255: the material, + 128 if it is the target

#ifdef MOVES
uniform sampler2D poses;   // (3, parts): the rows of each part's pose
in uint part;

vec3 posed(vec4 local) {
    int number = int(part);
    return vec3(
        dot(texelFetch(poses, ivec2(0, number), 0), local),
        dot(texelFetch(poses, ivec2(1, number), 0), local),
        dot(texelFetch(poses, ivec2(2, number), 0), local));
}
#else
vec3 posed(vec4 local) { return local.xyz; }
#endif
"""


def source(body: str, *defines: str) -> str:
    """Return a whole shader: version, variant, view block, body."""
    return VERSION + ''.join(f'#define {name}\n' for name in defines) + VIEW + body
