# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench runtime``: a bundle on each provider and precision of this machine."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .... import resources
from ....options import option
from ...arguments import Command, part
from ...bundle_pair import BundlePair

if TYPE_CHECKING:
    from ...progress import TerminalWatcher

NAME = 'runtime'
HELP = 'time a bundle on each provider and precision: steps, start-up, memory, power'
EPILOG = """examples:
  liquid-drone bench runtime
  liquid-drone bench runtime follow --int8 out/follow-int8 --json > board.json
  liquid-drone bench runtime --compare board.json
  liquid-drone bench runtime --soak 1000000               # leaks, NaN, drift

Steps are whole ones: camera picture in, command out. Each case is a process of its own. Exit code
1 after --soak: an answer was not finite, or the first ones were not the same at the end.
"""
TARGETS = {  # ratio -> words, digits
    'step_over_vision': ('whole step over the bare vision graph, p50', 3),
    'ncps_over_core': ('core step of ncps in PyTorch over ours', 1),
    'fp32_over_int8': ('vision graph, FP32 over INT8, processor time in turns', 2),
    'cold_start_s': ('cold start on the CPU (Python, import, load, parity), s', 2),
}


@dataclass(frozen=True, kw_only=True)
class BenchRuntimeArguments:
    """What is timed, and for how long."""

    of: BundlePair = part(BundlePair)
    steps: int = option(1000, 'timed back to back', low=1, high=10_000_000)
    seconds: float = option(10.0, "at the policy's rate, 20 Hz", low=0.05, high=3600.0, unit='s')
    compare: Path | None = option(None, 'what an earlier run printed with --json', unset='none')
    soak: int = option(
        0, 'only step so often without a reset, on the CPU', low=0, high=10**9, unset='off'
    )
    json: bool = option(False, 'print figures for machines')


def run(args: BenchRuntimeArguments) -> int:
    """Measure and print a table."""
    from ....bench.runtime import RuntimeBench, earlier, measure

    bundle = resources.bundle(args.of.bundle)
    if args.soak:
        return _soak(args, bundle)
    before = earlier(args.compare) if args.compare else None
    watcher = None if args.json else _watcher()
    if watcher:
        watcher.begin('cases', 6, 'cases')
    bench = RuntimeBench(bundle, args.of.int8, args.steps, args.seconds)
    found = measure(bench, lambda name: watcher.advance(case=name) if watcher else None)
    if watcher:
        watcher.end()
    print(json.dumps(found, indent=1) if args.json else _told(found, before))
    return 0


def _told(found: dict[str, Any], before: dict[str, Any] | None) -> str:
    from ....bench.runtime import times_of
    from ....bench.timing import table

    head = ['', 'step ms p50 / p95 / p99', 'at 20 Hz', 'CPU ms', 'MB', 'start s', 'W']
    times = times_of(found, before) if before else {}
    rows = [_row(name, case) for name, case in found['cases'].items()]
    if before:
        head.append('times before')
        for row in rows:
            row.append(f'{times[row[0]]:.2f}' if row[0] in times else '')
    this, bundle = found['machine'], found['bundle']
    lines = [
        f'{bundle["name"]} ({bundle["hash"]}) on {this["board"] or this["processor"]}, '
        f'{this["architecture"]}, {" ".join(this["extensions"])}, {this["cores"]} cores, '
        f'load {this["load"]}, ONNX Runtime {this["onnxruntime"]}',
        table(head, rows),
    ]
    if before and before.get('machine', {}).get('processor') != this['processor']:
        lines.append(f'before: another machine, {before.get("machine")}')
    missing = {name: case['reason'] for name, case in found['cases'].items() if 'reason' in case}
    lines += [f'{name} not run: {reason}' for name, reason in missing.items()]
    for name, (words, digits) in TARGETS.items():
        value = found['ratios'][name]
        lines.append(f'{words}: {value if isinstance(value, str) else f"{value:.{digits}f}"}')
    return '\n'.join(lines)


def _row(name: str, case: dict[str, Any]) -> list[str]:
    if 'reason' in case:
        return [name, 'not run', '', '', '', '', '']
    back, paced = (
        ' / '.join(f'{value:.2f}' for value in case[key].values())
        for key in ('step_ms', 'paced_ms')
    )
    watts = '' if case['watts'] is None else f'{case["watts"]:.1f}'
    cpu, memory = f'{case["cpu_ms"]:.2f}', f'{case["memory_mb"]:.0f}'
    return [name, back, paced, cpu, memory, f'{case["start_s"]["total"]:.2f}', watts]


def _watcher() -> 'TerminalWatcher':
    from ...progress import TerminalWatcher

    return TerminalWatcher()


def _soak(args: BenchRuntimeArguments, bundle: Path) -> int:
    from ....bench.runtime_soak import soak
    from ....runtime.runner import PolicyRunner

    watcher = None if args.json else _watcher()
    if watcher:
        watcher.begin('steps', args.soak, 'steps')
    runner = PolicyRunner(bundle)
    report = soak(runner, args.soak, lambda n: watcher.advance(n, n) if watcher else None)
    if watcher is None:
        print(json.dumps(dataclasses.asdict(report)))
    else:
        watcher.end()
        print(
            f'{report.steps} steps: {report.not_finite} answers not finite, largest command '
            f'{report.largest:.3g}, first answers {"the same" if report.is_same else "DIFFER"} at '
            f'the end; memory {report.memory_before_mb:.1f} MB, then {report.memory_after_mb:.1f}'
        )
    return int(not report.is_good)


COMMAND = Command(NAME, HELP, EPILOG, BenchRuntimeArguments, run)
