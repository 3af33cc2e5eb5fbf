# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The documentation is no older than the code: commands parse, topics exist, the site builds."""

import argparse
import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from liquid_drone.bringup import launch_arguments
from liquid_drone.cli.arguments import CommandGroup, flag_of, options_and_groups
from liquid_drone.cli.main import COMMANDS, parser
from liquid_drone.errors import LiquidDroneError

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / 'docs'
PAGES = [
    *sorted(DOCS.rglob('*.md')),
    ROOT / 'README.md',
    *sorted((ROOT / 'examples').glob('*.py')),
]
TEXTS = [
    page
    for page in [*PAGES, ROOT / 'CONTRIBUTING.md', ROOT / 'SECURITY.md']
    if page.suffix == '.md'
]
MADE = {'reference-cli.md', 'reference-ros.md', 'reference-api.md'}
MADE |= {'contributing.md', 'security.md', 'changes.md'}  # by docs/site_pages.py


def commands(page: Path) -> Iterator[str]:
    """Yield each liquid-drone command that a page tells its reader to type."""
    text = page.read_text(encoding='utf-8')
    if page.suffix == '.md':
        text = '\n'.join(re.findall(r'^```\w*\n(.*?)^```', text, re.DOTALL | re.MULTILINE))
    for line in text.splitlines():
        for part in re.split(r'&&|\|', line.split(' #')[0]):
            found = re.match(r'\s*(?:\.venv/bin/|ros2 run liquid_drone )?(liquid-drone .+)', part)
            if found and not re.search(r'[$…]|<|COMMAND', part):
                yield found[1].strip().rstrip('&').removesuffix('\\')


@pytest.fixture(scope='module')
def program() -> argparse.ArgumentParser:
    return parser()


@pytest.mark.parametrize('page', PAGES, ids=lambda path: path.name)
def test_every_command_on_a_page_is_one_that_the_program_takes(
    program: argparse.ArgumentParser, page: Path
) -> None:
    for line in commands(page):
        if line.split()[-1] in ('--help', '--version', '--json') and len(line.split()) == 2:
            continue
        try:
            program.parse_args(shlex.split(line)[1:])
        except LiquidDroneError as error:
            pytest.fail(f'{page.name}: {line}: {error}')


def nav(entries: object) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, list | dict):
        for entry in entries.values() if isinstance(entries, dict) else entries:
            yield from nav(entry)


def test_every_page_is_in_the_navigation_once() -> None:
    text = (ROOT / 'mkdocs.yml').read_text(encoding='utf-8')
    named = list(nav(yaml.safe_load(text)['nav']))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob('*.md')}
    assert sorted(named) == sorted(pages | MADE)


