# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GLSL of what stands and of what moves: surfaces, their light, and the shadow map."""

from .programs import LIGHT, MATERIALS, SEEN, SNOWED, SPOTS, SURFACE, VERTEX_INPUTS

# The light at a vertex of what is round or small.
LIT = (
    LIGHT
    + SNOWED
    + SURFACE
    + SPOTS
    + """
uniform sampler2D noise;

struct Lit {
    vec3 own;
    vec3 snow;     // likewise if it were white
    float up;      // how much it looks up, -1..1
    vec4 look;
    float owner;   // 1: the target
};

Lit lit_vertex(vec3 place, vec3 n, vec4 colour) {
    int number = int(colour.a * 255.0 + 0.5), kind = number & 127;
    vec4 look = LOOK[kind];
    vec3 albedo = colour.rgb * colour.rgb;
    float up = kind == NEEDLES && n.z > 0.0 ? 0.52 + 0.3 * n.z : n.z - 0.4 * (1.0 - look.w);
    float direct = max(dot(n, sun.xyz), 0.0);
    if (kind == LEAVES) {
        direct = 0.2 + 0.8 * clamp(dot(n, sun.xyz) * 0.6 + 0.4, 0.0, 1.0);  // shines through
        albedo *= 0.7 + 0.6 * textureLod(noise, along_leaf(place) * 0.16, 0.0).r;
    }
    vec3 light = shone(n.z, direct * lit(place, n));
    return Lit(albedo * light, SNOW * light, up, look, float(number >> 7));
}
"""
)

# Lights vertices, once for what never moves: two colours and a look for each, see VERTEX.
LIGHTER = (
    VERTEX_INPUTS
    + LIT
    + """
flat out uint lit_colour;
flat out uint lit_snow;
flat out uint lit_look;

uint in_bytes(vec3 light, float rest) {
    return packUnorm4x8(vec4(sqrt(clamp(light * 0.5, 0.0, 1.0)), rest));
}

void main() {
    Lit seen = lit_vertex(position, normalize(normal), colour);
    lit_colour = in_bytes(seen.own, seen.owner);
    lit_snow = in_bytes(seen.snow, 0.5 + 0.5 * seen.up);
    lit_look = packUnorm4x8(vec4(seen.look.xy * 0.25, seen.look.z, 0.0));
}
"""
)

# What is round or small: what never moves is lit already, what moves (MOVES) is lit here; on that
# lies no snow.
LIT_INPUTS = """
in vec3 position;
in vec3 normal;
in vec4 lit_colour;   // half its light, rooted; whether it is the target
in vec4 lit_snow;     // likewise of snow on it; half of how much it looks up, + 0.5
in vec4 lit_look;     // noise cells per metre along and up, their strength
"""

VERTEX = """
out vec3 base;
out vec4 spot;        // where noise is read (xy), its strength, the air's clearness
out vec4 snowed;
out float deep;       // leaves: along the line on which the noise stays the same
flat out float owner;

void main() {
#ifdef MOVES
    vec3 place = posed(vec4(position, 1.0)), n = normalize(posed(vec4(normal, 0.0)));
    Lit seen = lit_vertex(place, n, colour);
    base = seen.own;
    owner = seen.owner;
    vec3 look = vec3(seen.look.xy * 0.25, seen.look.z);
#else
    vec3 place = position, n = normal, look = lit_look.xyz;
    base = 2.0 * lit_colour.rgb * lit_colour.rgb;
    owner = lit_colour.a;
#endif
    vec3 away = camera.xyz - place;
    float far = length(away);
#ifdef LEAVED
    spot.xy = along_leaf(position);
    deep = dot(position, vec3(-0.43, -0.65, 0.62)) * 1.6;
    float edge = 1.0 - abs(dot(n, away)) / (far * length(n));
    spot.z = 0.08 + 0.65 * (1.0 - zenith.w)
        + 0.18 * edge * edge * clamp(2.0 - far * 0.05, 0.0, 1.0);
#else
    spot.xy = along_stem(position) * look.xy;
    spot.z = 2.0 * look.z;
#endif
    spot.w = exp(-horizon.w * far);
#ifdef SNOWY
    snowed = vec4(2.0 * lit_snow.rgb * lit_snow.rgb, 2.0 * lit_snow.a - 1.0);
#endif
    gl_Position = clip_from_world * vec4(place, 1.0);
}
"""

STILL_VERTEX = LIT_INPUTS + SPOTS + VERTEX
MOVED_VERTEX = VERTEX_INPUTS + LIT + VERTEX

FRAGMENT_INPUTS = """
uniform sampler2D noise;
uniform sampler2D grain;   // the noise, unsmoothed
in vec3 base;
in vec4 spot;
in vec4 snowed;
in float deep;
flat in float owner;
out vec4 result;
"""

SOLID = (
    FRAGMENT_INPUTS
    + SNOWED
    + SEEN
    + """
void main() {
    vec4 coarse = texture(grain, spot.xy);
    vec3 light = base * (1.0 + spot.z * (coarse.r + 0.6 * coarse.b - 0.8));
#ifdef SNOWY
    light = mix(light, snowed.rgb, white(snowed.a, coarse.g));
#endif
    result = seen(light, spot.w, owner);
}
"""
)

