# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Every script in examples/ runs, does what its docstring promises, and stays short."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.reason import Reason

EXAMPLES = Path(__file__).resolve().parents[2] / 'examples'
SCRIPTS = sorted(EXAMPLES.glob('*.py'))


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f'example_{name}', EXAMPLES / f'{name}.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fly two seconds of the first example; return the folder of its episode."""
    pytest.importorskip('pybullet', reason="needs pip install 'liquid_drone[sim]'")
    out = tmp_path_factory.mktemp('example')
    result = example('fly_and_judge').main(2.0, out)
    assert result.in_view_share == 1.0
    assert result.failures == ()
    return out / 'episode'


def test_the_guard_stops_within_half_a_second_of_the_last_picture_and_then_is_silent() -> None:
    limits, frozen_s = Limits(), 1.0
    steps = example('guard_alone').main(frozen_s, 3.0)
    sent = [None if step.setpoint is None else step.setpoint.vx_m_s for step in steps]
    assert max(vx for vx in sent if vx is not None) > 0.5
    moving = [tick / 20 for tick, vx in enumerate(sent, 1) if vx]
    assert moving[-1] <= frozen_s + 0.5
    silent_s = 1 / 20 * (1 + sent.index(None))
    assert silent_s == pytest.approx(frozen_s + limits.command_age_s + limits.hold_s, abs=0.35)
    assert steps[-1].reason is Reason.STALE_COMMAND


def test_a_policy_steps_through_a_video(flown: Path, tmp_path: Path) -> None:
    import cv2

    from liquid_drone.image import decode_jpeg
    from liquid_drone.sim.flight_log import FlightLog

    log = FlightLog.load(flown)
    shown = [index for index, jpeg in enumerate(log.jpegs) if jpeg][5:10]
    jpegs = [log.jpegs[index] for index in shown]
    video = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*'MJPG'), 20, (256, 144))
    for jpeg in jpegs:
        writer.write(np.ascontiguousarray(decode_jpeg(jpeg)[:, :, ::-1]))
    writer.release()
    answers = example('policy_on_video').main(str(video))
    assert len(answers) == 5
    told, in_flight = (
        np.array([answer.target_probability for answer in answers]),
        log.column('target_probability')[shown],
    )
    assert told.min() > 0.5
    np.testing.assert_allclose(told, in_flight, atol=0.1)  # compressed once more


def test_a_world_of_ones_own_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip('pybullet', reason="needs pip install 'liquid_drone[sim]'")
    picture = example('own_world').main(('winter',), tmp_path)
    assert picture.stat().st_size > 50_000


def test_the_expert_follows_a_target_from_a_glb_file(tmp_path: Path) -> None:
    pytest.importorskip('pybullet', reason="needs pip install 'liquid_drone[sim]'")
    assert example('target_from_glb').main(5, tmp_path) == 1.0


def test_the_gymnasium_loop_rewards_the_expert() -> None:
    pytest.importorskip('pybullet', reason="needs pip install 'liquid_drone[sim]'")
    sums = example('gymnasium_loop').main(80)
    assert sums['expert'] > max(sums['by chance'], 0.0)


def test_dagger_in_miniature_labels_what_the_policy_met() -> None:
    pytest.importorskip('pybullet', reason="needs pip install 'liquid_drone[sim]'")
    shares = example('dagger_in_miniature').main(2, 12)
    assert shares[0] == 1.0
    assert len(shares) == 2


def test_an_episode_is_a_table(flown: Path) -> None:
    pytest.importorskip('pandas', reason='needs pip install pandas')
    table = example('episode_with_pandas').main(str(flown))
    assert len(table) > 20
    assert table['distance_m'].between(1.0, 9.0).all()  # where the task begins, at most
    assert table['distance_m'].iloc[-1] < table['distance_m'].iloc[0] - 0.5
    assert table['time_s'].is_monotonic_increasing


def test_the_neurons_of_a_flight_are_drawn(flown: Path, tmp_path: Path) -> None:
    pytest.importorskip('torch', reason="needs pip install 'liquid_drone[train]'")
    example('draw_neurons').main(str(flown), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {'wiring.png', 'neurons.png'}


@pytest.mark.slow
def test_ppo_learns_for_a_few_steps_and_is_saved(tmp_path: Path) -> None:
    pytest.importorskip('stable_baselines3', reason="needs pip install 'liquid_drone[sim,rl]'")
    few = ['--steps', '16', '--envs', '1', '--rollout', '8', '--out', str(tmp_path / 'ppo')]
    script = [sys.executable, '-W', 'error', str(EXAMPLES / 'ppo.py')]
    # two threads that wait for each other take minutes on a busy machine
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    told = subprocess.run(
        [*script, *few], env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert 'policy_gradient_loss' in told.stdout
    assert (tmp_path / 'ppo.zip').stat().st_size > 100_000


def test_each_is_short_and_tells_how_it_is_run() -> None:
    assert len(SCRIPTS) == 11
    for script in SCRIPTS:
        text = script.read_text(encoding='utf-8')
        assert text.count('\n') <= 60, script.name
        assert f'\npython examples/{script.name}' in text
        assert '\npip install ' in text


def test_ppo_of_rllib_learns_for_a_round() -> None:
    reason = "needs RLlib with its own Gymnasium: pip install 'liquid_drone[sim]' 'ray[rllib]'"
    pytest.importorskip('ray.rllib.algorithms.ppo', reason=reason, exc_type=ImportError)
    line = [sys.executable, str(EXAMPLES / 'ppo_rllib.py'), '--rounds', '1', '--runners', '1']
    done = subprocess.run([*line, '--steps', '64'], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].startswith('round 0: return ')
