# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GLSL of the OpenGL renderer: shaders for each kind of surface, the sky and the shadows.

Light is computed in linear colour, with a gamma of 2: squared on the way in, rooted on the way
out. Alpha carries no opacity but whose pixel it is: 1 the target, 0 anything else. Round and small
things (``solid``, ``leaves``) are lit at their vertices, walls (``facade``) at their pixels, and
the ground once, into a picture from above.
"""

VERSION = '#version 430\n'

# Everything of one picture; kept as std140: vec4 only, see render_gl.View.
VIEW = """
layout(std140, binding = 0) uniform View {
    mat4 clip_from_world;
    mat4 shadow_from_world;   // static things, once a place
    vec4 eye;                 // w: exposure
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
    vec3 fogged = mix(horizon.rgb * horizon.rgb, light, clear) * eye.w;
    return vec4(sqrt(clamp(fogged / (0.75 + 0.4 * fogged), 0.0, 1.0)), owner);
}
"""

# LOOK: noise cells per metre along the surface and up, their strength, the share of snow it takes.
SURFACE = """
const int LEAVES = 3, NEEDLES = 4, BRICK = 6, WINDOWS = 8, GLASS = 9;
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

VERTEX_INPUTS = """
in vec3 position;
in vec3 normal;
in vec4 colour;       // a * 255: the material, + 64 if it moves, + 128 if it is the target
"""

# Lights vertices, once for what never moves: two colours and a look for each, see VERTEX.
LIGHTER = (
    VERTEX_INPUTS
    + LIGHT
    + SNOWED
    + SURFACE
    + SPOTS
    + """
uniform sampler2D noise;
flat out uint lit_colour;
flat out uint lit_snow;
flat out uint lit_look;

uint in_bytes(vec3 light, float rest) {
    return packUnorm4x8(vec4(sqrt(clamp(light * 0.5, 0.0, 1.0)), rest));
}

void main() {
    int number = int(colour.a * 255.0 + 0.5), kind = number & 63;
    vec4 look = LOOK[kind];
    vec3 n = normalize(normal), albedo = colour.rgb * colour.rgb;
    float up = kind == NEEDLES && n.z > 0.0 ? 0.52 + 0.3 * n.z : n.z - 0.4 * (1.0 - look.w);
    float direct = max(dot(n, sun.xyz), 0.0);
    if (kind == LEAVES) {
        direct = 0.2 + 0.8 * clamp(dot(n, sun.xyz) * 0.6 + 0.4, 0.0, 1.0);  // shines through
        albedo *= 0.7 + 0.6 * textureLod(noise, along_leaf(position) * 0.16, 0.0).r;
    }
    vec3 light = shone(n.z, direct * lit(position, n));
    lit_colour = in_bytes(albedo * light, float(number >> 7));
    lit_snow = in_bytes(SNOW * light, (number & 64) != 0 ? 0.0 : 0.5 + 0.5 * up);
    lit_look = packUnorm4x8(vec4(look.xy * 0.25, look.z, 0.0));
}
"""
)

# What is round or small is lit at its vertices already.
VERTEX = (
    SPOTS
    + """
in vec3 position;
in vec3 normal;
in vec4 lit_colour;   // half its light, rooted; whether it is the target
in vec4 lit_snow;     // likewise of snow on it; half of how much it looks up, + 0.5
in vec4 lit_look;     // noise cells per metre along and up, their strength
out vec3 base;
out vec4 spot;        // where noise is read (xy), its strength, the air's clearness
out vec4 snowed;
out float deep;       // leaves: along the line on which the noise stays the same
flat out float owner;

void main() {
    base = 2.0 * lit_colour.rgb * lit_colour.rgb;
    owner = lit_colour.a;
    vec3 away = eye.xyz - position;
    float far = length(away);
#ifdef LEAVED
    spot.xy = along_leaf(position);
    deep = dot(position, vec3(-0.43, -0.65, 0.62)) * 1.6;
    float edge = 1.0 - abs(dot(normal, away)) / (far * length(normal));
    spot.z = 0.08 + 0.65 * (1.0 - zenith.w)
        + 0.18 * edge * edge * clamp(2.0 - far * 0.05, 0.0, 1.0);
#else
    spot.xy = along_stem(position) * lit_look.xy;
    spot.z = 2.0 * lit_look.z;
#endif
    spot.w = exp(-horizon.w * far);
#ifdef SNOWY
    snowed = vec4(2.0 * lit_snow.rgb * lit_snow.rgb, 2.0 * lit_snow.a - 1.0);
#endif
    gl_Position = clip_from_world * vec4(position, 1.0);
}
"""
)

FRAGMENT_INPUTS = """
uniform sampler2D noise;
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
    vec4 coarse = texture(noise, spot.xy);
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
flat out int number;

void main() {
    world = position;
    facing = normalize(normal);
    number = int(colour.a * 255.0 + 0.5);
    albedo = colour.rgb;
    st = along(position, facing);
    gl_Position = clip_from_world * vec4(world, 1.0);
}
"""
)