LEAVES = (
    FRAGMENT_INPUTS
    + SNOWED
    + SEEN
    + """
void main() {
    vec4 fine = texture(noise, spot.xy + 0.3 * abs(fract(deep) - 0.5));  // zigzag: no streaks
    if (fine.g < spot.z) discard;
    vec3 light = base * (0.65 + 0.7 * fine.r);
#ifdef SNOWY
    light = mix(light, snowed.rgb, white(snowed.a, fine.b));
#endif
    result = seen(light, spot.w, owner);
}
"""
)

FACADE_VERTEX = (
    VERTEX_INPUTS
    + SURFACE
    + """
out vec3 world;
out vec3 facing;
out vec3 albedo;
out vec2 st;          // metres along the wall and up
flat out vec4 look;   // an array of constants costs a pixel more than all of its noise
flat out int number;

void main() {
    world = posed(vec4(position, 1.0));
    facing = normalize(posed(vec4(normal, 0.0)));
    number = int(colour.a * 255.0 + 0.5);
    albedo = colour.rgb;
    look = LOOK[number & 127];
    st = along(position, normalize(normal));
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""
)

FACADE = (
    LIGHT
    + SNOWED
    + SEEN
    + MATERIALS
    + """
uniform sampler2D noise;
in vec3 world;
in vec3 facing;
in vec3 albedo;
in vec2 st;
flat in vec4 look;
flat in int number;
out vec4 result;

#ifdef PANES
vec3 mirrored(vec3 ray) {              // houses opposite, the sky above them
    float roofs = 0.10 + 0.25 * texture(noise, ray.xy * 0.11 + world.xy * 0.004).g;
    vec3 sky = mix(horizon.rgb, zenith.rgb, clamp(ray.z * 2.0, 0.0, 1.0));
    vec3 below = zenith.rgb * 0.25 + 0.12;
    vec3 shown = mix(below, sky, smoothstep(-0.03, 0.03, ray.z - roofs));
    return shown * shown;
}

float framed() {                       // 0 on the bars between panes of 1.5 m
    vec2 cell = fract(vec2(st.x / 1.5, st.y / 3.0));
    return step(0.06, cell.x) * step(0.03, cell.y);
}

vec3 paned(vec3 base, vec3 sky) {      // rows of windows, one each 1.6 m along and 3.0 m up
    vec2 at = vec2(st.x / 1.6, (st.y - 0.4) / 3.0);
    vec2 cell = fract(at);
    bool pane = cell.x > 0.22 && cell.x < 0.78 && cell.y > 0.28 && cell.y < 0.78;
    float shade = texture(noise, floor(at) * vec2(0.137, 0.291)).r;
    vec3 glass = mix(vec3(0.04, 0.05, 0.07), sky * 0.5, shade * 0.7);
    return pane && abs(facing.z) < 0.5 ? glass : base;
}

#else
vec3 laid(vec3 base) {                 // courses of bricks; mortar fades with the distance
    float row = floor(st.y / 0.16);
    vec2 cell = fract(vec2(st.x / 0.44 + 0.5 * mod(row, 2.0), st.y / 0.16));
    float mortar = max(step(cell.x, 0.06), step(cell.y, 0.14));
    float near = clamp(1.5 - distance(world, camera.xyz) * 0.06, 0.0, 1.0);
    return mix(base, base * 0.4 + 0.25, mortar * near);
}
#endif

void main() {
    vec3 n = normalize(facing);
    int material = number & 127;
    vec4 coarse = texture(noise, st * look.xy * 0.25);
    vec3 base = albedo * albedo;
    base *= 1.0 + look.z * (coarse.r + 0.6 * coarse.b - 0.8) * 2.0;
    float far = distance(camera.xyz, world);
#ifdef PANES
    vec3 away = (world - camera.xyz) / far;
    vec3 sky = mirrored(reflect(away, n));
    if (material == WINDOWS) base = paned(base, sky);
#else
    if (material == BRICK) base = laid(base);
#endif
#ifdef SNOWY
    base = mix(base, SNOW, white(n.z, coarse.g) * look.w);
#endif
    vec3 light = base * shone(n.z, max(dot(n, sun.xyz), 0.0) * lit(world, n));
#ifdef PANES
    float grazing = 1.0 - max(-dot(n, away), 0.0);
    float share = material == GLASS ? 0.35 + 0.5 * grazing * grazing * grazing : 0.0;
    light = mix(light, sky, framed() * share);
#endif
    result = seen(light, exp(-horizon.w * far), float(number >> 7));
}
"""
)

# A shadow map: only depth; leaves let light through their holes.
SHADOW_VERTEX = (
    SPOTS
    + """
in vec3 position;
out vec2 st;

void main() {
    st = along_leaf(position);
    gl_Position = clip_from_world * vec4(position, 1.0);
}
"""
)

SHADOW = """
uniform sampler2D noise;
in vec2 st;

void main() {
#ifdef LEAVED
    if (texture(noise, st).g < 0.10 + 0.65 * (1.0 - zenith.w)) discard;
#endif
}
"""
