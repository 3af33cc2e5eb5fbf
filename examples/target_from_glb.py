# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Make a target of a GLB file, look at it, and see how the expert flies behind it.

pip install 'liquid_drone[sim]'
python examples/target_from_glb.py
liquid-drone retrain --target out/example/buoy.yaml
"""

from pathlib import Path

import gymnasium
import trimesh

TARGET = """\
name: buoy
description: an orange buoy
radius_m: 0.4
height_m: 1.2
motion: walk
parts:
  - {shape: mesh, file: buoy.glb, size_m: [1.2], position_m: [0.0, 0.0, 0.6]}
"""
FOLLOW = 'liquid_drone.sim.gym.env:liquid_drone/Follow-v0'


def main(frames: int = 100, out: Path = Path('out/example')) -> float:
    """Write the target; let the expert follow it; return the share of frames in view."""
    out.mkdir(parents=True, exist_ok=True)
    buoy = trimesh.creation.box((0.5, 1.2, 0.5))  # or a file of yours: y up, z ahead
    orange = [[255, 90, 10, 255]] * len(buoy.vertices)
    buoy.visual = trimesh.visual.ColorVisuals(buoy, vertex_colors=orange)
    (out / 'buoy.glb').write_bytes(buoy.export(file_type='glb'))
    (out / 'buoy.yaml').write_text(TARGET, encoding='utf-8')
    env = gymnasium.make(FOLLOW, target=str(out / 'buoy.yaml'))
    _, info = env.reset(seed=7)
    seen = 0
    for _ in range(frames):
        _, _, _, _, info = env.step(info['expert'])
        seen += info['in_view']
    env.close()
    print(f'in view in {seen} of {frames} frames')
    return seen / frames


if __name__ == '__main__':
    main()
