# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a user set for matplotlib, or a notebook for its programs, spoils no figure."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure

from liquid_drone.evaluate.plots.plain import as_text, plain
from liquid_drone.evaluate.plots.rates import chart, save
from liquid_drone.evaluate.scoring import Summary, wilson

SETTINGS: list[dict[str, Any]] = [
    {'text.usetex': True},
    {'text.usetex': True, 'savefig.format': 'pdf', 'savefig.transparent': True},
    {'axes.prop_cycle': matplotlib.cycler(color=['w']), 'lines.linewidth': 0.0},
    {'figure.dpi': 20, 'savefig.bbox': 'tight', 'font.size': 40},
]


@plain
def drawn(path: Path) -> None:
    figure = Figure(figsize=(2, 1), layout='constrained')
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0], label='a line')
    axes.set_xlabel('a_word, 100 %')
    save(figure, path)


@pytest.mark.parametrize('theirs', SETTINGS)
def test_a_figure_is_the_same_whatever_a_user_has_set(
    theirs: dict[str, Any], tmp_path: Path
) -> None:
    """LaTeX that is not there ended a command behind all its work."""
    drawn(tmp_path / 'usual.png')
    with matplotlib.rc_context(theirs):
        drawn(tmp_path / 'theirs.png')
        assert all(matplotlib.rcParams[name] == value for name, value in theirs.items())
    assert (tmp_path / 'theirs.png').read_bytes() == (tmp_path / 'usual.png').read_bytes()


NAMES = st.text(st.sampled_from('$$$^_\\{}%&#~aé犬\n\udcff'), min_size=1, max_size=12)
RATE = wilson(1, 2)
SUMMARY = Summary(RATE, RATE, RATE, RATE, {}, 0.9, 3.0, 0.5)


@settings(max_examples=20, deadline=None)
@given(name=NAMES)
def test_any_name_is_drawn(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A world in ``w$^$.yaml`` ended ``evaluate`` behind all its flights, without a table."""
    path = tmp_path_factory.mktemp('named') / 'rates.png'
    cells = {(f'{name}.yaml', 'summer'): SUMMARY, ('forest', 'summer'): SUMMARY}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of letters that its font lacks
        chart(cells, f'{name} and {name}', path)
    assert path.stat().st_size > 500


@given(name=st.text())
def test_a_name_is_shown_as_it_is(name: str) -> None:
    text = as_text(name)
    assert not is_math_text(text)
    assert text.replace(r'\$', '$') == name.encode('utf-8', 'backslashreplace').decode()


@pytest.mark.parametrize(
    'backend',
    ['module://matplotlib_inline.backend_inline', 'none of all'],
)
def test_a_backend_that_is_not_here_is_not_needed(backend: str, tmp_path: Path) -> None:
    program = (
        'import pathlib, sys\n'
        'from liquid_drone.evaluate.plots.rates import chart\n'
        "chart({}, 'a title', pathlib.Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, '-c', program, str(tmp_path / 'rates.png')],
        env={**os.environ, 'MPLBACKEND': backend},
        check=True,
    )
    assert (tmp_path / 'rates.png').stat().st_size > 0


READ_ONLY = """
mount -t tmpfs none "$0" && mkdir "$0/shm" "$0/out" || exit 77
mount -t tmpfs none /dev/shm && mount --bind "$0/out" "$0/out" || exit 77
for place in /tmp /var/tmp "$HOME"; do
    mount --rbind "$place" "$place" && mount -o remount,ro,bind "$place" || exit 77
done
out="$0/out"
mount -o remount,rw,bind "$out" 2>/dev/null
cd /proc && exec "$@" "$out/rates.png"
"""


def test_a_container_whose_disk_may_only_be_read_has_figures(tmp_path: Path) -> None:
    """docker run --read-only: a flight ended in matplotlib's error, behind all its work."""
    program = (
        'import pathlib, sys\n'
        'from liquid_drone.evaluate.plots.rates import chart\n'
        "chart({}, 'a title', pathlib.Path(sys.argv[1]))\n"
        'print(pathlib.Path(sys.argv[1]).stat().st_size)'
    )
    for folder in ('home', 'room'):
        (tmp_path / folder).mkdir()
    if shutil.which('unshare') is None:
        pytest.skip('needs unshare of util-linux')
    command = ['unshare', '-m', 'bash', '-c', READ_ONLY, str(tmp_path / 'room')]
    path = str(Path(__file__).parents[3])
    done = subprocess.run(
        [*command, sys.executable, '-c', program],
        env={'PATH': os.environ['PATH'], 'HOME': str(tmp_path / 'home'), 'PYTHONPATH': path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (1, 77) and 'matplotlib' not in done.stderr.lower():
        pytest.skip(f'this machine lets nobody mount: {done.stderr}')
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000
