# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting shared out over machines that know nothing of each other, and put together again.

Each work directory says in ``collect.json`` which episodes the whole has, each with its identity.
Merging copies episodes: one that is there twice must have the same bytes in its recording.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...episodes.episode import load_info
from ...errors import ConfigError
from ...files import load_json, shown_path, write_text
from ...results import EPISODE, claim, replacing
from ...run_lock import is_held, only_run
from .training_flight import Job, found_as

COLLECTED = 'collect.json'
VERSION = 1
MOST_NAMED = 8  # names in a sentence


@dataclass(frozen=True)
class CollectedRun:
    """What a work directory is to have."""

    folder: str  # of the episodes, below it
    episodes: dict[str, str]  # name -> identity


def write_collected(root: Path, jobs: Sequence[Job]) -> None:
    """Note the episodes of a whole run, whichever of them are flown here."""
    episodes = {job.directory.name: job.identity for job in jobs if job.directory}
    folders = {job.directory.parent for job in jobs if job.directory}
    (folder,) = folders
    document = {
        'format_version': VERSION,
        'folder': folder.relative_to(root).as_posix(),
        'episodes': episodes,
    }
    claim(root, (COLLECTED,))
    write_text(root / COLLECTED, json.dumps(document) + '\n')


def read_collected(root: Path) -> CollectedRun:
    """Read what a work directory is to have.

    Raises:
        ConfigError: it is no such directory.

    """
    path = root / COLLECTED
    data = load_json(path)
    try:
        run = CollectedRun(str(data['folder']), dict(data['episodes']))
        inside = not Path(run.folder).is_absolute() and '..' not in Path(run.folder).parts
        plain = all(
            isinstance(identity, str) and Path(name).name == name and name != '..'
            for name, identity in run.episodes.items()
        )
        if data['format_version'] != VERSION or not inside or not plain or not run.episodes:
            raise ValueError
    except (TypeError, KeyError, ValueError) as error:
        raise ConfigError(
            f'{shown_path(path)}: expected the episodes of a run; is this a directory that '
            'liquid-drone collect wrote?'
        ) from error
    return run


@dataclass(frozen=True)
class CollectStatus:
    """How far a run is."""

    done: int
    missing: tuple[str, ...]
    doubles: int = 0  # flown more than once, with the same recording
    is_running: bool = False

    def __str__(self) -> str:
        """Return a line for people."""
        words = f'episodes: {self.done} done'
        if self.doubles:
            words += f', {self.doubles} of them more than once'
        if self.missing:
            more = len(self.missing) - MOST_NAMED
            names = ', '.join(self.missing[:MOST_NAMED]) + (f' and {more} more' * (more > 0))
            words += f', {len(self.missing)} missing: {names}'
        return words + (', running' if self.is_running else '')


def collect_status(root: Path) -> CollectStatus:
    """Return how far a run is; nothing is changed.

    Raises:
        ConfigError: no run.

    """
    run = read_collected(root)
    missing = tuple(
        name
        for name, identity in run.episodes.items()
        if found_as(root / run.folder / name, identity) is None
    )
    return CollectStatus(len(run.episodes) - len(missing), missing, 0, is_held(root))


def merge_collected(roots: Sequence[Path], out: Path) -> CollectStatus:
    """Copy the episodes of several work directories into one; what is there already stays.

    Args:
        roots: work directories of shards, in any order.
        out: work directory of all; made if it is not there.

    Raises:
        ConfigError: a directory is of another run, or an episode was flown twice with different
            results.
        OutputError: ``out`` cannot be written.

    """
    run = read_collected(roots[0])
    for root in roots:
        if read_collected(root) != run:
            raise ConfigError(
                f'{shown_path(root)} is of other episodes than {shown_path(roots[0])}: another '
                'recipe, another number of episodes, or another version of the simulator; merge '
                'shards of one run'
            )
    places = list(dict.fromkeys([*roots, out]))
    chosen: dict[str, Path] = {}
    doubles = 0
    for name, identity in run.episodes.items():
        there = [root / run.folder / name for root in places]
        there = [path for path in there if found_as(path, identity) is not None]
        refuse_different(there)
        doubles += sum(path.parent != out / run.folder for path in there) > 1
        if there:
            chosen[name] = there[-1]
    with only_run(out):
        claim(out, (COLLECTED,))
        for name, path in chosen.items():
            if path != out / run.folder / name:
                copy_episode(path, out / run.folder / name)
        text = (roots[0] / COLLECTED).read_text(encoding='utf-8')
        write_text(out / COLLECTED, text)
    missing = tuple(name for name in run.episodes if name not in chosen)
    return CollectStatus(len(chosen), missing, doubles)


def refuse_different(episodes: Sequence[Path]) -> None:
    """Check that episodes of one identity have one recording.

    Raises:
        ConfigError: they have not.

    """
    hashes = {load_info(path).sha256: path for path in episodes}
    if len(hashes) > 1:
        one, two, *_ = hashes.values()
        raise ConfigError(
            f'{shown_path(one)} and {shown_path(two)} were flown of the same, with different '
            'results: another machine rounds otherwise; nothing is merged'
        )


def copy_episode(path: Path, to: Path) -> None:
    """Copy an episode; it is there whole, or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with replacing(to, EPISODE) as aside:
        shutil.copytree(path, aside, dirs_exist_ok=True)
