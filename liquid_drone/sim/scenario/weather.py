# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Weather and camera faults, each an axis of severity 0 (none) to 5, and what the figures are.

``Weather.parse('fog:2,noise:1')`` reads what the command line and recipes write. The same seed
with and without weather is the same place and the same walk. What an axis does to a picture
stands in ``image_corruptions``, when a picture is taken in ``camera``.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...arrays import SeverityTable, Vector
from ...errors import ConfigError, shown
from .season import Season

CLEAR = 'clear'
WORST = 5
SEVERITIES = frozenset(str(severity) for severity in range(WORST + 1))

# what each axis is at severity 0 to 5
FOG_PER_M: SeverityTable = (0.0, 0.02, 0.04, 0.07, 0.12, 0.2)  # added extinction
RAIN_STREAKS: SeverityTable = (0, 40, 90, 160, 260, 400)  # in one picture of 256x144
RAIN_FOG_PER_M: SeverityTable = (0.0, 0.004, 0.008, 0.014, 0.022, 0.032)
LOW_LIGHT_SHARE: SeverityTable = (1.0, 0.65, 0.45, 0.32, 0.23, 0.16)  # of the light that is left
LOW_LIGHT_NOISE: SeverityTable = (0.0, 2.0, 4.0, 6.0, 8.0, 11.0)  # deviation, of 255
EXPOSURE_STOPS: SeverityTable = (0.0, 0.4, 0.8, 1.2, 1.6, 2.0)  # over or under, one per flight
GAMMA: SeverityTable = (1.0, 1.1, 1.2, 1.3, 1.45, 1.6)  # or its inverse, one per flight
BLUR_S: SeverityTable = (0.0, 0.01, 0.02, 0.035, 0.05, 0.07)  # time that the shutter is open
BLUR_SHAKE_RAD_S: SeverityTable = (0.0, 0.2, 0.3, 0.45, 0.6, 0.8)  # deviation of the vibration
NOISE: SeverityTable = (0.0, 4.0, 8.0, 13.0, 20.0, 30.0)  # deviation, of 255
JPEG_QUALITY: SeverityTable = (100, 60, 35, 20, 12, 6)
READOUT_S: SeverityTable = (0.0, 0.008, 0.016, 0.024, 0.033, 0.045)  # first row to last
WOBBLE_PIXELS: SeverityTable = (0.0, 0.3, 0.6, 1.0, 1.5, 2.2)  # by motors' vibration
DROPPED_SHARE: SeverityTable = (0.0, 0.03, 0.08, 0.15, 0.25, 0.4)
LATE_S: SeverityTable = (0.0, 0.02, 0.04, 0.06, 0.09, 0.12)  # age when delivered, at least
LATE_JITTER_S: SeverityTable = (0.0, 0.01, 0.02, 0.03, 0.035, 0.04)  # and at most this much more
GUST_WIND_M_S: SeverityTable = (0.0, 1.5, 3.0, 4.5, 6.0, 8.0)  # mean added; gusts follow (Dryden)


@dataclass(frozen=True)
class Weather:
    """How severe each axis is, 0 to 5."""

    fog: int = 0  # denser air
    rain: int = 0  # streaks in the picture, and thin fog
    low_light: int = 0  # darker, and so noisier
    exposure: int = 0  # over- or underexposed, with a wrong gamma
    motion_blur: int = 0  # a longer exposure while the camera turns and shakes
    noise: int = 0  # of the sensor
    jpeg: int = 0  # compression
    rolling_shutter: int = 0  # rows are read one after the other
    dropped: int = 0  # frames that never come
    late: int = 0  # frames come late, and irregularly
    gusts: int = 0  # wind, with its gusts

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value not in range(WORST + 1):
                raise ValueError(f'{field.name} must be 0 to {WORST}; got {value}')

    def __str__(self) -> str:
        """Return what :meth:`parse` reads."""
        found = [f'{name}:{value}' for name, value in dataclasses.asdict(self).items() if value]
        return ','.join(found) or CLEAR

    @classmethod
    def parse(cls, text: str) -> 'Weather':
        """Read ``fog:2,noise:1`` or ``clear``.

        Raises:
            ConfigError: an unknown axis, a severity that is not 0 to 5, an axis twice.

        """
        axes: dict[str, int] = {}
        for item in text.split(',') if text.strip() not in ('', CLEAR) else []:
            name, colon, value = (part.strip() for part in item.partition(':'))
            if not colon or value not in SEVERITIES or name not in AXES or name in axes:
                raise ConfigError(
                    f"weather: expected '{CLEAR}' or axis:severity with commas between, as in "
                    f'fog:2,noise:1, each axis once; got {shown(item.strip())} in '
                    f'{shown(text)}. The axes are {", ".join(AXES)}; severities 0 to {WORST}'
                )
            axes[name] = int(value)
        try:
            return cls(**axes)
        except ValueError as error:
            raise ConfigError(f'weather: {error}') from error


AXES = tuple(field.name for field in dataclasses.fields(Weather))


def season_in(season: Season, weather: Weather) -> Season:
    """Return a season with the fog and the darkness of the weather."""
    left = LOW_LIGHT_SHARE[weather.low_light]
    fog = FOG_PER_M[weather.fog] + RAIN_FOG_PER_M[weather.rain]
    if left == 1.0 and fog == 0.0:
        return season
    low, high = season.exposure
    density = min(season.fog_density_per_m + fog, 0.5)
    return dataclasses.replace(
        season, fog_density_per_m=density, exposure=(max(low * left, 0.1), max(high * left, 0.1))
    )


def wind_in(
    mean_enu: npt.NDArray[np.float64], weather: Weather, rng: np.random.Generator
) -> Vector:
    """Return a place's mean wind (3,) with that of the weather added, in a direction drawn."""
    direction = rng.uniform(0.0, 2.0 * math.pi)
    more = GUST_WIND_M_S[weather.gusts]
    x, y, z = mean_enu.tolist()
    return x + more * math.cos(direction), y + more * math.sin(direction), z
