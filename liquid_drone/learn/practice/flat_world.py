# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many flights at once in a world of numbers, through which a gradient flows.

Seen from above: the places and ways of the simulator (``places.py``), a vehicle that follows a
velocity with the lags of the one that is simulated, and the guard's rules for a target that is not
seen. What the core is told is drawn (``told.py``) and gets no gradient, as in Zhang et al. 2025;
it flows through where the commands lead, and through what the neurons keep. A memory and what it
keeps of the surroundings are those that will fly.

Shapes: B flights. World ENU and body FLU, horizontal; m, m/s, rad, rad/s.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ...flight.guard.limits import SIMULATION_LIMITS, Limits
from ...flight.guard.target import BREAK_S, MISSED_S, SIDES, SWEEP_RAD, TURN_PER_S
from ...policy.brake import braked
from ...policy.memory import FILTER_STATE, MOTION, REFERENCE_M
from ...policy.network import Network, no_faster
from ...policy.surroundings import STATE as AROUND
from ...sim.scenario.vehicle import Vehicle
from ...sim.simulator import FRAME_S
from ...streams import Stream, stream
from .costs import SPARED_M, Ticked, costs_of
from .geometry import LEAST_M, line_gaps, nearness, no_longer, turned, wrapped
from .places import SECOND, FlatPlaces
from .told import Told
from .viewpoints import viewpoint

SUBSTEPS = 2  # of the vehicle, in a frame
SIGHT_M = 14.0  # further away nobody sees a target
COVERS_M = 0.08  # so far past the middle of the target, what stands before it hides it
AGAIN_SHARE = 0.5  # of flights that begin somewhere on the way, on any side of the target
AGAIN_M, AGAIN_OFF_RAD, AGAIN_AIR_M, AGAIN_TRIES = (2.0, 7.0), 0.5, 0.7, 20
AWAY_SHARE = 0.25  # of those, that may look anywhere at first
ASKED_SHARE = 0.4  # of a request's numbers that are drawn, and not the defaults
TOO_NEAR_M, LOST_M = 0.6, 16.0  # of the target: the flight is over
ANY_SPEED = 1e3  # m/s; an infinite one has no gradient
LOOK_TICKS = 4  # from one look for a viewpoint to the next
SOON_STEPS = SECOND  # ahead on its way, where a viewpoint has to see the target, too
STEPS_LEFT = 200  # of a way that a flight is given, at least


