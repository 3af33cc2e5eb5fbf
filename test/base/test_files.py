# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: YAML, JSON and arrays are read strictly, at a bounded cost, with one kind of error."""

import errno
import io
import json
import os
import struct
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liquid_drone.errors import BundleError, ConfigError, OutputError, shown
from liquid_drone.files import (
    as_name,
    check_name,
    load_json,
    named_below,
    parse_json,
    read_bytes,
    set_aside,
    write_text,
    written,
)
from liquid_drone.npz import read_npz
from liquid_drone.yaml_file import parse_yaml, read_yaml

BOMB = '\n'.join(
    ['a0: &a0 [x, x]', *(f'a{i}: &a{i} [*a{i - 1}, *a{i - 1}]' for i in range(1, 40))]
)


@pytest.mark.parametrize(
    ('text', 'value'),
    [('010', '010'), ('1_000', '1_000'), ('1:30', '1:30'), ('1e-3', 1e-3), ('0x10', '0x10'),
     ('7', 7), ('-2.5', -2.5), ('.5', 0.5), ('2020-01-01', '2020-01-01'), ('yes', True)],
)  # fmt: skip
def test_numbers_of_yaml_1_1_alone_stay_texts(text: str, value: Any) -> None:
    """Octal, underscores and sexagesimal mean something else than they look like."""
    found = parse_yaml(f'a: {text}', 'f')['a']
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be'])
@given(name=st.text('aäñ한 ', max_size=5))
def test_a_text_is_read_as_editors_of_windows_save_it(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, name: str
) -> None:
    """A mark before UTF-8 made JSON unreadable, and UTF-16 everything."""
    path, mark = (
        tmp_path_factory.mktemp('text') / 'file',
        '\ufeff' if encoding[-2:] in 'lebe' else '',
    )
    for text in (f'{{"a": "{name}"}}', f'{{"a": "{name}"}}\r\n'):
        path.write_bytes((mark + text).encode(encoding))
        assert load_json(path) == read_yaml(path) == {'a': name}


@pytest.mark.parametrize(
    'text',
    ['a: 1\na: 2', 'a: {b: 1, b: 1}', '[' * 5000, 'a: &x [*x]', 'a: !!python/object:os.system x',
     f'a: {"1" * 400}', 'a: !!timestamp x', '? [1]\n: 2', 'a: *b',
     'a: "\x00"', BOMB, '- 1\n---\n- 2'],
)  # fmt: skip
def test_bad_yaml_is_one_short_line(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, 'f')
    assert str(caught.value).startswith('f')
    assert len(str(caught.value)) < 500
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'text', ['{"a": NaN}', '{"a": 1e999}', '{"a": 1, "a": 2}', '[' * 50_000, f'[{"1" * 400}]', '{']
)
def test_bad_json_is_one_error(text: str) -> None:
    with pytest.raises(BundleError, match='f cannot be read as JSON'):
        parse_json(text, 'f', BundleError)


def test_sizes_are_asked_before_anything_is_read(tmp_path: Path) -> None:
    big = tmp_path / 'big'
    with big.open('wb') as file:
        file.truncate(1 << 42)  # takes no space
    for read in (load_json, read_yaml):
        with pytest.raises(ConfigError, match='expected at most'):
            read(big)
    with pytest.raises(BundleError, match='expected at most'):
        read_npz(big, 1000, BundleError)


def test_what_is_no_file_is_an_error_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    for path in (tmp_path, tmp_path / 'pipe', tmp_path / 'none', tmp_path / ('x' * 300)):
        with pytest.raises(ConfigError, match='cannot read'):
            read_bytes(path, 10)


