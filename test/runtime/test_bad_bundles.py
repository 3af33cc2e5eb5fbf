# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a bundle whose contract, graphs and weights disagree is refused with a BundleError."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.contract import (
    CONTRACT_FILE,
    CORE_FILE,
    MOST_TOLERANCE,
    VISION_FILE,
    load_contract,
    sha256_of,
)
from liquid_drone.errors import BundleError
from liquid_drone.policy.config import WEIGHTS_FILE
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of, save_weights
from liquid_drone.runtime.runner import PolicyRunner


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / 'copy'))


def edit(bundle: Path, change: Callable[[Any], None]) -> None:
    document = json.loads((bundle / CONTRACT_FILE).read_text())
    change(document)
    for name in (VISION_FILE, CORE_FILE):
        document['sha256'][name] = sha256_of(bundle / name)
    (bundle / CONTRACT_FILE).write_text(json.dumps(document))


def size(value: Any, part: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        document[part] = value

    return change


def parity(**values: Any) -> Callable[[Any], None]:
    return lambda document: document['parity'].update(values)


@pytest.mark.parametrize(
    'change',
    [
        size(18, 'state_size'),
        size(20, 'state_size'),
        size(64, 'feature_size'),
        size(10**12, 'feature_size'),
        size(-1, 'state_size'),
        size('../up', 'name'),
        size('', 'name'),
        parity(commands=[], targets=[]),
        parity(dt_s=[], commands=[], targets=[]),
        parity(dt_s=[0.05], commands=[[0, 0, 0]], targets=[[0, 0, 0]]),
        parity(dt_s=[0.05], commands=[[0, 0, 0, 0]] * 2, targets=[[0, 0, 0]]),
        parity(dt_s=[0.05] * 10_000),
        parity(tolerance=0.5),
        parity(tolerance=0.0),
        parity(tolerance=1e300),
        parity(seed=-1),
    ],
)
def test_a_contract_that_does_not_fit_is_refused(
    copy: Path, change: Callable[[Any], None]
) -> None:
    edit(copy, change)
    with pytest.raises(BundleError, match=r'contract|state_size|feature_size|name|parity'):
        PolicyRunner(copy)


def test_a_contract_cannot_loosen_its_own_check(copy: Path) -> None:
    """What FP16 is allowed, FP32 is not, whatever the contract asks for."""

    def change(document: Any) -> None:
        document['parity']['tolerance'] = MOST_TOLERANCE['fp16']
        document['parity']['commands'][3][0] += 0.005

    edit(copy, change)
    with pytest.raises(BundleError, match='differs from its parity vectors'):
        PolicyRunner(copy)


def rename(model: Any, value: Any) -> None:
    old, value.name = value.name, 'other'
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = 'other' if name == old else name


def rename_output(model: Any) -> None:
    rename(model, model.graph.output[0])


def rename_input(model: Any) -> None:
    rename(model, model.graph.input[0])


def add_output(model: Any) -> None:
    more = onnx.helper.make_tensor_value_info('more', onnx.TensorProto.FLOAT, [1])
    model.graph.node.append(onnx.helper.make_node('Constant', [], ['more'], value_floats=[1.0]))
    model.graph.output.append(more)


def outside(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value='weights.bin')


def outside_in_a_constant(model: Any) -> None:
    tensor = onnx.numpy_helper.from_array(np.zeros(2, np.float32), 'deep')
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value='weights.bin')
    model.graph.node.append(onnx.helper.make_node('Constant', [], ['deep'], value=tensor))


@pytest.mark.parametrize('file', [VISION_FILE, CORE_FILE])
@pytest.mark.parametrize(
    'alter', [rename_output, rename_input, add_output, outside, outside_in_a_constant]
)
def test_a_graph_that_does_not_fit_is_refused(
    copy: Path, file: str, alter: Callable[[Any], None]
) -> None:
    model = onnx.load(copy / file)
    alter(model)
    (copy / file).write_bytes(model.SerializeToString())
    (copy / 'weights.bin').write_bytes(bytes(100_000))
    edit(copy, lambda document: None)
    expected = 'weights in other files' if 'outside' in alter.__name__ else 'does not fit'
    with pytest.raises(BundleError, match=expected):
        PolicyRunner(copy)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 0.999), flip=st.booleans())
