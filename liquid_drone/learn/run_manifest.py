# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a training was made of: recipe, seeds, hashes of the data, commit, versions; as JSON.

Written when a round begins, so that a run that was stopped says as much as one that ended.
"""

import hashlib
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from .. import schema
from ..episodes.episode import find_episodes, load_info
from .precision import device_of, precision_of
from .recipe import Recipe, Workspace
from .rounds import rounds_of

MANIFEST = 'training.json'


def write_manifest(recipe: Recipe, work: Workspace, rounds: int) -> Path:
    """Write what the rounds before ``rounds`` are made of; return the file."""
    path = work.root / MANIFEST
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        'recipe': schema.plain(recipe),
        'commit': commit(),
        'versions': {'python': platform.python_version(), 'torch': torch.__version__},
        'precision': precision_of(recipe.train, device_of(recipe.train)),
        'processor': platform.processor() or platform.machine(),
        'rounds': [_round(one.episodes) for one in rounds_of(recipe, work)[:rounds]],
    }
    aside = path.with_name(f'.{path.name}.new')
    aside.write_text(json.dumps(document, indent=1) + '\n', encoding='utf-8')
    return aside.replace(path)


def _round(episodes: Path) -> dict[str, Any]:
    """Return the new episodes of a round: how many, their seeds, and one hash over all."""
    infos = [load_info(path) for path in find_episodes(episodes)]
    joined = ''.join(sorted(info.sha256 for info in infos))
    return {
        'episodes': len(infos),
        'frames': sum(info.frames for info in infos),
        'seeds': sorted(info.seed for info in infos),
        'sha256': hashlib.sha256(joined.encode()).hexdigest(),
    }


def commit() -> str:
    """Return the commit of this checkout, with ``+`` where files were changed; empty if none."""
    where = Path(__file__).parent
    try:
        name = _git(where, 'rev-parse', '--short=12', 'HEAD')
        return name + '+' * bool(_git(where, 'status', '--porcelain', '-uno'))
    except (OSError, subprocess.CalledProcessError):
        return ''  # not a checkout: the card says "unknown"


def _git(where: Path, *arguments: str) -> str:
    command = ['git', *arguments]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.strip()
