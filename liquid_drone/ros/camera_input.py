# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A node's ears for one camera: pictures as RGB with the angle of their lens, or a sentence.

Whatever arrives that is no usable picture is counted, named at most once a second, and treated as
not received. Where the node acts on them, pictures of more than one publisher are refused too:
nobody can say whose is acted on.
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from .. import topics
from ..arrays import Image
from ..camera import colours
from ..encodings import COLOUR_ORDERS, UNSTATED
from ..errors import ImageError, InferenceError
from ..lens.lens import Lens, check_shape, is_rectified
from ..lens.steady_view import SteadyView
from . import conversions, qos
from .log import Seldom
from .parameters import Parameter
from .publishers import OnePublisher

RAW, COMPRESSED = 'raw', 'compressed'  # as image_transport calls them
IMAGE_TRANSPORT = Parameter(
    'image_transport',
    RAW,
    f'how pictures arrive: raw ({topics.IMAGE}) or compressed ({topics.IMAGE_COMPRESSED}: JPEG, '
    'PNG)',
    choices=(RAW, COMPRESSED),
)
COLOUR_ORDER = Parameter(
    'colour_order',
    UNSTATED,
    'colour order of raw pictures whose encoding names none (8UC3, 8UC4), which are refused '
    'without it: rgb, or bgr as OpenCV captures them',
    choices=COLOUR_ORDERS,
)
LOOKS_S = 1.0  # between two looks for a camera_info, while none has come
UNTOLD_S = 5.0  # for which pictures of a camera that tells no angle are used before that is said
TRANSIENT = DurabilityPolicy.TRANSIENT_LOCAL
PICTURES = (IMAGE_TRANSPORT, COLOUR_ORDER)  # parameters of every node that takes pictures
Use = Callable[[Image, int, float | None], None]
Watch = Callable[[Image, int], None]


