# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the pilot does next, in words: the one place for them. Pure; it decides nothing.

The operator's page, ``liquid-drone watch`` and the list before a flight take their words from
here, so that all of them advise the same.
"""

from collections.abc import Sequence

from .engagement import Stage
from .facts import (
    ANSWER,
    ATTITUDE,
    BATTERY,
    ESTIMATOR,
    GIMBAL,
    HEARTBEAT,
    HOME,
    LANDED,
    PICTURE,
    POSITION,
    RANGE,
)

HELPS = {  # how the sentence of an obstacle begins -> what to do about it
    HEARTBEAT.name: 'cable, baud rate and telemetry port; a failsafe that the autopilot reports',
    ANSWER.name: 'TX and RX, flow control, MAVLink 2, the signing key',
    POSITION.name: 'in the open, wait until the autopilot has satellites',
    ATTITUDE.name: 'keep it still until its sensors are ready; the rate of the telemetry port',
    ESTIMATOR.name: 'keep it still in the open until its estimator is ready',
    HOME.name: 'set home anew in the ground station, or disarm and arm where it takes off; '
    'without satellites: set the origin of the estimator there',
    LANDED.name: 'take off by hand and hover: the autopilot tells then that it flies',
    BATTERY.name: 'a charged battery; limits.battery_cells; the battery monitor of the autopilot',
    GIMBAL.name: 'point it straight ahead, its yaw following the drone; limits.gimbal_rad',
    RANGE.name: 'the range sensor that publishes target/range, or end its node',
    PICTURE.name: 'the camera and the policy node: pictures must come and be answered',
    'nobody': 'name and namespace of the policy node (ros2 topic list), or start it',
    'commands come': 'more light, a quicker camera, less load on the computer',
    'outside the fence': 'fly it back into the fence by hand',
    'outside the altitude band': 'fly it between floor and ceiling by hand',
}
OTHERWISE = 'what the sentence says'
ENGAGE = "engage: the page, liquid-drone watch --keys, the radio's switch, or the station's action"
STEPS = {
    Stage.ENGAGING: 'Wait: the policy starts afresh.',
    Stage.ENGAGED: 'It follows. The mode switch takes over at any time.',
    Stage.HOLDING: 'The target is lost: it holds. Bring it into view, or take over.',
    Stage.SEARCHING: 'The target is lost: it turns to look. Bring it into view, or take over.',
}


def help_for(obstacle: str) -> str:
    """Return what to do about an obstacle, by how its sentence begins."""
    found = (words for begin, words in HELPS.items() if obstacle.startswith(begin))
    return next(found, OTHERWISE)


def helps_for(obstacles: Sequence[str]) -> str:
    """Return what to do about several, each once, in their order."""
    return '; '.join(dict.fromkeys(map(help_for, obstacles)))


def next_step(
    stage: Stage,
    obstacles: Sequence[str],
    follow_mode: str,
    engage: str = ENGAGE,
    waits_for: str = '',
) -> str:
    """Return what the pilot does next, in one or two sentences.

    Args:
        stage: of the companion.
        obstacles: each sentence about what keeps from engaging.
        follow_mode: the autopilot's name of the companion's mode; empty: not known yet.
        engage: how to engage with the tool that shows it.
        waits_for: what is lacking where the mode switch is ours already; empty: nothing.

    """
    if stage is Stage.READY and waits_for:
        return f'Pilot: {waits_for}.'
    if stage is Stage.READY:
        return f'Pilot: switch to {follow_mode or "the mode of the companion"}.'
    if stage in STEPS:
        return STEPS[stage]
    if stage is Stage.DISCONNECTED:
        return f'Wait for the autopilot; else look at {HELPS[HEARTBEAT.name]}.'
    flies = 'The pilot flies. ' if stage is Stage.HANDED_BACK else ''
    if obstacles:
        more = f' ({len(obstacles) - 1} more)' if len(obstacles) > 1 else ''
        return f'{flies}It cannot be engaged; first: {help_for(obstacles[0])}{more}.'
    anew = ' to follow again' if flies else ''
    return f'{flies}{engage[:1].upper()}{engage[1:]}{anew}.'
