# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone validate``: say why a data set will not fly, before anything is trained on it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ...errors import EpisodeError
from ...options import REQUIRED, option
from ..arguments import Command

NAME = 'validate'
RECORDING = ('.mcap', '.db3')
HELP = 'check episodes for faults: gaps, stamps, colours, commands'
EPILOG = """examples:
  liquid-drone validate data/follow/episodes/expert-0
  liquid-drone validate data/flights --json

Exit code 1: a fault that prevents learning was found.
"""


@dataclass(frozen=True, kw_only=True)
class ValidateArguments:
    """Which episodes are checked."""

    directory: Path = option(REQUIRED, 'of episodes, or one episode', positional=True)
    json: bool = option(False, 'print the findings as JSON')


def run(args: ValidateArguments) -> int:
    """Check every episode and print what was found."""
    from ...episodes.checks import check_all
    from ...episodes.episode import MANIFEST
    from ...files import named_below, what_else
    from ..progress import TerminalWatcher

    if not args.directory.exists():
        raise EpisodeError(f'no directory {args.directory}: expected episodes')
    if (args.directory / MANIFEST).is_file():
        paths = [args.directory]
    elif args.directory.is_file():
        paths = []
    else:
        paths = sorted(
            path.parent
            for path in named_below(args.directory, MANIFEST)
            if not path.parent.name.startswith('.')
        )
    if not paths:
        if (args.directory / 'metadata.yaml').is_file() or args.directory.suffix in RECORDING:
            raise EpisodeError(
                f'{args.directory} is a recording, and episodes are validated: liquid-drone '
                f'import-flight {args.directory} --target NAME makes them and checks them'
            )
        where = f'below {args.directory}'
        if args.directory.is_file():
            where = f'in {args.directory}, which {what_else(args.directory) or "is a file"}'
        raise EpisodeError(f'no episodes {where}: expected directories with an {MANIFEST}')
    if args.json:
        findings = check_all(paths)
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        watcher = TerminalWatcher()
        watcher.begin('episodes', len(paths), 'episodes')
        findings = check_all(paths, done=watcher.advance)
        watcher.end()
        for finding in findings:
            print(finding)
        one, more = ('' if len(found) == 1 else 's' for found in (paths, findings))
        print(f'{len(paths)} episode{one}: {len(findings)} finding{more}')
    return int(any(finding.level == 'error' for finding in findings))


COMMAND = Command(NAME, HELP, EPILOG, ValidateArguments, run)
