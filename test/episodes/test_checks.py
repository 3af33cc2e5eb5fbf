# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Each flaw that keeps a data set from flying is found, and a good set is left alone."""

import json

import numpy as np
import pytest

from liquid_drone.cli.main import main
from liquid_drone.contract import TimeSpec
from liquid_drone.episodes.checks import check, check_all
from liquid_drone.episodes.episode import save
from liquid_drone.episodes.recording import EpisodeInfo, Recording
from liquid_drone.image import decode_jpeg, encode_jpeg

FRAMES, LAG = 160, 10


def flight(seed: int = 0, name: str = 'red_backpack') -> Recording:
    """Return a flight that turns and strafes as it is told, half a second later."""
    rng = np.random.default_rng(seed)
    recording = Recording(EpisodeInfo(f'test/{seed}', 'w', 's', name, seed, 'human'))
    told = np.repeat(rng.uniform(-1, 1, (FRAMES // 8 + 4, 4)), 8, axis=0)
    wide = rng.integers(0, 255, (18, 200, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    yaw = 0.0
    for k in range(FRAMES):
        flown = told[max(k - LAG, 0)]
        yaw += 0.05 * flown[3] * 0.6
        left = int(600 - yaw * 256 / np.radians(80.0))
        image = wide[:, left : left + 256].copy()
        image[60:84, 110:146] = (220, 20, 20)
        c, s = np.cos(yaw), np.sin(yaw)
        recording.append(
            encode_jpeg(image),
            stamp_ns=10**9 + 50_000_000 * k,
            label=told[k],
            executed=told[k],
            position_enu=(0.0, 0.0, 2.0),
            velocity_enu=(c * flown[0] - s * flown[1], s * flown[0] + c * flown[1], 0.0),
            quaternion_xyzw=(0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)),
            target_position_enu=(4.0, 0.0, 1.0),
            target_mask=(0.0, 0.0, 864.0),
        )
    return recording


def said(recording: Recording) -> str:
    return '\n'.join(str(finding) for finding in check(recording, 'one', TimeSpec()))


def change(recording: Recording, name: str, values) -> None:
    recording.rows[name] = list(values)


def test_a_good_flight_is_left_alone():
    assert said(flight()) == ''


def test_gaps_and_stamps_that_do_not_rise():
    recording = flight()
    stamps = recording.column('stamp_ns')
    stamps[80:] += 3 * 10**9
    change(recording, 'stamp_ns', stamps)
    assert 'longest of 3' in said(recording)
    stamps[40] = stamps[38]
    change(recording, 'stamp_ns', stamps)
    assert 'do not rise' in said(recording)


def test_commands_that_are_stamped_too_late():
    recording = flight()
    for name in ('label', 'executed'):
        rows = recording.column(name)
        change(recording, name, np.concatenate([np.zeros((20, 4)), rows])[: len(rows)])
    assert 'misaligned' in said(recording)


def test_pictures_that_lag_behind_the_attitude():
    recording = flight()
    recording.jpegs[:] = [recording.jpegs[max(k - 8, 0)] for k in range(FRAMES)]
    assert 'pictures and attitude' in said(recording)


def test_commands_of_other_axes():
    recording = flight()
    turned = recording.column('executed')[:, [1, 0, 2, 3]]
    change(recording, 'executed', turned * [1, -1, 1, 1])
    assert 'did not fly as it was told' in said(recording)


def test_labels_that_drift():
    recording = flight()
    change(recording, 'executed', recording.column('executed') + np.eye(4)[0] * 1.2)
    assert 'labels drift' in said(recording)


@pytest.mark.parametrize(('value', 'words'), [(np.nan, 'no command'), (0.0, 'is zero')])
def test_commands_that_are_missing(value, words):
    recording = flight()
    change(recording, 'label', np.full((FRAMES, 4), value))
    assert words in said(recording)


def test_swapped_colours_and_damage_through_the_verb(tmp_path, capsys):
    for k in range(3):
        save(flight(k), tmp_path / f'good-{k}')
    assert main(['validate', str(tmp_path)]) == 0
    swapped = flight(3)
    swapped.jpegs[:] = [encode_jpeg(decode_jpeg(jpeg)[..., ::-1]) for jpeg in swapped.jpegs]
    save(swapped, tmp_path / 'swapped')
    broken = save(flight(4), tmp_path / 'broken')
    path = tmp_path / 'broken' / 'episode.json'
    path.write_text(path.read_text().replace(broken.sha256, '0' * 64))
    capsys.readouterr()
    assert main(['validate', str(tmp_path), '--json']) == 1
    found = {row['episode']: row['what'] for row in json.loads(capsys.readouterr().out)}
    assert 'red and blue' in found['swapped']
    assert 'does not match' in found['broken']
    assert len(found) == 2


def test_a_piece_too_short_to_learn_from(tmp_path):
    recording = flight()
    recording.jpegs = recording.jpegs[:20]
    recording.rows = {name: rows[:20] for name, rows in recording.rows.items()}
    recording.decisions = recording.decisions[:20]
    save(recording, tmp_path / 'short')
    assert 'record for longer' in str(check_all([tmp_path / 'short'])[0])
