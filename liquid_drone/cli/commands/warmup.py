# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone warmup``: build TensorRT's engine of a bundle before take-off, not in the air."""

import time
from dataclasses import dataclass

from ... import resources
from ...options import option
from ...runtime.providers import Backend, PrecisionChoice, ProviderChoice
from ..arguments import Command

NAME = 'warmup'
HELP = 'open a bundle as flight would and build what takes long: engines of TensorRT'
EPILOG = """examples:
  liquid-drone warmup
  liquid-drone warmup data/mine/bundle --providers tensorrt --precision fp16
  liquid-drone warmup --providers tensorrt --attention

An engine is kept for each graph, card, precision, version and role; building one takes seconds to
minutes. A node builds none: without its engine it does not start. Exit code 2: the provider cannot
be had here, and why.
"""


@dataclass(frozen=True, kw_only=True)
class WarmupArguments:
    """What is opened, and where."""

    bundle: str = option('follow', 'a name in models/, or a directory', positional=True)
    providers: ProviderChoice = option('auto', 'where the vision graph runs')
    precision: PrecisionChoice = option('fp32', 'of the vision graph on TensorRT')
    attention: bool = option(False, "build for the attention node's batches, FP32, instead")


def run(args: WarmupArguments) -> int:
    """Open, check and time the bundle."""
    from rich.console import Console

    from ...runtime.selection import TIMED_STEPS, open_policy, step_time_s

    began = time.monotonic()
    backend = Backend('tensorrt', args.precision)
    if args.attention:
        backend = Backend('tensorrt', role='attention')
    with Console(stderr=True).status('opening the bundle, building what is not there'):
        runner = open_policy(resources.bundle(args.bundle), args.providers, True, backend)
        step_s = step_time_s(runner)
    print(
        f'{runner.contract.name} is warm on {runner.provider} after '
        f'{time.monotonic() - began:.1f} s: {step_s * 1e3:.2f} ms a step (median of {TIMED_STEPS})'
    )
    return 0


COMMAND = Command(NAME, HELP, EPILOG, WarmupArguments, run)
