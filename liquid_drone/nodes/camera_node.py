# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A camera as a lifecycle node: device, GStreamer or CSI, RTSP, video file or folder of pictures.

Publishes ``camera/image_raw`` (rgb8; as JPEG on ``camera/image_raw/compressed`` for who listens)
with ``camera/camera_info`` of the same stamp, that of the capture. A thread reads and the newest
picture wins: nothing queues. A source that breaks ends the process with exit code 2, so that a
supervisor starts it again; a file that is over ends it with 0.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import CameraInfo, CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from .. import resources, topics
from ..camera import calibration
from ..camera.calibration import Calibration
from ..camera.frame import CameraFrame, Source, SourceConfig
from ..camera.source import KINDS, open_source
from ..errors import CameraError, ConfigError
from ..image import JPEG_QUALITY
from ..masking import masked
from ..ros import conversions, diagnostics, process, qos
from ..ros.diagnostics import Diagnostics, Health, Level
from ..ros.latency import Counter, Latency
from ..ros.lifecycle import ManagedNode, transition
from ..ros.log import Seldom
from ..ros.parameters import Parameter

QUARTERS = (0, 90, 180, 270)  # degrees, clockwise
REHEARSAL = 'sim/footage/rehearsal.mp4'  # a simulated flight: where no video is given
JOIN_S = 6.0  # a stream that hangs is left after 5
FILES = 'video', 'folder'  # all others are live
# For which a live source may give nothing, and its first picture: cameras of a Jetson need long.
SILENT_S, FIRST_S = 5.0, 20.0
ADDRESSES = {  # which parameter says where a source is
    'device': 'video_device',
    'gstreamer': 'pipeline',
    'rtsp': 'rtsp_url',
    'video': 'path',
    'folder': 'path',
}
PARAMETERS = (
    Parameter('source', 'device', 'source of the pictures', choices=KINDS),
    Parameter('video_device', '/dev/video0', 'device of source device: a path or a number'),
    Parameter(
        'pipeline', '', 'GStreamer pipeline of source gstreamer (CSI cameras); ends in appsink'
    ),
    Parameter(
        'rtsp_url',
        '',
        'address of source rtsp: rtsp://user:password@host/stream, or http:// of a motion JPEG',
    ),
    Parameter(
        'path', '', 'video of source video (empty: the shipped one), or folder of source folder'
    ),
    Parameter('loop', False, 'repeat a video or folder; the shipped video repeats'),
    Parameter('image_width', 0, 'requested width; 0: that of the device', low=0, high=8192),
    Parameter('image_height', 0, 'requested height; 0: that of the device', low=0, high=8192),
    Parameter(
        'framerate', 0.0, 'requested from a device, or pace of a file; 0: its own', low=0, high=240
    ),
    Parameter('pixel_format', '', 'requested from a device, as V4L2 names it: MJPG, YUYV'),
    Parameter(
        'rotate',
        0,
        'turn pictures clockwise, degrees: 0, 90, 180 or 270',
        low=0,
        high=QUARTERS[-1],
    ),
    Parameter('upside_down', False, 'the camera is mounted upside down: as rotate 180'),
    Parameter('mirrored', False, 'the camera exchanges left and right: put them back, then turn'),
    Parameter('frame_id', conversions.OPTICAL_FRAME, 'optical frame of the pictures (z ahead)'),
    Parameter(
        'jpeg_quality',
        JPEG_QUALITY,
        'quality of image_raw/compressed, made only for subscribers',
        low=1,
        high=100,
    ),
    Parameter('camera_info_url', '', 'calibration: file:///path.yaml; empty: uncalibrated'),
)


