# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated world as a node: camera and clock through ROS, the autopilot through MAVLink.

In lock-step (the default) each frame waits until the mavlink node has decided on it, so that a
flight is the same each time; with ``real_time`` it runs at the pace of the wall clock and waits
for nobody. It flies one flight, saves its log where asked to, and ends. It never commands the
drone: its pilot only arms, takes off, flips the mode switch and lands.
"""

import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from std_msgs.msg import Header, String

from .. import topics
from ..arrays import Command
from ..errors import ConfigError
from ..options import from_plain
from ..ros import conversions, parameters, process, qos
from ..ros.reaction import Reaction
from ..ros.survival import OddThings
from ..sim.autopilot.udp import UdpEndpoint
from ..sim.flight_spec import FlightSpec, SimulatorRun
from ..sim.sensors.camera import SimulatedFrame
from ..sim.session import FirmwareFlight, FlightProgress, Session
from ..sim.simulator import FRAME_S
from ..sim.udp import Address
from .simulator_topics import SimulatorTopics

WAIT_S = 0.01
ANSWER_LIMIT_S = 2.0  # wall clock; a frame without a decision after that counts as missed
LATE_LIMIT_S = 0.25  # the same for the next frames: half a second of flight is seconds to answer
LATE_FRAMES = 20  # after so many misses in a row nobody is expected to answer
SHOW_AGAIN_S = 0.5  # wall clock; best-effort images may be lost
LANDING_LIMIT_S = 4.0  # wall clock, once told to stop; launch grows impatient after 5
JSON_EVERY_S, LOG_EVERY_S = 0.1, 5.0  # wall clock between two words of progress

PARAMETERS = (*parameters.made_from(FlightSpec), *parameters.made_from(SimulatorRun))


def parse_address(name: str, text: str) -> Address:
    """Read ``host:port``.

    Raises:
        ConfigError: something else.

    """
    host, colon, port = text.rpartition(':')
    if not (host and colon and port.isdigit() and int(port) < 65536):
        raise ConfigError(
            f"parameter '{name}': expected address:port, such as 127.0.0.1:14540; got '{text}'"
        )
    return host, int(port)


class SimulatorNode(Node):
    """Runs a :class:`~liquid_drone.sim.session.Session` frame by frame."""

    def __init__(self) -> None:
        super().__init__('simulator')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        values = parameters.read(self, PARAMETERS)
        self.flight, self.how = from_plain(FlightSpec, values), from_plain(SimulatorRun, values)
        addresses = [
            parse_address(name, values[name])
            for name in ('companion', 'ground_station')
            if values[name]
        ]
        self._reported_s = 0.0
        self.session = Session(self.flight, self._firmware(addresses))
        autopilot = self.session.flown.in_memory
        self.endpoint = None if autopilot is None else UdpEndpoint(autopilot, addresses)
        self.misses = 0
        self._policy: dict[str, str] = {}  # facts that the policy node tells
        self._commands: dict[int, Command] = {}  # by stamp, for the log
        self._decided_ns = 0
        self._is_first, self._missed = True, 0  # frames in a row
        self._frame: SimulatedFrame | None = None
        self._shown_s = self._waits_since_s = self._stopping_s = 0.0
        self._next_s = 0.0  # wall clock of the next frame, when running free
        self._topics = SimulatorTopics(self, self.session.simulator.camera)
        self.create_subscription(TwistStamped, topics.COMMAND, self._on_command, qos.STATUS)
        self.create_subscription(Header, topics.DECIDED, self._on_decided, qos.STATUS)
        self.create_subscription(String, topics.PROVIDER, self._on_provider, qos.LATCHED)
        self.reaction = Reaction(self) if self.how.real_time else None

    def _firmware(self, addresses: list[Address]) -> FirmwareFlight | None:
        """Return what firmware needs, if it flies; its companion is the first address."""
        if not self.flight.firmware:
            return None
        if not addresses or addresses[0][0] != '127.0.0.1':
            raise ConfigError("parameter 'companion': firmware needs 127.0.0.1:port")
        return FirmwareFlight(Path(self.how.firmware_log), addresses[0][1], self._report)

    # process

    @property
    def patience_s(self) -> float:
        """How long callbacks may be waited for: only while a frame waits for its decision."""
        return 0.0 if self._frame is None or self.how.real_time else WAIT_S

    def start(self) -> None:
        """Say what is flown."""
        flight = self.flight
        self.get_logger().info(
            f'{flight.world} in {flight.season}, {flight.target}, seed {flight.seed}, '
            f'{flight.autopilot}, {self.session.simulator.renderer_name}'
        )

    def turn(self, stop: process.StopRequest) -> bool:
        """Show the present frame or, once it is decided on, go to the next; False at the end."""
        if stop.urgent:
            return False
        if stop.requested and not self._stopping_s:
            self._stopping_s = time.monotonic()
            self.session.request_land()
        if self._frame is None:
            self._begin()
        if self._may_go_on():
            self._finish()
        stopped_s = time.monotonic() - self._stopping_s if self._stopping_s else 0.0
        return not self.session.done and stopped_s < self._landing_limit_s

    @property
    def _landing_limit_s(self) -> float:
        """Wall clock to land in: who reads its lines of progress waits for the end."""
        return math.inf if self.how.progress == 'json' else LANDING_LIMIT_S

    def close(self) -> None:
        """Save the log and close the socket."""
        if self.endpoint is not None:
            self.endpoint.close()
        log = self.session.log
        rows = log.rows
        for index, stamp_ns in enumerate(rows['stamp_ns']):
            if stamp_ns in self._commands:
                rows['command'][index] = self._commands[stamp_ns].astype(np.float64)
        log.meta.update(through='ros', lockstep_misses=self.misses)
        log.meta.update(self._policy)
        if self.reaction is not None:
            log.meta.update(self.reaction.latency.values())
        self.get_logger().info(
            f'{len(log)} frames, {self.misses} missed, trajectory {log.trajectory_hash()}'
        )
        self.session.close()
        if self.how.flight_log:
            log.save(Path(self.how.flight_log))

    # one frame

    def _begin(self) -> None:
        """Send the frame's telemetry, then its picture, so that both are there to decide on."""
        if self._is_first and not self._has_listener():
            return
        self._is_first = False
        if self.endpoint is not None:
            self.endpoint.flush()
        self._frame = self.session.begin()
        self._waits_since_s = time.monotonic()
        if self._frame.fresh:
            self._show()

    def _has_listener(self) -> bool:
        """Tell whether the mavlink node is there: telemetry sent before would be lost."""
        if self.how.real_time or self.count_publishers(topics.DECIDED) or self._stopping_s:
            return True
        self.get_logger().info(
            f'waiting for the mavlink node (its topic {topics.DECIDED})',
            throttle_duration_sec=5.0,
            skip_first=True,
        )
        time.sleep(0.02)
        return False

    def _show(self) -> None:
        assert self._frame is not None  # just begun
        self._shown_s = time.monotonic()
        if self.reaction is not None:
            self.reaction.shown(self._frame.stamp_ns)
        self._topics.show(self._frame, self.session.simulator.truth())

    def _may_go_on(self) -> bool:
        if self._frame is None:
            return False
        now_s = time.monotonic()
        if self.how.real_time:
            return self._is_due(now_s)
        if self._decided_ns == self._frame.stamp_ns or self._stopping_s or not self._frame.fresh:
            return True
        waited_s = now_s - self._waits_since_s
        if self._decided_ns and waited_s > self._answer_limit_s():
            self.misses += 1
            return True
        if now_s - self._shown_s > SHOW_AGAIN_S:
            self._show()
        return False

    def _answer_limit_s(self) -> float:
        """After many misses the pace of the wall clock, until an answer comes in time again."""
        if not self._missed:
            return ANSWER_LIMIT_S
        return LATE_LIMIT_S if self._missed < LATE_FRAMES else FRAME_S

    def _is_due(self, now_s: float) -> bool:
        if now_s < self._next_s:
            time.sleep(min(0.002, self._next_s - now_s))
            return False
        self._next_s = max(self._next_s + FRAME_S, now_s)
        return True

    def _finish(self) -> None:
        assert self._frame is not None  # checked by _may_go_on
        stamp_ns = self._frame.stamp_ns
        if self.endpoint is not None:
            self.endpoint.poll()
        self._missed = self._missed + 1 if self._decided_ns != stamp_ns else 0
        self.session.finish(self._commands.get(stamp_ns))
        self._report(self.session.progress(), is_last=self.session.done)
        self._frame = None

    # callbacks

    def _on_provider(self, message: String) -> None:
        self._policy['provider'] = message.data

    def _on_command(self, message: TwistStamped) -> None:
        stamp_ns = conversions.nanoseconds(message.header.stamp)
        self._commands[stamp_ns] = conversions.command_array(message)

    def _on_decided(self, message: Header) -> None:
        self._decided_ns = conversions.nanoseconds(message.stamp)

    # telling

    def _report(self, state: FlightProgress, is_last: bool = False) -> None:
        how = self.how.progress
        now_s = time.monotonic()
        pace_s = JSON_EVERY_S if how == 'json' else LOG_EVERY_S
        if how == 'none' or (now_s - self._reported_s < pace_s and not is_last):
            return
        self._reported_s = now_s
        if how == 'json':
            sys.stdout.write(json.dumps(asdict(state)) + '\n')
            sys.stdout.flush()
        else:
            self.get_logger().info(
                f'{state.time_s:.1f} s: {state.stage}, target {state.distance_m:.1f} m away'
            )


def main() -> None:
    """Run the node."""
    process.exit_with(SimulatorNode)


if __name__ == '__main__':
    main()
