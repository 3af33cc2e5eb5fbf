# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which seeds may be used for what, so that nothing is ever chosen on the seeds it is judged by.

Seeds from 20,000 up belong to nobody here: they are left for others to measure with.
"""

from .errors import ConfigError

LARGEST = 2**31 - 1  # what an integer parameter of a node and every generator take
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


def parse_seeds(text: str) -> range:
    """Read ``FIRST:LAST``, both ends included, all of one split or all from 20,000 up.

    Raises:
        ConfigError: something else, or seeds of more than one split.

    """
    first, colon, last = text.partition(':')
    if not (colon and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise ConfigError(
            f"seeds: expected FIRST:LAST, such as 20000:20099, both included; got '{text}'"
        )
    if int(last) > LARGEST:
        raise ConfigError(f'seeds: expected numbers up to {LARGEST}; got {text}')
    begins, ends = split_of(int(first)), split_of(int(last))
    if begins != ends:
        raise ConfigError(
            f'seeds {text} are of several splits ({begins} to {ends}), and their rates are never '
            f'mixed: fly each split by itself'
        )
    return range(int(first), int(last) + 1)


def split_of(seed: int) -> str:
    """Name the split that owns a seed; ``"reserved"`` from 20,000 up."""
    if seed < 0:
        raise ConfigError(f'a seed is 0 or more; got {seed}')
    for name, seeds in SPLITS.items():
        if seed in seeds:
            return name
    return 'reserved'
