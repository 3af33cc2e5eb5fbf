# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a pipeline in which pictures wait, to count as new afterwards, is told or refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.camera.pipelines import check
from liquid_drone.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
CSI = (
    'nvarguscamerasrc sensor-id=0 ! video/x-raw(memory:NVMM),width=1280,framerate=30/1 ! '
    'nvvidconv ! video/x-raw,format=BGRx ! videoconvert ! video/x-raw,format=BGR'
)
SINKS = {  # whether each drops what waited
    'appsink': False,
    'appsink sync=false': False,
    'appsink drop=true': False,  # of an endless queue nothing is dropped
    'appsink drop=false max-buffers=1': False,
    'appsink max-buffers=1 drop=True sync=0': True,
    'appsink name=sink drop=1 max-buffers=2': True,
}
QUEUES = {
    '': True,
    'queue': False,
    'queue max-size-buffers=1': False,
    'queue leaky=upstream': False,  # keeps the oldest
    'queue leaky=2 max-size-buffers=1': True,
    'queue max-size-buffers=1 leaky=downstream': True,
}


@given(st.sampled_from(list(SINKS)), st.lists(st.sampled_from(list(QUEUES)), max_size=3))
def test_what_holds_pictures_back_is_told_with_what_to_write(sink: str, queues: list[str]) -> None:
    """gscam 63 and 64, CSI-Camera 45: half a second of pictures waited, and none was old."""
    told = check(' ! '.join([CSI, *filter(None, queues), sink]))
    assert ('appsink drop=true max-buffers=1' in told) is not SINKS[sink]
    assert ('queue leaky=downstream' in told) is not all(map(QUEUES.__getitem__, queues))
    assert told.count('queue') <= 1


SOURCES = [
    'rtspsrc location=rtsp://10.0.0.5/live{} ! rtph264depay ! h264parse ! avdec_h264',
    'rtspsrc location="rtsp://10.0.0.5/a b"{} ! decodebin',
    'uridecodebin uri=rtsp://10.0.0.5/live{}',
]


@given(st.sampled_from(SOURCES), st.none() | st.integers(0, 5000))
def test_an_rtsp_source_that_waits_for_late_packets_is_refused(
    source: str, latency_ms: int | None
) -> None:
    """As it comes rtspsrc waits for 2 s: every picture would be that old."""
    words = '' if latency_ms is None else f' latency={latency_ms}'
    pipeline = f'{source.format(words)} ! videoconvert ! appsink drop=true max-buffers=1'
    if latency_ms is None or latency_ms > 200:
        with pytest.raises(ConfigError, match='write rtspsrc latency=0'):
            check(pipeline)
    else:
        assert check(pipeline) == ''


@given(st.text(max_size=80))
def test_any_text_is_looked_at(pipeline: str) -> None:
    if 'rtsp' not in pipeline.lower():
        check(pipeline)
    assert check('filesrc location=/rtsp.mp4 ! decodebin ! appsink drop=1 max-buffers=1') == ''


def test_what_the_documentation_shows_holds_nothing_back() -> None:
    text = (ROOT / 'docs/jetson.md').read_text(encoding='utf-8')
    pipelines = re.findall(r"pipeline:='(.+?appsink[^']*)'", text, re.DOTALL)
    assert pipelines
    for pipeline in pipelines:
        assert check(re.sub(r"'\\\n'", '', pipeline)) == ''