values = st.recursive(
    st.none() | st.text() | st.integers() | st.floats() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_a_shown_value_is_short(value: Any) -> None:
    assert len(shown(value)) <= 200


def test_a_huge_value_is_not_walked_to_be_shown() -> None:
    nested: Any = 'x'
    for _ in range(60):
        nested = [nested, nested]  # 2^60 values in all
    for value in (nested, 'x' * 10_000_000, 10**100_000, {'a': nested}, object()):
        assert len(shown(value)) <= 200


@given(st.text())
@example(':' + 127 * '0')  # as long as a name may be, before it begins with a letter
def test_names_are_names(text: str) -> None:
    name = as_name(text)
    check_name('name', name)
    assert Path('folder', name).parent == Path('folder')
    if text != name:
        with pytest.raises(ValueError, match='letters, digits'):
            check_name('name', text)


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


GOOD = npz(a=np.arange(6.0).reshape(2, 3), text=np.array('hello'))


@pytest.mark.parametrize('dtype', ['<f4', '>f4', '<f8', '>i8', '|b1'])
def test_arrays_come_in_this_machines_byte_order(dtype: str, tmp_path: Path) -> None:
    array = np.arange(6).reshape(3, 2).astype(dtype)
    (tmp_path / 'a.npz').write_bytes(npz(a=array, fortran=np.asfortranarray(array)))
    found = read_npz(tmp_path / 'a.npz', 10_000)
    assert all(np.array_equal(value, array) for value in found.values())
    assert all(value.dtype.isnative and value.flags.writeable for value in found.values())


@given(st.integers(0, len(GOOD) - 1))
def test_a_cut_file_is_an_error(cut: int) -> None:
    path = Path(os.environ.get('TMPDIR', '/tmp')) / f'{os.getpid()}-cut.npz'
    try:
        path.write_bytes(GOOD[:cut])
        with pytest.raises(BundleError, match='cannot read'):
            read_npz(path, 10_000, BundleError)
    finally:
        path.unlink(missing_ok=True)


def test_arrays_that_claim_more_than_they_have_or_are_no_numbers_are_errors(
    tmp_path: Path,
) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    head = b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode()
    with zipfile.ZipFile(tmp_path / 'huge.npz', 'w') as archive:
        archive.writestr('a.npy', head)
    with zipfile.ZipFile(tmp_path / 'bomb.npz', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a.npy', bytes(50_000_000))
    (tmp_path / 'complex.npz').write_bytes(npz(a=np.array([1j])))
    (tmp_path / 'object.npz').write_bytes(npz(a=np.array([{}], dtype=object)))
    for name in ('huge', 'bomb', 'complex', 'object'):
        with pytest.raises(BundleError, match='cannot read'):
            read_npz(tmp_path / f'{name}.npz', 1_000_000, BundleError)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_text(tmp_path / 'a.json', json.dumps([1]))

    def half(aside: Path) -> None:
        aside.write_text('half')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match='No space left on device'):
        written(tmp_path / 'a.json', half)
    assert json.loads((tmp_path / 'a.json').read_text()) == [1]
    (tmp_path / 'link').symlink_to(tmp_path / 'a.json')
    with pytest.raises(OutputError, match='a link or directory is in its place'):
        write_text(tmp_path / 'link', '')
    assert sorted(item.name for item in tmp_path.iterdir()) == ['a.json', 'link']
    write_text(tmp_path / 'a.json', 'bytes \udcff')  # as file names have them
    assert (tmp_path / 'a.json').read_text('utf-8') == r'bytes \udcff'


def test_what_is_torn_is_kept_beside(tmp_path: Path) -> None:
    for text in ('one', 'two'):
        (tmp_path / 'state').write_text(text)
        set_aside(tmp_path / 'state')
    assert {item.read_text() for item in tmp_path.iterdir()} == {'one', 'two'}


FOLDERS = st.recursive(
    st.fixed_dictionaries({'ours': st.booleans(), 'link': st.booleans()}),
    lambda inner: st.dictionaries(st.sampled_from('abcd'), inner, max_size=3),
    max_leaves=8,
)


def grown(place: Path, tree: dict[str, Any], links: list[Path]) -> list[Path]:
    """Make a tree of folders; return the files of it that are searched for."""
    place.mkdir(parents=True)
    made: list[Path] = []
    for name, inner in tree.items():
        if name == 'ours' and inner:
            (place / 'it.json').write_text('')
            made.append(place / 'it.json')
        elif name == 'link' and inner:
            links.append(place / 'link')
        elif isinstance(inner, dict):
            made += grown(place / name, inner, links)
    return made


@given(FOLDERS, st.randoms(use_true_random=False))
def test_what_lies_below_is_found_once_through_links_and_loops(tree: Any, rng: Any) -> None:
    """Folders that are links were left out without a word."""
    with TemporaryDirectory() as scratch:
        root, links = Path(scratch, 'root'), list[Path]()
        made = grown(root, tree, links)
        elsewhere = grown(Path(scratch, 'elsewhere'), {'ours': True}, [])
        for link in links:  # to a folder above, beside, or out of the tree
            link.symlink_to(rng.choice([root, link.parent, elsewhere[0].parent]))
        found = named_below(root, '*.json')
        assert len({path.resolve() for path in found}) == len(found)
        leaves = any(link.resolve() == elsewhere[0].parent for link in links)
        expected = [*made, *(elsewhere if leaves else [])]
        assert {path.resolve() for path in found} == {path.resolve() for path in expected}
