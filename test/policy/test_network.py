# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The network: reduced frames in training and camera frames in flight give the same answer."""

import numpy as np
import pytest
import torch

from liquid_drone.contract import TimeSpec, Training
from liquid_drone.image import reduced
from liquid_drone.policy.config import CHAHINE_2023, PRETRAINED, NetworkConfig, VisionConfig
from liquid_drone.policy.export import export, roll
from liquid_drone.policy.network import FRAMES_AT_ONCE, Core, Network
from liquid_drone.policy.weights import config_of


def test_training_and_flight_see_the_same():
    """Frames cached at half size must train the network that later gets whole frames."""
    torch.manual_seed(0)
    network = Network(NetworkConfig()).eval()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 36, 64, 3), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
    small = np.stack([reduced(image, 2) for image in images])
    dt_s = torch.tensor([0.05, 0.03, 0.1, 0.05, 0.2, 0.07])
    with torch.no_grad():
        seen = network(torch.from_numpy(small)[None].float(), dt_s[None])
    commands, targets = roll(network, torch.from_numpy(images), dt_s)
    shares = torch.clamp(seen.motor[0], -1, 1) * network.limits
    torch.testing.assert_close(shares, commands, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen.target[0], targets, atol=1e-4, rtol=1e-4)


def test_commands_stay_within_the_limits_and_dt_within_its_range():
    """No more than the limits goes out, whatever comes in; a stalled camera is no huge dt."""
    network = Network(NetworkConfig())
    core = Core(network)
    features, state = torch.randn(64, 128) * 100, torch.zeros(64, 19)
    command, _ = core(features, state, torch.full((64,), 0.05))
    assert (command.abs() <= network.limits + 1e-6).all()
    longest, _ = core(features, state, torch.full((64,), network.time.max_s))
    beyond, _ = core(features, state, torch.full((64,), 60.0))
    torch.testing.assert_close(longest, beyond)


def test_a_network_with_a_constant_dt_gives_the_same_answer_whatever_time_passes(tmp_path):
    constant = TimeSpec(min_s=0.05, max_s=0.05)
    network = Network(NetworkConfig(time=constant)).eval()
    features, gaps = torch.randn(2, 9, 128), torch.rand(2, 9) * 0.3
    measured = Network(NetworkConfig()).eval()
    measured.load_state_dict(network.state_dict())
    steady = torch.full((2, 9), 0.05)
    told = [one(features, dt_s).motor for one in (network, measured) for dt_s in (gaps, steady)]
    torch.testing.assert_close(told[0], told[1], atol=0, rtol=0)
    torch.testing.assert_close(told[1], told[3], atol=0, rtol=0)
    assert not torch.allclose(told[2], told[3])
    contract = export(network, 'constant', Training(), tmp_path / 'constant', retrainable=True)
    assert contract.time == constant
    assert config_of(str(tmp_path / 'constant')).time == constant


def test_the_core_has_nothing_of_the_encoder():
    """The command comes from the liquid core: nothing leads around it."""
    network = Network(NetworkConfig())
    core = Core(network)
    zero = torch.zeros(1, 128), torch.zeros(1, 19), torch.full((1,), 0.05)
    with torch.no_grad():
        for parameter in network.vision.parameters():
            parameter.fill_(float('nan'))
    assert torch.isfinite(core(*zero)[0]).all()


@pytest.mark.parametrize(
    'vision',
    [
        VisionConfig(),
        CHAHINE_2023,
        VisionConfig(mean=(110.0, 115.0, 120.0), std=(60.0, 70.0, 80.0)),
        PRETRAINED,
    ],
)
def test_weights_that_scale_the_pixels_answer_the_same(vision):
    torch.manual_seed(0)
    whole = Network(NetworkConfig(vision=vision)).vision.eval()
    before = {name: value.clone() for name, value in whole.state_dict().items()}
    images = torch.randint(0, 256, (4, 144, 256, 3), dtype=torch.uint8)
    with torch.no_grad():
        pairs = zip(whole(images), whole.folded()(images), strict=True)
        worst = max(float((one - other).abs().max() / one.abs().max()) for one, other in pairs)
    assert worst < 2e-5
    assert all(torch.equal(value, before[name]) for name, value in whole.state_dict().items())


def test_frames_seen_in_parts_give_what_they_give_at_once():
    torch.manual_seed(0)
    network = Network(NetworkConfig(vision=VisionConfig.NAMED['small']))
    pixels = torch.randint(0, 256, (2, FRAMES_AT_ONCE - 1, 72, 128, 3)).float()
    seen = network(pixels, torch.full(pixels.shape[:2], 0.05))
    seen.target.sum().backward()
    parts = [p.grad.clone() for p in network.vision.parameters()]
    network.zero_grad()
    _, target = network.vision.look(pixels.flatten(0, 1).permute(0, 3, 1, 2))
    target.sum().backward()
    torch.testing.assert_close(seen.target.flatten(0, 1), target, rtol=1e-4, atol=1e-4)
    wholes = [p.grad for p in network.vision.parameters()]
    torch.testing.assert_close(parts, wholes, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize('name', sorted(VisionConfig.NAMED))
def test_a_named_encoder_sees_a_camera_image(name):
    config = VisionConfig.NAMED[name]
    vision = Network(NetworkConfig(vision=config)).vision.eval()
    with torch.no_grad():
        features, target = vision(torch.zeros(1, 144, 256, 3, dtype=torch.uint8))
    assert features.shape == (1, config.features)
    assert target.shape == (1, 3)
    assert torch.isfinite(features).all()
