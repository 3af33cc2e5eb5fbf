# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GLSL of the OpenGL renderer: one vertex shader, a fragment shader for each kind of surface, sky.

Light is computed in linear colour, with a gamma of 2: squared on the way in, rooted on the way
out. Alpha carries no opacity but whose pixel it is: 1 the target, 0 anything else.
"""

VERSION = '#version 430\n'

# Everything of one picture; kept as std140: vec4 only, see render_gl.View.
VIEW = """
layout(std140, binding = 0) uniform View {
    mat4 clip_from_world;
    mat4 shadow_from_world;   // static things, once a place
    mat4 near_from_world;     // what moves, each picture
    vec4 eye;                 // w: exposure
    vec4 sun;                 // w: share of ambient light
    vec4 sun_colour;          // w: snow
    vec4 horizon;             // w: fog density per metre
    vec4 zenith;              // w: foliage
    vec4 ground_map;          // uv = xy * world.xy + zw
    vec4 ray_forward;         // of the sky: direction = forward + x * left + y * up
    vec4 ray_left;
    vec4 ray_up;
};
"""

VERTEX = """
in vec3 position;
in vec3 normal;
in vec4 colour;       // a: material / 255, more than 127 for the target
out vec3 world;
out vec3 facing;
out vec3 albedo;
out vec2 st;          // where the noise is read: along the surface, metres
flat out int material;
flat out float owner;

