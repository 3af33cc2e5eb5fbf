# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone evaluate --study``: trainings and flights of a whole study, then its numbers."""

from pathlib import Path

from ...executor_arguments import ExecutorArguments, executor_of, words_of
from ...next_step import as_typed


def run_all(file: str, out: Path, where: ExecutorArguments, shard: str) -> int:
    """Train and fly what is missing, and print the table of what is done.

    Args:
        file: name or path of the plan.
        out: directory of the study.
        where: trainings at once, and who flies.
        shard: K/N: every N-th training from the K-th on; empty: all.

    """
    from ....evaluate.shards import SeedShard
    from ....learn.study.analysis import analyse, write_analysis
    from ....learn.study.plan import load_plan, trainings_of
    from ....learn.study.running import Flyers, run_study
    from ....run_lock import only_run
    from ...progress import TerminalWatcher

    plan, watcher = load_plan(file), TerminalWatcher()
    every = trainings_of(plan)
    mine = every
    if shard:
        share = SeedShard.parse(shard)
        mine = every[share.number - 1 :: share.count]
    executor_of(where)  # refuses what cannot be
    flyers = Flyers(words_of(where, where.processes), words_of(where, 1))
    run_study(plan, out, where.processes, watcher.note, mine, flyers)
    with only_run(out):
        print(write_analysis(analyse(plan, out), out))
    print('next:', as_typed('report', out))
    return 0
