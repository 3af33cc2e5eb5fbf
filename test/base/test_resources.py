# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: shipped files are found from a source tree, an installation and a ROS prefix."""

from pathlib import Path

import pytest

from liquid_drone import resources
from liquid_drone.errors import ConfigError


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A ROS prefix with one world, and no source tree around the package."""
    share = tmp_path / 'prefix' / 'share' / 'liquid_drone'
    (share / 'sim' / 'worlds').mkdir(parents=True)
    (share / 'sim' / 'worlds' / 'desert.yaml').write_text('name: desert\n')
    monkeypatch.setattr(resources, '__file__', str(tmp_path / 'lib' / 'pkg' / 'resources.py'))
    monkeypatch.setattr('sys.prefix', str(tmp_path / 'no-python-here'))
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'/nowhere:{tmp_path / "prefix"}')
    return share


def test_a_ros_prefix_is_searched(installed):
    assert resources.find('sim/worlds/desert.yaml') == installed / 'sim/worlds/desert.yaml'
    assert resources.names('sim/worlds') == ['desert']


def test_a_missing_file_says_where_was_looked(installed):
    with pytest.raises(ConfigError, match=r'looked in .*prefix/share/liquid_drone'):
        resources.find('sim/worlds/forest.yaml')


def test_an_unknown_name_lists_the_known_ones_and_the_way_to_give_a_file(installed):
    with pytest.raises(ConfigError) as caught:
        resources.named_file('sim/worlds', 'forrest')
    assert "unknown world 'forrest': expected one of desert" in str(caught.value)
    assert '.yaml file' in str(caught.value)


def test_a_path_is_taken_as_it_is(tmp_path):
    mine = tmp_path / 'mine.yaml'
    mine.write_text('name: mine\n')
    assert resources.named_file('sim/worlds', str(mine)) == mine


def test_a_path_without_a_file_is_refused():
    with pytest.raises(ConfigError, match=r'no such file: nowhere/place\.yaml'):
        resources.named_file('sim/worlds', 'nowhere/place.yaml')


def test_the_python_prefix_comes_before_ros(installed, tmp_path, monkeypatch):
    share = tmp_path / 'venv' / 'share' / 'liquid_drone'
    (share / 'sim' / 'worlds').mkdir(parents=True)
    (share / 'sim' / 'worlds' / 'desert.yaml').write_text('name: nearer\n')
    monkeypatch.setattr('sys.prefix', str(tmp_path / 'venv'))
    assert resources.find('sim/worlds/desert.yaml') == Path(share / 'sim/worlds/desert.yaml')


@pytest.mark.parametrize(
    ('packages', 'prefix'),
    [
        ('home/me/.local/lib/python3.11/site-packages', 'home/me/.local'),  # pip install --user
        ('usr/local/lib/python3.12/dist-packages', 'usr/local'),  # Debian's and Ubuntu's pip
        ('opt/drone/lib64/python3.13/site-packages', 'opt/drone'),  # pip install --prefix
        ('srv/function', 'srv/function'),  # pip install --target
        ('venv/lib/python3.10/site-packages', 'venv'),
    ],
)
def test_what_pip_put_beside_the_package_is_found(
    installed, tmp_path, monkeypatch, packages, prefix
):
    """Wherever that is, and before what another installation left at the Python's prefix."""
    for place in (prefix, 'python'):
        worlds = tmp_path / place / 'share/liquid_drone/sim/worlds'
        worlds.mkdir(parents=True)
        (worlds / 'desert.yaml').write_text(f'name: {place}\n')
    own = tmp_path / packages / 'liquid_drone'
    own.mkdir(parents=True)
    monkeypatch.setattr(resources, '__file__', str(own / 'resources.py'))
    monkeypatch.setattr('sys.prefix', str(tmp_path / 'python'))
    found = resources.find('sim/worlds/desert.yaml')
    assert found == tmp_path / prefix / 'share/liquid_drone/sim/worlds/desert.yaml'


def test_a_folder_that_only_has_a_bundles_name_hides_no_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = resources.bundle('follow')
    (tmp_path / 'follow').mkdir()
    assert resources.bundle('follow') == shipped
    (tmp_path / 'follow/contract.json').write_text('{}')
    assert resources.bundle('follow') == Path('follow')
