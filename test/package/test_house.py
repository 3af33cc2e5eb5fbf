# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The house stays findable: one name a class, one alias an array, no circle, no full room."""

import ast
import functools
import re
import statistics
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'liquid_drone'
FILES = sorted(PACKAGE.rglob('*.py'))
TREES = {path: ast.parse(path.read_text(encoding='utf-8')) for path in FILES}
MOST_FILES, MOST_LINES, MOST_FUNCTION_LINES = 20, 350, 60
ALIAS = re.compile(r'^(npt\.NDArray|tuple\[float(, float)*\]$|NDArray)')
BANNED = {
    *('school', 'imitate', 'looks', 'hints', 'eyes', 'adopt', 'publish', 'ranks', 'steering'),
    *('place', 'smooth', 'gallery', 'window', 'studio', 'drawn', 'movers', 'packing', 'optics'),
    *('clearance', 'utils', 'helpers', 'misc', 'common'),
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
WRITTEN = {'table.md', 'forgetting.md', 'regressions.yaml'}  # by evaluate, retrain and replay
DOCS = [*sorted((ROOT / 'docs').rglob('*.md')), ROOT / 'README.md']


def module_of(path: Path) -> str:
    """Return the dotted name of a file, without the package."""
    parts = path.relative_to(PACKAGE).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


MODULES = {module_of(path): path for path in FILES}


def imported_by(path: Path) -> set[str]:
    """Return the package's modules that a file imports anywhere, behind TYPE_CHECKING too."""
    found, here = set(), path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level + 1], *(node.module or '').split('.')]
            name = '.'.join(part for part in base if part)
            within = {f'{name}.{alias.name}'.lstrip('.') for alias in node.names}
            found |= (within & MODULES.keys()) or ({name} & MODULES.keys())
    return found - {module_of(path)}


def test_no_public_class_name_stands_twice():
    places = defaultdict(list)
    for path, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith('_'):
                places[node.name].append(module_of(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_array_aliases_stand_in_one_file():
    strays = [
        f'{module_of(path)}: {ast.unparse(node)}'
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.Assign) and ALIAS.match(ast.unparse(node.value))
        if module_of(path) != 'arrays'
    ]
    assert strays == []


def test_no_files_import_each_other_in_a_circle():
    edges = {name: imported_by(path) for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, ' -> '.join((*above[above.index(name) :], name))
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*above, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())


def test_no_folder_is_full_and_no_file_is_long():
    folders = defaultdict(int)
    for path in FILES:
        folders[str(path.parent.relative_to(ROOT))] += path.name != '__init__.py'
    assert {name: count for name, count in folders.items() if count > MOST_FILES} == {}
    lengths = {module_of(path): path.read_text(encoding='utf-8').count('\n') for path in FILES}
    assert {name: count for name, count in lengths.items() if count > MOST_LINES} == {}


def test_files_and_folders_have_the_fields_names():
    assert sorted(name for name in MODULES if set(name.split('.')) & BANNED) == []


def test_no_two_test_files_have_one_name():
    names = [path.name for path in (ROOT / 'test').rglob('test_*.py')]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_autopilot_is_told_by_its_name_in_the_middle_of_code():
    names = {'px4', 'ardupilot', 'PX4', 'ArduPilot'}
    compared = [
        f'{module_of(path)}:{node.lineno}'
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
        if isinstance(side, ast.Constant) and side.value in names
    ]
    assert (
        compared == []
    )  # what differs is a field of a record: Personality, Profile, FirmwareKind


def test_functions_are_short():
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, FUNCTIONS)
    )
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 22
    assert sum(length > MOST_FUNCTION_LINES for length in lengths) / len(lengths) < 0.005


def test_tests_mirror_the_package():
    rooms = {'base', 'package', 'support', 'firmware', '.'}
    there = {str(p.parent.relative_to(ROOT / 'test')) for p in (ROOT / 'test').rglob('test_*.py')}
    assert sorted(name for name in there - rooms if not (PACKAGE / name).is_dir()) == []


STARTING = ('nodes', 'ros', 'bringup', 'operator', 'flight', 'firmware', 'support')


def bare_yields(tree: ast.Module) -> list[str]:
    """Name the fixtures that end something behind a yield that stands in no ``with`` or ``try``.

    Where one statement stands before it, nothing can fail between that and what it ends.
    """
    found = []
    for node in ast.walk(tree):
        is_made = isinstance(node, FUNCTIONS) and any(
            'fixture' in ast.unparse(one) for one in node.decorator_list
        )
        body = node.body[ast.get_docstring(node) is not None :] if is_made else []
        for one in body[2:-1]:
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Yield):
                found.append(node.name)
    return found


def test_what_a_fixture_starts_ends_also_where_something_fails_before_its_yield():
    """A bench that did not fly left its node in the graph, where the next test met it."""
    files = [path for room in STARTING for path in (ROOT / 'test' / room).rglob('*.py')]
    trees = {path.name: ast.parse(path.read_text(encoding='utf-8')) for path in files}
    bare = {name: bare_yields(tree) for name, tree in trees.items()}
    assert {name: found for name, found in bare.items() if found} == {}


@functools.cache
def names_of_files():
    return WRITTEN | {path.name for path in ROOT.glob('*/**/*') if '.venv' not in path.parts}


@pytest.mark.parametrize('page', DOCS, ids=lambda path: path.name)
def test_every_path_that_a_page_names_exists(page):
    named = re.findall(
        r'`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|yaml|parm|xml|service|rst))`', page.read_text()
    )
    named += re.findall(r'\]\(([^)#:\s]+)(?:#[^)]*)?\)', page.read_text())
    roots = (page.parent, ROOT, PACKAGE, ROOT / 'test')
    files = names_of_files()
    missing = [
        name
        for name in named
        if not any((root / name).exists() for root in roots) and ('/' in name or name not in files)
    ]
    assert missing == []


def test_images_are_compressed_and_targets_counted_by_one_rule_each():
    """The weather spoils images by JPEG on purpose; every other JPEG is made in one place."""
    texts = {name: path.read_text(encoding='utf-8') for name, path in MODULES.items()}
    users = sorted(name for name, text in texts.items() if 'IMWRITE_JPEG' in text)
    assert users == ['image', 'sim.sensors.image_corruptions']
    rule = re.compile(
        r'\b(SEEN\w*|\w*MIN\w*_PIXELS|min_target_pixels|JPEG_QUALITY)(: int)? = [\d.]'
    )
    places = sorted(name for name, text in texts.items() if rule.search(text))
    assert places == ['contract', 'image']
