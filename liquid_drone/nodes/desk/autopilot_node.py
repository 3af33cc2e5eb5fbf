# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated autopilot on UDP for a rehearsal at a desk: no world, no camera, no firmware.

It hovers, and its pilot flips the mode switch whenever the companion has been engaged and streams,
and takes over where the autopilot's failsafe would land it after a hand-back.
What comes out of the companion moves a point, so that odometry, fences and limits are seen to
work. It takes part in no ROS topic: the companion meets it through MAVLink, as the real one.
"""

import time

import numpy as np
from rclpy.node import Node

from ...ros import parameters, process
from ...ros.parameters import Parameter
from ...ros.survival import OddThings
from ...sim.autopilot.failsafe_sets import FACTORY, SETS
from ...sim.autopilot.personality import Mode
from ...sim.autopilot.simulated import SimulatedAutopilot
from ...sim.autopilot.udp import UdpEndpoint
from ...sim.physics.point_mass import PointMass
from ..simulator_node import parse_address

STEP_S, SUBSTEPS = 0.05, 12  # of 1/240 s
FAILSAFES = (Mode.LAND, Mode.RETURN)  # after a hand-back
LATEST_S = 1.0  # behind the wall clock: what was missed more than that is left out
PARAMETERS = (
    Parameter('kind', 'px4', 'firmware whose behaviour it has', choices=('px4', 'ardupilot')),
    Parameter('companion', '127.0.0.1:14540', 'address:port that gets telemetry'),
    Parameter(
        'ground_station',
        '',
        'further address:port for telemetry, such as 127.0.0.1:14550; empty: none',
    ),
    Parameter('height_m', 3.0, 'height above home at which it hovers', low=0.5, high=100.0),
    Parameter(
        'failsafes',
        FACTORY,
        'its parameters: the defaults of the firmware, those advised, or none',
        choices=tuple(SETS),
    ),
    Parameter('pilot_switches', True, 'its pilot flips the mode switch when setpoints arrive'),
)


class AutopilotNode(Node):
    """A shell around :class:`~liquid_drone.sim.autopilot.simulated.SimulatedAutopilot`."""

    patience_s = 0.01

    def __init__(self) -> None:
        super().__init__('autopilot')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        plant = PointMass(position_enu=np.array([0.0, 0.0, values['height_m']]))
        self.autopilot = SimulatedAutopilot(plant, values['kind'], airborne=True)
        self.autopilot.set_failsafes(values['failsafes'])
        addresses = [
            parse_address(name, values[name])
            for name in ('companion', 'ground_station')
            if values[name]
        ]
        self.endpoint = UdpEndpoint(self.autopilot, addresses)
        self._next_s = time.monotonic()

    def start(self) -> None:
        """Tell what it is."""
        self.get_logger().warning(
            f'a simulated {self.values["kind"]} for a rehearsal: it flies a point, not a drone'
        )

    def turn(self, stop: process.StopRequest) -> bool:
        """Let time pass at the pace of the wall clock, until told to stop."""
        now_s = time.monotonic()
        self._next_s = max(self._next_s, now_s - LATEST_S)
        while self._next_s <= now_s:
            self._next_s += STEP_S
            self._step()
        return not stop.requested

    def _step(self) -> None:
        self.endpoint.poll()
        autopilot = self.autopilot
        if self.values['pilot_switches']:
            self._switch()
        autopilot.advance(SUBSTEPS)
        self.endpoint.flush()

    def _switch(self) -> None:
        """Flip the mode switch as a pilot does: over when it streams, back when it fell silent."""
        autopilot = self.autopilot
        if autopilot.has_stream and autopilot.mode is not Mode.FOLLOW:
            autopilot.pilot_mode(Mode.FOLLOW)
        elif not autopilot.has_stream and autopilot.mode in FAILSAFES and not autopilot.landed:
            autopilot.pilot_mode(Mode.HOLD)

    def close(self) -> None:
        """Close the socket."""
        self.endpoint.close()


def main() -> None:
    """Run the node."""
    process.exit_with(AutopilotNode)


if __name__ == '__main__':
    main()
