# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""TensorRT's engines: of one graph, machine and profile alone; broken ones are built anew."""

import fcntl
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import fake_gpu, nfs_locks
from support.fake_gpu import ENGINE, TIMING, WHOLE_TIMING, FakeWheel, whole_engine

from liquid_drone.cli.main import main
from liquid_drone.contract import CONTRACT_FILE, VISION_FILE
from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.runtime import engine_cache, providers, selection
from liquid_drone.runtime.providers import Backend
from liquid_drone.runtime.runner import PolicyRunner

KEY = engine_cache.EngineKey('ab', '1.31.1', '10.16.1', 'Orin', '8.7', 'fp32', 'flight', '1 1 16')
BACKENDS = {
    'flight': Backend('tensorrt'),
    'half': Backend('tensorrt', 'fp16'),
    'attention': Backend('tensorrt', role='attention'),
    'small': Backend('tensorrt', rows_columns=(72, 128)),
}


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWheel:
    return fake_gpu.install(monkeypatch, tmp_path / 'cache')


@given(st.sampled_from(list(vars(KEY))), st.text(min_size=1, max_size=8))
def test_an_engine_belongs_to_all_that_made_it(field, value):
    other = replace(KEY, **{field: value})
    assert (other.folder == KEY.folder) is (other == KEY)


def test_each_role_precision_and_shape_has_an_engine_of_its_own(tmp_path, wheel):
    graph = tmp_path / VISION_FILE
    graph.write_bytes(b'graph')
    folders = {providers.engine_key(graph, backend).folder for backend in BACKENDS.values()}
    assert len(folders) == len(BACKENDS)


def test_bundles_of_the_same_names_share_no_engine(tmp_path, wheel):
    for name in 'ab':
        (tmp_path / name).mkdir()
        (tmp_path / name / VISION_FILE).write_bytes(name.encode())
    keys = [providers.engine_key(tmp_path / name / VISION_FILE, Backend()) for name in 'ab']
    folders = [engine_cache.open_folder(key) for key in keys]
    assert folders[0] != folders[1]
    assert all(folder.is_dir() for folder in folders)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(['onnxruntime', 'tensorrt', 'device', 'compute_capability']),
            st.integers(0, 60),
        ),
        max_size=6,
    )
)
def test_engines_of_another_card_or_version_stay_while_somebody_uses_them(
    tmp_path_factory, monkeypatch, others
):
    """Two cards, a container, a home on the network: each start took away the others' engines."""
    cache = tmp_path_factory.mktemp('cache')
    fake_gpu.install(monkeypatch, cache)
    now, folders = time.time(), {}
    for number, (what, days) in enumerate(others):
        other = replace(KEY, **{what: f'other {number}'})
        folder = engine_cache.root() / other.folder
        folder.mkdir(parents=True)
        path = folder / engine_cache.KEY_FILE
        path.write_text(json.dumps(asdict(other)))
        os.utime(path, (now, now - days * 86400.0))
        folders[folder] = days
    engine_cache.open_folder(KEY)
    for folder, days in folders.items():
        assert folder.exists() is (days < 30), days
    engine_cache.open_folder(KEY)
    assert (engine_cache.root() / KEY.folder).exists()
    shutil.rmtree(cache)


@pytest.fixture(params=[fcntl.flock, nfs_locks.flock], ids=['local', 'nfs'])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_cache.fcntl, 'flock', request.param)


def test_an_engine_that_several_need_at_once_is_built_once(bundle, wheel, disk):
    """Four processes would have written into one file, and each have set the other's aside."""
    wheel.build_s = 0.3
    graph = bundle / VISION_FILE
    with ThreadPoolExecutor(4) as pool:
        sessions = list(
            pool.map(lambda _: providers.open_session(graph, BACKENDS['flight']), range(4))
        )
    assert len(sessions) == 4
    assert len(wheel.built) == 1
    assert not list(engine_cache.root().glob('*.broken'))


