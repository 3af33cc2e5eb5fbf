# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes train as one does; when one of them ends, all end, with a message."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from liquid_drone.cli.main import main
from liquid_drone.contract import CommandSpec
from liquid_drone.episodes.episode import save
from liquid_drone.errors import ConfigError
from liquid_drone.learn.batches import Windows
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.dagger import train_round
from liquid_drone.learn.distributed import Team, joined
from liquid_drone.learn.pictures.encoder_stage import make_pictures
from liquid_drone.learn.recipe import TrainConfig, Workspace, load_recipe
from liquid_drone.learn.watcher import Silent
from liquid_drone.workers.executor import ThisProcess

ROOT = Path(__file__).parents[2]
RECIPE = """
name: ranks
recorded: [square]
train: {steps: 6, windows: 4, length: 8, warmup_steps: 2, device: cpu, precision: float32}
dagger: {rounds: 2}
network: {vision: {convolutions: [[8, 5, 4], [8, 3, 4]], features: 16}}
"""
WITH_PICTURES = """
name: ranks
recorded: [square]
start: follow-compact
train: {steps: 2, windows: 4, length: 8, warmup_steps: 1, device: cpu, precision: float32}
dagger: {rounds: 1}
pictures: {count: 8, per_world: 4, looks: 2, steps: 30, pictures: 4, frames: 2}
"""
TRAIN = """
import os, signal, sys, time
from pathlib import Path
from liquid_drone import errors
from liquid_drone.learn import behaviour_cloning, dagger, distributed, recipe, watcher

class Dying(watcher.Silent):
    steps = 0
    def begin(self, title, total, unit):
        with (Path(sys.argv[2]) / 'begun').open('a') as file:
            file.write(title.partition(' ')[0] + chr(10))
    def advance(self, steps=1, units=0, **facts):
        self.steps += steps
        if self.steps == 3 and distributed._number('RANK', 0) == 1 and sys.argv[3] == 'die':
            os.kill(os.getpid(), signal.SIGKILL)

behaviour_cloning.CHECKPOINT_S = 0.0
plan, work = recipe.load_recipe(sys.argv[1]), recipe.Workspace(Path(sys.argv[2]))

def of_gloo(thread):
    try:
        return 'gloo' in (thread / 'comm').read_text()
    except OSError:  # it has ended meanwhile
        return False

error = None
try:
    with distributed.joined(plan.train) as team:
        for index in range(plan.dagger.rounds):
            dagger.train_round(plan, work, index, Dying(), team)
except errors.TrainingError as caught:
    error = f'TrainingError: {caught}'

deadline = time.monotonic() + 60  # the kernel lists a thread a moment longer than it runs
while any(map(of_gloo, Path('/proc/self/task').iterdir())):
    if time.monotonic() > deadline:
        sys.exit('a thread of gloo is left, which can abort the process as the interpreter ends')
    time.sleep(0.01)
sys.exit(error)
"""
ENVIRONMENT = {**os.environ, 'PYTHONPATH': str(ROOT), 'GLOO_SOCKET_IFNAME': 'lo'}


@pytest.fixture
def recipe(tmp_path, make_recording):
    """A recipe file, and work directories with flights: some tell no command."""
    for data in ('one', 'two'):
        work = Workspace(tmp_path / data)
        save(make_recording(0), work.episodes(0) / '0')  # after what is not its target
        for seed in (1, 2):
            save(make_recording(seed), work.recorded / str(seed))
    path = tmp_path / 'ranks.yaml'
    path.write_text(RECIPE)
    return path


def script(folder: Path) -> Path:
    path = folder / 'train.py'
    path.write_text(TRAIN)
    return path


def test_the_shares_of_a_step_are_the_step_of_one_process(episodes, tmp_path):
    clips = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec())
    config = TrainConfig(windows=6, length=8)
    whole = Windows(clips, config, 0.05).batch(1, 5)
    shares = [Windows(clips, config, 0.05, team=Team(rank, 3)).batch(1, 5) for rank in range(3)]
    for name, column in whole._asdict().items():
        joint = torch.cat([getattr(share, name) for share in shares])
        torch.testing.assert_close(joint, column, rtol=0.0, atol=0.0, equal_nan=True, msg=name)


def test_windows_do_not_depend_on_the_size_of_the_pictures(episodes, tmp_path):
    """So that encoders of different sizes can be compared on the same ones."""
    config = TrainConfig(windows=6, length=8)
    large, small = (
        Windows(open_clips(episodes, tmp_path / 'cache', reduce, CommandSpec()), config, 0.05)
        for reduce in (1, 2)
    )
    a, b = large.batch(1, 5), small.batch(1, 5)
    assert torch.equal(a.label, b.label)
    assert torch.equal(a.dt_s, b.dt_s)
    assert torch.equal(a.target, b.target)
    assert a.pixels.shape[2:4] == (144, 256)


def test_a_team_that_cannot_share_a_step_is_told(tmp_path, monkeypatch, capsys, recipe):
    monkeypatch.setenv('WORLD_SIZE', '3')
    monkeypatch.setenv('RANK', '1')
    assert main(['train', '--recipe', str(recipe), '--data', str(tmp_path / 'one')]) == 2
    assert 'windows: 4 of a step cannot be shared evenly by 3' in capsys.readouterr().err
    monkeypatch.setenv('RANK', '')
    with pytest.raises(ConfigError, match='torchrun'), joined(TrainConfig()):
        pass
    assert main(['retrain', '--target', 'red_backpack']) == 2
    assert 'retrain runs in one process' in capsys.readouterr().err


