# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Camera, policy and mavlink in one process: pictures are handed over by reference, not copied.

Saves a board what DDS costs for each picture. Each node has a thread and an executor of its own,
so that none waits for another; the network computes outside Python's lock. But one crash ends all
three, and then only the autopilot's failsafe is left: three processes are the default.
"""

from ..ros import process
from ..ros.lifecycle import ManagedNode
from . import camera_node, mavlink_parameters, policy_node
from .camera_node import CameraNode
from .mavlink_node import MavlinkNode
from .policy_node import PolicyNode

_TABLES = camera_node.PARAMETERS, mavlink_parameters.PARAMETERS, policy_node.PARAMETERS


def make() -> list[ManagedNode]:
    """Make the three nodes, the camera's pictures going straight to the policy."""
    ManagedNode.elsewhere = frozenset(one.name for table in _TABLES for one in table)
    camera, policy, mavlink = CameraNode(), PolicyNode(), MavlinkNode()
    policy.takes_topic = False
    camera.listeners.append(policy.hand_over)
    return [mavlink, policy, camera]


def main() -> None:
    """Run them."""
    process.exit_with_all(make)


if __name__ == '__main__':
    main()
