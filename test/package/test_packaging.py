# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What pip and colcon make of this repository, built for real in a scratch directory."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from liquid_drone import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ('liquid_drone', 'config', 'launch', 'sim', 'models', 'resource')
FILES = ('setup.py', 'setup.cfg', 'package.xml', 'pyproject.toml', 'LICENSE')
FOUND_AT_RUN_TIME = (
    'config/simulation.yaml',
    'config/follow.yaml',
    'sim/footage/rehearsal.mp4',
    'config/fastdds.xml',
    'config/fastdds_local.xml',
    'config/tasks/follow.yaml',
    'launch/simulation.launch.py',
    'launch/follow.launch.py',
    'launch/fleet.launch.py',
    'launch/record.launch.py',
    'launch/replay.launch.py',
    'config/replay.yaml',
    'config/operator/foxglove.json',
    'config/operator/foxglove-episode.json',
    'config/operator/liquid_drone.rviz',
    'sim/worlds/forest.yaml',
    'sim/seasons/summer.yaml',
    'sim/targets/red_backpack.yaml',
    'package.xml',
)
EXECUTABLES = {
    'liquid-drone',
    'attention_node',
    'autopilot_node',
    'camera_node',
    'drone_node',
    'simulator_node',
    'operator_node',
    'overlay_node',
    'stream_node',
    'policy_node',
    'replay_node',
    'mavlink_node',
    'recorder_node',
}


def test_the_version_is_the_same_everywhere() -> None:
    manifest = ElementTree.parse(ROOT / 'package.xml').getroot()
    assert manifest.findtext('version') == __version__
    assert f'\nversion: {__version__}\n' in (ROOT / 'CITATION.cff').read_text()


