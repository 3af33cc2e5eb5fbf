# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who gets in: the token's file, its sessions, the names of the page, the origin of a request."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.operator.access import SESSION_S, TRIES, TRIES_S, Doorkeeper, host_of, read_token

TOKEN = 'correct horse battery staple'


def _file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / 'operator.token'
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_token_is_read_from_a_file_of_its_owner(tmp_path: Path) -> None:
    assert read_token(_file(tmp_path, f'{TOKEN}\n')) == TOKEN


@pytest.mark.parametrize('mode', [0o640, 0o604, 0o660, 0o620, 0o644, 0o777])
def test_a_token_that_others_may_use_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match='chmod 600') as told:
        read_token(_file(tmp_path, TOKEN, mode))
    assert TOKEN not in str(told.value)


@pytest.mark.parametrize(
    'text', ['', 'short', 'a' * 600, 'with\nlines in it here', 'ümlautümlautümlaut']
)
def test_what_is_no_token_is_refused_and_never_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match='openssl rand') as told:
        read_token(_file(tmp_path, text))
    assert not text or text not in str(told.value)


def test_a_missing_file_a_folder_and_a_token_in_the_place_of_its_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe', 0o600)  # opened as a file is, it waits for ever
    for path in (tmp_path / 'none', tmp_path, tmp_path / 'pipe'):
        with pytest.raises(ConfigError, match='token file'):
            read_token(path)
    with pytest.raises(ConfigError, match='names a file') as told:
        read_token(Path('ab' * 32))
    assert 'abab' not in str(told.value)


def test_a_session_lasts_half_a_day_and_only_the_token_opens_one() -> None:
    now = [0.0]
    door = Doorkeeper(TOKEN, clock=lambda: now[0])
    assert door.open_session('') is None
    assert door.open_session(TOKEN[:-1]) is None
    session = door.open_session(TOKEN)
    assert session is not None
    assert door.knows_session(session)
    assert not door.knows_session('')
    assert not door.knows_session(session[:-1])
    assert TOKEN not in repr(door)
    now[0] = SESSION_S + 1.0
    assert not door.knows_session(session)


def test_guessing_is_slow_even_for_the_right_token() -> None:
    now = [0.0]
    door = Doorkeeper(TOKEN, clock=lambda: now[0])
    for _ in range(TRIES):
        assert door.open_session('wrong') is None
    assert door.is_shut
    assert door.open_session(TOKEN) is None
    now[0] = TRIES_S + 0.1
    assert door.open_session(TOKEN) is not None


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_no_text_but_the_token_opens(text: str) -> None:
    door = Doorkeeper(TOKEN)
    assert (door.open_session(text) is None) is (text != TOKEN)
    assert not door.knows_session(text)


@pytest.mark.parametrize(
    'host',
    ['127.0.0.1', '127.0.0.1:8123', '[::1]:8123', 'localhost', '192.168.4.1:8123', 'drone1:80'],
)
def test_addresses_localhost_and_given_names_are_known(host: str) -> None:
    assert Doorkeeper(hosts=('drone1',)).knows_host(host)


@pytest.mark.parametrize(
    'host',
    [
        *('', 'evil.example', 'evil.example:8123', 'localhost.evil.example', 'drone2', '[::1'),
        *('127.0.0.1.evil.example', '127.0.0.1@evil.example', 'localhost/x', 'localhost:x', 'a b'),
    ],
)
def test_a_name_that_others_may_point_here_is_not(host: str) -> None:
    assert not Doorkeeper(hosts=('drone1',)).knows_host(host)


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_a_host_header_is_read_or_refused(text: str) -> None:
    host = host_of(text)
    assert '@' not in host
    if not host:
        assert not Doorkeeper(hosts=('drone1',)).knows_host(text)


def test_only_the_page_s_own_origin_is_its_own() -> None:
    door = Doorkeeper()
    assert door.is_own_origin('http://127.0.0.1:8123', '127.0.0.1:8123')
    for origin in ('', 'null', 'http://127.0.0.1:9999', 'http://evil.example', '127.0.0.1:8123'):
        assert not door.is_own_origin(origin, '127.0.0.1:8123')
    assert not door.is_own_origin('file://127.0.0.1:8123', '127.0.0.1:8123')
