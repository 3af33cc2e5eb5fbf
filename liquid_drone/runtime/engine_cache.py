# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where TensorRT engines of one graph are kept, so that no engine is ever taken for another's.

ONNX Runtime names an engine by the graph's file and its inputs and outputs, not by its weights
(microsoft/onnxruntime#6455): a directory of its own for each graph, machine, precision, role and
profile does what the name does not.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError, require
from ..files import sha256_of
from ..resources import user_path
from . import libraries

KEY_FILE = 'key.json'
WHOLE_FILE = 'whole.json'  # names the engines of a graph; written when all of them are there
ENGINES = '*.engine'
UNUSED_S = 30 * 24 * 3600.0  # for which engines that do not load here are kept


@dataclass(frozen=True)
class EngineKey:
    """All that an engine depends on."""

    graph: str  # sha256 of the ONNX file
    onnxruntime: str
    tensorrt: str
    device: str
    compute_capability: str
    precision: str
    role: str  # 'flight' or 'attention'
    profile: str  # least, usual and largest shape of the input

    @property
    def folder(self) -> str:
        """Return the name of the directory."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def machine(self) -> tuple[str, ...]:
        """Return what is the same for all engines that this machine can load."""
        return self.onnxruntime, self.tensorrt, self.device, self.compute_capability


def key_of(graph: Path, precision: str, role: str, profile: str) -> EngineKey:
    """Return the key of a graph on this machine."""
    found = libraries.device()
    return EngineKey(
        sha256_of(graph),
        require('onnxruntime', 'cpu').__version__,
        libraries.tensorrt_version(),
        found.name if found else '',
        found.compute_capability if found else '',
        precision,
        role,
        profile,
    )


def root() -> Path:
    """Return the directory of all engines: ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Raises:
        ConfigError: neither is known, as in a container of a user without a home directory.

    """
    try:
        cache = user_path(os.environ.get('XDG_CACHE_HOME') or '~/.cache')
    except ConfigError as error:
        raise ConfigError(f'{error}, in XDG_CACHE_HOME') from error
    return cache / 'liquid_drone' / 'tensorrt'


def open_folder(key: EngineKey) -> Path:
    """Make the directory of a key, note that it is used, and take away what nobody uses."""
    folder = root() / key.folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEY_FILE
    if not path.is_file():
        aside = path.with_suffix('.partial')
        aside.write_text(json.dumps(dataclasses.asdict(key), indent=1) + '\n', encoding='utf-8')
        aside.replace(path)
    with contextlib.suppress(OSError):  # a cache that may only be read
        os.utime(path)
    prune(key)
    return folder


def is_built(key: EngineKey) -> bool:
    """Tell whether all engines of a graph are there.

    A graph that TensorRT takes in parts has an engine for each: of a build that was killed some
    are there, and a session would build the rest.
    """
    folder = root() / key.folder
    try:
        names = json.loads((folder / WHOLE_FILE).read_text(encoding='utf-8'))
        return bool(names) and all((folder / str(name)).is_file() for name in names)
    except (OSError, ValueError, TypeError):
        return False


def note_built(key: EngineKey) -> None:
    """Note that the engines that are there now are all that the graph has."""
    folder = root() / key.folder
    names = sorted(path.name for path in folder.glob(ENGINES))
    path = folder / WHOLE_FILE
    with contextlib.suppress(OSError):  # a cache that may only be read
        aside = path.with_suffix('.partial')
        aside.write_text(json.dumps(names) + '\n', encoding='utf-8')
        aside.replace(path)


def has_files(key: EngineKey) -> bool:
    """Tell whether an engine or a timing cache is there, which may be broken."""
    ours = KEY_FILE, WHOLE_FILE
    return any(path.name not in ours for path in (root() / key.folder).glob('*'))


def set_aside(key: EngineKey) -> Path:
    """Move a directory away whose engine or timing cache does not load; return where to."""
    folder = root() / key.folder
    broken = folder.with_name(f'{key.folder}.broken')
    shutil.rmtree(broken, ignore_errors=True)
    folder.replace(broken)
    return broken


@contextmanager
def held(key: EngineKey, builds: bool, waits: bool) -> Iterator[None]:
    """Hold the directory of a key: alone to build, with others to load.

    Two processes that build one engine would write into one file, and one that loads it meanwhile
    would find half of it.

    Raises:
        ConfigError: another process builds it now, and this one does not wait.

    """
    try:
        root().mkdir(parents=True, exist_ok=True)
        # NFS shares a lock only of a file that is open to be read
        file = (root() / f'{key.folder}.lock').open('a+')
    except OSError:  # a cache that may only be read: nobody builds in it
        yield
        return
    with file:
        how = (fcntl.LOCK_EX if builds else fcntl.LOCK_SH) | (0 if waits else fcntl.LOCK_NB)
        try:
            fcntl.flock(file, how)
        except BlockingIOError as error:
            raise ConfigError(
                'another process builds this TensorRT engine now, which takes minutes: start '
                'again when it is through'
            ) from error
        except OSError:
            pass  # a disk without locks
        yield


def prune(key: EngineKey) -> list[Path]:
    """Remove engines that do not load here and were used by nobody for a month.

    Other cards and versions may use the same cache: a second card, a container, a home directory
    on the network. What was used of late is theirs.

    Returns:
        The folders.

    """
    removed = []
    for path in root().glob(f'*/{KEY_FILE}'):
        try:
            other = EngineKey(**json.loads(path.read_text(encoding='utf-8')))
            is_used = time.time() - path.stat().st_mtime < UNUSED_S
        except (OSError, ValueError, TypeError):
            continue  # not ours, or of another version of this program: left alone
        if other.machine != key.machine and not is_used:
            shutil.rmtree(path.parent, ignore_errors=True)
            removed.append(path.parent)
    return removed
