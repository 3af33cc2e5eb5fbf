# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where ROS 2 distributions differ, from Humble to Lyrical: the one place that adapts.

Everything else is written to what Humble has. No rclpy in here: the command line asks too.
"""

import os
from collections.abc import Mapping, Sequence

from .. import resources

OLDEST = 'humble'
BEFORE_KILTED = (OLDEST, 'iron', 'jazzy')
FAST_DDS_PROFILE, LOCAL_PROFILE = 'config/fastdds.xml', 'config/fastdds_local.xml'
PROFILE_VARIABLE = 'FASTDDS_DEFAULT_PROFILES_FILE'  # from Kilted on, which brings Fast DDS 3
PROFILE_VARIABLE_BEFORE_KILTED = 'FASTRTPS_DEFAULT_PROFILES_FILE'


def name(variables: Mapping[str, str] = os.environ) -> str:
    """Return the sourced distribution; empty for wheels, which are Kilted's or later."""
    return variables.get('ROS_DISTRO', '')


def this_machine_only(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what keeps discovery on this machine."""
    if name(variables) == OLDEST:
        return {'ROS_LOCALHOST_ONLY': '1'}
    return {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}


def is_this_machine_only(variables: Mapping[str, str]) -> bool:
    """Tell whether discovery is kept on this machine; since Kilted the older word is none."""
    is_old_word_set = variables.get('ROS_LOCALHOST_ONLY') == '1'
    knows_old_word = name(variables) in BEFORE_KILTED
    is_local = variables.get('ROS_AUTOMATIC_DISCOVERY_RANGE') == 'LOCALHOST'
    return is_local or (knows_old_word and is_old_word_set)


def fast_dds_profile(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what lets Fast DDS carry large images; nothing where the user has set a profile.

    Nodes of this machine alone stay on its loopback: its other addresses may go in flight.
    """
    if PROFILE_VARIABLE in variables or PROFILE_VARIABLE_BEFORE_KILTED in variables:
        return {}
    is_old = name(variables) in BEFORE_KILTED
    variable = PROFILE_VARIABLE_BEFORE_KILTED if is_old else PROFILE_VARIABLE
    profile = LOCAL_PROFILE if is_this_machine_only(variables) else FAST_DDS_PROFILE
    return {variable: str(resources.find(profile))}


def record_topics(topics: Sequence[str], variables: Mapping[str, str] = os.environ) -> list[str]:
    """Return the words with which ``ros2 bag record`` is told its topics."""
    return [*topics] if name(variables) == OLDEST else ['--topics', *topics]
