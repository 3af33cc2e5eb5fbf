# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of commands that compare a bundle with its INT8 variant."""

from dataclasses import dataclass
from pathlib import Path

from ..options import option


@dataclass(frozen=True, kw_only=True)
class BundlePair:
    """A bundle and its INT8 variant."""

    bundle: str = option('follow', 'a name in models/, or a directory', positional=True)
    int8: Path | None = option(
        None, 'its INT8 variant (liquid-drone quantize)', unset='NAME-int8 beside it'
    )