def test_a_node_waits_for_no_engine_that_another_process_builds(bundle, wheel, disk):
    """Over NFS a node that loads shared nothing with the one that builds, and read half a file."""
    wheel.build_s = 0.6
    graph = bundle / VISION_FILE
    node = replace(BACKENDS['flight'], builds=False)
    folder = engine_cache.root() / providers.engine_key(graph, node).folder
    with ThreadPoolExecutor(1) as pool:
        built = pool.submit(providers.open_session, graph, BACKENDS['flight'])
        while not (folder / ENGINE).exists():
            time.sleep(0.01)
        with pytest.raises(ConfigError, match='another process builds this TensorRT engine'):
            providers.open_session(graph, node)
        built.result()
    assert providers.open_session(graph, node) is not None


def test_auto_takes_the_cpu_where_no_home_is_known(wheel, monkeypatch, caplog):
    """A container run as a user without a home has no cache, and TensorRT's libraries."""

    def nobody(_number: int) -> Any:
        raise KeyError

    for name in ('HOME', 'XDG_CACHE_HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr('pwd.getpwuid', nobody)
    wheel.fails.add('cuda')
    caplog.set_level('INFO')
    assert selection.open_policy(shipped('follow')).backend.provider == 'cpu'
    assert 'give the whole path, in XDG_CACHE_HOME' in caplog.text


def test_a_cache_that_may_only_be_read_serves_the_engine_in_it(bundle, wheel, monkeypatch):
    providers.open_session(bundle / VISION_FILE, BACKENDS['flight'])

    opened = Path.open

    def refuse(*_: Any) -> Any:
        raise OSError(30, 'Read-only file system')

    def open_read_only(path: Path, mode: str = 'r', **more: Any) -> Any:
        return opened(path, mode, **more) if mode in ('r', 'rb') else refuse()

    monkeypatch.setattr(engine_cache.os, 'utime', refuse)
    monkeypatch.setattr(engine_cache.Path, 'open', open_read_only)
    node = replace(BACKENDS['flight'], builds=False)
    assert providers.open_session(bundle / VISION_FILE, node) is not None
    assert len(wheel.built) == 1


CONTENTS = st.sampled_from(['none', 'whole', 'cut short', 'of another'])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    engine=CONTENTS,
    timing=CONTENTS,
    builds=st.booleans(),
    at=st.integers(0, 16),
    is_noted=st.booleans(),
)
def test_whatever_lies_in_the_cache_the_engine_is_right_or_the_error_says_what_to_do(
    tmp_path_factory, monkeypatch, bundle, engine, timing, builds, at, is_noted
):
    cache = tmp_path_factory.mktemp('cache')
    wheel = fake_gpu.install(monkeypatch, cache)
    graph, backend = bundle / VISION_FILE, replace(BACKENDS['flight'], builds=builds)
    key = providers.engine_key(graph, backend)
    folder = engine_cache.open_folder(key)
    for file, content, whole in ((ENGINE, engine, whole_engine(graph)),
                                 (TIMING, timing, WHOLE_TIMING)):  # fmt: skip
        found = {'whole': whole, 'cut short': whole[:at], 'of another': b'?' * len(whole)}
        if content != 'none':
            (folder / file).write_bytes(found[content])
    if is_noted:
        engine_cache.note_built(key)
    is_good = engine == 'whole' and timing in ('none', 'whole')
    if not builds and not (is_good and is_noted):
        with pytest.raises(ConfigError, match=r'warmup BUNDLE --providers tensorrt'):
            providers.open_session(graph, backend)
        assert not wheel.built
    else:
        providers.open_session(graph, backend)
        assert len(wheel.built) == (not is_good)
        assert (folder / ENGINE).read_bytes() == whole_engine(graph)
    broken = {engine, timing} & {'cut short', 'of another'}
    # a node without an engine, or with those of a killed build, touches nothing
    tried = builds or (engine != 'none' and is_noted)
    aside = folder.with_name(f'{folder.name}.broken')
    assert aside.is_dir() is bool(broken and tried)
    shutil.rmtree(cache)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(parts=st.integers(1, 4), kills=st.lists(st.integers(0, 3), max_size=3))
