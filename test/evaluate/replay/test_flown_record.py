# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A flight of ``fly`` is flown again from its record, or it is said why not."""

import json

import pytest

from liquid_drone.cli.main import main
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.replay.flown_record import load_record

FLY = ['fly', '--no-ros', '--no-video', '--json', '--duration', '1', '--seed', '10012']


def test_the_record_of_a_flight_gives_the_same_flight_again(tmp_path, capsys):
    out = tmp_path / 'one'
    main([*FLY, '--season', 'winter', '--autopilot', 'ardupilot', '--out', str(out)])
    assert main(['replay', str(out)]) == 0
    assert 'seed 10012: equal' in capsys.readouterr().out
    path = out / 'result.json'
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, 'flight': {**document['flight'], 'seed': 10013}}))
    assert main(['replay', str(out)]) == 1
    assert 'DIFFERS' in capsys.readouterr().out
    assert main(['replay', str(out), '--film']) == 2
    path.write_text(json.dumps({**document, 'bundle_hash': '0' * 16}))
    assert main(['replay', str(out)]) == 2
    assert 'are records and cannot be flown again' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({}, 'records of earlier versions'),
        ({'flight': {'firmware': '/bin/arducopter'}}, 'keeps its own clock'),
        ({'flight': {'sleep': 3}}, "unknown field 'sleep'"),
        ({'flight': {}, 'bundle': 'x'}, 'is missing'),
    ],
)
def test_a_record_that_cannot_be_flown_again_says_why(tmp_path, changes, words):
    (tmp_path / 'result.json').write_text(json.dumps({'seed': 1, **changes}))
    with pytest.raises(ConfigError, match=words):
        load_record(tmp_path)