def test_without_torchrun_there_is_one_process(monkeypatch):
    monkeypatch.delenv('WORLD_SIZE', raising=False)
    with joined(TrainConfig()) as team:
        assert (team.first, team.size, team.told(False)) == (True, 1, False)
        assert team.share([1, 2, 3]) == [1, 2, 3]


@pytest.mark.slow
def test_two_processes_killed_and_started_again_train_what_one_does(tmp_path, recipe):
    """Shares of a step tell different numbers of commands, and must count as in one process."""
    one, two = Workspace(tmp_path / 'one'), Workspace(tmp_path / 'two')
    for index in range(2):
        train_round(load_recipe(str(recipe)), one, index, Silent())
    start = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node']
    line = [*start, '2', str(script(tmp_path)), str(recipe), str(two.root)]
    killed = subprocess.run([*line, 'die'], env=ENVIRONMENT, capture_output=True, timeout=250)
    assert killed.returncode != 0
    assert 1 <= int(torch.load(two.checkpoint(0).with_suffix('.partial'))['step']) <= 4
    subprocess.run([*line, 'live'], env=ENVIRONMENT, check=True, timeout=250)
    for index in range(2):
        states = [torch.load(work.checkpoint(index), weights_only=True) for work in (one, two)]
        assert states[0]['step'] == states[1]['step'] == 6 * (index + 1)
        for name, weight in states[0]['weights'].items():
            torch.testing.assert_close(weight, states[1]['weights'][name], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_one_process_of_a_team_trains_the_encoder_that_all_keep(tmp_path, recipe, monkeypatch):
    """Each trained it for itself, into the same files."""
    recipe.write_text(WITH_PICTURES)
    plan = load_recipe(str(recipe))
    one, two = Workspace(tmp_path / 'one'), Workspace(tmp_path / 'two')
    make_pictures(plan, one, ThisProcess(), Silent())
    (two.root / 'pictures').symlink_to(one.root / 'pictures')
    train_round(plan, one, 0, Silent())
    start = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node']
    line = [*start, '2', str(script(tmp_path)), str(recipe), str(two.root), 'live']
    subprocess.run(line, env=ENVIRONMENT, check=True, timeout=500)
    assert (two.root / 'begun').read_text().split() == ['encoder', 'round', 'round']
    for files in ([one.encoder, two.encoder], [one.checkpoint(0), two.checkpoint(0)]):
        states = [torch.load(file, weights_only=True)['weights'] for file in files]
        for name, weight in states[0].items():
            torch.testing.assert_close(weight, states[1][name], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_a_process_whose_peer_is_gone_says_so_and_ends(tmp_path, recipe):
    """Nobody watches over these two, as torchrun would."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    line = [sys.executable, str(script(tmp_path)), str(recipe), str(tmp_path / 'two'), 'die']
    where = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port), 'WORLD_SIZE': '2'}
    team = [
        subprocess.Popen(
            line,
            env={**ENVIRONMENT, **where, 'RANK': str(rank), 'LOCAL_RANK': str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        _, error = team[0].communicate(timeout=200)
    finally:
        for process in team:
            process.kill()
            process.communicate()
    assert team[0].returncode == 1
    assert (
        'TrainingError: another process of this training cannot be reached or has ended' in error
    )


def switch_off(machine: subprocess.Popen[bytes]) -> None:
    """Kill torchrun and its workers, which are in sessions of their own."""
    tasks = Path(f'/proc/{machine.pid}/task')
    workers = [
        int(pid)
        for file in (tasks.glob('*/children') if machine.poll() is None else ())
        for pid in file.read_text().split()
    ]
    for pid in (machine.pid, *workers) if machine.poll() is None else ():
        os.kill(pid, signal.SIGKILL)
    machine.wait()


@pytest.mark.slow
def test_a_machine_that_is_killed_joins_again_and_the_training_goes_on(tmp_path, recipe):
    """Two machines are two addresses of this one; the second is killed, torchrun and worker."""
    one, two = Workspace(tmp_path / 'one'), Workspace(tmp_path / 'two')
    for index in range(2):
        train_round(load_recipe(str(recipe)), one, index, Silent())
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]

    def machine(number: int) -> subprocess.Popen[bytes]:
        where = ['--rdzv-endpoint', f'127.0.0.1:{port}', '--local-addr', f'127.0.0.{number}']
        options = ['--nnodes', '2', '--nproc-per-node', '1', '--rdzv-backend', 'c10d', *where]
        options += ['--rdzv-conf', f'join_timeout=600,is_host={int(number == 1)}']
        line = [sys.executable, '-m', 'torch.distributed.run', *options, str(script(tmp_path))]
        return subprocess.Popen([*line, str(recipe), str(two.root), 'live'], env=ENVIRONMENT)

    machines = [machine(1), machine(2)]
    partial = two.checkpoint(0).with_suffix('.partial')
    try:
        while not partial.is_file():
            assert all(each.poll() is None for each in machines)
            time.sleep(0.01)
        switch_off(machines[1])
        assert machines[0].wait(timeout=300) != 0  # it does not wait for ever
        machines = [machine(1), machine(2)]
        assert [each.wait(timeout=600) for each in machines] == [0, 0]
    finally:
        for each in machines:
            switch_off(each)
    for index in range(2):
        states = [torch.load(work.checkpoint(index), weights_only=True) for work in (one, two)]
        assert states[0]['step'] == states[1]['step'] == 6 * (index + 1)
        for name, weight in states[0]['weights'].items():
            torch.testing.assert_close(weight, states[1]['weights'][name], rtol=0, atol=1e-5)
