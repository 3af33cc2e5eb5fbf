# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated autopilot: MAVLink 2 bytes in, MAVLink 2 bytes out, flying any plant.

To a ground station, a companion or a plain script it is a normal PX4 or ArduPilot quadrotor, with
the habits that were measured on the firmware. It has no socket and no clock of its own: all time
is the plant's, so it can be stepped as fast as the machine allows. It never avoids obstacles.
"""

import logging
import math
from dataclasses import replace
from typing import Protocol

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...arrays import FloatArray
from . import commands, flight
from .channel import MavlinkChannel
from .failsafe_sets import FACTORY, FACTORY_VALUES, failsafe_set
from .flight import ACCEPTED, UNSUPPORTED, FlightState, Outcome, PlantTruth
from .personality import Mode, Personality, personality
from .setpoints import DecodedSetpoint
from .telemetry import TelemetryErrors, TelemetrySnapshot

logger = logging.getLogger(__name__)
BATTERY_LASTS_S = 1200.0  # armed, from full to empty
JOYSTICK_MOST = 1000  # either way; its throttle begins at 0


class Plant(Protocol):
    """What can be flown: the simulator, or ``sim.physics.point_mass.PointMass``."""

    def truth(self) -> PlantTruth:
        """Return the present state."""

    def advance(self, velocity_enu: FloatArray, yaw_rate_rad_s: float, substeps: int) -> None:
        """Fly towards a velocity for some steps of 1/240 s."""

    def idle(self, substeps: int) -> None:
        """Let time pass with the motors off."""


class SimulatedAutopilot:
    """Flies a plant and talks MAVLink on any number of links (numbered from 0).

    Call :meth:`receive` with what came, :meth:`advance` to let time pass, :meth:`transmit` for
    what is due. The ``pilot_...`` methods are the radio in the pilot's hands.
    """

    def __init__(
        self,
        plant: Plant,
        kind: str | Personality = 'px4',
        system_id: int = 1,
        airborne: bool = False,
    ) -> None:
        """Power up on the ground, or ``airborne``: armed, hovering, home below at height 0."""
        self.kind = personality(kind) if isinstance(kind, str) else kind
        self.plant = plant
        self.system_id = system_id
        self.parameters = dict(self.kind.parameters)
        self.set_failsafes(FACTORY)
        self.battery = 1.0  # 0..1; drains while armed, tests may set it
        self.errors = TelemetryErrors()  # of what it tells; tests may set them
        self.radio_us: tuple[
            int, ...
        ] = ()  # the channels of the pilot's radio; tests may set them
        self._joystick: tuple[int, ...] = ()
        self._joystick_ns = 0  # when it was heard last
        self._links: dict[int, MavlinkChannel] = {}
        truth = plant.truth()
        x, y, z = truth.position_enu.tolist()
        self.state = FlightState(
            mode=Mode.HOLD if airborne or self.kind.unarmable == frozenset() else Mode.POSITION,
            mode_since_ns=truth.stamp_ns,
            armed=airborne,
            landed=not airborne,
            flown=airborne,
            home_enu=(x, y, 0.0 if airborne else z),
            armed_since_ns=truth.stamp_ns,
        )

    # what is seen from outside

    @property
    def now_ns(self) -> int:
        """The plant's time."""
        return self.plant.truth().stamp_ns

    @property
    def mode(self) -> Mode:
        """The present mode."""
        return self.state.mode

    @property
    def mode_name(self) -> str:
        """The present mode as the firmware calls it."""
        return self.kind.mode_names[self.state.mode]

    @property
    def armed(self) -> bool:
        """Motors on."""
        return self.state.armed

    @property
    def landed(self) -> bool:
        """Standing on the ground."""
        return self.state.landed

    @property
    def climbing(self) -> bool:
        """Taking off."""
        return self.state.climb_to_m is not None

    @property
    def following(self) -> bool:
        """Obeying the companion: in its mode, with a setpoint not older than the loss time."""
        return self.mode is Mode.FOLLOW and self.setpoint is not None

    @property
    def setpoint(self) -> DecodedSetpoint | None:
        """The last accepted setpoint; None before the first and after the loss time."""
        fresh = self.now_ns - self.state.setpoint_ns <= self._loss_ns
        return self.state.setpoint if fresh else None

    @property
    def setpoint_ns(self) -> int:
        """When the last setpoint came."""
        return self.state.setpoint_ns

    @property
    def has_stream(self) -> bool:
        """Setpoints have come for half a second without a gap: OFFBOARD can be taken."""
        return flight.streams(self.state, self.now_ns, self._loss_ns)

    def set_failsafes(self, name: str) -> None:
        """Answer with other failsafe parameters: factory, advised or silent.

        Raises:
            ConfigError: another name.

        """
        own, kind = self.kind.parameters, self.kind.name
        others = set(FACTORY_VALUES.get(kind, {})) - set(own)
        kept = {key: value for key, value in self.parameters.items() if key not in others}
        self.parameters = {**kept, **failsafe_set(name, kind)}

    @property
    def _loss_ns(self) -> int:
        return round(self.parameters[self.kind.loss_parameter] * 1e9)

    def snapshot(self) -> TelemetrySnapshot:
        """Return what telemetry is made of, now."""
        return TelemetrySnapshot(
            self.kind,
            self.state,
            self.plant.truth(),
            self.battery,
            self.parameters,
            self.errors,
            self.radio_us,
            self._joystick if self._has_joystick else (),
            self.system_id,
        )

    @property
    def _has_joystick(self) -> bool:
        return self.now_ns - self._joystick_ns < self.kind.joystick_lasts_s * 1e9

    # time

    def advance(self, substeps: int = 12) -> None:
        """Supervise, steer and let the plant move on by some steps of 1/240 s."""
        truth = self.plant.truth()
        self._settle(flight.supervise(self.state, truth, self.kind, self._loss_ns))
        self.state, order = flight.steer(self.state, truth, self.kind, self._loss_ns)
        if order is None:
            self.plant.idle(substeps)
        else:
            self.plant.advance(order.velocity_enu, order.yaw_rate_rad_s, substeps)
        if self.armed:
            self.battery = max(0.0, self.battery - substeps / 240 / BATTERY_LASTS_S)

    # MAVLink

    def receive(self, data: bytes, link: int = 0) -> None:
        """Act at once on the packets of one datagram; what is not MAVLink is dropped."""
        channel = self.channel(link)
        for message in channel.parse(data):
            commands.handle(commands.Request(self, channel, message))

    def transmit(self, link: int = 0) -> list[bytes]:
        """Return the packets due on a link since the last call, oldest first."""
        channel = self.channel(link)
        channel.stream(self.snapshot())
        return channel.take()

    def channel(self, number: int = 0) -> MavlinkChannel:
        """Return one of its links, with its rates and its speed."""
        if number not in self._links:
            self._links[number] = MavlinkChannel(self.system_id, self.kind.streams_hz)
        return self._links[number]

    # requests: from commands and from the pilot

    def arm(self) -> int:
        """Arm; returns a MAV_RESULT."""
        truth = self.plant.truth()
        return self._settle(flight.request_arm(self.state, truth, self.kind, self._loss_ns))

    def disarm(self, force: bool = False) -> int:
        """Disarm; forced, it falls from the air. Returns a MAV_RESULT."""
        return self._settle(flight.request_disarm(self.state, force))

    def take_off(self, height_m: float) -> int:
        """Climb to a height above home; returns a MAV_RESULT."""
        answer = flight.request_takeoff(self.state, height_m, self.now_ns, self.kind)
        return self._settle(answer)

    def change_mode(self, custom_mode: int) -> int:
        """Change to a mode given by its number on the wire; returns a MAV_RESULT."""
        mode = self.kind.mode_of(custom_mode)
        return UNSUPPORTED if mode is None else self._change(mode)

    def change_mode_to(self, name: str) -> int:
        """Change to a mode given by its firmware name (``AUTO.LAND``) or last part (``LAND``)."""
        for mode, known in self.kind.mode_names.items():
            if name in (known, known.removeprefix('AUTO.')):
                return self._change(mode)
        return UNSUPPORTED

    def close(self) -> None:
        """Do nothing: it holds nothing; firmware in its place would be ended."""

    def _change(self, mode: Mode) -> int:
        if mode is Mode.TAKEOFF:
            return self.take_off(self.parameters['MIS_TAKEOFF_ALT'])
        now, loss = self.now_ns, self._loss_ns
        return self._settle(flight.request_mode(self.state, mode, now, self.kind, loss))

    def take_setpoint(self, setpoint: DecodedSetpoint) -> None:
        """Note a setpoint that came over MAVLink."""
        self.state = flight.take_setpoint(self.state, setpoint, self.now_ns, self._loss_ns)

    def take_joystick(self, axes: tuple[int, ...]) -> None:
        """Note a ground station's joystick; an axis out of its range is in the middle."""
        x, y, z, r = axes
        x, y, r = (one if abs(one) <= JOYSTICK_MOST else 0 for one in (x, y, r))
        z = z if 0 <= z <= JOYSTICK_MOST else JOYSTICK_MOST // 2
        self._joystick, self._joystick_ns = (x, y, z, r), self.now_ns

    def _settle(self, answer: Outcome) -> int:
        before, self.state = self.state, answer.state
        changed = (before.mode, before.armed) != (self.state.mode, self.state.armed)
        if changed:
            logger.info('%s, %s', self.mode_name, 'armed' if self.armed else 'disarmed')
        for channel in self._links.values():
            if changed and self.kind.heartbeat_on_change:
                channel.send_soon(mavlink.MAVLINK_MSG_ID_HEARTBEAT)
            if before.landed != self.state.landed:
                channel.send_soon(mavlink.MAVLINK_MSG_ID_EXTENDED_SYS_STATE)
        if answer.text:
            self._say(answer.text, is_warning=answer.result != ACCEPTED)
        return answer.result

    def _say(self, text: str, is_warning: bool) -> None:
        severity = mavlink.MAV_SEVERITY_WARNING if is_warning else mavlink.MAV_SEVERITY_INFO
        logger.info('%s', text)
        for channel in self._links.values():
            if self.kind.text_everywhere or channel.has_ground_station(self.now_ns):
                channel.send(mavlink.MAVLink_statustext_message(severity, text.encode()[:50]))

    # the pilot's radio

    def pilot_arm(self) -> bool:
        """Arm with the sticks; False where it is refused."""
        return self.arm() == ACCEPTED

    def pilot_takeoff(self, height_m: float) -> bool:
        """Climb to a height above home; without a takeoff mode by the sticks."""
        if Mode.TAKEOFF in self.kind.custom_modes:
            return self.take_off(height_m) == ACCEPTED
        if not self.armed or not math.isfinite(height_m):
            return False
        self._change(Mode.POSITION)
        self.state = replace(self.state, climb_to_m=height_m)
        return True

    def pilot_mode(self, mode: Mode | str) -> bool:
        """Flip the mode switch; False where it is refused."""
        if isinstance(mode, Mode):
            return self._change(mode) == ACCEPTED
        return self.change_mode_to(mode) == ACCEPTED
