# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Read an episode with pandas: one row a frame, and a few numbers of the flight.

pip install 'liquid_drone[convert]'
liquid-drone fly --no-ros
python examples/episode_with_pandas.py out/episode
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from liquid_drone.episodes import episode

COLUMNS = ('stamp_ns', 'position_enu', 'target_position_enu', 'label', 'executed', 'setpoint')


def main(directory: str = 'out/episode') -> pd.DataFrame:
    """Print and return the table of a simulated flight."""
    recording = episode.load(Path(directory), every_frame=True)
    columns = {}
    for name in COLUMNS:
        values = recording.column(name)  # (T,) or (T, 3) or (T, 4)
        for index, column in enumerate(values.reshape(len(values), -1).T):
            columns[f'{name}_{index}' if values.ndim > 1 else name] = column
    table = pd.DataFrame(columns)
    table['time_s'] = (table['stamp_ns'] - table['stamp_ns'][0]) / 1e9
    away = table.filter(regex='^target_position').to_numpy() - table.filter(regex='^position')
    table['distance_m'] = np.hypot(away['position_enu_0'], away['position_enu_1'])
    print(table[['time_s', 'distance_m', 'label_0', 'executed_0', 'setpoint_0']].describe())
    return table


if __name__ == '__main__':
    main(*sys.argv[1:])