def site_pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location('site_pages', DOCS / 'site_pages.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_site_lists_the_parameters_of_every_node() -> None:
    package = ROOT / 'liquid_drone'
    files = (package / 'nodes').rglob('*.py')
    declare = {
        '.'.join(path.relative_to(package).with_suffix('').parts)
        for path in files
        if re.search(r'^PARAMETERS\b.* = ', path.read_text(encoding='utf-8'), re.MULTILINE)
    }
    assert declare == set(site_pages().PARAMETERS.values())


def code(page: Path) -> str:
    """Return what a page shows as code, in its lines and in its blocks."""
    text = page.read_text(encoding='utf-8')
    blocks = re.findall(r'^```\w*\n(.*?)^```', text, re.DOTALL | re.MULTILINE)
    return '\n'.join([*re.findall(r'`([^`\n]+)`', text), *blocks])


def flags(commands: Iterable[object]) -> Iterator[str]:
    """Yield the flags of all commands."""
    for one in commands:
        if isinstance(one, CommandGroup):
            yield from flags(one.commands)
        else:
            yield from (flag_of(option) for option, _ in options_and_groups(one.arguments))


OTHERS_FLAGS = {  # of pip, pytest, colcon, ros2, docker, unshare, test/support
    *('--user', '--prefix', '--target'),
    *('--help', '--version', '--hypothesis-profile', '--topics', '--show-args', '--build-arg'),
    *('--symlink-install', '--map-root-user', '--net', '--cuts', '--every'),
    *('--network', '--ipc'),
}


@pytest.mark.parametrize('page', TEXTS, ids=lambda path: path.name)
def test_every_flag_that_a_sentence_names_is_one_of_a_command(page: Path) -> None:
    spans = '\n'.join(re.findall(r'`([^`\n]+)`', page.read_text(encoding='utf-8')))
    named = set(re.findall(r'(?<![\w-])(--[a-z][a-z0-9-]+)', spans))
    assert sorted(named - set(flags(COMMANDS)) - OTHERS_FLAGS) == []


@pytest.mark.parametrize('page', TEXTS, ids=lambda path: path.name)
def test_every_argument_and_limit_on_a_page_is_one_of_the_nodes(page: Path) -> None:
    pytest.importorskip('rclpy', reason="needs pip install 'liquid_drone[ros]'")
    nodes = (f'liquid_drone.{one}' for one in site_pages().PARAMETERS.values())
    declared = {one.name for node in nodes for one in importlib.import_module(node).PARAMETERS}
    source = (ROOT / 'liquid_drone/bringup/launch_actions.py').read_text(encoding='utf-8')
    taken = declared | set(re.findall(r"'([a-z_]+)'", source))
    for several in vars(launch_arguments).values():
        if isinstance(several, tuple):
            taken |= {str(getattr(one, 'name', one)) for one in several}
    taken |= {'output', 'pictures', 'image', 'image_raw'}  # of record.launch.py; of camera drivers
    assert sorted(set(re.findall(r'\b(\w+):=', code(page))) - taken) == []
    limits = {f'limits.{name}' for name in re.findall(r'\blimits\.(\w+)', code(page))}
    assert sorted(limits - declared - {'limits.conf'}) == []


@pytest.mark.parametrize('page', TEXTS, ids=lambda path: path.name)
def test_every_extra_and_target_on_a_page_exists(page: Path) -> None:
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    extras = set(re.findall(r"^        '(\w+)': [A-Z]+,$", setup, re.MULTILINE))
    named = re.findall(r'liquid_drone\[([\w,]+)\]', page.read_text(encoding='utf-8'))
    assert {one for several in named for one in several.split(',')} <= extras
    made = (ROOT / 'Makefile').read_text(encoding='utf-8')
    targets = set(re.findall(r'^(\w+):', made, re.MULTILINE))
    assert set(re.findall(r'(?:^|`)make ([a-z]+)\b', code(page), re.MULTILINE)) <= targets


DECISIONS = sorted((DOCS / 'decisions').rglob('*.md'))


@pytest.mark.parametrize('page', DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_four_parts_each_with_content(page: Path) -> None:
    parts = re.split(r'^## (.+)\n', page.read_text(encoding='utf-8'), flags=re.MULTILINE)
    assert parts[0].startswith('# ')
    assert parts[1::2] == ['Context', 'Choice', 'Rejected', 'Measurement']
    assert all(part.strip() for part in parts[2::2])


def test_every_test_that_a_page_names_exists() -> None:
    texts = [path.read_text(encoding='utf-8') for path in (ROOT / 'test').rglob('*.py')]
    there = set(re.findall(r'\bdef (test_\w+)', '\n'.join(texts)))
    for page in PAGES:
        named = set(re.findall(r'`(test_\w+)`', page.read_text(encoding='utf-8')))
        assert sorted(named - there) == [], page.name


def test_every_decision_is_listed_once_under_its_own_title() -> None:
    listed = re.findall(
        r'^\* \[(.+)\]\((.+)\)$', (DOCS / 'RATIONALE.md').read_text(), re.MULTILINE
    )
    titles = [
        (page.read_text().split('\n')[0][2:], str(page.relative_to(DOCS))) for page in DECISIONS
    ]
    assert sorted(listed) == sorted(titles)


def test_every_topic_that_a_node_has_is_on_the_page_about_nodes() -> None:
    module = site_pages()
    page = (DOCS / 'ROS2.md').read_text(encoding='utf-8')
    names = {str(row[2]).strip('`') for row in module.made_by_nodes()}
    assert {'cmd_vel', '~/setpoint', '~/engage', '/clock'} <= names
    told = page.replace('camera/…', 'camera/image_raw/compressed camera/camera_info')
    missing = sorted(
        name
        for name in names
        if name not in told and name.replace('~/', '/') not in told and f'~/{name}' not in told
    )
    assert missing == []


def test_the_site_builds_without_a_warning_and_needs_no_network(tmp_path: Path) -> None:
    pytest.importorskip('mkdocs', reason="needs pip install 'liquid_drone[docs]'")
    pytest.importorskip('rclpy', reason="needs pip install 'liquid_drone[ros]'")
    build = [sys.executable, '-m', 'mkdocs', 'build', '--strict', '--site-dir', str(tmp_path)]
    told = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    loaded = re.compile(r'<(?:script|img|link rel="stylesheet")[^>]*(?:src|href)="https?://')
    for page in tmp_path.glob('*.html'):
        assert not loaded.search(page.read_text(encoding='utf-8')), page.name
    reference = (tmp_path / 'reference-api.html').read_text(encoding='utf-8')
    assert 'id="liquid_drone.flight.guard.guard.step"' in reference
    assert '--weather' in (tmp_path / 'reference-cli.html').read_text(encoding='utf-8')
    assert 'limits.speed_m_s' in (tmp_path / 'reference-ros.html').read_text(encoding='utf-8')