def test_a_clone_stays_small() -> None:
    """Nothing above 2 MB, and no loose rows of flights: those are archives in docs/results."""
    listed = subprocess.run(
        ['git', 'ls-files', '-z'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip('needs a clone: this is an export of the files')
    paths = [Path(name) for name in listed.stdout.split('\0') if name]
    there = [path for path in paths if (ROOT / path).is_file()]
    sizes = {str(path): (ROOT / path).stat().st_size for path in there}
    assert {name: size for name, size in sizes.items() if size > 2_000_000} == {}
    assert [name for name in sizes if name.endswith('.jsonl')] == []
    assert len((ROOT / 'README.md').read_text().splitlines()) < 120


def locked() -> dict[str, str]:
    """Return name -> version of the lock, for this Python."""
    pins = {}
    files = ('requirements/lock.txt', 'requirements/pybullet.txt')
    for line in '\n'.join((ROOT / name).read_text() for name in files).splitlines():
        if line and not line.startswith(('#', '    --hash')):
            requirement = Requirement(line.removesuffix('\\'))
            if requirement.marker is None or requirement.marker.evaluate():
                (pin,) = requirement.specifier
                assert pin.operator == '=='
                pins[requirement.name] = pin.version
    return pins


def canonical(name: str) -> str:
    return re.sub(r'[-_.]+', '-', name).lower()


@pytest.fixture(scope='session')
def metadata() -> dict[str, Any]:
    """Return what setup.py gives to setuptools."""
    program = (
        'import json, setuptools; setuptools.setup = lambda **given: print(json.dumps(given));'
        "exec(compile(open('setup.py').read(), 'setup.py', 'exec'))"
    )
    return dict(json.loads(run([sys.executable, '-c', program], ROOT)))


@pytest.fixture(scope='module')
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git tracks of the package to a scratch place, so that nothing is built here."""
    copy = tmp_path_factory.mktemp('packaging') / 'ws' / 'src' / 'liquid_drone'
    copy.mkdir(parents=True)
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns('__pycache__'))
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope='module')
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel, with the tools that are here."""
    out = tmp_path_factory.mktemp('wheel')
    tree = out / 'tree'  # setuptools leaves build/ in it
    shutil.copytree(source, tree)
    options = ['--no-deps', '--no-build-isolation', '--quiet', '--wheel-dir', str(out)]
    run([sys.executable, '-m', 'pip', 'wheel', *options, '.'], tree)
    (found,) = out.glob('*.whl')
    return found


def run(line: list[str], cwd: Path, **variables: str) -> str:
    result = subprocess.run(
        line, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_every_requirement_is_locked_for_this_python(metadata: dict[str, Any]) -> None:
    extras = metadata['extras_require']
    wanted = [
        *metadata['install_requires'],
        *(line for lines in extras.values() for line in lines),
    ]
    pins = locked()
    for line in wanted:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        assert canonical(requirement.name) in pins, line
        assert requirement.specifier.contains(pins[canonical(requirement.name)]), line


def test_every_requirement_at_run_time_has_a_lowest_version(metadata: dict[str, Any]) -> None:
    """Without one pip keeps whatever an old machine has, and the first import fails."""
    extras = metadata['extras_require']
    run_time = [*metadata['install_requires']]
    run_time += [line for name in extras.keys() - {'test'} for line in extras[name]]
    bare = {
        line
        for line in run_time
        if not {one.operator for one in Requirement(line).specifier} & {'>=', '=='}
    }
    assert {line for line in bare if not line.startswith('ros-')} == set()  # of one distribution


def test_the_lock_names_no_place() -> None:
    text = (ROOT / 'requirements/lock.txt').read_text()
    assert not re.search(r'://|@|--', text)


def test_the_drone_needs_neither_torch_nor_pybullet(metadata: dict[str, Any]) -> None:
    names = {canonical(Requirement(line).name) for line in metadata['install_requires']}
    assert names == {'numpy', 'opencv-python', 'pymavlink', 'pyyaml'}


def test_package_xml_and_setup_agree(metadata: dict[str, Any]) -> None:
    xml = ElementTree.parse(ROOT / 'package.xml').getroot()
    assert xml.attrib['format'] == '3'
    assert xml.findtext('name') == metadata['name']
    assert xml.findtext('version') == metadata['version']
    assert xml.findtext('license') == metadata['license']
    maintainer = xml.find('maintainer')
    assert maintainer is not None
    assert maintainer.attrib['email'] == metadata['maintainer_email']
    assert xml.findtext('export/build_type') == 'ament_python'


ON_A_DRONE = ('cpu', 'record', 'operator', 'ros')  # extras
KEYS = {  # what pip installs -> rosdep's key; None: another one of these brings it
    'aiohttp': 'python3-aiohttp',
    'backports-zstd': None,  # rosbags
    'lz4': None,  # rosbags
    'numpy': 'python3-numpy',
    'onnxruntime': 'python3-onnxruntime-pip',
    'opencv-python': 'python3-opencv',
    'pillow': 'python3-pil',
    'pymavlink': 'python3-pymavlink-pip',
    'pyyaml': 'python3-yaml',
    'rich': 'python3-rich',
    'rosbags': 'python3-rosbags-pip',
}


def dependencies(kind: str) -> set[str]:
    """Return the keys of a kind in package.xml."""
    xml = ElementTree.parse(ROOT / 'package.xml').getroot()
    return {str(one.text) for one in xml.iter(kind)}


def test_package_xml_brings_what_the_extras_of_a_drone_bring(metadata: dict[str, Any]) -> None:
    """A workspace after rosdep install runs what pip's extras run, nothing less and no more."""
    extras = [line for name in ON_A_DRONE for line in metadata['extras_require'][name]]
    names = {
        canonical(Requirement(line).name) for line in [*metadata['install_requires'], *extras]
    }
    wheels = {name for name in names if name.startswith('ros-')}  # of ROS 2 itself
    assert names - wheels == set(KEYS)
    python = {key for key in dependencies('exec_depend') if key.startswith('python3-')}
    assert python == {key for key in KEYS.values() if key}


def test_package_xml_has_three_pip_keys_and_the_page_tells_them() -> None:
    """The ROS build farm takes no package with one: docs/ROS2.md, What an apt package lacks."""
    xml = ElementTree.parse(ROOT / 'package.xml').getroot()
    keys = {str(one.text) for one in xml if one.tag.endswith('depend')}
    pip = {key for key in keys if key.endswith('-pip')}
    assert pip == {
        'python3-onnxruntime-pip',
        'python3-pymavlink-pip',
        'python3-rosbags-pip',
    }
    page = (ROOT / 'docs/ROS2.md').read_text()
    assert all(f'`{key}`' in page for key in pip)


def test_every_entry_point_can_be_imported(metadata: dict[str, Any]) -> None:
    scripts = metadata['entry_points']['console_scripts']
    assert {line.split(' = ')[0] for line in scripts} == EXECUTABLES
    for line in scripts:
        module, function = line.split(' = ')[1].split(':')
        assert callable(getattr(importlib.import_module(module), function))


def test_a_wheel_carries_what_is_found_at_run_time(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in FOUND_AT_RUN_TIME:
        assert any(name.endswith(f'/data/share/liquid_drone/{wanted}') for name in names), wanted
    assert any(name.endswith('resource_index/packages/liquid_drone') for name in names)
    assert 'liquid_drone/py.typed' in names
    page = {f'liquid_drone/operator/page/{name}' for name in ('page.html', 'page.css', 'page.js')}
    assert page <= set(names)
    assert any(name.endswith('dist-info/licenses/LICENSE') for name in names)


def test_the_wheel_alone_flies_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    pytest.importorskip('pybullet', reason="needs pip install 'liquid_drone[sim]'")
    place, empty = tmp_path / 'venv', tmp_path / 'empty'
    empty.mkdir()
    venv.create(place, with_pip=False)
    (site,) = place.glob('lib/python*/site-packages')
    (site / 'requirements.pth').write_text(f'{sysconfig.get_path("purelib")}\n')  # none of ours
    options = ['--no-deps', '--quiet', '--disable-pip-version-check']
    pip = [sys.executable, '-m', 'pip', '--python', str(place / 'bin/python')]
    run([*pip, 'install', *options, str(wheel)], empty, PYTHONPATH='')
    python = [str(place / 'bin/python')]
    where = run(
        [*python, '-c', 'import liquid_drone as d; print(d.__file__)'], empty, PYTHONPATH=''
    )
    assert where.startswith(str(site))
    flags = ['--no-ros', '--no-video', '--duration', '2', '--start', 'hover', '--no-land']
    told = run([str(place / 'bin/liquid-drone'), 'fly', *flags], empty, PYTHONPATH='')
    assert '\nSUCCESS: 2 s with red_backpack' in told
    assert {path.name for path in (empty / 'out').glob('[!.]*')} >= {'episode', 'result.json'}


def below(mark: str, names: Iterable[str]) -> set[str]:
    """Return the files below a folder, as (folder, path in it)."""
    found = {f'{mark} {name.split(mark, 1)[1]}' for name in names if mark in name}
    return {name for name in found if not name.endswith(('.pyc', '/'))}


@pytest.mark.parametrize('options', [[], ['--symlink-install']], ids=['copied', 'symlinked'])
def test_colcon_makes_a_working_ros_package(
    source: Path, wheel: Path, tmp_path: Path, options: list[str]
) -> None:
    workspace = tmp_path / 'ws'
    shutil.copytree(source.parents[1], workspace)
    colcon = [sys.executable, '-m', 'colcon']
    assert '(ros.ament_python)' in run([*colcon, 'list'], workspace)
    run([*colcon, 'build', *options], workspace)
    prefix = workspace / 'install' / 'liquid_drone'
    assert {path.name for path in (prefix / 'lib/liquid_drone').iterdir()} == EXECUTABLES
    program = (
        'import liquid_drone; from liquid_drone import resources;'
        f'[resources.find(name) for name in {FOUND_AT_RUN_TIME}]; print(liquid_drone.__file__)'
    )
    run_in = f'set -e; source install/setup.bash; exec {sys.executable} -c "{program}"'
    where = run(['bash', '-c', run_in], workspace)
    assert str(workspace) in where
    if not options:  # what is linked is the source itself
        by_pip = [f'site-packages/{name}' for name in zipfile.ZipFile(wheel).namelist()]
        by_colcon = [str(path) for path in prefix.rglob('*') if path.is_file()]
        code, share = 'site-packages/liquid_drone/', 'share/liquid_drone/'
        assert below(code, by_pip) == below(code, by_colcon)
        of_colcon = {f'{share} package.{ending}' for ending in ('bash', 'dsv', 'ps1', 'sh', 'zsh')}
        data = {name for name in below(share, by_colcon) if ' hook/' not in name} - of_colcon
        assert below(share, by_pip) == data
        assert len(data) > 40
