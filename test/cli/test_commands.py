# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: help, bad input, one short flight, a resumed evaluation."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from liquid_drone import resources
from liquid_drone.cli import main as main_module
from liquid_drone.cli.main import COMMANDS, main
from liquid_drone.evaluate.flights_file import FLIGHTS
from liquid_drone.run_lock import only_run

SHORT = ['--duration', '1', '--no-ros', '--no-video', '--json', '--start', 'hover']
SHORT_TASK = 'name: short\nduration_s: 1.0\nsettle_s: 0.5\n'


@pytest.mark.parametrize('name', [command.name for command in COMMANDS])
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match='0'):
        main([name, '--help'])
    assert f'liquid-drone {name}' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--season', 'monsoon'], "unknown season 'monsoon': expected one of"),
        (['--target', 'unicorn'], "unknown target 'unicorn': expected one of"),
        (['--world', 'no/such.yaml'], 'no such file: no/such.yaml'),
        (['--bundle', '/no/bundle'], 'no policy bundle at /no/bundle'),
        (['--world', '/dev/null'], 'world: expected a .yaml file, /dev/null is something else'),
        (['--bundle', 'nobody'], "unknown policy bundle 'nobody'"),
        (['--bundle', ''], "unknown policy bundle ''"),
        (['--season', 'a\nb\x1b[31m\udc80'], "unknown season 'a\\nb\\x1b[31m\\udc80'"),
        (['--duration', '-1'], 'argument --duration: expected a number, 0.1 to 3600 s; got -1.0'),
        (['--firmware', '/no/px4'], 'expected the px4 SITL binary, such as .../build/px4_sitl'),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ['--no-ros', '--out', str(tmp_path)]
    given = arguments if '--bundle' in arguments else [*arguments, '--bundle', str(tmp_path)]
    assert main(['fly', *given, *out]) == 2
    error = capsys.readouterr().err
    assert error.startswith('liquid-drone: ')
    assert words in error
    assert error.count('\n') == 1


@pytest.mark.parametrize(
    'error',
    [
        MemoryError(),
        OSError('no number'),
        *(
            OSError(number, os.strerror(number), *place)
            for number in (errno.EMFILE, errno.ENAMETOOLONG, errno.EIO, errno.ENOSPC, errno.EINVAL)
            for place in ((), ('x' * 500,), (b'\xff',), (3,))
        ),
    ],
    ids=repr,
)
def test_what_the_machine_refuses_is_one_sentence_and_exit_code_2(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: object) -> int:
        raise error

    monkeypatch.setattr(main_module, 'run_command', refuse)
    assert main(['doctor']) == 2
    said = capsys.readouterr().err
    assert said.startswith('liquid-drone: the')
    assert said.count('\n') == 1
    assert len(said) < 400


def test_a_path_too_long_for_the_disk_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['fly', *SHORT, '--out', str(tmp_path / ('x' * 400))]) == 2
    assert 'File name too long' in capsys.readouterr().err


@pytest.mark.parametrize('command', ['fly', 'evaluate'])
def test_an_output_that_cannot_be_written_is_said_before_the_flight(
    command: str, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'file').write_text('')
    out = str(tmp_path / 'file' / 'out')
    assert main([command, '--bundle', str(bundle), '--out', out]) == 2
    assert 'choose another --out' in capsys.readouterr().err


