# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster that is not there is one sentence, and soon; so is Ray that is not installed."""

import importlib.util
import socket
import sys
from pathlib import Path

import pytest

from liquid_drone.cli.main import main
from liquid_drone.errors import ConfigError
from liquid_drone.workers import ray_cluster
from liquid_drone.workers.ray_cluster import RayCluster, refuse_other_machine

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec('ray') is None,
    reason="needs Ray: pip install 'liquid_drone[cluster]'",
)


@pytest.mark.parametrize(
    ('address', 'why'),
    [
        ('127.0.0.1:1', 'Connection refused'),
        ('nowhere.invalid:6379', 'no Ray cluster answers'),
        ('127.0.0.1:port', 'no address'),
        ('127.0.0.1:99999', 'no address'),
        (':6379', 'no address'),
        ('ray://127.0.0.1:10001', 'for the Ray client'),
    ],
)
def test_an_address_where_nobody_is_is_one_sentence(address: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        list(RayCluster(address).results(abs, [1]))
    assert '\n' not in str(caught.value)


@needs_ray
def test_something_else_that_listens_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, 'ANSWER_S', 1.0)
    with socket.create_server(('127.0.0.1', 0)) as silent:
        address = f'127.0.0.1:{silent.getsockname()[1]}'
        with pytest.raises(ConfigError, match='no answer within'):
            list(RayCluster(address).results(abs, [1]))


def test_without_the_extra_the_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, 'ray', None)
    line = ['evaluate', '--expert', '--flights', '1', '--ray', 'auto', '--out', str(tmp_path)]
    assert main(line) == 2
    assert "pip install 'liquid_drone[cluster]'" in capsys.readouterr().err


def test_a_machine_with_another_version_or_other_pictures_is_refused() -> None:
    same = {'liquid_drone': '0.2.0 (abc)', 'pictures': 'f00'}
    refuse_other_machine(same, same)
    for name in same:
        with pytest.raises(ConfigError, match=rf'has {name} other, the driver {same[name][:3]}'):
            refuse_other_machine({**same, name: 'other'}, same)


def test_no_work_needs_no_cluster() -> None:
    assert list(RayCluster('127.0.0.1:1').results(abs, [])) == []