def test_a_node_builds_no_engine_that_a_killed_build_left_out(
    tmp_path_factory, monkeypatch, bundle, parts, kills
):
    """A graph in parts has an engine for each; with one of them there, a node built the rest."""
    cache = tmp_path_factory.mktemp('cache')
    wheel = fake_gpu.install(monkeypatch, cache)
    wheel.parts, graph = parts, bundle / VISION_FILE
    node = replace(BACKENDS['flight'], builds=False)
    for wheel.killed_at in (kill for kill in kills if kill < parts):
        with pytest.raises(fake_gpu.Killed):
            providers.open_session(graph, BACKENDS['flight'])
        with pytest.raises(ConfigError, match=r'warmup BUNDLE --providers tensorrt'):
            providers.open_session(graph, node)
    wheel.killed_at = None
    providers.open_session(graph, BACKENDS['flight'])
    count = len(wheel.built)
    providers.open_session(graph, node)
    assert len(wheel.built) == count == 1
    shutil.rmtree(cache)


def test_what_cannot_be_built_is_an_error_and_is_tried_no_third_time(bundle, wheel):
    wheel.fails.add('build')
    with pytest.raises(BundleError, match='could not build engine'):
        providers.open_session(bundle / VISION_FILE, BACKENDS['flight'])
    assert not wheel.built


def test_a_changed_contract_or_graph_is_refused_before_any_engine(bundle, wheel, tmp_path):
    altered = tmp_path / 'altered'
    shutil.copytree(bundle, altered)
    text = (altered / CONTRACT_FILE).read_text()
    document: dict[str, Any] = json.loads(text)
    document['sha256'][VISION_FILE] = '0' * 64
    (altered / CONTRACT_FILE).write_text(json.dumps(document))
    with pytest.raises(BundleError, match='altered'):
        PolicyRunner(altered, BACKENDS['flight'])
    assert not wheel.built


def test_warmup_builds_for_each_role_what_a_node_then_opens_without_building(wheel, capsys):
    follow = shipped('follow')
    attention = Backend('tensorrt', role='attention', builds=False)
    flight = Backend('tensorrt', builds=False)
    assert main(['warmup', 'follow', '--providers', 'tensorrt', '--attention']) == 0
    assert 'warm on tensorrt fp32' in capsys.readouterr().out
    assert len(wheel.built) == 1
    assert selection.open_policy(follow, 'tensorrt', backend=attention).provider
    with pytest.raises(ConfigError, match=r'warmup BUNDLE .*--precision fp32'):
        selection.open_policy(follow, 'tensorrt', backend=flight)
    assert main(['warmup', 'follow', '--providers', 'tensorrt']) == 0
    assert len(wheel.built) == 2
    selection.open_policy(follow, 'tensorrt', backend=flight)
    assert len(wheel.built) == 2
    assert wheel.loaded[-1] == wheel.built[-1]
    assert main(['warmup', '--attention', '--precision', 'fp16']) == 2
    assert 'leave out --precision' in capsys.readouterr().err


def test_warmup_builds_for_auto_and_auto_builds_nothing_by_itself(wheel, monkeypatch, caplog):
    monkeypatch.setattr(
        selection, 'step_time_s', lambda one: 1e-3 if one.backend.provider == 'tensorrt' else 2e-3
    )
    follow = shipped('follow')
    caplog.set_level('INFO')
    assert selection.open_policy(follow).backend.provider == 'cpu'
    assert 'no engine was built: liquid-drone warmup' in caplog.text
    assert main(['warmup', 'follow']) == 0
    assert selection.open_policy(follow).backend.provider == 'tensorrt'
    assert len(wheel.built) == 1


def test_warmup_for_auto_says_why_tensorrt_is_left_out(wheel, caplog, capsys):
    wheel.fails.update({'build', 'cuda'})
    assert main(['warmup', 'follow']) == 0
    assert 'TensorRT is left out' in caplog.text
    assert 'warm on cpu fp32' in capsys.readouterr().out


def test_half_precision_where_it_cannot_be_is_an_error(bundle):
    half = Backend('tensorrt', 'fp16')
    with pytest.raises(ConfigError, match="'fp16' needs providers 'tensorrt'"):
        selection.open_policy(bundle, 'cpu', backend=half)
    assert selection.open_policy(bundle, 'auto', backend=half).provider == 'cpu fp32'


def shipped(name: str) -> Path:
    """Return a shipped bundle."""
    return Path(__file__).parents[2] / 'models' / name
