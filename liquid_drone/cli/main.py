# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The ``liquid-drone`` command: one subcommand a module, errors in one sentence.

Exit codes: 0 done, 1 done but the flight or check failed, 2 a stated error, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence

from ..errors import LiquidDroneError
from . import (
    bench,
    collect,
    draw,
    evaluate,
    export,
    fly,
    import_,
    import_flight,
    inspect,
    retrain,
    train,
    validate,
    watch,
)

COMMANDS = (
    fly,
    evaluate,
    collect,
    validate,
    train,
    retrain,
    export,
    import_,
    import_flight,
    inspect,
    draw,
    bench,
    watch,
)


def parser() -> argparse.ArgumentParser:
    """Return the parser with every subcommand."""
    top = argparse.ArgumentParser(
        prog='liquid-drone',
        description='A drone that follows what it learned to see, flown by a liquid network.',
        epilog='liquid-drone COMMAND --help shows the arguments of a command, with examples.',
    )
    commands = top.add_subparsers(metavar='COMMAND', required=True)
    for module in COMMANDS:
        sub = commands.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.configure(sub)
        sub.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    args = parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except LiquidDroneError as error:
        print(f'liquid-drone: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
