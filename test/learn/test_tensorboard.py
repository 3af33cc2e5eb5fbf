# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a training is not lost for the curves that TensorBoard would have drawn of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.learn.tensorboard import add_numbers, tensorboard_log

BROKEN = {  # what importing TensorBoard has ended with
    'TypeError': 'Descriptors cannot be created directly.',  # tensorflow/tensorboard#5703
    'AttributeError': "module 'distutils' has no attribute 'version'",  # pytorch/pytorch#69894
    'RuntimeError': 'module compiled against another NumPy',
    'ImportError': 'TensorBoard logging requires TensorBoard',
}
IMPORTS = """
import logging
import sys
from pathlib import Path

logging.basicConfig()
sys.path.insert(0, sys.argv[1])
from liquid_drone.learn.tensorboard import tensorboard_log

with tensorboard_log(Path(sys.argv[1])) as numbers:
    numbers.add_scalar('loss', 1.0, 1)
print('goes on')
"""
FULL = """
import logging
import resource
import signal
import sys
from pathlib import Path

logging.basicConfig()
from liquid_drone.learn.tensorboard import tensorboard_log

with tensorboard_log(Path(sys.argv[1])) as numbers:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    for step in range(4000):
        numbers.add_scalar('loss', 1.0, step)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
print('goes on')
"""


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-c', program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=True)


@pytest.mark.parametrize('kind', BROKEN)
def test_a_broken_tensorboard_costs_its_curves_alone(kind: str, tmp_path: Path) -> None:
    """All but an ImportError ended the command in a traceback."""
    (tmp_path / 'tensorboard.py').write_text(f'raise {kind}({BROKEN[kind]!r})\n')
    ran = run(IMPORTS, tmp_path)
    assert ran.stdout == 'goes on\n'
    assert (BROKEN[kind] in ran.stderr) == (kind != 'ImportError')
    assert 'Traceback' not in ran.stderr


def test_a_disk_that_fills_costs_the_curves_alone(tmp_path: Path) -> None:
    """Its thread met with the error, and some later number ended the training."""
    ran = run(FULL, tmp_path, 2000)
    assert ran.stdout == 'goes on\n'
    assert ran.stderr.count('the training goes on') == 1


def test_a_place_where_no_log_can_be_written_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / 'tensorboard').write_text('a file')
    with tensorboard_log(tmp_path) as numbers:
        add_numbers(numbers, 1, 'loss', {'command': 1.0, 'target': 2.0})
    assert caplog.text.count('the training goes on') == 1


NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=5)


@settings(max_examples=20, deadline=None)
@given(values=NUMBERS)
def test_any_number_is_written(
    values: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp('log')
    with tensorboard_log(root) as numbers:
        for step, value in enumerate(values):
            numbers.add_scalar('loss', value, step)
    (file,) = (root / 'tensorboard').iterdir()
    assert file.stat().st_size >= 30 * len(values)