FACADE = (
    LIGHT
    + SNOWED
    + SEEN
    + SURFACE
    + """
uniform sampler2D noise;
in vec3 world;
in vec3 facing;
in vec3 albedo;
in vec2 st;
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
    float near = clamp(1.5 - distance(world, eye.xyz) * 0.06, 0.0, 1.0);
    return mix(base, base * 0.4 + 0.25, mortar * near);
}
#endif

void main() {
    vec3 n = normalize(facing);
    int material = number & 63;
    vec4 look = LOOK[material];
    vec4 coarse = texture(noise, st * look.xy * 0.25);
    vec3 base = albedo * albedo;
    base *= 1.0 + look.z * (coarse.r + 0.6 * coarse.b - 0.8) * 2.0;
    float far = distance(eye.xyz, world);
#ifdef PANES
    vec3 away = (world - eye.xyz) / far;
    vec3 sky = mirrored(reflect(away, n));
    if (material == WINDOWS) base = paned(base, sky);
#else
    if (material == BRICK) base = laid(base);
#endif
#ifdef SNOWY
    base = mix(base, SNOW, white(n.z, coarse.g) * ((number & 64) != 0 ? 0.0 : look.w));
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

PAINTED = (
    LIGHT
    + SNOWED
    + """
uniform sampler2D noise;
uniform sampler2D picture;
in vec3 world;
in vec3 facing;
out vec4 result;

void main() {
    vec3 n = normalize(facing);
    vec3 drawn = texture(picture, world.xy * ground_map.xy + ground_map.zw).rgb;
    vec4 coarse = texture(noise, world.xy * 0.0875);
    vec3 base = drawn * drawn * (0.8 + 0.4 * coarse.r);
    base = mix(base, SNOW, white(n.z, coarse.g) * ray_forward.w);
    float open = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 step = (vec2(i & 1, i >> 1) - 0.5) * 0.06;
        open += 0.25 * lit(world + vec3(step, 0.05), vec3(0.0));
    }
    vec3 light = base * shone(n.z, max(dot(n, sun.xyz), 0.0) * open);
    result = vec4(sqrt(clamp(0.5 * light, 0.0, 1.0)), open);
}
"""
)

GROUND_VERTEX = (
    VERTEX_INPUTS
    + """
out vec4 spot;        // in the painted picture (xy), in the noise (zw)
out vec3 shaded;      // in the picture of moving shadows (xy); the air's clearness

void main() {
    spot.xy = position.xy * ground_map.xy + ground_map.zw;
    spot.zw = position.xy * 0.9;
    shaded.xy = (position.xy - near_shadow.xy) / (2.0 * near_shadow.w) + 0.5;
    shaded.z = exp(-horizon.w * distance(eye.xyz, position));
    gl_Position = clip_from_world * vec4(position, 1.0);
}
"""
)

GROUND = (
    SEEN
    + """
uniform sampler2D noise;
uniform sampler2D picture;        // painted: half of its light; alpha the share of sunlight
uniform sampler2D moving;         // where something that moves hides the sun (r) and the sky (g)
in vec4 spot;
in vec3 shaded;
out vec4 result;

void main() {
    vec4 drawn = texture(picture, spot.xy);
    float grain = 1.0 + (0.8 - 0.6 * sun_colour.w) * (texture(noise, spot.zw).b - 0.5);
    vec2 hidden = texture(moving, shaded.xy).rg;
    float left = (1.0 - 0.6 * hidden.r * drawn.a) * (1.0 - 0.35 * hidden.g);
    vec3 light = drawn.rgb * drawn.rgb * (2.0 * grain * left);
    result = seen(light, shaded.z, 0.0);
}
"""
)

# What moves, on the ground below its first part: seen along the sun's rays, then from right above.
MOVING_VERTEX = """
in vec3 position;
flat out float above;

void main() {
    vec3 from = position - near_shadow.xyz;
    above = float(gl_InstanceID);
    vec2 place = from.xy - (1.0 - above) * sun.xy * (from.z / sun.z);
    bool far_up = above > 0.5 && from.z > 3.0;   // hides no sky
    gl_Position = vec4(far_up ? vec2(2.0) : place / near_shadow.w, 0.0, 1.0);
}
"""

MOVING = """
flat in float above;
out vec2 result;

void main() { result = vec2(1.0 - above, above); }
"""

SKY_VERTEX = """
out vec2 place;

void main() {
    vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    place = corner;
    gl_Position = vec4(corner, 1.0, 1.0);
}
"""

# The sky of a place never changes: painted once, on a disc by xy / (1 + z) (the stereographic
# projection) that reaches 17 degrees below the horizon.
SKY_RIM = """
const float SKY_RIM = 1.35;
"""

SKY_PAINTED = (
    SKY_RIM
    + """
uniform sampler2D noise;
in vec2 place;
out vec4 result;

void main() {
    vec2 disc = place * SKY_RIM;
    float r2 = dot(disc, disc);
    vec3 ray = vec3(2.0 * disc, 1.0 - r2) / (1.0 + r2);
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
)

SKY = (
    SKY_RIM
    + """
uniform sampler2D sky;
in vec2 place;
out vec4 result;

void main() {
    vec3 ray = ray_forward.xyz - place.x * ray_left.xyz + place.y * ray_up.xyz;
    float size = length(ray);
    vec2 disc = ray.xy / (size + max(ray.z, -0.3 * size));
    result = vec4(texture(sky, disc * (0.5 / SKY_RIM) + 0.5).rgb, 0.0);
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


def source(body: str, *defines: str) -> str:
    """Return a whole shader: version, variant, view block, body."""
    return VERSION + ''.join(f'#define {name}\n' for name in defines) + VIEW + body
