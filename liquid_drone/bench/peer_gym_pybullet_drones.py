# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Step gym-pybullet-drones, for comparison; runs by itself, in the environment that has it.

Its ``HoverAviary`` with pictures as observation and velocities as action, at 24 steps a second:
each step then is one picture and ten steps of physics (ours: one picture and twelve). Pictures
are made 256x144, as ours; everything else is left as it is, and its world but for four small
objects is empty. It imports nothing of liquid_drone.
"""

import argparse
import json
import os
import sys
import time

import numpy as np
from gym_pybullet_drones.envs import HoverAviary
from gym_pybullet_drones.utils.enums import ActionType, ObservationType

WIDTH, HEIGHT = 256, 144
STEPS_PER_S = 24  # a picture every step: the environment takes 24 a second, whatever it is told


def main() -> None:
    """Answer each line of standard input with steps a second."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--cores', default='')
    cores = parser.parse_args().cores
    if cores:
        os.sched_setaffinity(0, {int(core) for core in cores.split(',')})
    env = made()
    env.reset(seed=0)
    for line in sys.stdin:
        found = measured(env, json.loads(line)['seconds']) if line.strip() else {}
        sys.stdout.write(json.dumps(found) + '\n')
        sys.stdout.flush()


def made() -> HoverAviary:
    """Make the environment with larger pictures."""
    env = HoverAviary(obs=ObservationType.RGB, act=ActionType.VEL, ctrl_freq=STEPS_PER_S)
    env.IMG_RES = np.array([WIDTH, HEIGHT])
    shape = (1, HEIGHT, WIDTH)
    env.rgb, env.dep, env.seg = np.zeros((*shape, 4)), np.ones(shape), np.zeros(shape)
    env.observation_space = env._observationSpace()
    return env


def measured(env: HoverAviary, seconds: float) -> dict[str, float]:
    """Step for some seconds. An ended episode begins anew, untimed.

    Returns:
        ``steps_per_s`` by the clock, and ``cpu_ms`` of the processor for a step.

    """
    action, steps, spent, cpu = np.zeros((1, 4), np.float32), 0, 0.0, 0.0
    while spent < seconds or steps < 10:
        begin, before = time.perf_counter(), time.process_time()
        observation, _, terminated, truncated, _ = env.step(action)
        spent += time.perf_counter() - begin
        cpu += time.process_time() - before
        steps += 1
        assert observation.shape == (1, HEIGHT, WIDTH, 4)
        if terminated or truncated:
            env.reset()
    return {'steps_per_s': steps / spent, 'cpu_ms': 1e3 * cpu / steps}


if __name__ == '__main__':
    main()
