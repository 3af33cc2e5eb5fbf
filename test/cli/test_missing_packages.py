# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An optional package that is not installed is one sentence, whichever command needs it."""

import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml
from hypothesis import given
from hypothesis import strategies as st
from inventions import invent

from liquid_drone.episodes.episode import save
from liquid_drone.errors import EXTRAS, not_imported

ROOT = Path(__file__).parents[2]
IMPORTED = {
    'pi-heif': 'pi_heif',
    'pillow': 'PIL',
    'pybullet-arm64': 'pybullet',
    'onnxruntime-gpu': 'onnxruntime',
    'stable-baselines3': 'stable_baselines3',
    'imageio-ffmpeg': 'imageio_ffmpeg',
}
TOOLS = {'docs', 'test', 'ros', 'pretrained'}  # run by themselves, by ROS, or asked for by name
WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == sys.argv[1]:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Missing())
from liquid_drone.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
COMMANDS = {
    'draw': ['draw', '--flight', 'EPISODE', '--out', 'OUT'],
    'collect': ['collect', '--recipe', 'follow-tiny', '--data', 'OUT'],
    'train': ['train', '--recipe', 'follow-tiny', '--data', 'OUT'],
    'retrain': ['retrain', '--target', 'dog', '--data', 'OUT'],
    'export': ['export', '--bundle', 'follow', '--half', '--out', 'OUT'],
    'attention': ['attention', '--bundles', 'follow', '--out', 'OUT'],
    'knock-out': ['knock-out', '--flights', '1', '--out', 'OUT'],
    'bench policy': ['bench', 'policy'],
    'bench vision': ['bench', 'vision'],
    'study': ['evaluate', '--study', 'cells-by-season', '--out', 'OUT'],
    'import': ['import', 'weights.pt', '--out', 'OUT'],
    'quantize': ['quantize', 'follow', '--out', 'OUT'],
    'convert': ['convert', 'EPISODE', '--out', 'OUT'],
    'validate': ['validate', 'EPISODE'],
    'infer': ['infer', 'follow', 'EPISODE/bag', '--out', 'OUT'],
    'infer a video': ['infer', 'follow', 'EPISODE/a.mp4', '--out', 'OUT'],
    'fly': ['fly', '--no-ros', '--no-video', '--duration', '1', '--out', 'OUT'],
    'inspect': ['inspect', 'target', 'dog', '--out', 'OUT.png'],
    'parity': ['parity', 'follow'],
}
NEEDS = [
    *((command, 'torch') for command in list(COMMANDS)[:11] if command != 'collect'),
    ('collect', 'rosbags'),
    ('quantize', 'onnx'),
    ('convert', 'pyarrow'),
    ('convert', 'pandas'),
    ('validate', 'rosbags'),
    ('infer', 'rosbags'),
    ('infer', 'matplotlib'),
    ('infer a video', 'av'),
    ('fly', 'pybullet'),
    ('fly', 'onnxruntime'),
    ('inspect', 'pybullet'),
    ('parity', 'onnxruntime'),
]


@pytest.fixture(scope='module')
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp('flight') / 'episode'
    save(invent(0, 8), place)
    (place / 'a.mp4').touch()
    return place


@pytest.mark.parametrize(('command', 'package'), NEEDS)
def test_it_is_told_with_what_brings_it(
    command: str, package: str, episode: Path, tmp_path: Path
) -> None:
    """After ``make fly`` there is no PyTorch: a dozen commands ended in a traceback."""
    (tmp_path / 'weights.pt').write_bytes(b'')
    words = [
        word.replace('EPISODE', str(episode)).replace('OUT', str(tmp_path / 'out'))
        for word in COMMANDS[command]
    ]
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT, package, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 2, done.stderr
    *_, last = done.stderr.splitlines()
    assert re.fullmatch(
        rf"liquid-drone: this needs the Python package '{package}(\.\w+)*', which is not "
        rf"installed; install it with: pip install 'liquid_drone\[{EXTRAS[package]}\]'",
        last,
    ), done.stderr
    assert 'Traceback' not in done.stderr


def test_a_laptop_without_pytorch_collects_for_one_that_trains(tmp_path: Path) -> None:
    recipe = yaml.safe_load((ROOT / 'config/recipes/follow-tiny.yaml').read_text())
    recipe['collect'] = {**recipe.get('collect', {}), 'episodes': 1, 'frames': 8}
    (tmp_path / 'short.yaml').write_text(yaml.safe_dump({**recipe, 'name': 'short'}))
    words = ['collect', '--recipe', 'short.yaml', '--data', 'out', '--processes', '1']
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT, 'torch', *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob('out/episodes/expert-0/*/episode.json'))) == 1


def test_every_package_of_an_extra_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, 'setup', told.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / 'setup.py'))
    extras = {k: v for k, v in told['extras_require'].items() if k not in TOOLS}
    names = {re.split(r'[<>=;\[ ]', need)[0] for needs in extras.values() for need in needs}
    assert {IMPORTED.get(name, name) for name in names} - {'backports.zstd', 'numpy'} == set(
        EXTRAS
    )
    for package, extra in EXTRAS.items():
        brought = {re.split(r'[<>=;\[ ]', need)[0] for need in extras[extra]}
        assert package in {IMPORTED.get(name, name) for name in brought}


NAMES = st.from_regex(r'[a-z][a-z0-9_]{0,12}', fullmatch=True).filter(
    lambda name: name not in sys.stdlib_module_names
)


@given(NAMES, st.lists(NAMES, max_size=3))
def test_any_other_package_is_told_by_its_name(package: str, inside: list[str]) -> None:
    name = '.'.join([package, *inside])
    told = not_imported(ModuleNotFoundError(f'No module named {name!r}', name=name))
    assert f"'{package}'" in str(told)
    assert not_imported(ModuleNotFoundError('', name=f'liquid_drone.{name}')) is None
    told = not_imported(ImportError(f'cannot import name {name!r}', name=package))
    assert f"'{package}' is installed but broken, or too old" in str(told)
    assert not_imported(ImportError('cannot import', name=f'liquid_drone.{name}')) is None


@pytest.mark.parametrize('name', [None, 'cv2', 'torch._C'])
def test_a_library_of_the_system_that_is_missing_is_told(name: str | None) -> None:
    text = 'libGL.so.1: cannot open shared object file: No such file or directory'
    assert 'docs/install.md' in str(not_imported(ImportError(text, name=name)))
