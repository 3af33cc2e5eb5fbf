# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The companion's mind: engage rules and guard put together, one decision for each step.

It holds two small states and nothing else: no socket, no thread, no clock. The same object decides
on a drone and in simulation. It never arms and never asks for a mode.
"""

import logging
import math
from collections import deque
from dataclasses import dataclass

from . import engagement
from .command_rate import CommandRate
from .engagement import ENDS_AS_MEANT, Cause, EngageState, Situation, Stage
from .facts import PICTURE, Evidence, Fact, RangeReading, first_wrong, known
from .guard import guard
from .guard.limits import BelievedTarget, Limits, Sighting, is_in_band, is_in_fence, slowed
from .guard.state import GuardInput, GuardState, Phase, Proposal, start
from .guard.target import BREAK_S
from .mavlink.profiles import Profile
from .reason import Reason
from .setpoint import Setpoint
from .vehicle import VehicleState

logger = logging.getLogger(__name__)
_STAGES = {Phase.HOLD: Stage.HOLDING, Phase.SEARCH: Stage.SEARCHING}


@dataclass(frozen=True)
class Decision:
    """What to do in this step.

    Attributes:
        setpoint: to send now; None: send nothing.
        reset_policy: the policy must start afresh; tell with :meth:`Companion.policy_was_reset`.
        stage: where the companion stands.
        cause: why it stands there.
        reason: the guard's, while engaged; afterwards its last one.
        belief: where the policy believes the target to be, the newest; None: nowhere.
        obstacle: what keeps from engaging now, in one sentence; empty: nothing.
        trouble: why it follows badly while it is engaged, likewise; or, while it waits for the
            mode switch although that is ours, what else it waits for.

    """

    setpoint: Setpoint | None
    reset_policy: bool
    stage: Stage
    cause: Cause
    reason: Reason | None = None
    obstacle: str = ''
    belief: BelievedTarget | None = None
    trouble: str = ''

    @property
    def ended_as_meant(self) -> bool:
        """A human wished that it was handed back, by whichever way."""
        called_off = self.cause is Cause.GUARD_STOPPED and self.reason is Reason.CALLED_OFF
        return called_off or self.cause in ENDS_AS_MEANT


class Companion:
    """Decides; call :meth:`step` at a steady rate, about 20 Hz, with one clock for all times."""

    def __init__(
        self, profile: Profile, limits: Limits | None = None, shadow: bool = False
    ) -> None:
        """Start standing by: nothing is sent until a human engages it.

        Args:
            profile: the kind of autopilot.
            limits: of the guard.
            shadow: decide as if the mode were ours, whatever it is: the pilot flies, and what is
                decided is shown and recorded, never sent (the link sees to that).

        """
        self.profile = profile
        self.shadow = shadow
        self.limits = limits or Limits()
        self._engage = EngageState()
        self._guard: GuardState | None = None
        self._reset_s: float | None = None  # when the policy started afresh
        self._called_off = False
        self.rivals = ''  # who else commands, in one sentence; empty: nobody
        self.missing = ''  # which part of a policy nobody gives, likewise; empty: none
        self._reason: Reason | None = None
        self._vehicle: VehicleState | None = None
        self._now_s = -math.inf
        # not older than the last step
        self._sightings: deque[Sighting | BelievedTarget] = deque(maxlen=16)
        self._sighting: Sighting | None = None
        self._belief: BelievedTarget | None = None
        self._distance: RangeReading | None = None
        self._picture_s = -math.inf  # stamp of the newest proposal
        self._rate = CommandRate()
        for name in self.limits.switched_off():
            logger.warning('the check %s is switched off', name)

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return self._engage.stage

    @property
    def has_vehicle(self) -> bool:
        """It commands the vehicle now."""
        return self._engage.has_vehicle

    def engage(self, on: bool) -> tuple[bool, str]:
        """Do what a human asks: get ready for the mode switch, or stop.

        Returns:
            Whether it was done, and a sentence for the human.

        """
        if not on and self._engage.has_vehicle:
            self._called_off = True
            return True, 'stopping, then silent: the autopilot takes over'
        obstacle = self._obstacle() if on else ''
        self._engage = engagement.request(self._engage, on, not obstacle, self._now_s)
        if on and self.stage in (Stage.DISCONNECTED, Stage.STANDBY, Stage.HANDED_BACK):
            return False, f'cannot engage: {obstacle or "no vehicle yet"}'
        return True, self.stage.value

    def obstacles(self) -> list[str]:
        """Return every sentence about what keeps from engaging now."""
        evidence = Evidence(self._now_s, self._vehicle, self._distance, self._picture_s)
        wrong = [fact.sentence for fact in known(evidence, self.limits) if not fact.is_good]
        outside = self._outside() if self._vehicle is not None and not wrong else ''
        found = (self.rivals, self._guided, *wrong, self._of_policy, outside)
        return [one for one in found if one]

    @property
    def _of_policy(self) -> str:
        """Say what the policy lacks, if its commands come: a part, or their rate."""
        return self.missing or self._rate.obstacle(self._now_s)

    @property
    def _guided(self) -> str:
        """Say who tells the autopilot where to go; empty: nobody, or it only looks on."""
        vehicle = self._vehicle
        if vehicle is None or self.shadow or not vehicle.is_guided(self._now_s):
            return ''
        return f'{vehicle.guided_by}: engage it when it is there'

    def _obstacle(self) -> str:
        """Say in one sentence what keeps from engaging; on the ground no band is asked for."""
        if self.rivals or self._guided:
            return self.rivals or self._guided
        wrong = self._wrong(self._picture_s)
        if wrong is not None and not (wrong.spec is PICTURE and self._of_policy):
            return wrong.sentence
        return self._of_policy or self._outside()

    def _wrong(self, picture_s: float | None = None) -> Fact | None:
        evidence = Evidence(self._now_s, self._vehicle, self._distance, picture_s)
        return first_wrong(evidence, self.limits)

    def _outside(self) -> str:
        vehicle, limits = self._vehicle, self.limits
        if vehicle is None or vehicle.landed:
            return ''
        if not is_in_fence(vehicle, limits):
            return 'outside the fence'
        if is_in_band(vehicle, limits):
            return ''
        return f'outside the altitude band: {vehicle.height_m:.1f} m above home'

    def _is_connected(self, vehicle: VehicleState | None) -> bool:
        age = math.inf if vehicle is None else vehicle.heartbeat_age_s(self._now_s)
        return age <= self.limits.heartbeat_age_s

    def policy_was_reset(self, now_s: float | None = None) -> None:
        """Confirm that the policy starts afresh: later images than now (the last step) count."""
        if self.stage is Stage.ENGAGING:
            self._reset_s = self._now_s if now_s is None else now_s

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Note that the target was seen, or where it is believed.

        It counts from the first step that is later than its stamp.

        So the answer is the same whether a frame's sighting comes before its command or after.
        """
        self._sightings.append(sighting)

    def measure(self, distance: RangeReading) -> None:
        """Note the distance that a range sensor measured; from now on it must go on."""
        self._distance = distance

    def step(
        self, now_s: float, vehicle: VehicleState | None, proposal: Proposal | None
    ) -> Decision:
        """Decide what to do at ``now_s``, knowing the vehicle and the newest proposal."""
        paused_s = 0.0 if math.isinf(self._now_s) else abs(now_s - self._now_s)
        was_armed = self._vehicle is not None and self._vehicle.armed
        self._now_s, self._vehicle = now_s, vehicle
        if proposal is not None:
            self._picture_s = proposal.stamp_s
            self._rate.note(proposal.stamp_s, now_s)
        while self._sightings and self._sightings[0].stamp_s < now_s:
            found = self._sightings.popleft()
            if isinstance(found, BelievedTarget):
                self._belief = found
            else:
                self._sighting = found
        self._advance(self._situation(vehicle, paused_s, was_armed))
        if self._guard is not None:
            return self._decision(self._guarded(self._guard, vehicle, proposal))
        return self._decision(Setpoint() if self._speaks_zeros(vehicle) else None)

    def _speaks_zeros(self, vehicle: VehicleState | None) -> bool:
        """Tell whether the mode needs zeros: to be entered, to stay in it, or to begin gently.

        In ArduPilot's GUIDED on the ground a setpoint would end the pilot's takeoff.
        """
        if self.stage is not Stage.READY:
            return self.stage is Stage.ENGAGING
        is_there = vehicle is not None and vehicle.mode == self.profile.follow_mode
        return self.profile.needs_stream or not is_there

    def _guarded(
        self, state: GuardState, vehicle: VehicleState | None, proposal: Proposal | None
    ) -> Setpoint | None:
        creeps = not (self.profile.holds_position or self.shadow)
        given = GuardInput(
            now_s=self._now_s,
            vehicle=vehicle,
            limits=slowed(self.limits, vehicle),
            proposal=proposal,
            sighting=self._sighting,
            belief=self._belief,
            distance=self._distance,
            called_off=self._called_off,
            two_command=bool(self.rivals),
            holds_height=creeps,
            holds_place=creeps,
            obeys=not self.shadow,
        )
        self._guard, setpoint, self._reason = guard.step(state, given)
        self._advance(self._situation(vehicle, paused_s=0.0))
        return setpoint

    def _situation(
        self, vehicle: VehicleState | None, paused_s: float, was_armed: bool = False
    ) -> Situation:
        flying = Stage.ENGAGED
        if self._guard is not None:
            ended = self._guard.ended
            flying = _STAGES.get(self._guard.phase, Stage.ENGAGED)
        else:  # while it flies the guard looks at the same
            wrong = self._wrong()
            reason = None if wrong is None else wrong.reason
            reason = Reason.TWO_COMMAND if self.rivals else reason
            ended = reason is not None
            if ended and self.stage is Stage.ENGAGING:
                self._reason = reason
        return Situation(
            connected=self._is_connected(vehicle),
            in_our_mode=vehicle is not None and self._is_ours(vehicle),
            armed=vehicle is not None and vehicle.armed,
            landed=vehicle is not None and vehicle.landed,
            guided=bool(self._guided),
            disarmed=was_armed and vehicle is not None and not vehicle.armed,
            taking_off=vehicle is not None and vehicle.taking_off,
            outside=bool(self._outside()),
            paused_s=paused_s,
            policy_was_reset=self._reset_s is not None,
            guard_ended=ended,
            called_off=self._called_off,
            flying=flying,
        )

    def _is_ours(self, vehicle: VehicleState) -> bool:
        """Tell whether it may be flown: its mode is ours, and nobody guides it elsewhere."""
        is_free = vehicle.mode == self.profile.follow_mode and not vehicle.is_guided(self._now_s)
        return self.shadow or is_free

    def _advance(self, situation: Situation) -> None:
        before = self._engage
        self._engage = engagement.advance(before, situation, self._now_s)
        if self._engage is before:
            return
        logger.info('%s (%s)', self.stage.value, self._engage.cause.value)
        if before.is_engaged and self._engage.is_engaged:
            return
        engaged = self._engage.is_engaged
        self._guard = start(self._now_s, self._reset_s) if engaged else None
        self._reset_s, self._called_off = None, False

    def _fresh_belief(self) -> BelievedTarget | None:
        belief = self._belief
        return belief if belief is not None and self._now_s - belief.stamp_s <= BREAK_S else None

    def _trouble(self) -> str:
        """Say that commands come too seldom, if nothing worse stops it, or what it waits for."""
        if self.stage is Stage.READY:
            return self._waits_for(self._vehicle)
        reason = self._reason
        is_worse = reason is not None and reason.is_stop and reason is not Reason.STALE_COMMAND
        if self.stage is not Stage.ENGAGED or is_worse:
            return ''
        return self._rate.trouble(self._now_s)

    def _waits_for(self, vehicle: VehicleState | None) -> str:
        """Say what is lacking to start where the mode switch is ours; empty: it is not."""
        if vehicle is None or not self._is_ours(vehicle):
            return ''
        where = f'it is in {vehicle.mode_name}'
        if not vehicle.armed:
            return f'{where}: arm it and take off'
        if vehicle.landed:
            return f'{where}, on the ground: take off'
        if vehicle.taking_off:
            return f'{where}: wait until its takeoff is over (EXTENDED_SYS_STATE)'
        return ''

    def _decision(self, setpoint: Setpoint | None) -> Decision:
        return Decision(
            setpoint,
            reset_policy=self.stage is Stage.ENGAGING,
            stage=self.stage,
            cause=self._engage.cause,
            reason=self._reason,
            obstacle='' if self.has_vehicle else self._obstacle(),
            belief=self._fresh_belief(),
            trouble=self._trouble(),
        )
