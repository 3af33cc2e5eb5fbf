# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import ctypes
import fcntl
import gc
import importlib.util
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from liquid_drone.episodes.recording import Recording

# A drone has neither PyTorch nor the simulator: there these rooms are left out, which is said.
ROOMS = {
    'torch': (
        *('bench', 'evaluate', 'learn', 'policy', 'runtime'),
        'episodes/test_rosbag_import.py',
    ),
    'pybullet': ('bench', 'evaluate', 'firmware', 'learn', 'sim'),
    'aiohttp': ('operator',),
    'rclpy': ('bringup', 'nodes', 'ros'),
}
SAID = {
    'torch': "needs PyTorch: pip install 'liquid_drone[train]'",
    'pybullet': "needs the simulator: pip install 'liquid_drone[sim]'",
    'aiohttp': "needs aiohttp: pip install 'liquid_drone[operator]'",
    'rclpy': "needs ROS 2, or pip install 'liquid_drone[ros]'",
}
MISSING = [name for name in ROOMS if importlib.util.find_spec(name) is None]
collect_ignore = sorted({room for name in MISSING for room in ROOMS[name]})


def pytest_report_header() -> list[str]:
    """Say which rooms are left out, and why."""
    return [f'not tested: {", ".join(ROOMS[name])}: {SAID[name]}' for name in MISSING]


# Tests, and files of tests, that were seen to take long (pytest --durations=0): `make quick`
# leaves them out. One that is new and slow makes it slower until its name is added.
SLOW = frozenset((Path(__file__).parent / 'slow.txt').read_text(encoding='utf-8').split())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make quick` leaves out; its files go first: none is left for the end."""
    for item in items:
        if {item.nodeid.split('[')[0], item.nodeid.split('::')[0]} & SLOW:
            item.add_marker(pytest.mark.slow)
    long = {item.path for item in items if item.get_closest_marker('slow')}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """Set aside what is there for good: 600,000 objects, searched for garbage again and again."""
    gc.collect()
    gc.freeze()


# Before NumPy and PyTorch are there: products this small are not shared by threads, which wait for
# each other, spinning, as soon as another worker has the second core.
for threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
    os.environ.setdefault(threads, '1')

# Arrays of some MB leave their memory to the next ones: glibc gives each back to the kernel, which
# fills the pages with zeros anew. -3 is M_MMAP_THRESHOLD, -1 is M_TRIM_THRESHOLD.
if mallopt := getattr(ctypes.CDLL(None), 'mallopt', None):
    mallopt(-3, 32 << 20)
    mallopt(-1, 1 << 30)

# Where launch is installed, its pytest plugin makes every logger one that passes nothing on:
# caplog would stay empty.
logging.setLoggerClass(logging.Logger)

# Machines differ: a slow one must not fail a test of behaviour.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile('liquid_drone', PATIENT)
# pytest --hypothesis-profile=thorough test/flight: ten thousand cases of each property
settings.register_profile('thorough', PATIENT, max_examples=10_000)
# make quick: a few cases of each
settings.register_profile('quick', PATIENT, max_examples=15)
settings.load_profile('liquid_drone')


@pytest.fixture(scope='session', autouse=True)
def disks_are_not_waited_for() -> Iterator[None]:
    """Hundreds of results are written, and none has to outlive a failure of power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('liquid_drone.outputs.durability._flush', lambda path: None)
        yield


@pytest.fixture(scope='session', autouse=True)
def ros_logs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let ROS write its logs where a test may: not every machine has a home directory."""
    os.environ.setdefault('ROS_LOG_DIR', str(tmp_path_factory.mktemp('ros_logs')))


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Make a folder in the first worker that needs it; each worker has a copy of its own."""
    base, copy = factory.getbasetemp(), factory.mktemp('bundles') / name
    if 'PYTEST_XDIST_WORKER' in os.environ:
        base = base.parent
    with (base / f'{name}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / name).exists():
            make(base / f'{name}.half')
            (base / f'{name}.half').rename(base / name)
    shutil.copytree(base / name, copy)
    return copy


@pytest.fixture(scope='session')
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a real bundle of an untrained network."""
    torch = pytest.importorskip('torch', reason=SAID['torch'])

    from liquid_drone.contract import Training
    from liquid_drone.policy.config import NetworkConfig
    from liquid_drone.policy.export import export
    from liquid_drone.policy.network import Network

    def make(path: Path) -> None:
        torch.manual_seed(0)
        training = Training('red_backpack', ('forest',), ('summer',), 'a test', 'none', 0)
        export(Network(NetworkConfig()).eval(), 'untrained', training, path)

    return made_once(tmp_path_factory, 'untrained', make)


@pytest.fixture(scope='session')
def asking_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small real bundle of contract format 2: it takes a request and gives a belief."""
    torch = pytest.importorskip('torch', reason=SAID['torch'])

    from liquid_drone.contract import Training
    from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
    from liquid_drone.policy.export import export
    from liquid_drone.policy.network import Network
    from liquid_drone.request import RequestSpec

    def make(path: Path) -> None:
        torch.manual_seed(3)
        vision = VisionConfig(convolutions=((4, 5, 4), (4, 3, 4)), features=16)
        core = CoreConfig(options={'time_constants_s': [0.1, 10.0]})
        network = Network(NetworkConfig(vision, core, RequestSpec(), belief=True)).eval()
        assert network.belief is not None
        with torch.no_grad():
            network.belief.bias[0] = 2.0  # it believes
        training = Training('dog', ('forest',), ('summer',))
        export(network, 'asked', training, path, retrainable=True)

    return made_once(tmp_path_factory, 'asked', make)


@pytest.fixture
def make_recording() -> 'Callable[..., Recording]':
    """Return the factory of invented recordings."""
    from inventions import invent

    return invent


@pytest.fixture
def episodes(tmp_path: Path) -> list[Path]:
    """Return four invented episodes on disk."""
    pytest.importorskip('rosbags', reason="needs rosbags: pip install 'liquid_drone[record]'")
    from inventions import invent

    from liquid_drone.episodes.episode import save

    paths = [tmp_path / 'episodes' / f'{seed:05d}' for seed in range(4)]
    for seed, path in enumerate(paths):
        save(invent(seed), path)
    return paths


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start ROS in the test's own process, in a domain that is shared with nothing else.

    No node outlives its test, however that ended: the next one would meet it in the domain.
    """
    rclpy = pytest.importorskip('rclpy')
    from rclpy.node import Node

    from liquid_drone.bringup import local_graph

    made, make = list[Any](), Node.__init__

    def noted(node: Any, *args: Any, **names: Any) -> None:
        make(node, *args, **names)
        made.append(node)

    monkeypatch.setattr(Node, '__init__', noted)
    for name, value in local_graph.environment(local_graph.free_domain()).items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    rclpy.init()
    try:
        yield
    finally:
        for node in made:
            node.destroy_node()
        rclpy.shutdown()
