# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: T201
"""Bad inputs for readers and commands, made from good ones: each field, and each byte.

``python test/support/bad_inputs.py`` runs all of them and prints the table of docs/files.md. A
case is right if the reader returns or raises an error of ours within 20 s and 2 GB.
"""

import argparse
import copy
import json
import logging
import multiprocessing
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from good_commands import COMMANDS
from good_inputs import READERS, Reader, to_json, to_yaml

TRIED = (*READERS, *COMMANDS)
MOST_S, MOST_KB = 20.0, 2_000_000
LONG, DIGITS = 'x' * 100_000, int('9' * 400)
DEEP: Any = 1
for _ in range(300):
    DEEP = [DEEP]
VALUES: dict[str, Any] = {
    'null': None, 'text': 'nonsense', 'long text': LONG, 'empty text': '', 'path': '../../up',
    'true': True, 'zero': 0, 'negative': -1, 'large': 10**18, '400 digits': DIGITS, 'tiny': 1e-300,
    'huge': 1e300, 'nan': float('nan'), 'inf': float('inf'), '-inf': float('-inf'),
    'empty list': [], 'list': [1, 'a', None], 'long list': [0] * 50_000, 'empty mapping': {},
    'mapping': {'a': {'b': 1}}, 'deep': DEEP,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One spoilt input."""

    what: str
    content: Callable[[], bytes]  # made when it is tried: some take a second


@dataclass
class Tried:
    """What came of the cases of a reader."""

    counts: Counter[str] = field(default_factory=Counter)  # 'read', 'refused', 'wrong'
    wrong: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)  # what was spoilt and read all the same
    slowest: str = ''  # case
    slowest_s: float = 0.0
    most_kb: int = 0


def cases(reader: Reader, good: Path, cuts: int, every: int = 1) -> Iterator[Case]:
    """Yield the cases of a reader: every n-th of its fields', then cuts and altered bytes."""
    data = (good / reader.file).read_bytes()
    if reader.file.endswith('.yaml'):
        yield from islice(_field_cases(yaml.safe_load(data), to_yaml), 0, None, every)
    elif reader.file.endswith(('.json', '.jsonl')):
        yield from islice(_field_cases(json.loads(data), to_json), 0, None, every)
    yield from _byte_cases(data, cuts)


def _byte_cases(data: bytes, cuts: int) -> Iterator[Case]:
    rng = np.random.default_rng(len(data))
    for at in sorted({int(x) for x in np.linspace(0, max(len(data) - 1, 0), cuts)}):
        yield Case(f'cut at byte {at}', lambda at=at: data[:at])  # type: ignore[misc]
    for at in rng.integers(0, max(len(data), 1), cuts).tolist():
        flip = int(rng.integers(1, 256))
        altered = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
        yield Case(f'byte {at} altered', lambda altered=altered: altered)  # type: ignore[misc]
    line = data.split(b'\n')[0] + b'\n'
    for what, content in {
        'zeros': bytes(1000),
        'text': b'hello',
        'not UTF-8': b'\xff\xfe\xfa',
        'first line twice': data.replace(b'\n', b'\n' + line, 1),
    }.items():
        yield Case(what, lambda content=content: content)  # type: ignore[misc]


def _field_cases(document: Any, to_bytes: Callable[[Any], bytes]) -> Iterator[Case]:
    for path in _paths(document, 4):
        name = '.'.join(map(str, path))
        yield Case(f'{name}: missing', lambda path=path: to_bytes(_without(document, path)))  # type: ignore[misc]
        for what, value in VALUES.items():

            def content(path: tuple[Any, ...] = path, value: Any = value) -> bytes:
                return to_bytes(_with(document, path, value))

            yield Case(f'{name}: {what}', content)
    yield Case('unknown field', lambda: to_bytes({**document, 'unknown': 1}))


def _paths(document: Any, deep: int) -> Iterator[tuple[Any, ...]]:
    if deep == 0:
        return
    items: Any = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))[:1]  # the others are alike
    for key, value in items:
        yield (key,)
        for rest in _paths(value, deep - 1):
            yield (key, *rest)


