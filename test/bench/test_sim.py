# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator's benchmark runs, and resets leave nothing behind."""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from liquid_drone.bench import sim, sim_resets
from liquid_drone.cli.main import main
from liquid_drone.sim.render.gl_context import GlContext
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    made = Simulator(load_scenario())
    yield made
    made.close()


def test_resets_leave_no_opengl_object_and_no_file_behind(simulator: Simulator) -> None:
    leak = sim_resets.repeat(simulator, 10, lambda: None)
    assert leak.before.gl_objects == leak.after.gl_objects
    assert leak.before.gl_objects['Texture'] > 2
    assert leak.before.files == leak.after.files


def test_one_object_of_each_kind_left_behind_would_be_seen() -> None:
    before, context = sim_resets.gl_objects(), GlContext.shared().context
    texture, buffer = context.texture((1, 1), 4), context.buffer(reserve=4)
    left = [texture, buffer, context.renderbuffer((1, 1)), context.framebuffer([texture])]
    left.append(context.vertex_array(GlContext.shared().sky, []))
    after = sim_resets.gl_objects()
    assert {kind: after[kind] - before[kind] for kind in before} == dict.fromkeys(before, 1)
    for item in reversed(left):
        item.release()
    assert sim_resets.gl_objects() == before


@pytest.mark.slow
def test_every_figure_is_measured_in_a_process_of_its_own(
    capfd: pytest.CaptureFixture[str],
) -> None:
    few = ['--rounds', '1', '--envs', '2', '--seeds', '1', '--seconds', '0.01', '--json']
    assert main(['bench', 'sim', '--worlds', 'forest', *few]) == 0
    found = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert set(found['pictures_per_s']['forest']) == set(sim.SEASONS)
    assert len(found['env_steps_per_s']['forest']) == 4
    assert all(0.0 < rate < math.inf for rate in found['env_steps_per_s']['forest'].values())
    assert len(found['cpu_ms_per_step']['forest']) == 4
    assert 0.0 < found['physics_ms']['forest'] < math.inf
    assert 100.0 < found['memory_mb']['forest'] < 500.0
    assert 'ratios' not in found


@pytest.mark.parametrize('answers', ['', 'print("{}", flush=True)'])
def test_a_process_that_is_interrupted_before_it_answers_is_ended(answers: str) -> None:
    """Ctrl-C gave a traceback of each process, and 'a measured process ended'."""
    wait = 'import sys, time\nfor line in sys.stdin:\n    time.sleep(60 if line.strip() else 0)\n'
    case = sim.Case([sys.executable, '-c', wait + '    ' + (answers or 'pass')], 1, 1)
    process = case._process
    assert os.getsid(process.pid) != os.getsid(0)
    if answers:
        case.ask()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    begun = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            case.ask('{}')
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        case.close()
    assert process.returncode == -signal.SIGTERM
    assert time.monotonic() - begun < 50.0


def test_ratios_are_of_the_same_rounds() -> None:
    ratios = sim._ratios({'ours': [100.0, 30.0, 80.0], sim.PEER: [10.0, 2.0, 10.0]})
    assert ratios == {'ours': 10.0}


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--peer-python', '/no/python'], 'give the Python of an environment'),
        (['--rounds', '0'], 'argument --rounds: expected a whole number, 1 to 1000'),
        (['--worlds', 'moon'], "unknown world 'moon': expected one of forest, urban"),
        (['--resets', '3'], 'expected 10 resets or more'),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['bench', 'sim', *arguments]) == 2
    assert words in capsys.readouterr().err
