# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Make a world of your own: a thin forest with dogs in it, as YAML, drawn from above.

pip install 'liquid_drone[sim]'
python examples/own_world.py
liquid-drone fly --no-ros --world out/example/grove.yaml
"""

from pathlib import Path

import cv2

from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.preview.contact_sheet import SheetPlace, SheetRow, place_views, sheet

WORLD = """\
name: grove
forest:
  tree_density_per_m2: 0.04
  conifer_share: 0.1
  path_clearance_m: 2.0
distractors:
  - {target: dog, count: 3, motion: walk, distance_m: [4.0, 12.0]}
wind_m_s: [0.0, 3.0]
"""


def main(seasons: tuple[str, ...] = ('spring', 'winter'), out: Path = Path('out/example')) -> Path:
    """Write the world; draw one seed of it in some seasons; return the picture's path."""
    out.mkdir(parents=True, exist_ok=True)
    (out / 'grove.yaml').write_text(WORLD, encoding='utf-8')
    shown = SheetPlace(FlightSpec(seed=7), width=480)
    places = {season: shown.load(str(out / 'grove.yaml'), season) for season in seasons}
    rows = [SheetRow((name,), place_views(place, shown)) for name, place in places.items()]
    cv2.imwrite(str(out / 'grove.png'), sheet('a grove, seed 7', rows)[:, :, ::-1])
    print(out / 'grove.png')
    return out / 'grove.png'


if __name__ == '__main__':
    main()
