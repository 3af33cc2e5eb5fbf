# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The flight recorder as a node of its own: whatever the disk does, no setpoint waits for it.

It keeps the last half minute of pictures and decisions in memory, and writes an episode when the
vehicle is handed back, the guard stops it, or the mavlink node falls silent in flight. A
human can have one written too (``~/keep``). It publishes its state on ``/diagnostics`` and the
names of what was written (``~/saved``). Its end ends nobody else.
"""

import math
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from std_msgs.msg import String
from std_srvs.srv import Trigger

from .. import resources, topics
from ..arrays import Image
from ..contract import load_contract
from ..episodes.recording import EpisodeInfo
from ..errors import ConfigError, require
from ..flight.recorder import FlightRecorder, RecorderConfig
from ..flight.set_clock import ClockSteps
from ..image import encode_jpeg, fitted
from ..ros import conversions, diagnostics, process, qos
from ..ros.camera_input import PICTURES, CameraInput
from ..ros.diagnostics import Diagnostics, Health, Level
from ..ros.lifecycle import ManagedNode, transition
from ..ros.parameters import Parameter
from ..ros.stamps import steady_s

PARAMETERS = (
    Parameter('directory', 'flights', 'directory of the episodes; created if missing'),
    Parameter(
        'bundle',
        'follow',
        'the policy that flies: pictures are kept in its size, under its id',
    ),
    *PICTURES,
    Parameter('before_s', 30.0, 'recorded time before an event', low=1.0, high=600.0),
    Parameter(
        'after_s',
        5.0,
        'recorded time after it, with the reaction of the pilot',
        low=0.0,
        high=60.0,
    ),
    Parameter(
        'most_megabytes',
        64.0,
        'largest memory for pictures; the oldest go first',
        low=1.0,
        high=4096.0,
    ),
    Parameter(
        'least_free_megabytes',
        500.0,
        'least free space on the disk; with less nothing is written',
        low=0.0,
        high=1e6,
    ),
)


UNDER_WAY_S = 2.0  # messages of before the clock was set, at most


class RecorderNode(ManagedNode):
    """A shell around :class:`~liquid_drone.flight.recorder.FlightRecorder`."""

    def __init__(self) -> None:
        super().__init__('recorder', PARAMETERS)
        self.recorder: FlightRecorder | None = None
        self._pictures = CameraInput(self, self._keep, 'not recorded')
        self._decisions: Any = None
        self._clock_steps, self._set_s = ClockSteps(), -math.inf
        self._saved = self.create_publisher(String, '~/saved', qos.STATUS)
        self.create_service(Trigger, '~/keep', self._on_keep)
        self._diagnostics = Diagnostics(self)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(0.2, self._on_watch, clock=steady)
        self.create_timer(1.0, self._on_second, clock=steady)

    @transition
    def on_configure(self) -> None:
        """Read the policy's contract and make the folder."""
        self.values = values = self.read_parameters()
        require('rosbags', 'record')
        self._pictures.configure(values)
        contract = load_contract(resources.bundle(values['bundle']))
        self._camera = contract.camera
        folder = resources.user_path(values['directory'])
        target, pilot = contract.training.target, contract.bundle_hash()
        info = EpisodeInfo(
            f'flight/{pilot}', 'flight', 'unknown', target, -1, pilot, camera=contract.camera
        )
        config = RecorderConfig(
            folder,
            info,
            values['before_s'],
            values['after_s'],
            round(values['most_megabytes'] * 1e6),
            round(values['least_free_megabytes'] * 1e6),
        )
        try:
            self.recorder = FlightRecorder(config)
        except OSError as error:
            raise ConfigError(f"parameter 'directory': {folder}: {error.strerror}") from error
        self.get_logger().info(f'episodes go to {folder.resolve()}')

    @transition
    def on_activate(self) -> None:
        """Begin to listen."""
        self._pictures.open()
        self._decisions = self.create_subscription(
            DiagnosticArray, topics.DECISION, self._on_decision, qos.STATUS
        )

    @transition
    def on_deactivate(self) -> None:
        """Stop listening."""
        self._stop_listening()

    def _keep(self, image: Image, stamp_ns: int, fov_deg: float | None) -> None:
        assert self.recorder is not None  # only while active
        now_ns = self._now_ns()
        if stamp_ns > now_ns and steady_s() - self._set_s < UNDER_WAY_S:
            return  # stamped before the clock was set back
        self.recorder.see(encode_jpeg(fitted(image, self._camera, fov_deg)), stamp_ns)

    def _now_ns(self) -> int:
        """Return the time, and go on by the computer's clock where it was set meanwhile."""
        now_ns, now_s = self.get_clock().now().nanoseconds, steady_s()
        if self.get_parameter('use_sim_time').value or self.recorder is None:
            return now_ns
        if step_ns := self._clock_steps.take(now_ns, now_s):
            self._set_s = now_s
            self.recorder.set_clock(step_ns)
            self.get_logger().warning(
                f'the clock of this computer was set by {step_ns / conversions.SECOND_NS:+.3f} s: '
                'what is kept is stamped by the new time'
            )
        return now_ns

    def _on_decision(self, message: DiagnosticArray) -> None:
        if self.recorder is not None and message.status:
            facts = {pair.key: pair.value for pair in message.status[0].values}
            stamp_ns = conversions.nanoseconds(message.header.stamp)
            self.recorder.hear(facts, min(stamp_ns, self._now_ns()))

    def _on_keep(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        recorder = self.recorder
        if recorder is None or self._decisions is None:
            response.success, response.message = False, 'nothing is recorded: not active'
        elif not recorder.held_bytes:
            response.success, response.message = False, 'nothing to keep: no picture came yet'
        else:
            name = recorder.keep(self._now_ns())
            response.success, response.message = True, f'being written: {name}'
        return response

    def _on_watch(self) -> None:
        if self.recorder is not None and self._decisions is not None:
            self.recorder.watch(self._now_ns())
            while self.recorder.saved:
                self._saved.publish(String(data=self.recorder.saved.popleft()))

    def _on_second(self) -> None:
        recorder = self.recorder
        if recorder is None or self._decisions is None:
            self._diagnostics.tell(diagnostics.INACTIVE, {})
            return
        refused = self._pictures.take_refused()
        values: dict[str, object] = {
            'megabytes': round(recorder.held_bytes / 1e6, 1),
            'lost': recorder.lost,
            'images_refused_per_second': refused,
            'odd': self.odd.count,
        }
        health = Health(Level.OK, 'recording')
        if recorder.lost:
            health = Health(Level.ERROR, f'{recorder.lost} events were not written: see the log')
        elif refused:
            health = Health(Level.WARN, f'not recorded: {self._pictures.refusal or "see the log"}')
        self._diagnostics.tell(health, values)

    def _stop_listening(self) -> None:
        self._pictures.close()
        if self._decisions is not None:
            self.destroy_subscription(self._decisions)
            self._decisions = None

    def release(self) -> None:
        """Write what is waiting."""
        self._stop_listening()
        if self.recorder is not None:
            self.recorder.close()
            self.recorder = None


def main() -> None:
    """Run the node."""
    process.exit_with(RecorderNode)


if __name__ == '__main__':
    main()
