# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a node that is told to end while it is still importing ends as if it had begun."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_imports_is_a_clean_end(number: signal.Signals) -> None:
    program = 'from liquid_drone.nodes import executables; executables.simulator_node()'
    line = [sys.executable, '-X', 'importtime', '-c', program]  # tells of each import, on stderr
    # a pipe so small that the imports wait for this test, however late it reads
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True, pipesize=4096) as process:
        try:
            assert process.stderr is not None  # a pipe
            for word in process.stderr:
                if word.rstrip().endswith(' numpy'):  # one of the first: rclpy follows
                    break
            process.send_signal(number)
            said = process.communicate(timeout=300)[1]
        finally:
            process.kill()
    assert 'liquid_drone.nodes.simulator_node' not in said
    assert 'Traceback' not in said
    assert process.returncode == 0
