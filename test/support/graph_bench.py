# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The node tests' one harness: a node, the peers that the test speaks with, one executor."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage
from std_srvs.srv import SetBool, Trigger

from liquid_drone import topics
from liquid_drone.arrays import Image
from liquid_drone.bringup import local_graph
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.nodes.camera_node import CameraNode
from liquid_drone.nodes.mavlink_node import MavlinkNode
from liquid_drone.nodes.policy_node import PolicyNode
from liquid_drone.nodes.recorder_node import RecorderNode
from liquid_drone.ros import conversions, qos
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.physics.point_mass import PointMass

FRAME_S = 0.05
LIMIT_S = 60.0  # of what happens at once where nothing else runs
SILENCE_S = 1.0  # nothing came for so long
MOST_STARTS = 10  # of a flight, where this machine pauses
Made = TypeVar('Made', bound='GraphBench')


class GraphBench:
    """A node under test and its peers; everything lives only while the test waits.

    Use it as a context: what it started ends with the test, also where something fails before.
    """

    def __init__(self, node: Any, *peers: Node) -> None:
        self.node = node
        self.longest_turn_s = 0.0  # while it waits; 0.01 s where the machine does not pause
        self._alive = [*peers, node]
        self.executor = SingleThreadedExecutor()
        for one in self._alive:
            self.executor.add_node(one)

    def __enter__(self: Made) -> Made:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, node: Node) -> None:
        """Let another node live here until the end."""
        self._alive.append(node)
        self.executor.add_node(node)

    def set(self, **values: Any) -> None:
        given = [Parameter(name, value=value) for name, value in values.items()]
        refused = [result.reason for result in self.node.set_parameters(given) if result.reason]
        assert not refused

    def live(self) -> None:
        """Do what peers do in every moment."""

    def wait(self, is_true: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
        """Let everything live at the pace of the wall clock until something holds."""
        now_s = time.monotonic()
        deadline = now_s + limit_s
        while not (is_so := is_true()) and now_s < deadline:
            self.executor.spin_once(timeout_sec=0.005)
            self.live()
            before_s, now_s = now_s, time.monotonic()
            self.longest_turn_s = max(self.longest_turn_s, now_s - before_s)
        return is_so

    def pause(self, seconds: float) -> None:
        """Let everything live for some time."""
        self.wait(lambda: False, seconds)

    def close(self) -> None:
        self.node.close()
        for one in self._alive:
            self.executor.remove_node(one)
            one.destroy_node()
        self.executor.shutdown()


class CameraBench(GraphBench):
    """The camera node, and ears for both of its topics."""

    def __init__(self) -> None:
        self.ear = Node('ear')
        self.images: list[ImageMessage] = []
        self.infos: list[CameraInfo] = []
        self.ear.create_subscription(
            ImageMessage, 'camera/image_raw', self.images.append, qos.SENSOR_IN
        )
        self.ear.create_subscription(
            CameraInfo, 'camera/camera_info', self.infos.append, qos.SENSOR_IN
        )
        super().__init__(CameraNode(), self.ear)


class PolicyBench(GraphBench):
    """A camera, an ear for commands, and the policy node between them."""

    def __init__(self, bundle: Path) -> None:
        self.camera = Node('camera')
        self.images = self.camera.create_publisher(
            ImageMessage, 'camera/image_raw', qos.SENSOR_OUT
        )
        self.infos = self.camera.create_publisher(CameraInfo, 'camera/camera_info', qos.SENSOR_OUT)
        self.received: list[TwistStamped] = []
        self.camera.create_subscription(TwistStamped, 'cmd_vel', self.received.append, qos.STATUS)
        self.reset_client = self.camera.create_client(Trigger, 'policy/reset')
        super().__init__(PolicyNode(), self.camera)
        self.set(bundle=str(bundle), max_image_age_s='off')

    def start(self) -> None:
        self.node.start()
        self.wait(lambda: self.images.get_subscription_count() > 0)
        self.wait(lambda: self.camera.count_publishers('cmd_vel') > 0)

    def now_ns(self) -> int:
        return int(self.camera.get_clock().now().nanoseconds)

    def show(
        self, image: Image, stamp_ns: int, encoding: str = 'rgb8', limit_s: float = LIMIT_S
    ) -> TwistStamped | None:
        """Show a picture; return the command that follows, None when there is none."""
        message = conversions.image_message(image, stamp_ns)
        message.encoding = encoding
        return self.show_message(message, limit_s)

    def show_message(self, message: ImageMessage, limit_s: float = LIMIT_S) -> TwistStamped | None:
        count = len(self.received)
        self.images.publish(message)
        is_answered = self.wait(lambda: len(self.received) > count, limit_s)
        return self.received[-1] if is_answered else None

    def is_answered(self, image: Image) -> bool:
        """Show a picture of now until one is acted on: a busy machine makes some of them old."""
        tries = (self.show(image, self.now_ns(), limit_s=SILENCE_S) for _ in range(60))
        return any(answer is not None for answer in tries)


class MavlinkBench(GraphBench):
    """An autopilot in the air at 2 m, a policy that the test holds, and the node between them."""

    def __init__(self, kind: str = 'ardupilot') -> None:
        self.port = local_graph.free_udp_port()
        self.autopilot = SimulatedAutopilot(
            PointMass(position_enu=np.array([0.0, 0.0, 2.0])), kind, airborne=True
        )
        self.endpoint = UdpEndpoint(self.autopilot, [('127.0.0.1', self.port)])
        self.policy = Node('policy')
        self.commands = self.policy.create_publisher(TwistStamped, 'cmd_vel', qos.COMMAND)
        self.sightings = self.policy.create_publisher(PointStamped, topics.SIGHTING, qos.COMMAND)
        self.resets = 0
        self.policy.create_service(Trigger, '~/reset', self._on_reset)
        self.engage_client = self.policy.create_client(SetBool, 'mavlink/engage')
        super().__init__(MavlinkNode(), self.policy)
        self.set(connection=f'udpin:127.0.0.1:{self.port}', **{'limits.battery_cells': 4.0})
        self.proposes: tuple[float, float, float, float] | None = (0.5, 0.0, 0.0, 0.0)
        self._next_s = time.monotonic()

    def _on_reset(self, _request: Any, response: Trigger.Response) -> Trigger.Response:
        self.resets += 1
        response.success = True
        return response

    def live(self) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s += FRAME_S
            self.frame()

    def frame(self) -> None:
        """Let a camera frame pass: telemetry, physics, a command."""
        self.endpoint.flush()
        self.endpoint.poll()
        self.autopilot.advance(12)
        if self.proposes is not None:
            stamp_ns = self.policy.get_clock().now().nanoseconds
            self.commands.publish(conversions.command_message(self.proposes, stamp_ns))
            ahead = PointStamped(header=conversions.header(stamp_ns, 'camera_optical_frame'))
            ahead.point.z = 1.0
            self.sightings.publish(ahead)

    def engage(self) -> SetBool.Response:
        future = self.engage_client.call_async(SetBool.Request(data=True))
        assert self.wait(future.done)
        return future.result()

    def engage_when_ready(self) -> None:
        """Engage, and wait for the stream that the autopilot needs."""
        self.engage_until(lambda: self.autopilot.has_stream)

    def fly(self) -> None:
        """Engage, flip the switch, and wait until it flies."""

        def flies() -> bool:
            if self.stage() is Stage.READY and self.autopilot.has_stream:
                self.autopilot.pilot_mode(Mode.FOLLOW)
            return self.speed() > 0.4

        self.engage_until(flies)

    def engage_until(self, is_true: Callable[[], bool]) -> None:
        """Engage and wait; engage anew where the node let go since this machine had paused.

        That it lets go then is right, and no fault of what is tested.
        """
        for _ in range(MOST_STARTS):
            assert self.wait(lambda: self.stage() in (Stage.STANDBY, Stage.HANDED_BACK))
            # the position comes a moment after the heartbeat
            assert self.wait(lambda: self.engage().success or self.wait(lambda: False, 0.1))
            assert self.wait(lambda: self.was_paused() or is_true())
            if not self.was_paused():
                return
            self.autopilot.pilot_mode(Mode.HOLD)
        raise AssertionError(f'this machine paused in {MOST_STARTS} flights')

    def was_paused(self) -> bool:
        """The node let go of the vehicle, or was to be engaged anew, over a pause of its own."""
        decision, session = self.node.decision, self.node.session
        is_last = decision is not None and decision.stage is session.stage
        return is_last and decision.cause is Cause.SILENCE

    def stage(self) -> Stage | None:
        return self.node.decision.stage if self.node.decision else None

    def speed(self) -> float:
        return float(np.linalg.norm(self.autopilot.plant.truth().velocity_enu))

    def close(self) -> None:
        super().close()
        self.endpoint.close()


class RecorderBench(MavlinkBench):
    """The same with a camera of another size, and a recorder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        rng = np.random.default_rng(3)
        self.image = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
        self.images = self.policy.create_publisher(
            ImageMessage, 'camera/image_raw', qos.SENSOR_OUT
        )
        self.recorder = RecorderNode()
        values: dict[str, Any] = {'directory': str(folder), 'after_s': 0.5}
        values['least_free_megabytes'] = 0.0
        self.recorder.set_parameters([Parameter(n, value=v) for n, v in values.items()])
        self.add(self.recorder)

    def frame(self) -> None:
        stamp_ns = self.policy.get_clock().now().nanoseconds
        self.images.publish(conversions.image_message(self.image, stamp_ns))
        super().frame()

    def close(self) -> None:
        self.recorder.close()
        super().close()
