# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which seeds may be used for what, so that nothing is ever chosen on the seeds it is judged by.

Seeds from 20,000 up belong to nobody here: they are left for others to measure with.
"""

from .errors import ConfigError

SPLITS: dict[str, range] = {
    'train': range(10_000),
    'validation': range(10_000, 15_000),
    'test': range(15_000, 20_000),
}


def split_seeds(split: str, count: int, offset: int = 0) -> range:
    """Return ``count`` consecutive seeds of a split, ``offset`` seeds after its start.

    Raises:
        ConfigError: for an unknown split, or when the split has too few seeds.

    """
    if split not in SPLITS:
        raise ConfigError(f"unknown split '{split}': expected one of {', '.join(SPLITS)}")
    seeds = SPLITS[split]
    if count < 1 or offset < 0 or offset + count > len(seeds):
        raise ConfigError(
            f"split '{split}' has {len(seeds)} seeds: cannot take {count} from offset {offset}"
        )
    return range(seeds.start + offset, seeds.start + offset + count)


def split_of(seed: int) -> str:
    """Name the split that owns a seed; ``"reserved"`` from 20,000 up."""
    if seed < 0:
        raise ConfigError(f'a seed is 0 or more; got {seed}')
    for name, seeds in SPLITS.items():
        if seed in seeds:
            return name
    return 'reserved'
