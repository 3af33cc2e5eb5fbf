# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: T201
"""Interrupts commands at moments that are drawn, again and again, until they are through.

``python test/support/interrupts.py`` does so for collect, train, retrain and evaluate: each ends
soon, with one sentence and exit code 130, leaves no process behind, and keeps what was finished;
in the end the result is that of a run that nobody interrupted.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
SENTENCE = 'liquid-drone: interrupted: what is finished is kept, and the same command goes on'
AT_ONCE = 'liquid-drone: interrupted\n'  # while it reads its arguments: nothing has begun
MOST_S = 60.0  # to end
MOST_RUNS = 40
RECIPE = """
name: interrupted
collect: {episodes: 3, frames: 40}
train: {steps: 40, windows: 2, length: 8, warmup_steps: 2, precision: float32}
dagger: {rounds: 2, episodes: 2, frames: 40}
validation: {flights: 1, final_flights: 1, detection_flights: 1}
network: {vision: {convolutions: [[8, 5, 4], [8, 3, 4]], features: 16}}
"""
MAIN = 'from liquid_drone.cli.main import main; raise SystemExit(main())'
SHORT = f"""
import dataclasses
from liquid_drone.learn import fine_tune, recipe
def short(target, start):
    return dataclasses.replace(
        long(target, start), collect=recipe.CollectConfig(2, 40),
        train=recipe.TrainConfig(4, 2, 8, warmup_steps=2, precision='float32'),
        dagger=recipe.DaggerConfig(1, 2, 40), validation=recipe.ValidationConfig(1, 1, 0))
long, fine_tune.retrain_recipe = fine_tune.retrain_recipe, short
{MAIN}
"""
Kill = Callable[[int, int], object]
HOW: dict[str, tuple[Kill, int]] = {
    'Ctrl-C': (os.killpg, signal.SIGINT),  # as a terminal sends it: to every process
    'SIGINT': (os.kill, signal.SIGINT),
    'SIGTERM': (os.kill, signal.SIGTERM),
    'SIGTERM to all': (os.killpg, signal.SIGTERM),  # as a service manager sends it
}


@dataclass(frozen=True)
class Ended:
    """How an interrupted run ended."""

    code: int
    stderr: str
    took_s: float  # from the signal to the end
    stdout: str
    left: bool  # a process of its group is there

    @property
    def is_in_order(self) -> bool:
        """Whether it left no process, and ended through or with one sentence."""
        if self.code == 0:
            return not self.left and not self.stderr
        is_told = self.stderr.startswith(SENTENCE) and self.stderr.count('\n') == 1
        return self.code == 130 and not self.left and (is_told or self.stderr == AT_ONCE)


def interrupted(line: Sequence[str], how: str, after_s: float) -> Ended:
    """Run a command and interrupt it some seconds of processor time after it takes signals."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, *line],
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
        _wait(lambda: _takes_signals(process.pid) or process.poll() is not None)
        after_s += _used_s(process.pid)  # its imports take twice as long on a busy machine
        _wait(lambda: process.poll() is not None or _used_s(process.pid) >= after_s, 1000.0)
        began_s = time.monotonic()
        if process.poll() is None:
            kill, number = HOW[how]
            kill(process.pid, number)
        try:
            process.wait(MOST_S)
            _wait(lambda: not _group(process.pid), MOST_S)
            left = _group(process.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        errors.seek(0)
        out.seek(0)
        text = errors.read().decode()
        took_s = time.monotonic() - began_s
        return Ended(process.returncode, text, took_s, out.read().decode(), left)


def _wait(ready: Callable[[], bool], most_s: float = 120.0) -> None:
    deadline = time.monotonic() + most_s
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.05)


def _takes_signals(pid: int) -> bool:
    """Tell whether a process has its own handler of SIGTERM: the program has begun."""
    with contextlib.suppress(OSError):
        status = Path(f'/proc/{pid}/status').read_text()
        caught = next(line for line in status.splitlines() if line.startswith('SigCgt'))
        return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))
    return False