def _with(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.copy(document)
    changed[path[0]] = value if len(path) == 1 else _with(changed[path[0]], path[1:], value)
    return changed


def _without(document: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.copy(document)
    if len(path) == 1:
        del changed[path[0]]
    else:
        changed[path[0]] = _without(changed[path[0]], path[1:])
    return changed


def outcome(reader: Reader, good: Path, case: Case) -> tuple[str, float]:
    """Read a spoilt input; return ``read``, ``refused`` or what went wrong, and how long."""
    from liquid_drone.errors import LiquidDroneError

    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(good, Path(place) / 'it'))
        (folder / reader.file).write_bytes(case.content())
        began = time.monotonic()
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(int(MOST_S))
        try:
            reader.read(folder)
            result = 'read'
        except LiquidDroneError as error:
            short = len(str(error)) < 2000
            result = 'refused' if short else f'message of {len(str(error))} characters'
        except BaseException as error:  # whatever else it is, it is what is looked for
            result = f'{type(error).__name__}: {str(error)[:150]}'
        finally:
            signal.alarm(0)
        took_s = time.monotonic() - began
    return (result if took_s < MOST_S else f'took {took_s:.0f} s'), took_s


def _too_long(*_: object) -> None:
    raise TimeoutError(f'more than {MOST_S:g} s')


def run(reader: Reader, cuts: int, every: int = 1) -> Tried:
    """Try the cases of a reader; return what came of them."""
    tried = Tried()
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        logging.disable()
        good = Path(place)
        reader.make(good)
        with tempfile.TemporaryDirectory() as once:  # what is imported now takes no case's time
            reader.read(Path(shutil.copytree(good, Path(once) / 'it')))
        for case in cases(reader, good, cuts, every):
            _note(tried, f'{reader.name}: {case.what}', *outcome(reader, good, case))
        logging.disable(logging.NOTSET)
    tried.most_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return tried


def _note(tried: Tried, case: str, result: str, took_s: float) -> None:
    tried.counts[result if result in ('read', 'refused') else 'wrong'] += 1
    if took_s > tried.slowest_s:
        tried.slowest, tried.slowest_s = case, took_s
    if result == 'read':
        tried.read.append(case)
    elif result != 'refused':
        tried.wrong.append(f'{case}: {result}')


def _run_named(name: str, cuts: int, every: int) -> Tried:
    return run(next(r for r in TRIED if r.name == name), cuts, every)


def main() -> int:
    """Run all cases, a process for each reader, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cuts', type=int, default=40, help='bytes cut and altered of each file')
    parser.add_argument('--every', type=int, default=1, help="every n-th of the fields' cases")
    parser.add_argument('--read', type=Path, help='file for the cases that were read')
    parser.add_argument('names', nargs='*', help='readers and commands (default: all)')
    args = parser.parse_args()
    print('| reader | inputs | clear errors | right results | wrong | worst, s | worst, MB |')
    print('|---|---|---|---|---|---|---|')
    total, read, failed = Counter[str](), list[str](), False
    for reader in TRIED:
        if args.names and reader.name not in args.names:
            continue
        with multiprocessing.get_context('spawn').Pool(1) as pool:
            tried = pool.apply(_run_named, (reader.name, args.cuts, args.every))
        total += tried.counts
        wrong = tried.wrong + [f'{reader.name}: {tried.most_kb} KB'] * (tried.most_kb > MOST_KB)
        print('\n'.join(wrong), end='\n' * bool(wrong), file=sys.stderr, flush=True)
        failed |= bool(wrong)
        read += [*tried.read, f'slowest: {tried.slowest}: {tried.slowest_s:.1f} s']
        _print_row(reader.name, tried.counts, tried.slowest_s, tried.most_kb)
    _print_row('all', total, 0.0, 0)
    if args.read:
        args.read.write_text('\n'.join(read) + '\n')
    return int(failed)


def _print_row(name: str, counts: Counter[str], slowest_s: float, most_kb: int) -> None:
    shown = [sum(counts.values()), *(counts[key] for key in ('refused', 'read', 'wrong'))]
    cost = f'{slowest_s:.1f} | {most_kb // 1000}' if most_kb else ' | '
    print(f'| {name} | {" | ".join(map(str, shown))} | {cost} |', flush=True)


if __name__ == '__main__':
    sys.exit(main())
