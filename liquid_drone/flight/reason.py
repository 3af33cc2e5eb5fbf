# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Why the guard flies as it does, and why it stops: one code for each reason. Plain data."""

from enum import Enum


class Reason(Enum):
    """Why the setpoint is what it is; the value is the sentence for the pilot."""

    FOLLOWING = 'following'
    LIMITED = 'following, slowed to the allowed speed'
    AT_HEIGHT_LIMIT = 'following, kept inside the altitude band'
    AT_FENCE = 'following, kept inside the fence'
    NEAR_TARGET = 'following, kept away from the target'
    UNSEEN = 'target out of sight: slowing to a stand'
    TARGET_LOST = 'target lost: holding'
    SEARCHING = 'target lost: turning to look for it'
    TARGET_GONE = 'target lost and not found again'
    STALE_COMMAND = 'no fresh command from the policy'
    FUTURE_COMMAND = 'the commands carry stamps from the future: set the clocks'
    NOT_FINITE = 'the policy proposed a number that is not finite'
    NO_HEARTBEAT = 'no heartbeat from the autopilot'
    AUTOPILOT_FAILSAFE = 'the autopilot reports a failsafe or a fault of its own'
    NO_ANSWER = 'the autopilot does not answer: the way up is lost'
    NO_POSITION = 'no fresh and usable position from the autopilot'
    NO_ATTITUDE = 'no fresh and usable attitude from the autopilot'
    NO_ESTIMATOR = 'no estimator status from the autopilot'
    ESTIMATOR_UNUSABLE = "the autopilot's estimator has no usable position and height"
    NO_HOME = 'where heights begin is not known'
    NO_LANDED_STATE = 'whether it stands on the ground is not known'
    NO_BATTERY = 'the state of the battery is not known'
    LOW_BATTERY = 'battery low'
    NO_GIMBAL = 'the gimbal fell silent'
    GIMBAL_TURNED = 'the gimbal looks away from straight ahead'
    NO_RANGE = 'the range sensor fell silent'
    POSITION_JUMPED = 'the position jumped'
    HEIGHT_JUMPED = 'the height jumped'
    YAW_JUMPED = 'the heading jumped'
    ESTIMATOR_RESET = 'the estimator was reset'
    HOME_MOVED = 'the place where heights begin was moved'
    CLOCK_JUMPED = "the autopilot's clock jumped: did it restart?"
    NOT_MOVING = 'commanded to move and not moving'
    FLYAWAY = 'it flies off or spins, faster than commanded'
    TILTED = 'tilted too far for too long'
    TWO_COMMAND = 'more than one node commands it or shows it pictures'
    CALLED_OFF = 'called off by a human'

    @property
    def code(self) -> str:
        """The name for machines: logs, diagnostics, recordings."""
        return self.name.lower()

    @property
    def is_stop(self) -> bool:
        """The vehicle is being stopped; else it flies, within the limits."""
        return self not in _FLYING

    @property
    def is_passing(self) -> bool:
        """The vehicle is known and held meanwhile: it follows again once this is over.

        Any other stop is for good: a human engages anew.
        """
        return self in _PASSING


_FLYING = frozenset(
    {
        Reason.FOLLOWING,
        Reason.LIMITED,
        Reason.AT_HEIGHT_LIMIT,
        Reason.AT_FENCE,
        Reason.NEAR_TARGET,
        Reason.UNSEEN,
        Reason.TARGET_LOST,
        Reason.SEARCHING,
    }
)
_PASSING = frozenset({Reason.STALE_COMMAND, Reason.FUTURE_COMMAND, Reason.NOT_FINITE})
