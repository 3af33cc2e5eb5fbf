# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A core package that is missing, broken or too old is one sentence, for commands and nodes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from liquid_drone.errors import EXTRAS, not_imported

ROOT = Path(__file__).parents[2]
COMMAND = 'import sys; from liquid_drone.cli.program import main; sys.exit(main())'
NODE = "from liquid_drone.nodes.executables import run; run('policy_node')"
AT_PIP = {'numpy': 'numpy', 'cv2': 'opencv-python', 'yaml': 'PyYAML', 'pymavlink': 'pymavlink'}
FAULTS = {
    'missing': ("raise ModuleNotFoundError('No module', name=__name__)", 'is not installed'),
    'library': (
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file')",
        'docs/install.md',
    ),
    'numpy': ("raise ImportError('numpy.core.multiarray failed to import')", 'broken'),
    'api': ("raise AttributeError('_ARRAY_API not found')", 'broken'),
    'old': ('', 'broken'),
    'runtime': ("raise RuntimeError('module was compiled against API version 0x10')", 'broken'),
    'system': ("raise OSError('libgomp.so.1: cannot allocate memory in static TLS')", 'broken'),
}


def imported_fault(package: str, body: str, tmp_path: Path, patch: pytest.MonkeyPatch) -> str:
    """Import a package with that body as a module of ours does; returns the sentence."""
    (tmp_path / f'{package}.py').write_text(body)
    patch.syspath_prepend(str(tmp_path))
    try:
        exec(f'from {package} import that_is_new', {'__name__': 'liquid_drone.somewhere'})
    except Exception as error:
        inside = error.__traceback__.tb_next if error.__traceback__ else None  # not this test
        return str(not_imported(error.with_traceback(inside)))
    raise AssertionError('imported')


@pytest.mark.parametrize('fault', FAULTS)
@pytest.mark.parametrize('package', ['of_others', 'boards_own'])
def test_each_fault_of_an_import_is_told(
    package: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f'{package}_{fault}'
    told = imported_fault(name, FAULTS[fault][0], tmp_path, monkeypatch)
    assert FAULTS[fault][1] in told
    assert fault == 'library' or f"'{name}'" in told
    assert ('numpy<2' in told) == (fault in ('numpy', 'api'))


@pytest.mark.parametrize(
    ('program', 'package', 'fault'),
    [
        (COMMAND, 'numpy', 'missing'),
        (COMMAND, 'numpy', 'old'),
        (COMMAND, 'yaml', 'missing'),
        (NODE, 'numpy', 'missing'),
    ],
    ids=['numpy', 'old', 'yaml', 'node'],
)
def test_a_command_and_a_node_end_with_one_sentence(
    package: str, fault: str, program: str, tmp_path: Path
) -> None:
    """As after pip install --no-deps, or a colcon build without rosdep install."""
    (tmp_path / f'{package}.py').write_text(FAULTS[fault][0])
    done = subprocess.run(
        [sys.executable, '-c', program],
        env={**os.environ, 'PYTHONPATH': f'{tmp_path}{os.pathsep}{ROOT}'},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == (2 if program == COMMAND else 1)
    (line,) = done.stderr.splitlines()
    assert f"'{package}'" in line
    if fault == 'missing':
        assert line.endswith(f'pip install {AT_PIP[package]}')


def test_the_command_line_needs_the_core_packages_alone() -> None:
    """On a drone without rich no command began, doctor neither."""
    program = f"""
import sys
for name in {sorted(set(EXTRAS))!r}:
    sys.modules[name] = None
from liquid_drone.cli.main import main
sys.exit(main(['doctor', '--help']))
"""
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('name', ['rclpy', 'geometry_msgs', 'launch_ros', 'tf2_msgs'])
def test_ros_is_sourced_and_not_looked_for_at_pip(name: str) -> None:
    """At pip these names are somebody else's, or nobody's."""
    told = str(not_imported(ModuleNotFoundError(f'No module named {name!r}', name=name)))
    assert 'source /opt/ros/' in told
    assert f'pip install {name}' not in told


@pytest.mark.parametrize('name', ['_bz2', '_ctypes', '_lzma', '_sqlite3', 'ssl', 'zoneinfo'])
def test_a_python_that_was_built_without_a_module_is_told(name: str) -> None:
    told = str(not_imported(ModuleNotFoundError(f'No module named {name!r}', name=name)))
    assert 'this Python' in told
    assert 'pip install' not in told


def test_a_fault_of_our_own_is_none_of_a_package() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        exec('1 / 0', {'__name__': 'liquid_drone.somewhere'})
    trace = raised.value.__traceback__
    assert trace
    assert not_imported(raised.value.with_traceback(trace.tb_next)) is None
