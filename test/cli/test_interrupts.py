# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An interrupted command ends soon, in one sentence, leaves no process, and keeps its work."""

import json
import os
import signal
import subprocess
import sys

import interrupts
import numpy as np
import pytest

from liquid_drone.cli.commands.fly import FlightBar
from liquid_drone.cli.main import main
from liquid_drone.episodes.episode import load
from liquid_drone.sim.session import FlightProgress


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize('how', interrupts.HOW)
def test_an_interrupted_collecting_ends_in_one_sentence_and_goes_on(how, tmp_path):
    """SIGTERM used to end it without a word, and Ctrl-C when all flights in hand had ended."""
    folder = tmp_path / 'data'
    line, span_s = interrupts.lines(folder)['collect']
    rng, before = np.random.default_rng(list(interrupts.HOW).index(how)), {}
    for after_s in rng.uniform(0.0, span_s, 2):
        ended = interrupts.interrupted(line, how, float(after_s))
        found = interrupts.finished(folder)
        assert before.items() <= found.items()
        assert ended.is_in_order, ended
        assert ended.stderr != interrupts.AT_ONCE or before == found
        before = found


TWICE = """
import os, signal, sys
from liquid_drone.cli.interruption import INTERRUPTED, as_a_program

def run():
    return INTERRUPTED

def asked(number, getsignal=signal.getsignal):
    if number == signal.SIGINT:
        os.kill(os.getpid(), signal.SIGINT)
    return getsignal(number)

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.getsignal = asked
sys.exit(as_a_program(run))
"""


def test_a_second_signal_while_the_first_is_told_leaves_no_traceback():
    done = subprocess.run([sys.executable, '-c', TWICE], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, '')


def test_sigterm_lands_a_flight_in_this_process_and_gives_the_log(tmp_path, monkeypatch, capsys):
    """As Ctrl-C does; it used to lose the flight."""
    has_asked, show = False, FlightBar.show

    def ask(bar: FlightBar, progress: FlightProgress) -> None:
        nonlocal has_asked
        if progress.following_s > 1.0 and not has_asked:
            has_asked = True
            os.kill(os.getpid(), signal.SIGTERM)
        show(bar, progress)

    monkeypatch.setattr(FlightBar, 'show', ask)
    before = signal.getsignal(signal.SIGTERM)
    line = ['fly', '--no-ros', '--no-video', '--duration', '30', '--start', 'hover']
    assert main([*line, '--json', '--out', str(tmp_path)]) == 1  # cut short
    told = json.loads(capsys.readouterr().out)
    assert has_asked
    assert told['flown_s'] < 20.0
    height_m = load(tmp_path / 'episode', every_frame=True).column('position_enu')[-1, 2]
    assert height_m < 0.3
    assert signal.getsignal(signal.SIGTERM) == before