void main() {
    world = position;
    facing = normalize(normal);
    int number = int(colour.a * 255.0 + 0.5);
    material = number & 127;
    owner = number > 127 ? 1.0 : 0.0;
    albedo = colour.rgb;
    vec2 along = abs(facing.z) > 0.75 ? vec2(0.0) : normalize(vec2(-facing.y, facing.x));
    st = along == vec2(0.0) ? world.xy : vec2(dot(world.xy, along), world.z);
#ifdef LEAVES
    st = world.xy * 0.8 + world.z * vec2(0.55, 0.83);
#endif
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""

# What the vertex shader hands to the fragment shaders of things and ground.
INPUTS = """
in vec3 world;
in vec3 facing;
in vec3 albedo;
in vec2 st;
flat in int material;
flat in float owner;
out vec4 result;
"""

# LOOK: noise cells per metre along the surface and up, their strength, the share of snow it takes.
SURFACE = (
    INPUTS
    + """
const int GLASS = 9, BRICK = 6, WINDOWS = 8;
const vec4 LOOK[10] = vec4[10](
    vec4(0.0, 0.0, 0.0, 0.6), vec4(0.35, 0.35, 0.35, 1.0), vec4(1.6, 0.22, 0.55, 0.25),
    vec4(0.55, 0.55, 0.75, 1.0), vec4(0.7, 0.35, 0.7, 1.0), vec4(0.4, 0.4, 0.45, 1.0),
    vec4(0.3, 0.3, 0.25, 0.5), vec4(0.15, 0.15, 0.2, 0.6), vec4(0.15, 0.15, 0.15, 0.5),
    vec4(0.0, 0.0, 0.0, 0.5));
uniform sampler2D noise;
uniform sampler2DShadow shadow;

float lit(vec3 n) {
    return texture(shadow, (shadow_from_world * vec4(world + n * 0.08, 1.0)).xyz);
}

vec3 under_snow(vec3 base, float up, float noised, float share) {
    float snow = sun_colour.w;
    float white = smoothstep(0.35, 0.60, up + 0.5 * (noised - 0.5) - 1.0 + snow) * share;
    return mix(base, vec3(0.82, 0.86, 0.92), white * step(0.01, snow));
}

vec3 shone(vec3 base, float up, float direct) {
    vec3 around = mix(vec3(0.32, 0.30, 0.26), zenith.rgb * 0.5 + 0.5, 0.5 + 0.5 * up) * sun.w;
    return base * (around + sun_colour.rgb * (direct * (1.0 - sun.w) * 2.2));
}

vec4 seen(vec3 light, float far) {      // through the air, by the camera
    vec3 fogged = mix(horizon.rgb * horizon.rgb, light, exp(-horizon.w * far)) * eye.w;
    return vec4(sqrt(clamp(fogged / (0.75 + 0.4 * fogged), 0.0, 1.0)), owner);
}
"""
)

SOLID = (
    SURFACE
    + """
#ifdef FACADE
vec3 paned(vec3 base, vec3 sky) {      // rows of windows, one each 1.6 m along and 3.0 m up
    vec2 at = vec2(st.x / 1.6, (st.y - 0.4) / 3.0);
    vec2 cell = fract(at);
    bool pane = cell.x > 0.22 && cell.x < 0.78 && cell.y > 0.28 && cell.y < 0.78;
    float shade = texture(noise, floor(at) * vec2(0.137, 0.291)).r;
    vec3 glass = mix(vec3(0.04, 0.05, 0.07), sky * 0.5, shade * 0.7);
    return pane && abs(facing.z) < 0.5 ? glass : base;
}

vec3 laid(vec3 base) {                 // courses of bricks; mortar fades with the distance
    float row = floor(st.y / 0.16);
    vec2 cell = fract(vec2(st.x / 0.44 + 0.5 * mod(row, 2.0), st.y / 0.16));
    float mortar = max(step(cell.x, 0.06), step(cell.y, 0.14));
    float near = clamp(1.5 - distance(world, eye.xyz) * 0.06, 0.0, 1.0);
    return mix(base, base * 0.4 + 0.25, mortar * near);
}
#endif

void main() {
    vec3 n = normalize(facing);
    vec4 look = LOOK[material];
    vec4 coarse = texture(noise, st * look.xy * 0.25);
    vec3 base = albedo * albedo;
    base *= 1.0 + look.z * (coarse.r + 0.6 * coarse.b - 0.8) * 2.0;
    float far = distance(eye.xyz, world);
#ifdef FACADE
    vec3 sky = mix(horizon.rgb, zenith.rgb, 0.5);
    if (material == WINDOWS) base = paned(base, sky * sky);
    if (material == BRICK) base = laid(base);
#endif
    base = under_snow(base, n.z, coarse.g, look.w);
    vec3 light = shone(base, n.z, max(dot(n, sun.xyz), 0.0) * lit(n));
#ifdef FACADE
    float grazing = 1.0 - max(dot(n, eye.xyz - world) / far, 0.0);
    float mirrored = material == GLASS ? 0.35 + 0.5 * grazing * grazing * grazing : 0.0;
    light = mix(light, sky * sky, mirrored);
#endif
    result = seen(light, far);
}
"""
)

LEAVES = (
    SURFACE
    + """
void main() {
    vec3 n = normalize(facing);
    vec3 away = eye.xyz - world;
    float far = length(away);
    float slant = dot(n, away) / far;
    vec4 fine = texture(noise, st * 0.9);
    float edge = 1.0 - abs(slant);
    float holes = 0.18 * edge * edge * clamp(2.0 - far * 0.05, 0.0, 1.0);
    if (fine.g < 0.08 + 0.65 * (1.0 - zenith.w) + holes) discard;
    n = slant < 0.0 ? -n : n;
    float spotted = texture(noise, st * 0.14).r;
    vec3 base = albedo * albedo * (0.35 + 0.7 * fine.r + 0.6 * spotted);
    base = under_snow(base, n.z, fine.b, 1.0);
    float direct = 0.2 + 0.8 * clamp(dot(n, sun.xyz) * 0.6 + 0.4, 0.0, 1.0);  // shines through
    result = seen(shone(base, n.z, direct * lit(n)), far);
}
"""
)

# The ground's light changes only by what moves: it is painted once, into a picture from above.
PAINTED_VERTEX = """
in vec3 position;
in vec3 normal;
out vec3 world;
out vec3 facing;

void main() {
    world = position;
    facing = normal;
    gl_Position = vec4((position.xy * ground_map.xy + ground_map.zw) * 2.0 - 1.0, 0.0, 1.0);
}
"""

PAINTED = """
uniform sampler2D noise;
uniform sampler2D picture;
uniform sampler2DShadow shadow;
in vec3 world;
in vec3 facing;
out vec4 result;
"""
PAINTED += SURFACE[SURFACE.index('vec3 under_snow') : SURFACE.index('vec4 seen')]
PAINTED += """
void main() {
    vec3 n = normalize(facing);
    vec3 drawn = texture(picture, world.xy * ground_map.xy + ground_map.zw).rgb;
    vec4 coarse = texture(noise, world.xy * 0.0875);
    vec3 base = drawn * drawn * (0.8 + 0.4 * coarse.r);
    base = under_snow(base, n.z, coarse.g, 1.0);
    float light = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 step = (vec2(i & 1, i >> 1) - 0.5) * 0.06;
        vec3 from = world + vec3(step, 0.05);
        light += 0.25 * texture(shadow, (shadow_from_world * vec4(from, 1.0)).xyz);
    }
    float direct = max(dot(n, sun.xyz), 0.0) * light;
    result = vec4(sqrt(clamp(0.5 * shone(base, n.z, direct), 0.0, 1.0)), light);
}
"""

GROUND = """
uniform sampler2D noise;
uniform sampler2D picture;        // painted: half of its light; alpha the share of sunlight
uniform sampler2DShadow near_shadow;
"""
GROUND += INPUTS + SURFACE[SURFACE.index('vec4 seen') :]
GROUND += """
void main() {
    vec4 drawn = texture(picture, world.xy * ground_map.xy + ground_map.zw);
    vec3 spot = (near_from_world * vec4(world, 1.0)).xyz;
    float grain = 1.0 + (0.8 - 0.6 * sun_colour.w) * (texture(noise, world.xy * 0.9).b - 0.5);
    float sunny = max(texture(near_shadow, spot), 1.0 - drawn.a);
    vec3 light = drawn.rgb * drawn.rgb * (2.0 * grain * (0.4 + 0.6 * sunny));
    result = seen(light, distance(eye.xyz, world));
}
"""

SKY_VERTEX = """
out vec2 place;

void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    place = corner;
    gl_Position = vec4(corner, 1.0, 1.0);
}
"""

SKY_FRAGMENT = """
uniform sampler2D noise;
in vec2 place;
out vec4 result;

void main() {
    vec3 ray = normalize(ray_forward.xyz - place.x * ray_left.xyz + place.y * ray_up.xyz);
    vec3 sky = mix(horizon.rgb, zenith.rgb, clamp(ray.z * 2.0, 0.0, 1.0));
    vec2 at = ray.xy / max(ray.z + 0.12, 0.1);
    float cloud = texture(noise, at * 0.045).r * 0.65 + texture(noise, at * 0.16).g * 0.35;
    float white = smoothstep(0.50, 0.72, cloud) * clamp(ray.z * 4.0, 0.0, 1.0);
    sky = mix(sky, vec3(0.95), 0.75 * white);
    float glow = pow(max(dot(ray, sun.xyz), 0.0), 200.0);
    sky = sky * sky + sun_colour.rgb * glow;
    float haze = 1.0 - exp(-horizon.w * 25.0 / max(ray.z + 0.05, 0.05));
    sky = mix(sky, horizon.rgb * horizon.rgb, haze);
    sky *= eye.w;
    result = vec4(sqrt(clamp(sky / (0.75 + 0.4 * sky), 0.0, 1.0)), 0.0);
}
"""

# A shadow map: only depth; leaves let light through their holes.
SHADOW_FRAGMENT = """
uniform sampler2D noise;
in vec2 st;

void main() {
#ifdef LEAVES
    if (texture(noise, st * 0.9).g < 0.10 + 0.65 * (1.0 - zenith.w)) discard;
#endif
}
"""


def source(body: str, *defines: str) -> str:
    """Return a whole shader: version, variant, view block, body."""
    return VERSION + ''.join(f'#define {name}\n' for name in defines) + VIEW + body
