# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The stream node beside the real mavlink node: a station decodes its pictures and knows them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import PointStamped
from graph_bench import MavlinkBench
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from rclpy.node import Node
from rtp import RtpReceiver
from sensor_msgs.msg import Image as ImageMessage

from liquid_drone import topics
from liquid_drone.arrays import Image
from liquid_drone.camera.stream import installed
from liquid_drone.contract import CameraSpec
from liquid_drone.errors import ConfigError
from liquid_drone.infer.overlay import GREEN
from liquid_drone.nodes.operator.stream_node import StreamNode
from liquid_drone.ros import conversions, qos

BLUE: Image = np.full((480, 640, 3), (20, 40, 160), np.uint8)
BOX = 480, 135  # where a target half right and a quarter up is seen, in 640 x 360


def begin_ros(**parameters: Any) -> None:
    rclpy.shutdown()
    words = [word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')]
    rclpy.init(args=['--ros-args', *words])


class StreamBench(MavlinkBench):
    """A camera that shows blue, the stream node, and a station behind the autopilot."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = Node('camera')
        self.images = self.camera.create_publisher(ImageMessage, topics.IMAGE, qos.SENSOR_OUT)
        self.seen = self.camera.create_publisher(PointStamped, topics.SIGHTING, qos.COMMAND)
        self.add(self.camera)
        self.stream = StreamNode()
        self.add(self.stream)
        self.proposes = None  # the camera tells where the target is
        self.heard: list[Any] = []
        self._reader = mavlink.MAVLink(None)
        self._reader.robust_parsing = True
        self._station = mavlink.MAVLink(None, 255, 190)
        self._receive, self.autopilot.receive = self.autopilot.receive, self._listen  # type: ignore[method-assign]
        self._transmit, self.autopilot.transmit = self.autopilot.transmit, self._relay  # type: ignore[method-assign]
        self._relayed: list[bytes] = []

    def _listen(self, data: bytes, link: int = 0) -> None:
        self.heard += self._reader.parse_buffer(data) or []
        self._receive(data, link)

    def _relay(self, link: int = 0) -> list[bytes]:
        found, self._relayed = [*self._transmit(link), *self._relayed], []
        return found

    def frame(self) -> None:
        super().frame()
        stamp_ns = self.camera.get_clock().now().nanoseconds
        self.seen.publish(conversions.bearing_message(stamp_ns, CameraSpec(), 0.5, 0.25))
        self.images.publish(conversions.image_message(BLUE, stamp_ns))

    def ask_for_streams(self) -> None:
        number = mavlink.MAV_CMD_REQUEST_MESSAGE
        about = mavlink.MAVLINK_MSG_ID_VIDEO_STREAM_INFORMATION
        asked = mavlink.MAVLink_command_long_message(1, 100, number, 0, about, 1.0, *[0.0] * 5)
        self._relayed.append(bytes(asked.pack(self._station)))

    def streams(self) -> list[Any]:
        return [one for one in self.heard if one.get_type() == 'VIDEO_STREAM_INFORMATION']


@pytest.fixture
def receiver() -> Iterator[RtpReceiver]:
    made = RtpReceiver()
    yield made
    made.close()


def test_a_station_is_told_of_the_stream_and_decodes_the_picture_with_the_box(
    ros: None, receiver: RtpReceiver
) -> None:
    ffmpeg = installed.ffmpeg_program()
    if not ffmpeg:
        pytest.skip('needs ffmpeg: pip install imageio-ffmpeg')
    begin_ros(**{'stream:host': '127.0.0.1', 'stream:port': receiver.port})
    bench = StreamBench()
    try:
        bench.set(station_id=255)
        bench.node.start()
        bench.stream.start()

        def is_told() -> bool:
            receiver.receive()
            if not bench.streams():
                bench.ask_for_streams()
            return bool(bench.streams()) and receiver.pictures >= 10

        assert bench.wait(is_told, 60.0)
    finally:
        bench.stream.close()
        bench.close()
    told = bench.streams()[0]
    assert (told.uri, told.type, told.encoding) == (str(receiver.port), 1, 1)
    assert (told.resolution_h, told.resolution_v, told.hfov) == (640, 360, 80)
    picture = receiver.decoded(ffmpeg, 640, 360)[-1].astype(int)
    assert np.abs(picture[200:, :300] - BLUE[0, 0]).mean() < 6.0
    away = np.abs(picture - GREEN).sum(axis=2) < 150
    rows, columns = np.nonzero(away[60:])  # below the words
    assert abs(columns.mean() - BOX[0]) < 4.0
    assert abs(rows.mean() + 60 - BOX[1]) < 4.0


@pytest.mark.parametrize('host', ['', 'x ! filesink', '-h'])
def test_without_the_address_of_a_station_it_does_not_start(ros: None, host: str) -> None:
    begin_ros(**{'stream:host': f"'{host}'"})
    with pytest.raises(ConfigError, match='ground station'):
        StreamNode()
