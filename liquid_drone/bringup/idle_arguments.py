# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Launch arguments that would have no effect: ``ros2 launch`` takes them without a word."""

from .launch_arguments import FILE_SOURCES, OPTIONAL, Argument

OF_SOURCES = {  # what only some sources of a camera have
    'video_device': ('device',),
    'pipeline': ('gstreamer',),
    'rtsp_url': ('rtsp',),
    'video': FILE_SOURCES,
    'loop': FILE_SOURCES,
    'image_width': ('device',),
    'image_height': ('device',),
    'pixel_format': ('device',),
    'framerate': ('device', *FILE_SOURCES),
}


def check_effect(arguments: tuple[Argument, ...], texts: dict[str, str]) -> None:
    """Refuse an argument of a node that is not started, or of another source of the camera.

    Raises:
        RuntimeError: with what it needs.

    """
    starters = {one.node: one.name for one in arguments if OPTIONAL.get(one.node) == one.target}
    for name in {one.name: None for one in arguments if texts.get(one.name)}:
        lacking = [starters.get(one.node, '') for one in arguments if one.name == name]
        if lacking and all(starter and not texts.get(starter) for starter in lacking):
            raise RuntimeError(f'launch argument {name} has no effect without {lacking[0]}:=...')
        source, sources = texts.get('camera', ''), OF_SOURCES.get(name, ())
        if source and sources and source not in sources:
            raise RuntimeError(
                f'launch argument {name} has no effect with camera:={source}: it is for '
                f'{" and ".join(sources)}'
            )