@dataclass
class Flight:
    """Where B flights are, and what their cores, memories and guards hold."""

    place: Tensor  # (B, 2)
    velocity: Tensor  # (B, 2)
    acceleration: Tensor  # (B, 2)
    yaw: Tensor  # (B,)
    yaw_rate: Tensor  # (B,)
    setpoint: Tensor  # (B, 2), world
    command: Tensor  # (B, 4), of the core
    neurons: Tensor  # (B, S)
    remembered: Tensor  # (B, FILTER_STATE)
    around: Tensor  # (B, AROUND)
    unseen_s: Tensor  # (B,)
    spotted_s: Tensor  # (B,): since sightings began, without a break
    missed_s: Tensor  # (B,): since the last one
    seen_speed: Tensor  # (B,): the setpoint's, at the last sighting
    side: Tensor  # (B,): where a search turns to, 1 left
    about: Tensor  # (B,): heading to both sides of which it looks first
    swept: Tensor  # (B,): how many of these sides it has looked at
    known: Tensor  # (B,): 1 once it was seen
    heading: Tensor  # (B,): towards it, when it was seen last

    @classmethod
    def at_rest(cls, count: int, neurons: int) -> 'Flight':
        """Return so many, which know nothing."""
        sizes = {
            'place': 2, 'velocity': 2, 'acceleration': 2, 'setpoint': 2, 'command': 4,
            'neurons': neurons, 'remembered': FILTER_STATE, 'around': AROUND,
        }  # fmt: skip
        made = {
            one.name: torch.zeros(count, *([sizes[one.name]] if one.name in sizes else []))
            for one in fields(cls)
        }
        return cls(**made)

    def detach(self) -> None:
        """Let no gradient reach further back."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name).detach())


class FlatWorld:
    """B flights, which begin anew when they are over."""

    def __init__(
        self,
        network: Network,
        places: FlatPlaces,
        told: Told,
        vehicle: Vehicle,
        count: int,
        seed: int,
        first: int = 0,
    ) -> None:
        """Put them at their starts.

        Args:
            network: with a memory, a scan and a request.
            places: where they fly.
            told: draws what they are told.
            vehicle: that they fly.
            count: how many.
            seed: of the training.
            first: the step of the training that they begin at.

        """
        assert network.config.request is not None  # the recipe was checked
        self.network, self.places, self.told, self.vehicle = network, places, told, vehicle
        self.request_spec, self.limits = network.config.request, SIMULATION_LIMITS
        self.fov_rad = math.radians(network.camera.horizontal_fov_deg)
        self.rng = stream(seed, Stream.PRACTICE_FLIGHTS, first)
        self.at = torch.zeros(count, dtype=torch.long)  # which place
        self.step = torch.zeros(count, dtype=torch.long)  # of its way
        self.request = torch.zeros(count, 3)
        self.flight = Flight.at_rest(count, network.cell.state_size)
        self.over = torch.ones(count, dtype=torch.bool)
        self.goal, self.rest_m = torch.zeros(count, 2), torch.zeros(count)  # from the target on
        self.ticks = 0  # that were flown
        self.begin_again()

    def begin_again(self) -> None:
        """Begin the flights that are over, each in a place drawn at random."""
        for one in torch.nonzero(self.over).flatten().tolist():
            self.at[one] = place = int(self.rng.integers(len(self.places)))
            where, yaw, self.step[one] = self._start(place)
            self._put(one, where, yaw)
            asked = self.request_spec.draw(self.rng).values
            drawn = self.rng.random(3) < ASKED_SHARE
            numbers = zip(drawn, asked, self.request_spec.defaults, strict=True)
            self.request[one] = torch.tensor([a if is_drawn else b for is_drawn, a, b in numbers])
        self.over[:] = False

    def begin_at_starts(self) -> None:
        """Begin one flight at the start of each place, with the usual request."""
        for one, (x, y, yaw) in enumerate(self.places.start.tolist()):
            self.at[one], self.step[one] = one, 0
            self._put(one, torch.tensor([x, y]), yaw)
        self.request[:] = torch.tensor(self.request_spec.defaults)
        self.over[:] = False

    def _put(self, one: int, where: Tensor, yaw: float) -> None:
        """Let a flight hover there and know nothing."""
        for name in (field.name for field in fields(Flight)):
            getattr(self.flight, name)[one] = 0.0
        self.flight.place[one], self.flight.yaw[one] = where, yaw
        self.flight.spotted_s[one] = self.limits.found_s
        self.flight.seen_speed[one], self.flight.side[one] = self.limits.unseen_speed_m_s, 1.0

    def _start(self, place: int) -> tuple[Tensor, float, int]:
        """Return where a flight begins (2,), its heading, and the step of the target's way."""
        x, y, yaw = self.places.start[place].tolist()
        if self.rng.random() >= AGAIN_SHARE:
            return torch.tensor([x, y]), yaw, 0
        last = max(int(self.places.steps[place]) - STEPS_LEFT, 1)
        for _ in range(AGAIN_TRIES):
            step = int(self.rng.integers(last))
            target, circles = self.places.way[place, step], self.places.near[place, step // SECOND]
            side, away = self.rng.uniform(-math.pi, math.pi), self.rng.uniform(*AGAIN_M)
            here = target + away * torch.tensor([math.cos(side), math.sin(side)]).float()
            air = (here - circles[:, :2]).norm(dim=1) - circles[:, 2]
            line = line_gaps(here[None], target[None], circles[None], SPARED_M)
            if float(air.min()) > AGAIN_AIR_M and float(line.min()) > 0.1:
                most = math.pi if self.rng.random() < AWAY_SHARE else AGAIN_OFF_RAD
                off = self.rng.uniform(-most, most)
                return here, side + math.pi + off, step
        return torch.tensor([x, y]), yaw, 0

    def tick(self, laid: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """Fly all by one frame; return what it costs each, (B,) by name.

        Args:
            laid: the weights of the network's cell, laid out for steps.

        """
        flight, step = self.flight, self.step
        target = self.places.way[self.at, step]
        circles = self.places.near[self.at, step // SECOND]
        told, believed = self._see(target, circles)
        span = self.network.ticks(torch.full((len(told),), FRAME_S))
        outputs, flight.neurons = self.network.cell.step(told, flight.neurons, span, laid)
        share = self.network.read(outputs) * self.network.config.core.motor_gain
        command = share.clamp(-1.0, 1.0) * self.network.limits
        command = no_faster(command, self.request[:, 2:])
        if self.network.config.brake:
            command = braked(command, flight.around)
        before, flight.command = flight.command, command
        self._guarded(command, *believed)
        self._move()
        self.step = torch.minimum(step + 1, self.places.steps[self.at] - 1)
        target = self.places.way[self.at, self.step]
        away = target - flight.place
        bearing = wrapped(torch.atan2(away[:, 1], away[:, 0]) - flight.yaw)
        keep_m, hull_m = self.request[:, 0], self.vehicle.radius_m
        if self.ticks % LOOK_TICKS == 0:
            then = torch.minimum(self.step + SOON_STEPS, self.places.steps[self.at] - 1)
            soon = self.places.way[self.at, then]
            here = flight.place, flight.velocity, target, soon, circles
            goal, self.rest_m = viewpoint(*here, keep_m, hull_m)
            self.goal = goal - target
        self.ticks += 1
        unknown = (flight.known == 0.0) & (bearing.abs() > self.fov_rad / 2.0)
        costs, self.air, distance = costs_of(
            Ticked(
                flight.place, flight.velocity, bearing, unknown, target, circles, keep_m,
                target + self.goal, self.rest_m, command, before,
                (share.abs() - 1.0).clamp(min=0.0), hull_m,
            )
        )  # fmt: skip
        self.over |= (self.air < 0.0) | (distance < TOO_NEAR_M) | (distance > LOST_M)
        self.over |= self.step >= self.places.steps[self.at] - 1
        return costs

    @torch.no_grad()
    def _see(
        self, target: Tensor, circles: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Return what the core takes (B, I); whether the target is seen, belief, its bearing."""
        flight, network = self.flight, self.network
        away = target - flight.place
        bearing = wrapped(torch.atan2(away[:, 1], away[:, 0]) - flight.yaw)
        distance = away.norm(dim=1).clamp(min=0.3)
        line = line_gaps(flight.place, target, circles, SPARED_M).amin(dim=1)
        visible = (bearing.abs() < self.fov_rad / 2.0) & (line > -COVERS_M) & (distance < SIGHT_M)
        columns = network.vision.told - network.vision.dense
        near = nearness(flight.place, flight.yaw, circles, self.fov_rad, columns)
        sight = self.told.tell(visible, bearing, torch.log(distance / REFERENCE_M), near)
        dt_s = network.clipped(torch.full_like(bearing, FRAME_S))
        motion = flight.command[:, list(MOTION)]
        assert network.memory is not None  # the recipe was checked
        known = network.memory.advance(sight.measured, motion, dt_s, flight.remembered)
        one = sight.features[:, None], dt_s[:, None]
        known = network.surrounded(*one, known, flight.around)
        flight.remembered = known.state[:, :FILTER_STATE]
        if network.surroundings is not None:
            flight.around = known.state[:, FILTER_STATE:]
        told = network.with_request(sight.features, self.request)
        belief = known.belief[:, 0]
        inputs = torch.cat([told, known.inputs[:, 0]], dim=1)
        return inputs, (sight.seen, belief[:, 0], belief[:, 1])

    def _guarded(self, command: Tensor, seen: Tensor, logit: Tensor, believed_rad: Tensor) -> None:
        """Move the setpoint towards what the guard lets through of a command (B, 4)."""
        flight, limits = self.flight, self.limits
        most, is_lost = self._while_unseen(seen, logit, believed_rad)
        wanted = no_longer(command[:, :2], most)
        wanted = turned(torch.where(is_lost[:, None], 0.0, wanted), flight.yaw)
        change = limits.acceleration_m_s2 * FRAME_S
        flight.setpoint = flight.setpoint + no_longer(wanted - flight.setpoint, change)
        self.turn = self._turn(command[:, 3], is_lost, logit > 0.0, believed_rad)

    def _while_unseen(
        self, seen: Tensor, logit: Tensor, believed_rad: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the largest speed (B,), and whether the target is lost.

        The speed carries a gradient: who is about to lose sight learns not to be slow.
        """
        flight, limits = self.flight, self.limits
        lost_after_s, stop_s = _known(limits)
        missed_s = flight.missed_s + FRAME_S
        breaks = seen & (missed_s > BREAK_S)
        flight.spotted_s = torch.where(breaks, 0.0, flight.spotted_s + FRAME_S)
        flight.missed_s = torch.where(seen, 0.0, missed_s)
        found = seen & (flight.spotted_s >= limits.found_s)
        flight.unseen_s = torch.where(found, 0.0, flight.unseen_s + FRAME_S)
        speed = torch.sqrt((flight.setpoint**2).sum(dim=1) + LEAST_M**2)
        flight.seen_speed = torch.where(found, speed, flight.seen_speed)
        flight.known = torch.where(found, 1.0, flight.known)
        flight.heading = torch.where(found, flight.yaw + believed_rad, flight.heading)
        ramp_s = stop_s - limits.unseen_after_s
        left = (1.0 - (flight.unseen_s - limits.unseen_after_s) / ramp_s).clamp(0.0, 1.0)
        carried = ((lost_after_s - flight.unseen_s) / ramp_s).clamp(0.0, 1.0)
        left = torch.maximum(left, torch.where(logit > 0.0, carried, 0.0))
        most = left * flight.seen_speed.clamp(max=limits.unseen_speed_m_s)
        most = torch.where(flight.unseen_s <= MISSED_S, ANY_SPEED, most)
        is_lost = flight.unseen_s > lost_after_s
        begins = is_lost & (flight.unseen_s <= lost_after_s + 2.0 * FRAME_S)
        to = torch.where(believed_rad >= 0.0, 1.0, -1.0)  # where it is seen, too
        flight.side = torch.where(found | (begins & (logit > 0.0)), to, flight.side)
        return most, is_lost

    def _turn(
        self, turn: Tensor, is_lost: Tensor, believes: Tensor, believed_rad: Tensor
    ) -> Tensor:
        """Return the turn (B,): the core's, to where the target was seen last, or of a search."""
        flight, limits = self.flight, self.limits
        lost_after_s, stop_s = _known(limits)
        nowhere = (flight.known == 0.0) & ~believes
        off_rad = torch.where(believes, believed_rad, wrapped(flight.heading - flight.yaw))
        most = limits.yaw_rate_rad_s
        is_gone = (flight.unseen_s > limits.unseen_after_s) & ~believes & ~nowhere
        turn = torch.where(is_gone | is_lost, (TURN_PER_S * off_rad).clamp(-most, most), turn)
        after_s = torch.where(nowhere, stop_s, lost_after_s + limits.lost_hold_s)
        searches = flight.unseen_s > after_s
        turns_on = torch.where(turn >= 0.0, 1.0, -1.0)  # as the policy turned it at last
        flight.side = torch.where(nowhere & ~searches, turns_on, flight.side)
        self._sweep(searches, flight.yaw + off_rad, nowhere)
        searched = flight.side * limits.search_yaw_rate_rad_s
        return torch.where(searches, searched, turn)

    def _sweep(self, searches: Tensor, about: Tensor, nowhere: Tensor) -> None:
        """Turn to the other side once one side of the last place is looked at."""
        flight = self.flight
        flight.about = torch.where(searches, flight.about, about)
        flight.swept = torch.where(searches, flight.swept, torch.where(nowhere, SIDES, 0.0))
        beyond = flight.side * wrapped(flight.yaw - flight.about) >= SWEEP_RAD
        ends = searches & beyond & (flight.swept < SIDES)
        flight.swept = flight.swept + ends.float()
        flight.side = torch.where(ends & (flight.swept < SIDES), -flight.side, flight.side)

    def _move(self) -> None:
        """Let the vehicle follow its setpoint, as its velocity and attitude loops do."""
        flight, vehicle = self.flight, self.vehicle
        dt_s, most = FRAME_S / SUBSTEPS, vehicle.max_acceleration_m_s2[0]
        tilts = 1.0 - math.exp(-dt_s * vehicle.attitude_p_per_s[0])
        turns = 1.0 - math.exp(-dt_s * vehicle.rate_p_per_s[1])
        for _ in range(SUBSTEPS):
            wanted = vehicle.velocity_p_per_s[0] * (flight.setpoint - flight.velocity)
            off = no_longer(wanted, most) - flight.acceleration
            flight.acceleration = flight.acceleration + tilts * off
            flight.velocity = flight.velocity + dt_s * flight.acceleration
            flight.place = flight.place + dt_s * flight.velocity
            flight.yaw_rate = flight.yaw_rate + turns * (self.turn - flight.yaw_rate)
            flight.yaw = flight.yaw + dt_s * flight.yaw_rate


def _known(limits: Limits) -> tuple[float, float]:
    assert limits.lost_after_s is not None  # those of the simulator have both
    assert limits.unseen_stop_s is not None
    return limits.lost_after_s, limits.unseen_stop_s
