# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GLSL of what is around: the ground, what moves on it in shadow, the sky."""

from .programs import LIGHT, SEEN, SNOWED, VERTEX_INPUTS

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
        vec2 aside = (vec2(i & 1, i >> 1) - 0.5) * 0.06;
        open += 0.25 * lit(world + vec3(aside, 0.05), vec3(0.0));
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
    shaded.z = exp(-horizon.w * distance(camera.xyz, position));
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
MOVING_VERTEX = (
    VERTEX_INPUTS
    + """
flat out float above;

void main() {
    vec3 from = posed(vec4(position, 1.0)) - near_shadow.xyz;
    above = float(gl_InstanceID);
    vec2 place = from.xy - (1.0 - above) * sun.xy * (from.z / sun.z);
    bool far_up = above > 0.5 && from.z > 3.0;   // hides no sky
    gl_Position = vec4(far_up ? vec2(2.0) : place / near_shadow.w, 0.0, 1.0);
}
"""
)

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
    sky *= camera.w;
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
