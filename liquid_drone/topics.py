# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of the graph, each name once; relative, so that a namespace moves them.

The same names stand in episodes, so that a recording of the graph and an episode are one format.
"""

IMAGE = 'camera/image_raw'
IMAGE_COMPRESSED = f'{IMAGE}/compressed'  # as image_transport calls it
CAMERA_INFO = 'camera/camera_info'
COMMAND = 'cmd_vel'  # TwistStamped, body FLU, heading-aligned: what the policy proposes
COMMAND_EXECUTED = 'cmd_vel_executed'  # of a training flight: what was done
ODOMETRY = 'odom'  # the autopilot's estimate, from the mavlink node
BATTERY = 'battery_state'
SIGHTING = 'policy/target'
# the frame with this stamp; frame_id: the frames of its sighting and its belief, or empty
ANSWERED = 'policy/answered'
PROVIDER = 'policy/provider'  # latched: where the vision graph runs, and its precision
TARGET_RANGE = 'target/range'
SETPOINT = 'mavlink/setpoint'
DECISION = 'mavlink/decision'
DECIDED = 'mavlink/decided'  # lock-step only: the frame with this stamp was decided on
NUMBERS = 'mavlink/decision_numbers'  # the same as numbers, named in its layout
STAGE = 'mavlink/stage'
STAGE_CODE = 'mavlink/stage_code'  # latched: a number that never changes its meaning
TARGET = 'mavlink/target'  # the sighting at its distance, where a range sensor tells it
WORDS = 'mavlink/words'  # the texts that the pilot is told
ATTENTION = 'attention/image'  # which parts of a picture the command depends on
STREAM = 'stream/description'  # latched: the H.264 that is sent, for the ground station
SAVED = 'recorder/saved'  # name of an episode that lies on the disk
TRUE_ODOMETRY = 'ground_truth/odom'
TARGET_POSE = 'target/pose'
TARGET_MASK = 'target/mask'
TARGET_PROBABILITY = 'policy/target_probability'  # of the newest picture
REQUEST = (
    'policy/request'  # Vector3Stamped: distance m, height m, largest speed m/s; nan: as before
)
REQUESTED = 'policy/requested'  # the same, in force
BELIEF = 'policy/belief'  # PointStamped, base_link: where the target is believed, seen or not
BELIEF_PROBABILITY = 'policy/belief_probability'
FOLLOWING, COLLISION = 'flight/following', 'flight/collision'  # of an episode, simulated
DIAGNOSTICS = '/diagnostics'  # of all drones
BODY_FRAME, OPTICAL_FRAME = 'base_link', 'camera_optical_frame'  # REP-103, REP-105


def is_in_frame(given: str, wanted: str) -> bool:
    """Tell whether a header names the frame that is wanted.

    A velocity in ``map`` has the form of one in ``base_link``, and its header alone tells which it
    is. A prefix for one of several drones (``drone1/base_link``) is not looked at.

    Args:
        given: the ``frame_id`` of a message.
        wanted: ``base_link``, or the optical frame, which each driver names in its own way.

    """
    name = given.rpartition('/')[2]
    return wanted in (name, given) or (wanted == OPTICAL_FRAME and 'optical' in name)
