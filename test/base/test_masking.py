# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.masking import masked

KEY = '00112233445566778899aabbccddeeff' * 2


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('rtsp://pilot:secret@10.0.0.2/live', 'rtsp://pilot:***@10.0.0.2/live'),
        ('tcp:pilot:secret@host:5760', 'tcp:***@host:5760'),
        ('http://h/x?user=a&token=abc&y=1', 'http://h/x?user=a&token=***&y=1'),
        ('rtsp://pilot:p@ss@10.0.0.2/live', 'rtsp://pilot:***@10.0.0.2/live'),
        (f'signing key {KEY}: No such file', 'signing key ***: No such file'),
        ('udpin:0.0.0.0:14540', 'udpin:0.0.0.0:14540'),
        ('/dev/ttyTHS1:921600', '/dev/ttyTHS1:921600'),
        ('rtsp://10.0.0.2:554/live', 'rtsp://10.0.0.2:554/live'),
        ('rtsp://10.0.0.2:554/live@2', 'rtsp://10.0.0.2:554/live@2'),
        ('rtsp://pilot:se/cr?et#@10.0.0.2:554/live', 'rtsp://pilot:***@10.0.0.2:554/live'),
        ('http://h/videostream.cgi?loginuse=a&loginpas=888888', None),
        (
            'rtspsrc location=rtsp://cam/x user-id=me user-pw="a b" ! appsink',
            'rtspsrc location=rtsp://cam/x user-id=me user-pw=*** ! appsink',
        ),
    ],
)
def test_what_is_secret_is_masked_and_nothing_else(text, shown):
    shown = text.replace('888888', '***') if shown is None else shown
    assert masked(text) == shown
    assert masked(f'cannot open {text}') == f'cannot open {shown}'


WORDS = st.text('abcdefghijklmnopqrstuvwxyz0123456789.-_%!$&()*+,;=', min_size=6, max_size=20)


@given(st.sampled_from(['rtsp', 'tcp', 'https', 'udpin']), WORDS, WORDS, WORDS)
def test_no_password_of_an_address_is_left(scheme, user, password, host):
    password = f'pw{password}'
    for text in (f'{scheme}://{user}:{password}@{host}/x', f'{scheme}:{user}:{password}@{host}:1'):
        assert password not in masked(text).replace(user, '').replace(host, '')


@given(st.text('/?#@:%ab1', min_size=1, max_size=12), st.sampled_from(['10.0.0.2', 'cam']))
def test_a_password_with_characters_of_an_address_is_masked_whole(given_one, host):
    """It was shown from the first / on, and readers of addresses take the rest for a host."""
    address = f'rtsp://pilot:se{given_one}cret@{host}:554/live'
    assert masked(address) == f'rtsp://pilot:***@{host}:554/live'
