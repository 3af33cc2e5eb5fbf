# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The autopilot's side as a lifecycle node: proposed velocities in, guarded MAVLink setpoints out.

What is sent is decided by :class:`~liquid_drone.flight.companion.Companion`, with the guard in it;
when, by a pacer. A human engages it with ``~/engage``; the pilot's mode switch starts and ends it.
It never arms, never takes the mode and resends nothing.
"""

import math
import time
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import CompressedImage, Image, Range
from std_msgs.msg import String
from std_srvs.srv import SetBool

from .. import topics
from ..errors import ConfigError
from ..flight.companion import Decision
from ..flight.companion_session import NO_VEHICLE, CompanionSession
from ..flight.engagement import Stage
from ..flight.facts import RangeReading
from ..flight.guard.limits import BelievedTarget, Sighting
from ..flight.guard.state import Proposal
from ..flight.mavlink.link import MavlinkLink
from ..flight.pilot.words import PilotWords
from ..flight.preflight.failsafe_reader import FailsafeReader
from ..flight.station.camera_messages import StationVideo
from ..flight.station.desk import StationDesk
from ..masking import masked
from ..ros import process, qos
from ..ros.lifecycle import ManagedNode, transition
from ..ros.publishers import ClockSource, OnePublisher
from ..ros.stream_description import StreamListener
from .bridge_rivals import BridgeRivals
from .lockstep import LockstepPacer
from .mavlink_figures import MavlinkDiagnostics, SetpointFigures
from .mavlink_parameters import (
    PARAMETERS,
    limits_from,
    radio_from,
    radio_streams,
    station_from,
    sticks_from,
)
from .pacing import Pacer, Pauses, SteadyPacer
from .policy_reset import NOT_YET, MissingParts, PolicyReset
from .sightings import Sightings
from .vehicle_topics import DecisionTopics, VehicleTopics

# each from one node alone; with a second mavlink node there are two of the last one
ONE_PUBLISHER = {
    topics.COMMAND: TwistStamped,
    topics.SIGHTING: PointStamped,
    topics.BELIEF: PointStamped,
    topics.TARGET_RANGE: Range,
    topics.IMAGE: Image,
    topics.IMAGE_COMPRESSED: CompressedImage,
    topics.SETPOINT: TwistStamped,
}
MOST_NAME = 80  # characters of an episode's name that the pilot is told
WAITED = 'cannot engage: this node paused, and you may have asked before that: ask again'
HAND_BACK_LIMIT_S = 4.0  # once told to stop; launch grows impatient after 5


class MavlinkNode(ManagedNode):
    """A shell around :class:`MavlinkLink` and :class:`CompanionSession`."""

    def __init__(self) -> None:
        super().__init__('mavlink', PARAMETERS)
        self.link: MavlinkLink | None = None
        self.session: CompanionSession | None = None
        self._words: PilotWords | None = None
        self._failsafes: FailsafeReader | None = None
        self._station: StationDesk | None = None
        self._stream: StreamListener | None = None
        self._now_s = -math.inf  # of the last decision
        self._pauses = Pauses()
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.figures, self.reset = SetpointFigures(), PolicyReset(self)
        self._decided_on: Proposal | None = None
        self._pacer: Pacer | None = None
        self._sightings: Sightings | None = None
        self._topics, self._vehicle_topics = DecisionTopics(self), VehicleTopics(self)
        self._diagnostics = MavlinkDiagnostics(self)
        self._alone = [OnePublisher(self, self.resolve_topic_name(one)) for one in ONE_PUBLISHER]
        self._bridges, self._parts = BridgeRivals(self), MissingParts(self, self.reset)
        self._misfit = ''  # a topic that comes as another message, as of the last second
        self._clock_source = ClockSource(self)
        self._stopping_s = 0.0  # since when it has been told to end
        self.create_service(SetBool, '~/engage', self._on_engage)
        self.create_service(SetBool, '~/shadow', self._on_shadow)
        self.create_subscription(String, topics.SAVED, self._on_saved, qos.STATUS)
        self.create_timer(1.0, self._on_second, clock=self.steady)

    @property
    def decision(self) -> Decision | None:
        """The last one; None before there is a vehicle."""
        return None if self.session is None else self.session.decision

    @transition
    def on_configure(self) -> None:
        """Open the connection."""
        self.values = values = self.read_parameters()
        simulated = self.get_parameter('use_sim_time').value
        for name in ('lockstep', 'engage_at_start'):
            if values[name] and not simulated:
                raise ConfigError(
                    f"parameter '{name}' is for simulation only and needs use_sim_time; "
                    'on a drone a human engages it: ros2 service call .../engage'
                )
        limits, key = limits_from(values), values['signing_key_file']
        radio, shadow_radio = (radio_from(values, does) for does in ('engage', 'shadow'))
        sticks = sticks_from(values)
        if values['shadow']:
            self.get_logger().warning('shadow mode: no setpoint is sent')
        self.link = MavlinkLink.open(
            values['connection'],
            values['autopilot'],
            values['system_id'] or None,
            Path(key) if key else None,
            values['shadow'],
            radio_streams(bool(radio or shadow_radio), sticks is not None),
        )
        self.session = CompanionSession(
            self.link,
            limits,
            values['shadow'],
            values['engage_at_start'],
            radio,
            shadow_radio,
            sticks,
        )
        self.session.note_missing('' if values['lockstep'] else NOT_YET)
        self._words = PilotWords(self.link, self.session, values['tell_pilot'])
        setup = station_from(values)
        if setup is not None:
            self._station = StationDesk(self.link, self.session, setup, self._words.say)
            if not setup.video.uri:
                self._stream = StreamListener(self, self._on_stream)
        self._failsafes = None if values['lockstep'] else FailsafeReader(self.link)
        self._vehicle_topics.publish_tf(values['publish_tf'])
        self.get_logger().info(f'listening for the autopilot on {masked(values["connection"])}')

    @transition
    def on_activate(self) -> None:
        """Begin to listen to the policy and to decide."""
        assert self.session is not None  # made when configured
        self.figures.begin(time.monotonic())
        self._pauses = Pauses()
        self._pacer = LockstepPacer(self) if self.values['lockstep'] else SteadyPacer(self)
        self._sightings = Sightings(
            self,
            self._pacer.guard_time_s,
            self._pacer.see,
            self._measure,
            self._note_probability,
        )

    @transition
    def on_deactivate(self) -> None:
        """Bring the drone to a stand, hand it back, and fall silent."""
        self._hand_back()
        self._fall_silent()

    @transition
    def on_shutdown(self) -> None:
        """Do the same, and let go of everything."""
        self._hand_back()
        self.release()

    def check_values(self, values: dict[str, Any]) -> None:
        """Refuse limits that do not go together."""
        limits_from(values)

    def decide(self, now_s: float, proposal: Proposal | None) -> Decision | None:
        """Decide once on the telemetry so far; None before there is a vehicle. For the pacers."""
        assert self.session is not None  # made when configured
        if self.take_new_values():  # tighter limits
            self.session.tighten(limits_from(self.values))
        self.session.note_rivals(self.rivals())
        before, self._decided_on = self.session.decision, proposal
        self._now_s = now_s
        if not self.values['lockstep']:
            self._pauses.note_step(now_s)
        decision = self.session.decide(now_s, proposal)
        if self._failsafes is not None and not self.session.has_vehicle:
            self._failsafes.step(now_s)
        if decision is not None:
            self._diagnostics.log_change(before, decision)
        return decision

    def send(self, decision: Decision, stamp_ns: int, time_boot_ms: int) -> bool:
        """Send what was decided, if anything, and show it; tells whether a setpoint left."""
        if self.link is None:
            return False
        is_sent, setpoint = False, decision.setpoint
        if self.session is not None:
            self.link.is_shadow = self.session.is_shadow
        if setpoint is not None:
            is_sent = self.link.send_setpoint(setpoint, time_boot_ms)
        if is_sent:
            self.figures.sent(time.monotonic())
        else:
            self.figures.silent()
        vehicle = self.link.vehicle  # nothing is published before the setpoint is on the wire
        self._topics.tell_setpoint(decision, stamp_ns)
        self._vehicle_topics.tell(vehicle, decision.stage.value, self._now_s)
        self._topics.tell_decision(decision, vehicle, self._decided_on, is_sent)
        if self._words is not None:
            self._topics.tell_words(self._words.tell(self._now_s, decision, self.rivals()))
        if self._station is not None:
            self._station.serve(self._now_s)
        return is_sent

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Pass on that the target was seen, or where it is believed."""
        if self.session is not None and self._words is not None:
            self.session.see(sighting)
            if isinstance(sighting, Sighting):
                self._words.note_sighting(sighting)
        if self._station is not None and isinstance(sighting, Sighting):
            self._station.note_sighting(sighting)

    def _measure(self, distance: RangeReading) -> None:
        if self.session is not None and self._words is not None:
            self.session.measure(distance)
            self._words.note_distance(distance)
        if self._station is not None:
            self._station.note_distance(distance.distance_m)

    def policy_was_reset(self) -> None:
        """Pass on that the policy starts afresh."""
        if self.session is not None:
            self.session.policy_was_reset()

    def _note_probability(self, probability: float) -> None:
        if self._words is not None:
            self._words.note_probability(probability)

    def _on_engage(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        done, words = False, WAITED
        if not (request.data and self._pauses.may_be_old()):
            asked = request.data
            done, words = self.session.engage(asked) if self.session else (False, NO_VEHICLE)
        response.success, response.message = done, words
        self.get_logger().info(f'engage {request.data}: {words}')
        return response

    def _on_shadow(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        done, words = self.session.shadow(request.data) if self.session else (False, NO_VEHICLE)
        response.success, response.message = done, words
        self.get_logger().warning(f'shadow {request.data}: {words}')
        return response

    def _on_stream(self, video: StationVideo | None) -> None:
        if self._station is not None:
            self._station.show_video(video or StationVideo())

    def _on_saved(self, message: String) -> None:
        if self._words is not None:
            self._words.say_saved(message.data[:MOST_NAME])

    def rivals(self) -> str:
        """Name who else commands the drone, shows it pictures or tells it the time; empty: nobody.

        That nobody tells it the time, where somebody should, counts too.
        """
        found = next((found for one in self._alone if (found := one.conflict())), '')
        found = found or ('' if self.link is None else self.link.rival) or self._misfit
        if self.link is not None and not self.link.is_shadow:
            found = found or self._bridges.sentence()
        return found or ('' if self.values['lockstep'] else self._clock_source.trouble())

    def _on_second(self) -> None:
        if self.link is None or self._pacer is None:
            self._diagnostics.tell_inactive()
            return
        self._clock_source.tell()
        self._bridges.look()
        if self.session is not None and not self.values['lockstep']:
            self.session.note_missing(self._parts.look(self.session.needs_sightings))
        kinds = zip(self._alone, ONE_PUBLISHER.values(), strict=True)
        self._misfit = next((found for one, kind in kinds if (found := one.misfit(kind))), '')
        if self._decided_on is None and not self._misfit:
            self._misfit = self._alone[0].unheard()
        if self._stream is not None:
            self._stream.look()
        if self.link.vehicle is not None:
            self._vehicle_topics.tell_battery(self.link.vehicle)
        self._diagnostics.tell(
            self.session, self.values, self.link, self.figures, self.rivals(), self.odd.count
        )

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop; in the air the drone is brought to a stand first."""
        if not stop.requested:
            return True
        session = self.session
        if session is None or self.values['lockstep'] or stop.urgent:
            return False
        if not self._stopping_s:
            self._stopping_s = time.monotonic()
            session.engage(False)
        return session.has_vehicle and time.monotonic() - self._stopping_s < HAND_BACK_LIMIT_S

    def _hand_back(self) -> None:
        """Hand back within a transition, in which the executor does nothing else."""
        pacer, session = self._pacer, self.session
        if session is None or not isinstance(pacer, SteadyPacer) or not session.has_vehicle:
            return
        session.engage(False)
        until_s = time.monotonic() + HAND_BACK_LIMIT_S
        while session.has_vehicle and time.monotonic() < until_s:
            pacer.act()
            time.sleep(1.0 / self.values['rate_hz'])

    def _fall_silent(self) -> None:
        if self._pacer is not None:  # what is latched must not say for ever that it flies
            self._vehicle_topics.tell(None, Stage.DISCONNECTED.value)
            self._topics.tell_stage(Stage.DISCONNECTED)
        for part in (self._sightings, self._pacer):
            if part is not None:
                part.destroy()
        self._sightings = self._pacer = None

    def release(self) -> None:
        """Fall silent and close the connection."""
        self._fall_silent()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self.session = self._words = self._failsafes = self._station = None
        if self.link is not None:
            self.link.close()
            self.link = None


def main() -> None:
    """Run the node."""
    process.exit_with(MavlinkNode)


if __name__ == '__main__':
    main()
