# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: stdout that is full, closed or of any encoding ends no command and alters no code."""

import io
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli.lasting_output import LastingStream

PRINTS = """
import sys
from liquid_drone.cli.lasting_output import lasting_output
from liquid_drone.cli.progress import TerminalWatcher
def main():
    with lasting_output():
        watcher = TerminalWatcher()
        watcher.begin('flights', 3, 'frames')
        for _ in range(3):
            watcher.note('x' * 100_000)
            watcher.advance(1, 1)
        watcher.end()
        print('done')
    return 7
sys.exit(main())
"""


OPENS = """
import multiprocessing
import os
import sys
from liquid_drone.cli.lasting_output import lasting_output
def told(_):
    os.write(1, b'from C')
    os.write(2, b'from C')
    return [stream is not None for stream in (sys.stdin, sys.stdout, sys.stderr)]
if __name__ == '__main__':
    with lasting_output(), open(sys.argv[1], 'w+b') as result:
        os.write(1, b'from C')
        os.write(2, b'from C')
        result.write(b'a result')
        with multiprocessing.get_context('spawn').Pool(1) as pool:
            has_all = pool.map(told, [0])[0]
        result.seek(0)
        sys.exit(7 if result.read() == b'a result' and all(has_all) else 1)
"""


@pytest.mark.parametrize(
    'closed',
    [closed for n in range(4) for closed in itertools.combinations((0, 1, 2), n)],
    ids=str,
)
def test_no_file_takes_the_place_of_one_that_was_closed(
    closed: tuple[int, ...], tmp_path: Path
) -> None:
    """``evaluate ... >&-`` failed in each of its processes, and fd 1 was a file of its results."""
    (tmp_path / 'opens.py').write_text(OPENS)
    script = f'exec "$@" {" ".join(f"{number}>&-" for number in closed)}'
    program = [sys.executable, str(tmp_path / 'opens.py'), str(tmp_path / 'result')]
    assert subprocess.run(['bash', '-c', script, 'bash', *program], check=False).returncode == 7


@pytest.mark.parametrize('redirect', ['>/dev/full', '>&-', '| head -c 1', '>/dev/full 2>&1'])
def test_a_stdout_that_fails_ends_nothing(redirect: str) -> None:
    script = f'set -o pipefail; "$0" -c "$1" {redirect}'
    command = ['bash', '-c', script, sys.executable, PRINTS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 7
    assert 'Traceback' not in done.stderr
    if redirect in ('>/dev/full', '| head -c 1'):
        assert 'stdout cannot be written' in done.stderr


@given(
    texts=st.lists(st.text(st.characters(exclude_characters='\r')), min_size=1),
    encoding=st.sampled_from(['ascii', 'latin-1', 'cp1252', 'shift_jis', 'utf-8']),
    errors=st.sampled_from(['strict', 'surrogateescape']),
)
def test_a_character_that_the_terminal_lacks_costs_no_other_one(
    texts: list[str], encoding: str, errors: str
) -> None:
    """``doctor`` lost all its lines from the first arrow on, a path of odd bytes the verdict."""
    raw = io.BytesIO()
    stream = LastingStream(io.TextIOWrapper(raw, encoding, errors, newline=''), 'stdout')
    for text in [*texts, 'the last line']:
        stream.write(text)
    stream.flush()
    kept = raw.getvalue().decode(encoding, errors)
    assert kept.endswith('the last line')
    if all(text.isascii() for text in texts):
        assert kept == ''.join(texts) + 'the last line'
