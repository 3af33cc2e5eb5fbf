# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a policy node is asked for by parameters and by messages in turn: the newest word holds."""

import math
import random
from pathlib import Path

import numpy as np
import pytest
from geometry_msgs.msg import Vector3Stamped
from graph_bench import PolicyBench
from rclpy.node import Node
from rclpy.parameter import Parameter

from liquid_drone.request import NAMES
from liquid_drone.ros import qos
from liquid_drone.ros.parameters import OFF

FRAME_NS = 50_000_000
RANGES = {'distance_m': (2.0, 8.0), 'height_m': (0.0, 1.0), 'speed_m_s': (0.8, 2.0)}
BLACK = np.zeros((144, 256, 3), np.uint8)
Asked = dict[str, float | None]


def some_words(rng: random.Random) -> Asked:
    """Return what is said of some of the three; None: the bundle's own."""
    names = rng.sample(NAMES, rng.randint(1, 3))
    return {
        name: None if rng.random() < 0.2 else round(rng.uniform(*RANGES[name]), 2)
        for name in names
    }


@pytest.mark.parametrize('seed', range(4))
def test_of_each_number_the_newest_word_holds(ros: None, asking_bundle: Path, seed: int) -> None:
    """Setting the speed brought back a distance that a message had replaced since."""
    rng, wanted = random.Random(seed), Asked.fromkeys(NAMES)
    peer, shown = Node('asking'), 0
    ask = peer.create_publisher(Vector3Stamped, 'policy/request', qos.STATUS)

    def asked() -> Asked:
        return dict(zip(NAMES, bench.node.runner.asked.values, strict=True))

    with PolicyBench(asking_bundle) as bench:
        bench.add(peer)
        bench.set(frozen_after_s=OFF)
        bench.start()
        assert bench.wait(lambda: ask.get_subscription_count() > 0)
        for _ in range(25):
            words = some_words(rng)
            if rng.random() < 0.5:
                given = {
                    f'request_{name}': OFF if it is None else it for name, it in words.items()
                }
                bench.set(**given)
                wanted.update(words)
            else:
                words = {name: it for name, it in words.items() if it is not None}
                message, seen = Vector3Stamped(), bench.node.runner.asked
                for axis, name in zip('xyz', NAMES, strict=True):
                    setattr(message.vector, axis, words.get(name, math.nan))
                is_new = {**wanted, **words} != dict(zip(NAMES, seen.values, strict=True))
                wanted.update(words)
                ask.publish(message)
                assert not is_new or bench.wait(lambda: asked() == wanted), (asked(), wanted)
            if rng.random() < 0.6:  # parameters are taken with the next picture
                shown += 1
                assert bench.show(BLACK, 10**9 + shown * FRAME_NS) is not None
                assert asked() == wanted


def test_a_word_that_is_refused_changes_nothing(ros: None, asking_bundle: Path) -> None:
    with PolicyBench(asking_bundle) as bench:
        bench.start()
        bench.set(request_distance_m=5.0)
        refused = bench.node.set_parameters([Parameter('request_speed_m_s', value=-1.0)])
        assert not refused[0].successful
        assert bench.show(BLACK, 10**9) is not None
        assert bench.node.runner.asked.values == (5.0, None, None)
