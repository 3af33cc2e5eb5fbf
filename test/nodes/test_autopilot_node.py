# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A desk's simulated autopilot against the real mavlink node: engaged, followed, handed back."""

import pytest
import rclpy
from geometry_msgs.msg import PointStamped
from graph_bench import MavlinkBench

from liquid_drone.bringup import local_graph
from liquid_drone.errors import ConfigError
from liquid_drone.flight.engagement import Stage
from liquid_drone.nodes.desk.autopilot_node import AutopilotNode
from liquid_drone.ros import conversions, process


def _begin_ros(companion: str) -> None:
    rclpy.shutdown()
    rclpy.init(args=['--ros-args', '-p', f'autopilot:companion:={companion}'])


class DeskBench(MavlinkBench):
    """The autopilot is the node's, and nobody else flips the switch."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.set(connection=f'udpin:127.0.0.1:{port}')
        self.desk, self.stop = AutopilotNode(), process.StopRequest()
        self.add(self.desk)

    def live(self) -> None:
        self.desk.turn(self.stop)
        super().live()

    def frame(self) -> None:
        stamp_ns = self.policy.get_clock().now().nanoseconds
        self.commands.publish(conversions.command_message(self.proposes, stamp_ns))
        ahead = PointStamped(header=conversions.header(stamp_ns, 'camera_optical_frame'))
        ahead.point.z = 1.0
        self.sightings.publish(ahead)

    def close(self) -> None:
        self.desk.close()
        super().close()


def test_a_rehearsal_at_a_desk(ros: None) -> None:
    port = local_graph.free_udp_port()
    _begin_ros(f'127.0.0.1:{port}')
    with DeskBench(port) as bench:
        bench.node.start()
        plant = bench.desk.autopilot.plant
        bench.engage_until(lambda: plant.truth().position_enu[0] > 0.5)  # the commands move it
        for _ in range(2):  # the pilot takes over, and it can be engaged again
            bench.node.session.engage(False)
            assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
            bench.engage_until(lambda: bench.stage() is Stage.ENGAGED)


def test_an_address_that_is_none_is_refused(ros: None) -> None:
    _begin_ros('nowhere')
    with pytest.raises(ConfigError, match='companion'):
        AutopilotNode()
