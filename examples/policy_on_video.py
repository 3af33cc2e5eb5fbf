# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Step a policy on a webcam or a video: one command and one probability for each picture.

pip install 'liquid_drone[cpu]'
python examples/policy_on_video.py                   # the webcam /dev/video0
python examples/policy_on_video.py my_video.mp4
"""

import sys
from pathlib import Path

from liquid_drone import resources
from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.source import open_source
from liquid_drone.image import fitted
from liquid_drone.runtime.runner import PolicyOutput
from liquid_drone.runtime.selection import open_policy


def main(address: str = '/dev/video0', most: int = 200) -> list[PolicyOutput]:
    """Answer at most so many pictures; return the answers."""
    kind = 'device' if address.startswith('/dev/') else 'video'
    source = open_source(SourceConfig(kind, str(Path(address).absolute())))
    policy, answers = open_policy(resources.bundle('follow')), []
    camera = policy.contract.camera
    try:
        while len(answers) < most and (frame := source.read()) is not None:
            image = fitted(frame.image, camera)
            answers.append(policy.step(image, frame.stamp_ns / 1e9))
            vx, vy, vz, yaw_rate = answers[-1].command
            seen = answers[-1].target_probability
            print(f'target {seen:4.0%}: {vx:+.2f} {vy:+.2f} {vz:+.2f} m/s, {yaw_rate:+.2f} rad/s')
    finally:
        source.close()
    return answers


if __name__ == '__main__':
    main(*sys.argv[1:])