def _used_s(group: int) -> float:
    """Return the processor time of a process group: moments that no other load shifts."""
    ticks = 0
    for path in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(')')[2].split()
            if int(fields[2]) == group:
                ticks += sum(map(int, fields[11:15]))  # its own, and its ended children's
    return ticks / os.sysconf('SC_CLK_TCK')


def _group(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def finished(folder: Path) -> dict[str, Any]:
    """Return what is finished in a folder: when each file was written; lines of flights."""
    names = ('e*/*/episode.json', 'train/*.pt', 'validation/*.json', 'bundles/*/contract.json')
    files = [path for name in (*names, 'episodes/*/*/episode.json') for path in folder.glob(name)]
    found: dict[str, Any] = {str(path): path.stat().st_mtime_ns for path in files}
    for path in folder.rglob('flights.jsonl'):
        found.update({f'{path}: {line}': 0 for line in path.read_text().splitlines()})
    return found


def result(folder: Path) -> Any:
    """Return what came of all: hashes of the bundle, of the episodes, the lines of flights."""
    files = [*folder.glob('bundle/contract.json'), *folder.glob('episodes/*/*/episode.json')]
    names = ('sha256', 'seed', 'frames')
    read = [(str(p.relative_to(folder)), json.loads(p.read_text())) for p in files]
    found: Any = {name: [document.get(key) for key in names] for name, document in read}
    for path in folder.rglob('flights.jsonl'):
        found[str(path.relative_to(folder))] = sorted(path.read_text().splitlines())
    return found


def through(
    line: Sequence[str], folder: Path, rng: np.random.Generator, span_s: float
) -> list[str]:
    """Interrupt a command until it is through; return what went wrong."""
    wrong, before = list[str](), dict[str, Any]()
    for run in range(MOST_RUNS):
        how = str(rng.choice(list(HOW)))
        after_s = float(rng.uniform(0.0, span_s))
        ended = interrupted(line, how, after_s)
        now = finished(folder)
        lost = [name for name, when in before.items() if now.get(name) != when]
        said = f'{how} after {after_s:.1f} CPU s: code {ended.code} in {ended.took_s:.1f} s'
        print(f'  {run}: {said}, {len(now)} finished', flush=True)
        if lost:
            wrong.append(f'{said}: not kept: {lost}')
        if not ended.is_in_order:
            wrong.append(f'{said}{", left processes" * ended.left}: {ended.stderr[-1500:]}')
        if ended.stderr == AT_ONCE and now != before:
            wrong.append(f'{said}: something had begun')
        if ended.code == 0:
            return wrong
        before = now
    return [*wrong, f'not through after {MOST_RUNS} runs']


def lines(folder: Path) -> dict[str, tuple[list[str], float]]:
    """Return the commands that work in a folder, and for which processor time they may run."""
    recipe = folder.with_suffix('.yaml')
    recipe.write_text(RECIPE)
    common = ['--data', str(folder), '--processes', '2']
    return {
        'collect': (['-c', MAIN, 'collect', '--recipe', str(recipe), *common], 6.0),
        'train': (['-c', MAIN, 'train', '--recipe', str(recipe), *common], 40.0),
        'retrain': (
            ['-c', SHORT, 'retrain', '--target', 'orange_traffic_cone', '--flights', '1', *common],
            40.0,
        ),
        'evaluate': (
            ['-c', MAIN, 'evaluate', '--flights', '3', '--out', str(folder / 'e')],
            30.0,
        ),
    }


def main() -> int:
    """Interrupt each command until it is through, and compare with an undisturbed run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('names', nargs='*', default=['collect', 'train', 'retrain', 'evaluate'])
    args = parser.parse_args()
    rng, failed = np.random.default_rng(args.seed), False
    with tempfile.TemporaryDirectory() as place:
        ours, calm = (Path(place) / name for name in ('interrupted', 'calm'))
        for name in args.names:
            print(name, flush=True)
            line, span_s = lines(ours)[name]
            wrong = through(line, ours, rng, span_s)
            environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
            subprocess.run(
                [sys.executable, *lines(calm)[name][0]],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            if result(ours) != result(calm):
                wrong.append('the result is not that of an undisturbed run')
            failed |= bool(wrong)
            print('\n'.join(wrong) or '  nothing lost', flush=True)
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
