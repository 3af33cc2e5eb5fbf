# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What in a GStreamer pipeline makes pictures wait, to count as new: their age is not known there.

Only the text of the pipeline is looked at, as ``gst-launch-1.0`` takes it.
"""

import re
import shlex
from collections.abc import Iterator

from ..errors import ConfigError

MOST_LATENCY_MS = 200  # what a source may wait for late packets; rtspsrc waits 2 s as it comes
TRUE = {'1', 'true', 'yes'}
LEAKY = {'2', 'downstream'}
Element = tuple[str, dict[str, str]]


def check(pipeline: str) -> str:
    """Say what may hold pictures back, and what to write; empty: nothing that is known of.

    Raises:
        ConfigError: pictures of an RTSP source would always be old, and count as new.

    """
    elements = list(_elements(pipeline))
    for name, properties in elements:
        takes_rtsp = any(value.lower().startswith('rtsp') for value in properties.values())
        told = properties.get('latency', '')
        is_quick = told.isascii() and told.isdigit() and int(told) <= MOST_LATENCY_MS
        if (name == 'rtspsrc' or takes_rtsp) and not is_quick:
            raise ConfigError(
                'the pipeline takes RTSP and waits 2 s for late packets: pictures that old would '
                f'count as new; write rtspsrc latency=0 (at most {MOST_LATENCY_MS}), or take '
                'source rtsp, which knows their age'
            )
    return ', '.join(dict.fromkeys(_held(elements)))


def _held(elements: list[Element]) -> Iterator[str]:
    for name, properties in elements:
        drops = properties.get('drop', '').lower() in TRUE
        if name == 'appsink' and not (drops and properties.get('max-buffers', '0') != '0'):
            yield 'appsink drop=true max-buffers=1 sync=false'
        elif name in ('queue', 'queue2') and properties.get('leaky', '').lower() not in LEAKY:
            yield 'queue leaky=downstream max-size-buffers=1'
        elif name == 'rtpjitterbuffer' and 'latency' not in properties:
            yield 'rtpjitterbuffer latency=0'


def _elements(pipeline: str) -> Iterator[Element]:
    """Yield each element's name and properties; caps are as an element of that name."""
    for part in re.split(r'\s!(?=\s|$)', f' {pipeline}'):
        try:
            words = shlex.split(part)
        except ValueError:  # a quote that is not closed: GStreamer tells of it
            words = part.split()
        properties = dict(word.split('=', 1) for word in words if '=' in word)
        for word in words:
            if '=' not in word and not word.endswith('.'):
                yield word, properties
