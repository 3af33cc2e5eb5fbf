# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: pictures of a recording have the lens of their own camera, in import as in infer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_rosbag_import import (
    SECOND,
    camera_info,
    header,
    made,
    scene,
    serialised,
    twist,
    write_bag,
)

from liquid_drone.cli.main import main
from liquid_drone.contract import CameraSpec
from liquid_drone.episodes.episode import load
from liquid_drone.episodes.rosbag_import import ImportConfig, Topics, import_bag
from liquid_drone.errors import EpisodeError
from liquid_drone.footage.footage import open_footage
from liquid_drone.image import decode_jpeg, encode_jpeg, fitted, horizontal_fov_deg

OURS_PX, OTHERS_PX = 90.0, 110.0  # focal lengths, of 256 pixels
COUNT = 34


def record(path: Path, pictures: list[str], infos: dict[str, float]) -> Path:
    """Write cameras and what is told of lenses: topics, and focal lengths by topic."""
    rows = [
        serialised(topic, camera_info(focal_px, 1), SECOND) for topic, focal_px in infos.items()
    ]
    for k in range(COUNT):
        at_ns = SECOND + k * SECOND // 20
        jpeg = np.frombuffer(encode_jpeg(scene(k, 256, 144), 90), np.uint8)
        for topic in pictures:
            image: Any = made('CompressedImage', header(at_ns), 'jpeg', jpeg)
            rows.append(serialised(f'{topic}/compressed', image, at_ns))
        rows.append(serialised('/cmd_vel', twist(at_ns, 0.5, 0.0), at_ns))
    return write_bag(path, rows)


CAMERAS: dict[str, tuple[list[str], dict[str, float], float | None]] = {
    'beside it (ROS)': (['/front/image'], {'/front/camera_info': OURS_PX}, OURS_PX),
    'below it (AirSim)': (
        ['/front/Scene', '/front/Depth'],
        {'/front/Scene/camera_info': OURS_PX, '/front/Depth/camera_info': OTHERS_PX},
        OURS_PX,
    ),
    'the only one': (['/front/image'], {'/lens': OURS_PX}, OURS_PX),
    'beside that of another camera': (
        ['/front/image', '/camera/image_raw'],
        {'/front/camera_info': OURS_PX, '/camera/camera_info': OTHERS_PX},
        OURS_PX,
    ),
    'of nobody': (['/front/image'], {}, None),
    'of others': (['/front/image', '/rear/image'], {'/rear/camera_info': OTHERS_PX}, None),
}


@pytest.mark.parametrize('where', CAMERAS)
def test_a_camera_info_is_that_of_the_camera_whose_pictures_are_taken(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """infer took it, and import cropped the same pictures as if nothing was known."""
    pictures, infos, focal_px = CAMERAS[where]
    bag = record(tmp_path / 'bag', pictures, infos)
    told_deg = None if focal_px is None else horizontal_fov_deg(256, focal_px)
    frames = open_footage([bag], image_topic=pictures[0]).frames()
    assert next(iter(frames)).fov_deg == (None if told_deg is None else pytest.approx(told_deg))
    words = ['import-flight', str(bag), '--target', 'dog', '--out', str(tmp_path / 'out')]
    main([*words, '--image-topic', pictures[0]])
    said = ''.join(capsys.readouterr())
    assert ('no camera_info tells how wide the camera sees' in said) is (focal_px is None)
    sent = decode_jpeg(encode_jpeg(scene(3, 256, 144), 90))
    picture = decode_jpeg(load(tmp_path / 'out' / 'bag-00').jpegs[3]).astype(int)
    assert np.abs(picture - fitted(sent, CameraSpec(), told_deg)).mean() < 6.0


@pytest.mark.parametrize('name', ['camera_info', 'odometry'])
def test_a_topic_that_was_named_and_is_not_there_is_an_error(name: str, tmp_path: Path) -> None:
    """A mistyped name was as good as none: the pictures were cropped by guess."""
    bag = record(tmp_path / 'bag', ['/front/image'], {'/front/camera_info': OURS_PX})
    topics = Topics(image='/front/image', **{name: '/front/mistyped'})
    with pytest.raises(EpisodeError, match='has no topic /front/mistyped of type'):
        import_bag(bag, tmp_path / 'out', ImportConfig('dog', topics))