class CameraInput:
    """Subscriptions to pictures and camera_info, while they are open."""

    def __init__(
        self,
        node: Node,
        use: Use,
        outcome: str,
        acts: bool = False,
        watch: Watch = lambda image, stamp_ns: None,
    ) -> None:
        """Prepare; nothing is heard before :meth:`open`.

        Args:
            node: that listens.
            use: gets a picture (H, W, 3) RGB, its stamp in ns and the horizontal field of view in
                degrees (None: not calibrated); may raise an ImageError.
            outcome: what a refused picture means, for sentences: 'no command'.
            acts: what is used moves a drone: pictures of two publishers are not used.
            watch: gets every picture and its stamp first, may it be used or not.

        """
        self._node, self._use, self._outcome, self._acts = node, use, outcome, acts
        self._watch = watch
        self.transport = RAW  # or COMPRESSED, from the next opening on
        self.colour_order = UNSTATED
        self.lens, self._view = Lens(), SteadyView()
        self._colours, self._is_grey_told = colours.SteadyColours(), False
        self.refusal = ''  # of the newest picture; empty: it was used
        self.arrived_s: float | None = None  # monotonic, of the newest message, used or not
        self._refused, self._seldom = 0, Seldom()
        self._inputs: list[Any] = []
        self._publisher: OnePublisher | None = None
        self._is_watched = False
        self._info_due_s = 0.0  # monotonic, of the next look; infinite: it came, or is asked for
        self._first_s = math.inf  # monotonic, of the first picture; infinite: it was told about

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take the values of :data:`PICTURES`, from the next opening on."""
        self.transport = values[IMAGE_TRANSPORT.name]
        self.colour_order = values[COLOUR_ORDER.name]

    @property
    def message_type(self) -> str:
        """What is listened to."""
        return f'sensor_msgs/msg/{"Image" if self.transport == RAW else "CompressedImage"}'

    def others(self) -> str:
        """Return what to set where pictures arrive in the other way only; empty: they do not."""
        raw, other = self.transport == RAW, COMPRESSED if self.transport == RAW else RAW
        topic = self._node.resolve_topic_name(topics.IMAGE_COMPRESSED if raw else topics.IMAGE)
        if not self._node.count_publishers(topic):
            return ''
        return f'pictures are published on {topic}: set image_transport:={other}'

    @property
    def topic(self) -> str:
        """The full name of the pictures' topic, while it is open."""
        return str(self._inputs[-1].topic_name) if len(self._inputs) > 1 else ''

    def open(self, takes_pictures: bool = True) -> None:
        """Begin to listen; without ``takes_pictures`` they are handed over to :meth:`take`."""
        self.refusal, self._refused, self.arrived_s = '', 0, None
        self._view, self._colours = SteadyView(), colours.SteadyColours()
        create, self._info_due_s = self._node.create_subscription, 0.0
        self._first_s = 0.0
        self._inputs = [create(CameraInfo, topics.CAMERA_INFO, self._on_info, qos.SENSOR_IN)]
        if takes_pictures:
            overridable = {'qos_overriding_options': qos.OVERRIDABLE}
            pictures = (
                create(ImageMessage, topics.IMAGE, self._on_image, qos.SENSOR_IN, **overridable)
                if self.transport == RAW
                else create(
                    CompressedImage,
                    topics.IMAGE_COMPRESSED,
                    self._on_compressed,
                    qos.SENSOR_IN,
                    **overridable,
                )
            )
            self._inputs.append(pictures)
            self.lens.is_rectified = is_rectified(self.topic)
            if self._acts:
                self._publisher = OnePublisher(self._node, pictures.topic_name)
        self._look_for_info()

    def open_while(self, is_watched: bool) -> bool:
        """Be open while somebody looks, and closed otherwise; tell whether that changed."""
        if is_watched == self._is_watched:
            return False
        self._is_watched = is_watched
        if is_watched:
            self.open()
        else:
            self.close()
        return True

    def close(self) -> None:
        """Stop listening."""
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)
        self._inputs, self._publisher = [], None

    def take(self, image: Image, stamp_ns: int, frame: str = '') -> None:
        """Use a picture (H, W, 3) with its ``frame_id``, or refuse it in words."""
        self.arrived_s = time.monotonic()
        self._look_for_info()
        self._watch(image, stamp_ns)
        try:
            self._check_publisher()
            fov_deg = self.lens.fov_of(image.shape[1], image.shape[0])
            view = image.shape[1], image.shape[0], fov_deg
            if self._acts and fov_deg is None:
                check_shape(*view[:2])
            if self._acts:
                self._view.check(view, self.arrived_s, frame)
                self._colours.check(image, self.arrived_s)
            self._use(image, stamp_ns, fov_deg)
        except (ImageError, InferenceError) as error:
            self._refuse(error)
        else:
            self.refusal = ''
            self._view.note_used(view, frame)
            if self._acts and fov_deg is None:
                self._tell_unknown(self.arrived_s)
            self._tell_grey()

    def _tell_unknown(self, now_s: float) -> None:
        """Say once that a camera tells no angle, when its camera_info should long have come."""
        self._first_s = self._first_s or now_s
        if now_s - self._first_s >= UNTOLD_S:
            self._first_s = math.inf
            info = self._node.resolve_topic_name(topics.CAMERA_INFO)
            self._node.get_logger().warning(
                f'the camera is not calibrated (on {info}): its angle is taken for that of '
                'training; with a wider lens a drone flies nearer than it is asked to'
            )

    @property
    def trouble(self) -> str:
        """Say what is wrong with pictures that are used all the same; empty: nothing."""
        return f'the camera: {colours.WORDS}' if self._colours.are_missing else ''

    def _tell_grey(self) -> None:
        if self.trouble and not self._is_grey_told:
            self._node.get_logger().warning(self.trouble)
        self._is_grey_told = bool(self.trouble)

    def take_refused(self) -> int:
        """Return how many were refused since the last call."""
        refused, self._refused = self._refused, 0
        return refused

    def _on_image(self, message: ImageMessage) -> None:
        self.arrived_s = time.monotonic()
        try:
            image = conversions.image_array(message, self.colour_order)
        except ImageError as error:
            self._refuse(error)
            return
        header = message.header
        self.take(image, conversions.nanoseconds(header.stamp), header.frame_id)

    def _on_compressed(self, message: CompressedImage) -> None:
        self.arrived_s = time.monotonic()
        try:
            image = conversions.compressed_array(message)
        except ImageError as error:
            self._refuse(error)
            return
        header = message.header
        self.take(image, conversions.nanoseconds(header.stamp), header.frame_id)

    def _look_for_info(self) -> None:
        """Ask for the camera_info too where it is not simply published on its own topic.

        Of one that was published once, before this node was there, it is asked only where such a
        publisher is: all others would warn that they cannot serve it. That of a picture's topic
        which alone was remapped is beside or below it, as image_transport has it.
        """
        if not self._inputs or time.monotonic() < self._info_due_s:
            return
        self._info_due_s = time.monotonic() + LOOKS_S
        node, name = self._node, self._inputs[0].topic_name
        found = node.get_publishers_info_by_topic(name)
        is_remapped = node.resolve_topic_name(topics.CAMERA_INFO, only_expand=True) != name
        for beside in () if found or is_remapped else infos_of(self.topic):
            name, found = beside, node.get_publishers_info_by_topic(beside)
            if found:
                node.get_logger().info(f'camera_info is taken from {name}, as of {self.topic}')
                break
        durable = any(one.qos_profile.durability is TRANSIENT for one in found)
        if durable or (found and name != self._inputs[0].topic_name):
            self._info_due_s = math.inf
            profile = qos.LATCHED if durable else qos.SENSOR_IN
            more = node.create_subscription(CameraInfo, name, self._on_info, profile)
            self._inputs.insert(0, more)

    def _on_info(self, message: CameraInfo) -> None:
        self._info_due_s = math.inf
        try:
            self.lens.take_message(message)
        except ImageError as error:
            if self._seldom.is_due(str(error)):
                self._node.get_logger().error(str(error))

    def _check_publisher(self) -> None:
        if self._publisher is None:
            return
        others = self._publisher.conflict()
        if others:
            raise ImageError(f'{others}: end all but one')

    def _refuse(self, error: ImageError | InferenceError) -> None:
        self._refused += 1
        self.refusal = str(error)
        if self._seldom.is_due(self.refusal):
            self._node.get_logger().error(f'{self._outcome}: {error}')


def infos_of(pictures: str) -> tuple[str, ...]:
    """Return where the camera_info of a topic of pictures may be: beside it, or below it."""
    base = pictures.removesuffix(f'/{COMPRESSED}')
    return (f'{base.rpartition("/")[0]}/camera_info', f'{base}/camera_info') if base else ()