class CameraNode(ManagedNode):
    """A shell around :class:`~liquid_drone.camera.frame.Source`."""

    def __init__(self) -> None:
        super().__init__('camera', PARAMETERS)
        self.listeners: list[Callable[[CameraFrame], None]] = []  # in this process, by reference
        self._source: Source | None = None
        self._lens: Calibration | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._newest: CameraFrame | None = None
        self._broken: CameraError | None = None
        self._is_over = self._hangs = False
        self._due_s = math.inf  # monotonic: by then the next picture of a live source is there
        self._turns = 0  # quarters, clockwise
        self._misfit = ''  # why the calibration is not that of the pictures
        self._seldom = Seldom()
        self._taken, self._shown, self._age = Counter(), Counter(), Latency('age_when_published')
        self._wake = self.create_guard_condition(self._on_frame)
        overridable = {'qos_overriding_options': qos.OVERRIDABLE}
        self._images = self.create_publisher(
            ImageMessage, topics.IMAGE, qos.SENSOR_OUT, **overridable
        )
        self._compressed = self.create_publisher(
            CompressedImage, topics.IMAGE_COMPRESSED, qos.SENSOR_OUT, **overridable
        )
        self._infos = self.create_publisher(
            CameraInfo, topics.CAMERA_INFO, qos.SENSOR_OUT, **overridable
        )
        self._diagnostics = Diagnostics(self)
        self.create_timer(1.0, self._on_second, clock=Clock(clock_type=ClockType.STEADY_TIME))

    # lifecycle

    @transition
    def on_configure(self) -> None:
        """Open the source and read the calibration."""
        self.values = values = self.read_parameters()
        name = ADDRESSES[values['source']]
        if values['source'] == 'video' and not values['path']:
            values['path'], values['loop'] = str(resources.find(REHEARSAL)), True
        if not values[name]:
            raise ConfigError(f"source '{values['source']}' needs parameter '{name}'")
        self._turns = _quarters(values['rotate'], values['upside_down'])
        url = values['camera_info_url']
        self._lens = calibration.load(url) if url else None
        self._source = open_source(
            SourceConfig(
                values['source'],
                values[name],
                values['image_width'],
                values['image_height'],
                values['framerate'],
                values['loop'],
                values['pixel_format'],
            )
        )
        lens = 'calibrated' if url else 'uncalibrated'
        self.get_logger().info(f'{values["source"]} {masked(values[name])}, {lens}')

    @transition
    def on_activate(self) -> None:
        """Begin to read and publish."""
        assert self._source is not None  # configured
        if self._hangs:
            raise CameraError('the source hangs since it was deactivated: cleanup, then configure')
        self._is_over, self._broken, self._newest = False, None, None
        is_live = self.values['source'] not in FILES
        self._due_s = time.monotonic() + FIRST_S if is_live else math.inf
        self._stopping = threading.Event()  # of this thread: one that was left stays told
        for counter in (self._taken, self._shown):
            counter.take(time.monotonic())
        given = self._source, self._stopping
        self._thread = threading.Thread(target=self._read, args=given, name='camera', daemon=True)
        self._thread.start()

    @transition
    def on_deactivate(self) -> None:
        """Stop reading; the source stays open."""
        self._stop_reading()

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop, or until the file is over.

        Raises:
            CameraError: the source broke, or hangs.

        """
        if self._broken is not None:
            raise self._broken
        if self._thread is not None and time.monotonic() > self._due_s:
            self._hangs = True
            address = masked(self.values[ADDRESSES[self.values['source']]])
            raise CameraError(
                f'{self.values["source"]} {address} hangs: no picture for {SILENT_S:g} s, nor an '
                'error; look at its cable, its driver (dmesg) or daemon (systemctl restart '
                'nvargus-daemon), and at what else reads it'
            )
        return not stop.requested and not (self._is_over and self._newest is None)

    # reading, in its own thread

    def _read(self, source: Source, stopping: threading.Event) -> None:
        try:
            while not stopping.is_set():
                frame = source.read()
                if stopping.is_set():  # nobody waits for it any more
                    return
                if frame is None:
                    self._is_over = True
                    self.get_logger().info('the last picture was shown')
                    return
                self._taken.add()
                if self._due_s < math.inf:
                    self._due_s = time.monotonic() + SILENT_S
                if self._turns or self.values['mirrored']:
                    plain = frame.image[:, ::-1] if self.values['mirrored'] else frame.image
                    turned = np.ascontiguousarray(np.rot90(plain, -self._turns))
                    frame = CameraFrame(turned, frame.stamp_ns)
                for listener in self.listeners:
                    listener(frame)
                self._newest = frame
                self._wake.trigger()
        except CameraError as error:
            self._note_broken(error, stopping)
        except Exception as error:  # of a library: a camera that falls silent must not stay
            broken = CameraError(f'the source broke: {type(error).__name__}: {error}')
            self._note_broken(broken, stopping)

    def _note_broken(self, error: CameraError, stopping: threading.Event) -> None:
        if not stopping.is_set():
            self._broken = error

    # publishing, in the executor

    def _on_frame(self) -> None:
        frame, self._newest = self._newest, None
        if frame is None:
            return
        self._shown.add()
        height, width = frame.image.shape[:2]
        frame_id = self.values['frame_id']
        try:
            lens = (self._lens or Calibration(width, height)).scaled(width, height)
            self._misfit = ''
        except ConfigError as error:
            self._misfit = str(error)
            if self._seldom.is_due(self._misfit):
                self.get_logger().error(self._misfit)
            lens = Calibration(width, height)
        self._infos.publish(conversions.calibration_message(lens, frame.stamp_ns, frame_id))
        if self._images.get_subscription_count():  # not in one process with the policy
            self._images.publish(conversions.image_message(frame.image, frame.stamp_ns, frame_id))
        if self._compressed.get_subscription_count():
            quality = self.values['jpeg_quality']
            self._compressed.publish(
                conversions.compressed_message(frame.image, frame.stamp_ns, frame_id, quality)
            )
        self._age.add((time.time_ns() - frame.stamp_ns) / conversions.SECOND_NS)

    def _on_second(self) -> None:
        if self._thread is None:
            self._diagnostics.tell(diagnostics.INACTIVE, {})
            return
        now_s = time.monotonic()
        taken_hz, shown_hz = self._taken.take(now_s), self._shown.take(now_s)
        values: dict[str, object] = {'captured_hz': taken_hz, 'published_hz': shown_hz}
        values.update(self._age.values(), source=self.values['source'], odd=self.odd.count)
        health = Health(Level.OK, f'{taken_hz:.0f} Hz')
        if not taken_hz:
            health = Health(Level.ERROR, 'no picture in the last second')
        elif self._misfit:
            health = Health(Level.WARN, self._misfit)
        self._diagnostics.tell(health, values)

    # letting go

    def _stop_reading(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(0.0 if self._hangs else JOIN_S)
            self._hangs = self._thread.is_alive()
            self._thread = None

    def release(self) -> None:
        """Stop reading and let go of the source."""
        self._stop_reading()
        source: Any = self._source
        if source is not None and not self._hangs:  # it is in use, and what is in use is not freed
            source.close()
        self._source, self._hangs = None, False


def _quarters(rotate: int, upside_down: bool) -> int:
    """Return by how many quarters pictures are turned, clockwise.

    Raises:
        ConfigError: no whole number of quarters, or two that contradict each other.

    """
    if rotate not in QUARTERS:
        raise ConfigError(f'rotate: expected one of {QUARTERS}, got {rotate}')
    if upside_down and rotate not in (0, 180):
        raise ConfigError(f'rotate {rotate} and upside_down contradict each other: give rotate')
    return 2 if upside_down else rotate // 90


def main() -> None:
    """Run the node."""
    process.exit_with(CameraNode)


if __name__ == '__main__':
    main()
