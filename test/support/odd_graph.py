# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A policy and a mavlink node in processes of their own, and all that speaks with them here.

One publisher a topic sends the good messages and the odd ones, as one broken driver would: a
second publisher is another fault. The policy flies nobody: its commands stay in its namespace.
"""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, Range
from std_srvs.srv import Trigger

from liquid_drone import topics
from liquid_drone.bringup import local_graph
from liquid_drone.contract import CameraSpec
from liquid_drone.ros import conversions, qos
from liquid_drone.ros.monitor import Monitor
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.physics.point_mass import PointMass

FRAME_S = 0.05
CAMERA = CameraSpec()
EYE = 'eye'  # the policy's namespace
KINDS = {
    topics.IMAGE: (Image, EYE),
    topics.IMAGE_COMPRESSED: (CompressedImage, EYE),
    topics.CAMERA_INFO: (CameraInfo, EYE),
    topics.COMMAND: (TwistStamped, ''),
    topics.SIGHTING: (PointStamped, ''),
    topics.TARGET_RANGE: (Range, ''),
}
PACE_S = 0.001  # between two odd messages


class OddGraph:
    """Use it as a context."""

    def __init__(self, bundle: Path) -> None:
        self.count = 0
        self._port = local_graph.free_udp_port()
        self._lines = {
            'mavlink': [
                *('-p', f'connection:=udpin:127.0.0.1:{self._port}'),
                *('-p', 'limits.battery_cells:=4.0'),
            ],
            'policy': ['-p', f'bundle:={bundle}', '-r', f'__ns:=/{EYE}'],
        }
        self._image = np.random.default_rng(0).integers(0, 256, (144, 256, 3), dtype=np.uint8)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> 'OddGraph':
        with contextlib.ExitStack() as begun:
            self._begin(begun)
            self._begun = begun.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._begun.close()

    def _begin(self, begun: contextlib.ExitStack) -> None:
        """Start all, each with its end."""
        self._logs = begun.enter_context(tempfile.TemporaryDirectory())
        self._vehicle = SimulatedAutopilot(
            PointMass(position_enu=np.array([0.0, 0.0, 5.0])), 'ardupilot', airborne=True
        )
        self._endpoint = UdpEndpoint(self._vehicle, [('127.0.0.1', self._port)])
        begun.callback(self._endpoint.close)
        self._node = Node('policy')
        begun.callback(self._node.destroy_node)
        self._node.create_service(Trigger, '~/reset', self._on_reset)
        self._publishers = {
            topic: self._node.create_publisher(kind, f'{place}/{topic}'.strip('/'), qos.COMMAND)
            for topic, (kind, place) in KINDS.items()
        }
        self._monitor = begun.enter_context(Monitor())
        self._stop = threading.Event()
        thread = threading.Thread(target=self._live, daemon=True)
        thread.start()
        begun.callback(thread.join)
        begun.callback(self._stop.set)
        begun.callback(self._end_processes)
        for name, words in self._lines.items():
            line = [sys.executable, '-m', f'liquid_drone.nodes.{name}_node', '--ros-args', *words]
            with (Path(self._logs) / name).open('wb') as log:
                self._processes[name] = subprocess.Popen(line, stdout=log, stderr=log)

    def _end_processes(self) -> None:
        """Ask them to end, which each must within half a minute."""
        for process in self._processes.values():
            process.terminate()
        try:
            for process in self._processes.values():
                process.wait(30)
        finally:
            for process in self._processes.values():
                process.kill()
                process.wait()

    def _on_reset(self, _request: Any, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        return response

    def _live(self) -> None:
        """Fly, see and propose at the pace of the wall clock."""
        executor = SingleThreadedExecutor()
        executor.add_node(self._node)
        next_s = time.monotonic()
        while not self._stop.is_set():
            executor.spin_once(timeout_sec=0.005)
            if time.monotonic() >= next_s:
                next_s = max(next_s + FRAME_S, time.monotonic())
                self._endpoint.flush()
                self._endpoint.poll()
                self._vehicle.advance(12)
                self.send_good()
        executor.remove_node(self._node)
        executor.shutdown()

    def send_good(self) -> None:
        """Send what a camera and a policy should."""
        now_ns = time.time_ns()
        image = np.roll(self._image, now_ns // 10**7 % 256, axis=1)
        self._publishers[topics.IMAGE].publish(conversions.image_message(image, now_ns))
        point = conversions.bearing_message
        self._publishers[topics.SIGHTING].publish(point(now_ns, CAMERA, 0.0, 0.0))
        distance = Range(header=conversions.header(now_ns, 'rangefinder'), range=5.0)
        distance.min_range, distance.max_range = 0.3, 20.0
        self._publishers[topics.TARGET_RANGE].publish(distance)
        command = conversions.command_message((0.1, 0.0, 0.0, 0.3), now_ns)
        self._publishers[topics.COMMAND].publish(command)

    def send(self, batch: list[tuple[str, Any]]) -> None:
        """Send odd messages."""
        for topic, message in batch:
            self._publishers[topic].publish(message)
            self.count += 1
            time.sleep(PACE_S)
        self._monitor.spin(PACE_S)
        if self.count % 200 == 0:
            self._keep_flying()
        assert self.is_alive()

    def engage(self) -> None:
        """Engage as a human does, once both nodes work."""
        deadline, words = time.monotonic() + 60.0, ''
        while time.monotonic() < deadline:
            assert self.is_alive()
            self._monitor.spin(0.2)
            is_done, words = self._monitor.engage(True)
            if is_done:
                self._vehicle.pilot_mode('GUIDED')
                self.measure(1.0)
                return
        raise AssertionError(f'the graph did not come to life: {words}')

    def _keep_flying(self) -> None:
        """Where the guard hands the vehicle back, do what the pilot would."""
        if self._monitor.snapshot().value('mavlink', 'stage').startswith('engaged'):
            return
        self._vehicle.pilot_mode('LOITER')
        self._monitor.spin(0.1)
        self._monitor.engage(True)
        self._vehicle.pilot_mode('GUIDED')

    def measure(self, seconds: float) -> dict[str, str]:
        """Let it live; return the percentiles of the setpoints' period so far."""
        self._monitor.spin(seconds)
        return self.snapshot()

    def snapshot(self) -> dict[str, str]:
        found = self._monitor.snapshot().nodes.get('mavlink')
        values = {} if found is None else found.values
        return {name: text for name, text in values.items() if name.startswith('setpoint_period')}

    def is_flown(self) -> bool:
        """Setpoints reach the vehicle, once it is engaged anew."""
        deadline = time.monotonic() + 60.0
        while not self._vehicle.has_stream and time.monotonic() < deadline:
            self._keep_flying()
            self._monitor.spin(0.5)
        return bool(self._vehicle.has_stream)

    def is_alive(self) -> bool:
        """Both processes run."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = (Path(self._logs) / name).read_text(errors='replace')
                raise AssertionError(f'{name} ended with {process.returncode}: {log[-2000:]}')
        return True
