# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The ``liquid-drone`` command: one subcommand a module, errors in one sentence.

Exit codes: 0 done, 1 done but the flight or check failed, 2 a stated error, 130 interrupted.
"""

import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import LiquidDroneError
from .arguments import CommandParser, add_commands
from .arguments import run as run_command
from .commands import (
    bench,
    collect,
    doctor,
    draw,
    evaluate,
    export,
    fly,
    import_,
    import_flight,
    infer,
    inspect,
    parity,
    quantize,
    retrain,
    train,
    validate,
    warmup,
    watch,
)
from .lasting_output import lasting_output

COMMANDS = (
    fly.COMMAND,
    infer.COMMAND,
    evaluate.COMMAND,
    collect.COMMAND,
    validate.COMMAND,
    train.COMMAND,
    retrain.COMMAND,
    export.COMMAND,
    quantize.COMMAND,
    import_.COMMAND,
    import_flight.COMMAND,
    inspect.COMMAND,
    draw.COMMAND,
    bench.COMMAND,
    watch.COMMAND,
    warmup.COMMAND,
    parity.COMMAND,
    doctor.COMMAND,
)


def parser() -> CommandParser:
    """Return the parser with every subcommand."""
    top = CommandParser(
        prog='liquid-drone',
        description='A drone that follows what it learned to see, flown by a liquid network.',
        epilog='liquid-drone COMMAND --help shows the arguments of a command, with examples.',
    )
    top.add_argument('--version', action='version', version=f'%(prog)s {__version__}')
    add_commands(top, COMMANDS, 'COMMAND')
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    with lasting_output():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return run_command(parser().parse_args(arguments))
    except LiquidDroneError as error:
        print(f'liquid-drone: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
