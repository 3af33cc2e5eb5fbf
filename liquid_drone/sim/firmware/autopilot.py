# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Firmware in the place of the simulated autopilot: the same controls for the simulated pilot.

It starts the firmware, gives it a plant for a body and lets both step together. The companion's
link is the firmware's own and does not pass through here. A request takes effect when the firmware
says so: ``pilot_...`` answers False until then, and is called again.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ... import resources, schema
from ...arrays import FourFloats
from ...errors import SimulationError
from ...streams import Stream, stream
from ..autopilot.flight import PlantTruth
from ..autopilot.personality import Mode, personality
from ..autopilot.setpoints import DecodedSetpoint
from ..physics.quadrotor import Sample
from .ground_station import FirmwareParameter, GroundStation, load_parameters
from .instances import INSTANCES, Instance, hold, hold_any
from .kinds import Ports
from .process import Firmware, FirmwareProcess, system_id
from .sensors import SensorConfig, Sensors

logger = logging.getLogger(__name__)
SUBSTEPS = 12  # a camera frame
SECOND_NS = 1_000_000_000
USUAL_COMPANION_PORT = 14540  # of the first instance
READY_LIMIT_S = 180.0  # simulated, from the start until the firmware would arm
CLIMBED_SHARE = 0.8  # of the height asked for, at which the pilot is content
PATIENCE_NS = 8 * SECOND_NS  # then half of it will do, where the firmware believes to be there


class MotorPlant(Protocol):
    """What firmware can fly: the simulator, or :class:`~.field.OpenField`."""

    def truth(self) -> PlantTruth:
        """Return the present state."""

    def fly_by(self, motors: Callable[[Sample], FourFloats], substeps: int) -> None:
        """Let firmware fly for some steps of 1/240 s."""