def test_an_altered_bundle_is_refused(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / 'altered'
    copy.mkdir()
    for file in bundle.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    with (copy / 'core.onnx').open('ab') as core:
        core.write(b'!')
    assert main(['fly', '--bundle', str(copy), '--out', str(tmp_path), *SHORT]) == 2
    assert 'does not match its contract' in capsys.readouterr().err


def test_a_flight_leaves_its_result_and_the_same_one_twice(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ['fly', '--bundle', str(bundle), '--seed', '9001', '--out', str(tmp_path), *SHORT]
    codes = [main(line)]
    (tmp_path / 'flight.mp4').write_text('a film of the flight before')
    with only_run(tmp_path):  # another flight into the same folder
        assert main(line) == 2
    told = capsys.readouterr()
    assert f'in use by process {os.getpid()}' in told.err
    codes.append(main(line))
    assert not (tmp_path / 'flight.mp4').exists()  # --no-video: none is left of another flight
    both = told.out + capsys.readouterr().out
    first, second = (json.loads(text) for text in both.splitlines())
    assert codes == [0 if first['success'] else 1] * 2
    assert first['trajectory_hash'] == second['trajectory_hash']
    assert json.loads((tmp_path / 'result.json').read_text()) == first
    assert (tmp_path / 'trajectory.png').stat().st_size > 10_000


def test_an_evaluation_goes_on_where_it_was_and_mixes_nothing(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = tmp_path / 'short.yaml'
    task.write_text(SHORT_TASK)
    out = tmp_path / 'out'
    line = ['evaluate', '--bundle', str(bundle), '--out', str(out), '--processes', '1', '--json']
    line += ['--split', 'validation', '--task', str(task)]
    assert main([*line, '--flights', '1']) == 0
    before = (out / FLIGHTS).read_text()
    assert main([*line, '--flights', '2']) == 0
    after = (out / FLIGHTS).read_text()
    assert after.startswith(before)
    assert len(after.splitlines()) == 2
    assert '| success | ' in (out / 'table.md').read_text()
    capsys.readouterr()
    shown = [word for word in line if word != '--json']
    assert main([*shown, '--flights', '2']) == 0
    good = sum(json.loads(row)['score']['success'] for row in after.splitlines())
    said = capsys.readouterr().out
    assert f'flights: good {good} (' in said  # those of before count too
    assert said.endswith(f'next: liquid-drone report {out}\n')
    run = (out / 'run.json').read_text()
    assert main([*line, '--flights', '3', '--autopilot', 'ardupilot']) == 2
    assert (out / 'run.json').read_text() == run  # what was refused has changed nothing
    assert 'choose another --out' in capsys.readouterr().err


def test_several_places_give_one_line_each(bundle: Path, tmp_path: Path) -> None:
    task = tmp_path / 'short.yaml'
    task.write_text(SHORT_TASK)
    line = ['evaluate', '--bundle', str(bundle), '--out', str(tmp_path), '--processes', '1']
    line += ['--split', 'validation', '--task', str(task), '--flights', '1']
    line += ['--seasons', 'summer', 'winter', '--weathers', 'clear', 'fog:2']
    assert main(line) == 0
    table = (tmp_path / 'table.md').read_text()
    assert [row.split('|')[1:4] for row in table.splitlines()[4:]] == [
        [' forest ', f' {season} ', f' {weather} ']
        for season in ('summer', 'winter')
        for weather in ('clear', 'fog:2')
    ]
    assert len(json.loads((tmp_path / 'summary.json').read_text())) == 4
    assert (tmp_path / 'forest-winter-fog2' / FLIGHTS).is_file()
    assert (tmp_path / 'rates.png').stat().st_size > 5_000


def test_others_measure_with_seeds_that_nobody_here_has_used(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, copy, out = tmp_path / 'short.yaml', tmp_path / 'bundle', tmp_path / 'out'
    task.write_text(SHORT_TASK)
    shutil.copytree(bundle, copy)
    line = ['evaluate', '--bundle', str(copy), '--out', str(out), '--processes', '1']
    line += ['--task', str(task), '--seeds', '20001:20002', '--card']
    assert main(line) == 0
    rows = [json.loads(row) for row in (out / FLIGHTS).read_text().splitlines()]
    assert [row['score']['seed'] for row in rows] == [20_001, 20_002]
    assert 'reserved seeds 20001 to 20002' in (out / 'table.md').read_text()
    assert 'reserved seeds 20001 to 20002, task short' in (copy / 'card.md').read_text()
    capsys.readouterr()
    for twice in (['--split', 'test'], ['--flights', '5'], ['--offset', '0']):
        assert main([*line, *twice]) == 2
        assert f'leave out {twice[0]}' in capsys.readouterr().err
    assert main(['evaluate', '--out', str(out), '--seeds', '19990:20010']) == 2
    assert 'never mixed' in capsys.readouterr().err


def test_another_vehicle_is_flown_and_never_mixed_with_the_first(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, heavy, out = tmp_path / 'short.yaml', tmp_path / 'heavy.yaml', tmp_path / 'out'
    task.write_text(SHORT_TASK)
    usual = resources.named_file('sim/vehicles', 'x500').read_text()
    renamed = usual.replace('name: x500', 'name: heavy')
    heavy.write_text(re.sub(r'mass_kg: \S+', 'mass_kg: 2.3', renamed))
    line = ['evaluate', '--bundle', str(bundle), '--out', str(out), '--processes', '1']
    line += ['--split', 'validation', '--flights', '1', '--task', str(task)]
    assert main(line) == 0
    row = json.loads((out / FLIGHTS).read_text())
    del row['vehicle']  # as in files written before it could be chosen
    (out / FLIGHTS).write_text(json.dumps(row) + '\n')
    assert main([*line, '--vehicle', str(heavy)]) == 2
    refused = capsys.readouterr().err
    assert "line 1 holds a flight with {'vehicle': 'x500'" in refused
    assert "expected {'vehicle': 'heavy'" in refused
    assert main([*line, '--vehicle', str(heavy), '--out', str(tmp_path / 'other')]) == 0
    assert 'forest-summer, vehicle heavy, validation' in (tmp_path / 'other/table.md').read_text()
    one, other = (
        json.loads((folder / FLIGHTS).read_text()) for folder in (out, tmp_path / 'other')
    )
    assert one['trajectory_hash'] != other['trajectory_hash']


def test_a_flight_is_replayed_by_its_id_and_kept_as_a_regression(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, out, kept = tmp_path / 'short.yaml', tmp_path / 'out', tmp_path / 'regressions.yaml'
    task.write_text(SHORT_TASK)
    line = ['evaluate', '--bundle', str(bundle), '--out', str(out), '--processes', '1', '--json']
    assert main([*line, '--split', 'validation', '--task', str(task), '--flights', '1']) == 0
    row = json.loads((out / FLIGHTS).read_text())
    again = ['replay', row['id'], '--folder', str(out), '--add-to-regressions']
    assert main([*again, '--regressions', str(kept)]) == 0
    told = capsys.readouterr().out
    assert f'equal, trajectory {row["trajectory_hash"]}' in told
    assert '1 of 1 equal' in told
    line[4] = str(tmp_path / 'regressed')
    code = main([*line, '--regressions', str(kept)])
    assert code == (0 if row['score']['success'] else 1)
    (flown,) = (tmp_path / 'regressed').rglob(FLIGHTS)
    assert json.loads(flown.read_text())['trajectory_hash'] == row['trajectory_hash']
    (out / FLIGHTS).write_text(json.dumps({**row, 'trajectory_hash': '0' * 16}) + '\n')
    assert main(['replay', row['id'], '--folder', str(out)]) == 1
    assert 'DIFFERS' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('line', 'flags'),
    [
        (['--study', 'cells-by-season', '--flights', '3'], ['--flights']),
        (['--study', 'cells-by-season', '--season', 'winter', '--card'], ['--season', '--card']),
        (['--regressions', 'r.yaml', '--seeds', '15000:15003'], ['--seeds']),
        (['--regressions', 'r.yaml', '--worlds', 'urban', '--card'], ['--worlds', '--card']),
    ],
)
def test_what_would_not_be_looked_at_is_refused(line, flags, capsys, tmp_path):
    assert main(['evaluate', *line, '--out', str(tmp_path / 'out')]) == 2
    assert f'leave out {", ".join(flags)}\n' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()