def test_a_graph_cut_or_altered_anywhere_gives_no_other_error(
    bundle: Path, tmp_path: Path, share: float, flip: bool
) -> None:
    place = Path(shutil.copytree(bundle, tmp_path / 'copy', dirs_exist_ok=True))
    data = bytearray((bundle / CORE_FILE).read_bytes())
    at = int(share * len(data))
    if flip:
        data[at] ^= 0xFF
    (place / CORE_FILE).write_bytes(data if flip else data[:at])
    edit(place, lambda document: None)
    with contextlib.suppress(BundleError):
        PolicyRunner(place)


@pytest.mark.parametrize('file', [CORE_FILE, VISION_FILE])
def test_names_that_are_no_text_are_refused(bundle: Path, tmp_path: Path, file: str) -> None:
    data = (bundle / file).read_bytes()
    for word in (b'batch', b'image', b'command', b'features'):
        place = Path(shutil.copytree(bundle, tmp_path / 'copy', dirs_exist_ok=True))
        (place / file).write_bytes(data.replace(word, b'\x9c' + word[1:]))
        edit(place, lambda document: None)
        if word in data:
            with pytest.raises(BundleError):
                PolicyRunner(place)


@pytest.mark.parametrize('what', ['cut', 'nan', 'complex', 'no config', 'text', 'not an archive'])
def test_weights_that_cannot_be_trained_from_are_refused(
    network: Network, tmp_path: Path, what: str
) -> None:
    save_weights(network, tmp_path)
    path = tmp_path / WEIGHTS_FILE
    with np.load(path) as data:
        arrays: dict[str, Any] = dict(data)
    name = next(name for name in arrays if name.endswith('weight'))
    changed = {
        'nan': {name: np.full_like(arrays[name], np.nan)},
        'complex': {name: arrays[name].astype(np.complex64)},
        'text': {name: arrays[name].astype(str)},
    }.get(what, {})
    if what == 'no config':
        del arrays['config']
    np.savez(path, **{**arrays, **changed})
    content = path.read_bytes()
    if what == 'cut':
        path.write_bytes(content[: len(content) // 2])
    if what == 'not an archive':
        path.write_bytes(b'hello')
    with pytest.raises(BundleError):
        config_of(str(tmp_path))


def test_big_endian_weights_are_read_as_they_are_meant(network: Network, tmp_path: Path) -> None:
    save_weights(network, tmp_path)
    path = tmp_path / WEIGHTS_FILE
    with np.load(path) as data:
        arrays = {k: v.astype(v.dtype.newbyteorder('>')) for k, v in dict(data).items()}
    np.savez(path, **arrays)
    assert config_of(str(tmp_path)) == network.config


def test_a_whole_bundle_is_still_read(copy: Path) -> None:
    assert load_contract(copy).parity is not None
    PolicyRunner(copy)


@pytest.mark.parametrize('name', [b'caf\xe9', b'\xff', b'b\xc3', b'ok/\xfe/bundle'])
def test_a_place_that_is_no_utf_8_is_told(name: bytes, bundle: Path, tmp_path: Path) -> None:
    """It was a page about the arguments of a constructor."""
    place = tmp_path / os.fsdecode(name)
    shutil.copytree(bundle, place)
    with pytest.raises(BundleError, match='expected names in UTF-8, its reader knows no other'):
        PolicyRunner(place)


@settings(max_examples=3, deadline=None)
@given(
    encodings=st.sampled_from([{'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}]),
    names=st.lists(
        st.text(st.characters(min_codepoint=0xA1, exclude_categories=['C', 'Z']), min_size=1),
        min_size=4,
        max_size=6,
        unique=True,
    ),
)
def test_a_place_in_utf_8_is_opened_whatever_encoding_python_has_for_names(
    encodings: dict[str, str], names: list[str], bundle: Path
) -> None:
    """In a locale of another encoding it was a file that does not exist, or one to be renamed."""
    with TemporaryDirectory() as folder:
        places = [Path(folder, str(number), name[:20]) for number, name in enumerate(names)]
        for place in places:
            shutil.copytree(bundle, place)
        program = 'import sys; from pathlib import Path; '
        program += 'from liquid_drone.runtime.runner import PolicyRunner; '
        program += '[PolicyRunner(Path(one)) for one in sys.argv[1:]]'
        line = [sys.executable, '-c', program, *map(str, places)]
        subprocess.run(line, check=True, env={**os.environ, **encodings})
