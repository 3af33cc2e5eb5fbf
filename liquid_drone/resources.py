# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Find the files that ship beside the code: models, worlds, seasons, targets, config, launch.

Looked for in this order: the source tree, ``share/liquid_drone`` of the prefix that the package
was installed to, that of the running Python, then every ``AMENT_PREFIX_PATH`` entry. Nothing here
reads a file.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .errors import ConfigError
from .files import visible
from .masking import masked

PACKAGE = 'liquid_drone'
PACKAGE_FOLDERS = ('site-packages', 'dist-packages')
BELOW_PREFIX = 3  # folders: lib/python3.11/site-packages
CONTRACT = 'contract.json'  # of a bundle; a folder that only has a bundle's name has none


class SecretFile(NamedTuple):
    """What was read."""

    path: Path
    content: bytes
    written_s: float  # since 1970


def share_roots() -> Iterator[Path]:
    """Yield the existing directories that may hold the shipped files, most specific first."""
    source_tree = Path(__file__).resolve().parent.parent
    if (source_tree / 'package.xml').is_file():
        yield source_tree
    ros = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    installed = Path(__file__).absolute().parent.parent  # uv and conda may link the files in it
    prefixes = [_own_prefix(installed), Path(sys.prefix), *map(Path, filter(None, ros))]
    for prefix in dict.fromkeys(prefixes):
        share = prefix / 'share' / PACKAGE
        if share.is_dir():
            yield share


def _own_prefix(packages: Path) -> Path:
    """Return where pip put the files that came with the package.

    With ``--user``, ``--prefix``, ``--target`` and for a system's Python (``/usr/local``) that is
    not the prefix of the running Python.
    """
    is_below = packages.name in PACKAGE_FOLDERS and len(packages.parts) > BELOW_PREFIX
    return packages.parents[BELOW_PREFIX - 1] if is_below else packages


def find(relative: str) -> Path:
    """Return the path of a shipped file or directory such as ``"config/simulation.yaml"``.

    Raises:
        ConfigError: when no root has it; the message lists where was looked.

    """
    roots = list(share_roots())
    for root in roots:
        if (root / relative).exists():
            return root / relative
    looked = ', '.join(str(root) for root in roots) or 'no share directory at all'
    raise ConfigError(
        f"'{relative}' is not among the files that ship with {PACKAGE} (looked in {looked})"
    )


def called(name: str) -> str:
    """Return a name as a table has it: a file by its stem, others whole, as ``brisk:1.6``."""
    return Path(name).stem if name.endswith(('.yaml', '.yml')) else name


def names(kind: str) -> list[str]:
    """List the names that can be given for a kind of YAML file, such as ``"sim/worlds"``."""
    found = {path.stem for root in share_roots() for path in visible((root / kind).glob('*.yaml'))}
    return sorted(found)


def named_file(kind: str, name: str | os.PathLike[str]) -> Path:
    """Resolve a registry name (``forest``) or a path (``my/place.yaml``) to a YAML file.

    Raises:
        ConfigError: for an unknown name (the known ones are listed) or a path without a file.

    """
    what, name = Path(kind).name.removesuffix('s'), os.fspath(name)
    if name.endswith(('.yaml', '.yml')) or os.sep in name:
        path = user_path(name)
        if not path.is_file():
            if path.exists():
                raise ConfigError(f'{what}: expected a .yaml file, {path} is something else')
            raise ConfigError(f'no such file: {path}')
        return path
    known = names(kind)
    if name not in known:
        raise ConfigError(
            f"unknown {what} '{name}': expected one of {', '.join(known)}, "
            'or the path of a .yaml file'
        )
    return find(f'{kind}/{name}.yaml')


def shipped_bundles() -> list[Path]:
    """Return the directories of the bundles that ship."""
    return [path for root in share_roots() for path in visible((root / 'models').glob('*/'))]


def bundle(name: str | os.PathLike[str]) -> Path:
    """Resolve a policy bundle: the name of one that ships in ``models``, or a directory.

    Raises:
        ConfigError: neither; the names that ship are listed.

    """
    name = os.fspath(name)
    path = user_path(name)
    if os.sep in name:
        return path
    known = sorted({item.name for item in shipped_bundles()})
    if name and path.is_dir() and (name not in known or (path / CONTRACT).is_file()):
        return path
    if name not in known:
        raise ConfigError(
            f"unknown policy bundle '{name}': expected one of {', '.join(known) or 'none yet'}, "
            'or the path of a directory'
        )
    return find(f'models/{name}')


def user_path(text: str) -> Path:
    """Return a path that may begin with ``~``.

    Raises:
        ConfigError: nobody's home directory is known.

    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"'{masked(text)}' begins in a home directory that is not known (no HOME, or no such "
            'user): give the whole path'
        ) from error


def secret_file(name: str, what: str, parameter: str, most: int, advice: str = '') -> SecretFile:
    """Read a file with a secret, which only its owner may use.

    Args:
        name: the file.
        what: word for it in error messages.
        parameter: that names it.
        most: bytes that are read.
        advice: how to make one, at the end of an error message.

    Raises:
        ConfigError: no such file, a secret instead of a name, or others may read it.

    """
    path, advice = user_path(name), f'; {advice}' if advice else ''
    if masked(path.name) != path.name:
        raise ConfigError(
            f'{parameter} names a file; what was given is a secret itself, and is in the history '
            'of the shell now: make a new one, and give the name of its file'
        )
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for its writer
        try:
            status = os.fstat(opened)
            content = os.read(opened, most) if stat.S_ISREG(status.st_mode) else b''
        finally:
            os.close(opened)
    except OSError as error:
        raise ConfigError(f'{what} {path}: {error.strerror}{advice}') from error
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f'{what} {path}: expected a file{advice}')
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise ConfigError(
            f'{what} {path}: expected a file that only its owner may use, got mode {mode:04o}; '
            f'mend it: chmod 600 {path}'
        )
    return SecretFile(path, content, status.st_mtime)
