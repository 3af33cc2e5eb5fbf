# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone evaluate --study``: trainings and flights of a whole study, then its numbers."""

from pathlib import Path


def run_all(file: str, out: Path, processes: int, shard: str) -> int:
    """Train and fly what is missing, and print the table of what is done.

    Args:
        file: name or path of the plan.
        out: directory of the study.
        processes: trainings at once.
        shard: K/N: every N-th training from the K-th on; empty: all.

    """
    from ....evaluate.shards import SeedShard
    from ....learn.study.analysis import analyse, write_analysis
    from ....learn.study.plan import load_plan, trainings_of
    from ....learn.study.running import run_study
    from ....run_lock import only_run
    from ...progress import TerminalWatcher

    plan, watcher = load_plan(file), TerminalWatcher()
    every = trainings_of(plan)
    mine = every
    if shard:
        share = SeedShard.parse(shard)
        mine = every[share.number - 1 :: share.count]
    run_study(plan, out, processes, watcher.note, mine)
    with only_run(out):
        print(write_analysis(analyse(plan, out), out))
    print(f'next: liquid-drone report {out}')
    return 0
