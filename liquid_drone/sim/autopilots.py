# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which autopilot flies in a simulator: the simulated one, or real firmware; a maker for each.

The rest of the package sees both alike, and here alone how a companion reaches each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .autopilot.pilot import PilotedAutopilot
from .autopilot.simulated import SimulatedAutopilot
from .firmware.autopilot import FirmwareAutopilot
from .firmware.process import Firmware
from .simulator import Simulator


@dataclass(frozen=True)
class FlownAutopilot:
    """An autopilot that flies in a simulator, and how its companion reaches it."""

    piloted: PilotedAutopilot
    in_memory: SimulatedAutopilot | None  # whose bytes are handed over; None: it has sockets
    connection: str = ''  # where the companion listens for what has sockets


def simulated(simulator: Simulator, kind: str, airborne: bool) -> FlownAutopilot:
    """Return the simulated autopilot: px4 or ardupilot, on the ground or in the air.

    Raises:
        ConfigError: another kind.

    """
    autopilot = SimulatedAutopilot(simulator, kind, airborne=airborne)
    return FlownAutopilot(autopilot, autopilot)


def firmware(
    simulator: Simulator,
    binary: Firmware,
    seed: int,
    log: Path,
    companion_port: int | None,
    on_wait: Callable[[float], None],
) -> FlownAutopilot:
    """Start firmware for a drone that stands, and let it find its position.

    Args:
        simulator: what it flies in.
        binary: what is started.
        seed: of its sensors.
        log: where its output goes.
        companion_port: UDP; None: the usual one of the first free instance.
        on_wait: gets the simulated seconds until it is ready to arm.

    Raises:
        SimulationError: it cannot be started, or does not get ready.

    """
    autopilot = FirmwareAutopilot(
        simulator,
        binary,
        seed=seed,
        height_m=simulator.scenario.task.cruise_altitude_m,
        log=log,
        companion_port=companion_port,
    )
    try:
        autopilot.boot(on_wait)
    except BaseException:  # Ctrl-C too: no firmware is left behind
        autopilot.close()
        raise
    return FlownAutopilot(autopilot, None, f'udpin:127.0.0.1:{autopilot.companion_port}')
