# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where there is no EGL, PyBullet draws and says so; who asked for OpenGL by name is refused."""

import os
import subprocess
import sys

WITHOUT_EGL = {
    '__EGL_VENDOR_LIBRARY_DIRS': '/nowhere',
    '__EGL_VENDOR_LIBRARY_FILENAMES': '/nowhere/none.json',
}
FLY = """
from liquid_drone.errors import SimulationError
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.simulator import Simulator
from liquid_drone.sim.gym.vector_env import FollowEnvs
simulator = Simulator(load_scenario())
simulator.reset(9_011)
frame = simulator.capture()
print(simulator.renderer_name, frame.target_pixels, frame.image.std() > 8.0)
simulator.close()
for wants in (lambda: Simulator(load_scenario(renderer='opengl')), lambda: FollowEnvs(2)):
    try:
        wants()
    except SimulationError as error:
        print(error)
"""


def test_without_egl_pybullet_draws_with_a_notice() -> None:
    told = subprocess.run(
        [sys.executable, '-c', FLY],
        env={**os.environ, **WITHOUT_EGL},
        capture_output=True,
        text=True,
        check=True,
    )
    first, *refused = told.stdout.splitlines()
    name, pixels, has_contrast = first.split()
    assert name == 'tiny'
    assert int(pixels) >= 12
    assert has_contrast == 'True'
    assert told.stderr.count('no OpenGL, so PyBullet draws') == 1
    assert 'apt-get install libegl1' in told.stderr
    assert len(refused) == 2
    assert all('no OpenGL 4.3 through EGL' in words for words in refused)
