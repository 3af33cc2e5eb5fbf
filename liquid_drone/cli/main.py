# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The ``liquid-drone`` command: one subcommand a module, errors in one sentence.

Exit codes: 0 done, 1 done but the flight or check failed, 2 a stated error, 130 interrupted (by
Ctrl-C or SIGTERM).
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..errors import LiquidDroneError, not_imported, shown
from ..files import shown_path
from .arguments import CommandParser, add_commands
from .arguments import run as run_command
from .commands import (
    bench,
    collect,
    convert,
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
from .commands.results import attention, knock_out, replay, report
from .commands.shared import merge, status
from .interruption import INTERRUPTED, as_a_program
from .lasting_output import lasting_output
from .pytorch_error import told_of_pytorch

COMMANDS = (
    fly.COMMAND,
    infer.COMMAND,
    evaluate.COMMAND,
    replay.COMMAND,
    report.COMMAND,
    attention.COMMAND,
    knock_out.COMMAND,
    merge.COMMAND,
    status.COMMAND,
    collect.COMMAND,
    validate.COMMAND,
    train.COMMAND,
    retrain.COMMAND,
    export.COMMAND,
    quantize.COMMAND,
    import_.COMMAND,
    import_flight.COMMAND,
    convert.COMMAND,
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
    """Run a command; returns the exit code.

    Without ``arguments`` it is the program itself: SIGTERM is then what Ctrl-C is.
    """
    with lasting_output():
        return as_a_program(_run) if arguments is None else _run(arguments)


def _run(arguments: Sequence[str] | None = None) -> int:
    resumes = False
    try:
        parsed = parser().parse_args(arguments)
        resumes = parsed.command.resumes
        return run_command(parsed)
    except LiquidDroneError as error:
        _stop_bars()
        _tell(str(error))
        return 2
    except (OSError, MemoryError) as error:  # not of the command, but of the machine it runs on
        _stop_bars()
        _tell(_of_the_machine(error))
        return 2
    except ImportError as error:  # where a command does not ask for its packages by require()
        told = not_imported(error)
        if told is None:
            raise
        _stop_bars()
        _tell(str(told))
        return 2
    except RuntimeError as error:  # of PyTorch, which has no narrower one for memory and cards
        words = told_of_pytorch(error)
        if words is None:
            raise
        _stop_bars()
        _tell(words)
        return 2
    except UnicodeEncodeError as error:  # of a library that takes text alone
        if error.reason != 'surrogates not allowed':
            raise
        _stop_bars()
        _tell(f'expected names in UTF-8, got {shown(error.object)}: rename it')
        return 2
    except KeyboardInterrupt:
        _stop_bars()
        more = ': what is finished is kept, and the same command goes on from there' * resumes
        _tell(f'interrupted{more}')
        return INTERRUPTED


def _tell(text: str) -> None:
    """Print one line: a name of somebody else's may hold line feeds and a terminal's commands."""
    plain = ''.join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
    print(f'liquid-drone: {plain}', file=sys.stderr)


def _of_the_machine(error: OSError | MemoryError) -> str:
    """Return one sentence for what the machine refused, where no command has a better one."""
    if isinstance(error, MemoryError):
        return 'there is not enough memory: end other programs, or raise the limit (ulimit -v)'
    where = f' ({shown_path(Path(os.fsdecode(error.filename)))})' if _has_path(error) else ''
    return f'the machine refused: {error.strerror or error}{where}; check paths, disk and limits'


def _has_path(error: OSError) -> bool:
    return isinstance(error.filename, str | bytes)


def _stop_bars() -> None:
    progress = sys.modules.get(f'{__package__}.progress')  # a command without bars needs no rich
    if progress is not None:
        progress.stop_bars()


if __name__ == '__main__':
    sys.exit(main())
