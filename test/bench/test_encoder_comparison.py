# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Eyes are compared on flights they did not learn from, and never on test seeds."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from liquid_drone.bench import encoder_comparison
from liquid_drone.cli.main import main
from liquid_drone.contract import CommandSpec
from liquid_drone.episodes.episode import find_episodes, load_info, save
from liquid_drone.errors import ConfigError
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.flights.collecting import hold_out
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.recipe import Recipe, TrainConfig, Workspace
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
from liquid_drone.seeds import split_of
from liquid_drone.workers.executor import ThisProcess


@pytest.fixture
def held_out(tmp_path, make_recording):
    for seed in (10, 11):
        save(make_recording(seed, frames=60), tmp_path / 'held-out' / str(seed))
    return tmp_path / 'held-out'


def test_what_was_learned_is_less_wrong_on_flights_held_out(episodes, held_out, tmp_path):
    data = encoder_comparison.split_episodes(episodes[0].parent, held_out)
    training, held = encoder_comparison.open_split(data, 'small', tmp_path / 'cache')
    config = TrainConfig(steps=60, windows=4, length=8, warmup_steps=5)
    taught = encoder_comparison.encoder_error(
        encoder_comparison.train_encoder('small', config, training, tmp_path / 'net.pt'), held
    )
    torch.manual_seed(1)
    fresh = encoder_comparison.encoder_error(
        Network(NetworkConfig(VisionConfig.NAMED['small'])), held
    )
    assert taught.mean < 0.5 * fresh.mean
    assert taught.bearing < fresh.bearing
    assert taught.seen == 1.0  # the square is always in view
    assert encoder_comparison.seen_share(held) == 1.0


def test_errors_are_shares_of_what_the_labels_vary(episodes, tmp_path):
    """A network that says the same all the time leaves all of the variance, or more."""
    clips = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec())
    network = Network(NetworkConfig(VisionConfig.NAMED['small']))
    labels = np.concatenate([clip.label for clip in clips])
    answer = np.concatenate([encoder_comparison.watch(network, clip)[0] for clip in clips])
    error = encoder_comparison.encoder_error(network, clips)
    expected = ((answer - labels) ** 2).mean(axis=0) / labels.var(axis=0).clip(1e-9)
    assert error.command == pytest.approx(expected)
    assert error.mean == pytest.approx(expected.mean())


def test_a_flight_is_watched_from_its_start_to_its_end(held_out, tmp_path):
    """Seen in pieces, the state and dt must go on as if there were none."""
    clip = open_clips(find_episodes(held_out), tmp_path / 'cache', 2, CommandSpec())[0]
    assert len(clip) > encoder_comparison.CHUNK
    network = Network(NetworkConfig(VisionConfig.NAMED['small']))
    motor, head = encoder_comparison.watch(network, clip)
    pixels = torch.from_numpy(np.array(clip.frames)).float()[None]
    with torch.no_grad():
        whole = network(pixels, torch.full((1, len(clip)), 0.05))
    np.testing.assert_allclose(motor, whole.motor[0].clamp(-1, 1).numpy(), atol=1e-5)
    np.testing.assert_allclose(head, whole.target[0].numpy(), atol=1e-5)


def test_flights_learned_from_and_test_seeds_are_refused(episodes, tmp_path, make_recording):
    with pytest.raises(ConfigError, match='among the flights trained on'):
        encoder_comparison.split_episodes(episodes[0].parent, episodes[0].parent)
    recording = make_recording(20)
    recording.info = dataclasses.replace(recording.info, seed=15_003)
    save(recording, tmp_path / 'judged' / '0')
    with pytest.raises(ConfigError, match='test seed 15003'):
        encoder_comparison.split_episodes(episodes[0].parent, tmp_path / 'judged')


def test_every_fifth_flight_is_held_out_where_none_are_named(episodes, make_recording):
    save(make_recording(4), episodes[0].parent / '00004')
    data = encoder_comparison.split_episodes(episodes[0].parent, None)
    assert [path.name for path in data.held_out] == ['00004']
    assert len(data.training) == 4


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--episodes', '{empty}'], 'too few episodes in'),
        (['--eyes', 'hawk'], "unknown encoder 'hawk': expected one of default"),
        (['--held-out', '{empty}'], '--held-out needs --episodes'),
        (['--episodes', '{flights}', '--held-out', '{empty}'], 'too few episodes in {empty}'),
        (
            ['--episodes', '{flights}', '--seeds', '0'],
            'argument --seeds: expected a whole number, 1 to',
        ),
        (
            ['--episodes', '{flights}', '--held-out', '{asked}', '--steps', '0'],
            '--steps: expected',
        ),
    ],
)
def test_what_cannot_be_compared_is_told(arguments, words, episodes, held_out, tmp_path, capsys):
    where = {'empty': tmp_path, 'flights': episodes[0].parent, 'asked': held_out}
    line = [word.format(**where) for word in arguments]
    assert main(['bench', 'vision', '--rounds', '1', '--out', str(tmp_path / 'out'), *line]) == 2
    assert words.format(**where) in capsys.readouterr().err


@pytest.mark.slow
def test_bench_vision_compares_encoders_on_flights(episodes, held_out, tmp_path, capsys):
    out = tmp_path / 'out'
    line = ['--episodes', str(episodes[0].parent), '--held-out', str(held_out), '--out', str(out)]
    few = ['--steps', '2', '--windows', '2', '--length', '8', '--rounds', '1', '--seeds', '2']
    few += ['--eyes', 'small', 'heatmap']
    assert main(['bench', 'vision', *line, *few, '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == ['small', 'heatmap']
    for cost in figures.values():
        assert [len(error['command']) for error in cost['errors']] == [4, 4]
    assert [path.name for path in out.iterdir()] == ['cache']  # checkpoints are gone


def test_held_out_flights_are_of_validation_seeds(tmp_path):
    recipe = Recipe('tiny', collect=CollectConfig(episodes=1, frames=8))
    work = Workspace(tmp_path)
    assert hold_out(recipe, work, 1, ThisProcess(), Silent()) == 8
    [flight] = find_episodes(work.held_out)
    assert split_of(load_info(flight).seed) == 'validation'
    assert not find_episodes(work.episodes(0))
