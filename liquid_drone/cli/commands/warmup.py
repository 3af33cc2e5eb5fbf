# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone warmup``: build TensorRT's engine of a bundle before take-off, not in the air."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from ... import resources
from ...errors import BundleError, ConfigError, InferenceError
from ...options import option
from ...runtime.providers import Backend, PrecisionChoice, ProviderChoice
from ..arguments import Command

log = logging.getLogger(__name__)
NAME = 'warmup'
HELP = 'open a bundle as in flight and build the engines of TensorRT'
EPILOG = """examples:
  liquid-drone warmup
  liquid-drone warmup data/mine/bundle --providers tensorrt --precision fp16
  liquid-drone warmup --providers tensorrt --attention

An engine is kept for each graph, card, precision, version, role and profile; building one takes
seconds to minutes. A node builds none: without its engine it does not start; nor does auto, but
here, where TensorRT is there. Exit code 2: the provider cannot be had here, and why.
"""


@dataclass(frozen=True, kw_only=True)
class WarmupArguments:
    """What is opened, and where."""

    bundle: str = option('follow', 'a name in models/, or a directory', positional=True)
    providers: ProviderChoice = option('auto', 'where the vision graph runs')
    precision: PrecisionChoice = option('fp32', 'precision of the vision graph on TensorRT')
    attention: bool = option(False, "build for the attention node's batches, FP32, instead")


def run(args: WarmupArguments) -> int:
    """Open, check and time the bundle."""
    from rich.console import Console

    from ...runtime.libraries import why_not
    from ...runtime.selection import TIMED_STEPS, open_policy, step_time_s

    began = time.monotonic()
    bundle, backend = resources.bundle(args.bundle), _backend(args)
    with Console(stderr=True).status('opening the bundle, building what is not there'):
        if args.providers == 'auto' and why_not('tensorrt') is None:
            _build(bundle, backend)
        runner = open_policy(bundle, args.providers, True, backend)
        step_s = step_time_s(runner)
    print(
        f'{runner.contract.name} is warm on {runner.provider} after '
        f'{time.monotonic() - began:.1f} s: {step_s * 1e3:.2f} ms a step (median of {TIMED_STEPS})'
    )
    return 0


def _backend(args: WarmupArguments) -> Backend:
    if not args.attention:
        return Backend('tensorrt', args.precision)
    if args.precision != 'fp32':
        raise ConfigError(
            f'the attention node runs fp32: with --attention leave out --precision, '
            f"got '{args.precision}'"
        )
    return Backend('tensorrt', role='attention')


def _build(bundle: Path, backend: Backend) -> None:
    """Build what ``auto`` may take; where that fails, say why: ``auto`` takes another."""
    from ...runtime.selection import open_policy

    try:
        open_policy(bundle, 'tensorrt', True, backend)
    except (BundleError, ConfigError, InferenceError) as error:
        log.warning('TensorRT is left out: %s', error)


COMMAND = Command(NAME, HELP, EPILOG, WarmupArguments, run)
