# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone report``: finished flights as one HTML page that needs nothing else."""

from dataclasses import dataclass
from pathlib import Path

from ....errors import ConfigError
from ....files import shown_path
from ....options import option
from ...arguments import Command
from ...places import claim_folder

NAME = 'report'
HELP = 'write the flights of a directory as one HTML page, with CSV and JSON beside it'
EPILOG = """examples:
  liquid-drone report out/evaluation
  liquid-drone replay --failed --folder out/evaluation --film    # films for the page
  liquid-drone draw --flight out/evaluation/replays/ID/episode --out out/evaluation/network
  liquid-drone report out/evaluation --out out/report
  liquid-drone report out/mine --against out/theirs    # the same seeds, McNemar's test

The page opens without the network, has less than 20 MB, and is light or dark as the system is.
"""


@dataclass(frozen=True, kw_only=True)
class ReportArguments:
    """Which flights, and where to."""

    folder: Path = option(
        Path('out/evaluation'), 'directory of the results, or one above several', positional=True
    )
    out: Path | None = option(
        None, 'directory of report.html, report.csv and report.json', unset='the same directory'
    )
    against: Path | None = option(
        None,
        'compare with these results instead, seed by seed, and print that',
        unset='no report',
        excludes=('out',),
    )


def run(args: ReportArguments) -> int:
    """Read, write, and say where."""
    if args.against is not None:
        return _compare(args.folder, args.against)
    from ....evaluate.html_report.contents import gather
    from ....evaluate.html_report.page import FILES, write_report

    contents = gather(args.folder)
    out = args.folder if args.out is None else args.out
    claim_folder(out, FILES)
    paths = write_report(contents, out)
    size = paths[0].stat().st_size / 1e6
    print(f'{paths[0]} ({size:.1f} MB), {", ".join(path.name for path in paths[1:])}')
    return 0


def _compare(folder: Path, against: Path) -> int:
    """Print a table of two pilots on the same seeds, a line for each place and task of both."""
    from ....evaluate.replay.finding import flights_below
    from ....evaluate.statistics.paired import by_cell, paired_table

    ours, theirs = (by_cell(flights_below(root)) for root in (folder, against))
    both = [cell for cell in ours if cell in theirs]
    if not both:
        raise ConfigError(
            f'{shown_path(folder)} and {shown_path(against)}: expected flights of the same places '
            'and tasks, got none: evaluate both with the same --worlds, --seasons and --task'
        )
    print(paired_table([(cell, ours[cell], theirs[cell]) for cell in both]))
    return 0


COMMAND = Command(NAME, HELP, EPILOG, ReportArguments, run)