class FirmwareAutopilot:
    """A running firmware and the plant that it flies; close it."""

    setpoint: DecodedSetpoint | None = None  # what it received is between it and the companion
    setpoint_ns = 0

    def __init__(
        self,
        plant: MotorPlant,
        firmware: Firmware,
        *,
        seed: int = 0,
        height_m: float = 2.0,
        log: Path = Path('firmware.log'),
        companion_port: int | None = None,
        sensors: str = 'x500',
    ) -> None:
        """Start the firmware; nothing moves before :meth:`boot` or :meth:`advance`.

        Args:
            plant: what it flies; it stands on the ground.
            firmware: which one.
            seed: of the sensors' noise; firmware itself is not repeatable to the last bit.
            height_m: that PX4 takes off to.
            log: where its output goes.
            companion_port: UDP port of the companion, for ArduPilot; PX4 has one for each
                instance. None: the one that PX4 would have.
            sensors: a name in ``sim/sensors``, or a .yaml file.

        Raises:
            ConfigError: sensors that cannot be used.
            SimulationError: ports taken, or a binary that cannot be run.

        """
        self.plant, self.firmware = plant, firmware
        self.kind = personality(firmware.kind.name)
        config = schema.load_yaml(SensorConfig, resources.named_file('sim/sensors', sensors))
        self._wanted = self._parameters(height_m)
        self._place, self._log = config, log
        with ExitStack() as opened:
            instance = _instance_for(firmware, companion_port)
            opened.callback(instance.close)
            model = Sensors(config, stream(seed, Stream.FIRMWARE_SENSORS))
            self._connect(instance.number, model, opened)
            self.companion_port = companion_port or USUAL_COMPANION_PORT + instance.number
            listens = firmware.kind.station_port
            station_port = self.station.port if listens is None else listens + instance.number
            self.ports = Ports(
                instance.number, self.bridge.port, self.companion_port, station_port
            )
            self.start()
            self._opened = opened.pop_all()

    def _connect(self, instance: int, model: Sensors, opened: ExitStack) -> None:
        """Open the ground station and the simulation link."""
        system = system_id(self.firmware, instance)
        listens = self.firmware.kind.station_port
        peer = None if listens is None else ('127.0.0.1', listens + instance)
        self.station = GroundStation(self.kind, peer=peer, system=system)
        opened.callback(self.station.close)
        self.bridge = self.firmware.kind.bridge(model, instance)
        opened.callback(self.bridge.close)

    def _parameters(self, height_m: float) -> tuple[FirmwareParameter, ...]:
        """Return what is set over MAVLink."""
        kind = self.firmware.kind
        file = load_parameters(resources.find(kind.parameters)) if kind.parameters else ()
        if not kind.height_parameter:
            return tuple(file)
        return *file, FirmwareParameter(kind.height_parameter, height_m, False)

    def start(self) -> None:
        """Start the firmware, or start it again after :meth:`stop`."""
        self.process = FirmwareProcess(self.firmware, self.ports, self._place, self._log)
        self.bridge.alive = self.process.check
        self.station.forget()
        self._climb: tuple[float, float] | None = None  # heights: from, to
        self._held_ns: int | None = None  # since when PX4's take-off is over

    def stop(self) -> None:
        """End the firmware as a power cut does; simulated time stands until it is started."""
        self.process.close()

    def boot(self, on_wait: Callable[[float], None] = lambda _: None) -> None:
        """Let time pass until the firmware would arm; ``on_wait`` gets the simulated seconds.

        Raises:
            SimulationError: it has ended, is silent, or would not arm after three minutes.

        """
        began_ns = self.now_ns
        while not self.is_ready:
            waited_s = (self.now_ns - began_ns) / SECOND_NS
            if waited_s > READY_LIMIT_S:
                raise SimulationError(
                    f'{self.kind.name} would not arm after {waited_s:.0f} simulated seconds; '
                    f'see {self._log} for its reason'
                )
            on_wait(waited_s)
            self.advance(SUBSTEPS)

    @property
    def is_ready(self) -> bool:
        """The firmware is heard, has its parameters and passes its own checks before arming."""
        station = self.station
        if station.heard_ns and self.mode is not self.firmware.kind.start_mode:
            station.ask_mode(self.firmware.kind.start_mode)  # the checks depend on the mode
            return False
        confirmed = [station.ask_parameter(one) for one in self._wanted if station.heard_ns]
        return len(confirmed) == len(self._wanted) and all(confirmed) and station.can_arm

    # what the pilot and the session see

    @property
    def now_ns(self) -> int:
        """The plant's time."""
        return self.plant.truth().stamp_ns

    @property
    def mode(self) -> Mode | None:
        """The present mode; None: one that the simulation does not use."""
        return self.station.mode

    @property
    def armed(self) -> bool:
        """Motors on."""
        return self.station.armed

    @property
    def landed(self) -> bool:
        """Standing on the ground."""
        return self.station.landed

    @property
    def climbing(self) -> bool:
        """Still on its way up, as the pilot sees it by eye."""
        if self._climb is None:
            return False
        from_m, to_m = self._climb
        risen = (float(self.plant.truth().position_enu[2]) - from_m) / (to_m - from_m)
        waited_ns = self.now_ns - self._held_ns if self._held_ns is not None else 0
        return risen < (CLIMBED_SHARE if waited_ns < PATIENCE_NS else 0.5)

    @property
    def following(self) -> bool:
        """Armed and in the companion's mode."""
        return self.mode is Mode.FOLLOW and self.armed

    @property
    def has_stream(self) -> bool:
        """The companion is there; whether its setpoints will do, the firmware judges."""
        return self.station.has_companion

    def advance(self, substeps: int = SUBSTEPS) -> None:
        """Let firmware and plant move on together by some steps of 1/240 s."""
        self.plant.fly_by(self.bridge.motors, substeps)
        self.station.step(self.now_ns)
        if self._climb is not None and self.mode is Mode.HOLD:
            self._held_ns = self.now_ns if self._held_ns is None else self._held_ns
        if self.station.climbs and not self.climbing:
            self.station.stick(climbs=False)

    # the pilot's controls

    def pilot_arm(self) -> bool:
        """Choose a mode that hovers, then arm; True once it is armed."""
        if self.armed:
            return True
        if self.mode is not self.firmware.kind.start_mode:
            self.station.ask_mode(self.firmware.kind.start_mode)
        else:
            self.station.ask_arm()
        return False

    def pilot_takeoff(self, height_m: float) -> bool:
        """Climb to a height above the ground; True once it has begun to.

        PX4 has a mode for it. ArduPilot is lifted by the stick in LOITER: its own take-off needs
        GUIDED, which is the companion's mode.
        """
        from_m = float(self.plant.truth().position_enu[2])
        self._climb = from_m, from_m + height_m
        if self.firmware.kind.rises_by_stick:
            self.station.stick(climbs=True)
            return True
        if self.station.results.get(mavlink.MAV_CMD_NAV_TAKEOFF) == mavlink.MAV_RESULT_ACCEPTED:
            return True
        self.station.ask_takeoff()
        return False

    def pilot_mode(self, mode: Mode) -> bool:
        """Flip the mode switch; True once the firmware is in that mode."""
        if self.mode is mode:
            return True
        self.station.ask_mode(mode)
        return False

    def close(self) -> None:
        """End the firmware and close every socket."""
        self.process.close()
        self._opened.close()


def _instance_for(firmware: Firmware, companion_port: int | None) -> Instance:
    """Hold a free instance: the one that looks for its companion at a port, if it must.

    Raises:
        SimulationError: all are taken; no instance looks there.

    """
    first = firmware.kind.companion_port
    if first is None or companion_port is None:
        return hold_any()
    if not first <= companion_port < first + INSTANCES:
        raise SimulationError(
            f'{firmware.kind.name} looks for its companion at UDP {first} to '
            f'{first + INSTANCES - 1}, not at {companion_port}'
        )
    return hold(companion_port - first)
