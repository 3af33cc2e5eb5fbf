# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the flight recorder keeps on a drone trains as it is; PyTorch is not needed to write it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from liquid_drone.contract import CommandSpec
from liquid_drone.episodes.episode import find_episodes
from liquid_drone.episodes.recording import EpisodeInfo
from liquid_drone.flight.recorder import FlightRecorder, RecorderConfig
from liquid_drone.image import encode_jpeg
from liquid_drone.learn.batches import Windows
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.losses import losses_of
from liquid_drone.learn.recipe import TrainConfig
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network

DT_NS = 50_000_000
RECORD = """
import sys
sys.modules.update(torch=None, pybullet=None, onnxruntime=None, rclpy=None)
from pathlib import Path
from liquid_drone.episodes.episode import EpisodeInfo
from liquid_drone.image import encode_jpeg
from liquid_drone.flight.recorder import FlightRecorder, RecorderConfig
import numpy as np
info = EpisodeInfo('a', 'flight', 'unknown', 'b', -1, 'c')
recorder = FlightRecorder(RecorderConfig(Path(sys.argv[1]), info, least_free_bytes=0))
for k in range(10):
    stage = 'engaged' if k < 5 else 'handed_back'
    recorder.see(encode_jpeg(np.zeros((18, 32, 3), np.uint8)), 10**9 + k)
    recorder.hear({'stage': stage, 'cause': 'taken_over', 'position_enu': '0 0 1'}, 10**9 + k)
recorder.close()
"""


def test_no_torch_is_needed_to_record(tmp_path: Path) -> None:
    subprocess.run([sys.executable, '-c', RECORD, str(tmp_path)], check=True, timeout=300)
    (path,) = find_episodes(tmp_path)
    assert path.name == '19700101-000001-taken_over'


def recorded(folder: Path, frames: int = 80) -> list[Path]:
    """Record a policy that is taken over half way, by a pilot who flies left."""
    rng = np.random.default_rng(0)
    jpeg = encode_jpeg(rng.integers(0, 255, (144, 256, 3), dtype=np.uint8))
    info = EpisodeInfo('flight/x', 'flight', 'unknown', 'red_backpack', -1, 'x')
    recorder = FlightRecorder(RecorderConfig(folder, info, least_free_bytes=0))
    for k in range(frames):
        engaged = k < frames // 2
        facts = {
            'stage': 'engaged' if engaged else 'handed_back',
            'cause': 'mode_switched' if engaged else 'taken_over',
            'sent': 'true' if engaged else 'false',
            'proposal': '1 0 0 0.3' if engaged else 'nan 0 0 0',
            'setpoint': '0.9 0 0 0.3' if engaged else '',
            'position_enu': '0 0 3',
            'velocity_enu': '0 0.5 0',
            'euler_enu': '0 0 0',
        }
        stamp_ns = 10**18 + k * DT_NS
        recorder.see(jpeg, stamp_ns)
        recorder.hear(facts, stamp_ns)
        recorder.watch(stamp_ns)
    recorder.close()
    return find_episodes(folder)


def test_a_takeover_is_learned_from(tmp_path: Path) -> None:
    episodes = recorded(tmp_path / 'flights')
    config = NetworkConfig()
    (clip,) = open_clips(episodes, tmp_path / 'cache', config.vision.reduce, CommandSpec())
    limits = np.array(CommandSpec().limits)
    assert np.allclose(clip.label[5] * limits, (1.0, 0.0, 0.0, 0.3))  # the policy's
    assert np.allclose(clip.label[-5] * limits, (0.0, 0.5, 0.0, 0.0))  # the pilot's
    assert np.isnan(clip.target).all()
    torch.manual_seed(0)
    policy = Network(config)
    windows = Windows([clip], TrainConfig(length=16, windows=2), 0.05)
    batch = windows.batch(0)
    losses = losses_of(policy(batch.pixels.float(), batch.dt_s), batch, torch.ones(4))
    total = torch.stack(list(losses.values())).sum()
    total.backward()  # type: ignore[no-untyped-call]
    assert losses['command'] > 0.0
    assert losses['detection'] == losses['bearing'] == 0.0  # nobody knows where the target was
    assert all(torch.isfinite(p.grad).all() for p in policy.parameters() if p.grad is not None)
