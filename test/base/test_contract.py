# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a bundle that is missing, altered or of another format is refused with its reason."""

import dataclasses
import json
import math

import numpy as np
import pytest

from liquid_drone import contract as c
from liquid_drone.errors import BundleError, ImageError


@pytest.fixture
def bundle(tmp_path):
    """An intact bundle with placeholder graphs."""
    path = tmp_path / 'bundle'
    path.mkdir()
    (path / c.VISION_FILE).write_bytes(b'vision graph')
    (path / c.CORE_FILE).write_bytes(b'core graph')
    hashes = {name: c.sha256_of(path / name) for name in (c.VISION_FILE, c.CORE_FILE)}
    contract = c.Contract(
        format_version=c.FORMAT_VERSION,
        name='test',
        state_size=19,
        feature_size=128,
        training=c.Training(target='red_backpack', worlds=('forest',), frames=10),
        network={'cell': 'cfc', 'neurons': [9, 6, 4]},
        sha256=hashes,
        parity=c.ParityVectors(1, (0.05,), ((0.0, 0.1, 0.2, 0.3),), ((1.0, 0.0, 0.0),)),
    )
    c.save_contract(contract, path)
    return path


def edit(bundle, **changes):
    path = bundle / c.CONTRACT_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_saved_contract_is_read_back_whole(bundle):
    contract = c.load_contract(bundle)
    assert contract.training.worlds == ('forest',)
    assert contract.parity.commands == ((0.0, 0.1, 0.2, 0.3),)
    assert contract.network == {'cell': 'cfc', 'neurons': [9, 6, 4]}
    c.save_contract(contract, bundle)
    assert c.load_contract(bundle) == contract


def test_the_bundle_hash_follows_the_graphs(bundle):
    contract = c.load_contract(bundle)
    other = dataclasses.replace(contract, sha256={**contract.sha256, c.CORE_FILE: '0' * 64})
    renamed = dataclasses.replace(contract, name='another')
    assert contract.bundle_hash() != other.bundle_hash()
    assert contract.bundle_hash() == renamed.bundle_hash()
    assert len(contract.bundle_hash()) == 12


def test_a_missing_bundle_says_what_a_bundle_is(tmp_path):
    with pytest.raises(BundleError, match=r'no policy bundle at .*vision\.onnx'):
        c.load_contract(tmp_path / 'nothing')


@pytest.mark.parametrize('name', [c.CONTRACT_FILE, c.VISION_FILE, c.CORE_FILE])
def test_a_missing_file_is_named(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f'has no {name}'):
        c.load_contract(bundle)


@pytest.mark.parametrize('name', [c.VISION_FILE, c.CORE_FILE])
def test_one_altered_byte_of_a_graph_is_refused(bundle, name):
    (bundle / name).write_bytes((bundle / name).read_bytes()[:-1] + b'!')
    with pytest.raises(BundleError, match=f'{name} does not match its contract: expected sha256'):
        c.load_contract(bundle)


@pytest.mark.parametrize('name', [c.CONTRACT_FILE, c.VISION_FILE, c.CORE_FILE])
def test_a_bundle_whose_files_were_not_fetched_is_told_so(bundle, name):
    """A clone without Git LFS holds pointers: the file was called corrupt."""
    pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n'
    (bundle / name).write_text(pointer)
    with pytest.raises(BundleError, match=f'{name} is a pointer of Git LFS .* git lfs pull'):
        c.load_contract(bundle)


def test_a_contract_without_hashes_is_refused(bundle):
    edit(bundle, sha256={})
    with pytest.raises(BundleError, match='does not match its contract'):
        c.load_contract(bundle)


@pytest.mark.parametrize('content', [b'{', b'', b'\xff\xfe', b'[]', b'null', b'3'])
def test_a_corrupt_contract_is_refused(bundle, content):
    (bundle / c.CONTRACT_FILE).write_bytes(content)
    with pytest.raises(BundleError, match=r'contract\.json'):
        c.load_contract(bundle)


@pytest.mark.parametrize('version', [0, 3, '1', None])
def test_another_format_version_is_refused(bundle, version):
    edit(bundle, format_version=version)
    with pytest.raises(BundleError, match='expected format_version 1 or 2, got'):
        c.load_contract(bundle)


def test_a_request_needs_the_format_that_has_it(bundle):
    edit(bundle, format_version=2)
    with pytest.raises(BundleError, match='format_version 2 does not fit'):
        c.load_contract(bundle)
    edit(bundle, format_version=1, belief=True)
    with pytest.raises(BundleError, match='does not fit'):
        c.load_contract(bundle)


def test_a_contract_without_a_request_is_written_as_older_releases_read_it(bundle):
    document = json.loads((bundle / c.CONTRACT_FILE).read_text())
    assert document['format_version'] == 1
    assert {'request', 'belief'}.isdisjoint(document)
    assert {'requests', 'beliefs'}.isdisjoint(document['parity'])


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'colour': 'bgr'}, "unknown field 'colour'"),
        ({'camera': {'colour_order': 'bgr'}}, "colour_order must be 'rgb', got 'bgr'"),
        ({'camera': {'width': 0}}, 'image size must be positive'),
        ({'camera': {'horizontal_fov_deg': 200}}, 'horizontal_fov_deg must be'),
        ({'time': {'min_s': 0.3}}, 'expected 0 < min_s <= nominal_s'),
        ({'time': {'nominal_s': math.nan}}, 'expected a finite number, got nan'),
        ({'command': {'limits': [1, 1, 1]}}, 'expected 4 values, got 3'),
        ({'command': {'limits': [1, 1, 1, 0]}}, 'limits must be positive'),
        ({'command': {'limits': [1, 1, 1, math.inf]}}, 'finite'),
        ({'sha256': {'vision.onnx': 5}}, r'sha256\.vision\.onnx: expected str'),
        ({'sha256': 'abc'}, 'sha256: expected a mapping'),
        ({'state_size': '19'}, 'state_size: expected int'),
        ({'parity': {'seed': 1}}, "'dt_s' is missing"),
    ],
)
def test_what_the_contract_cannot_mean_is_refused(bundle, changes, message):
    edit(bundle, **changes)
    with pytest.raises(BundleError, match=message):
        c.load_contract(bundle)


def test_parity_inputs_are_the_same_bytes_everywhere(bundle):
    contract = c.load_contract(bundle)
    images = c.parity_inputs(contract.parity, contract.camera)
    assert images.shape == (1, 144, 256, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, c.parity_inputs(contract.parity, contract.camera))
    assert images.reshape(-1)[:6].tolist() == images[0, 15, 15].tolist() * 2  # one coarse cell


def test_an_evaluation_is_added_under_its_name(bundle):
    contract = c.with_evaluation(c.load_contract(bundle), 'forest-summer', {'success': 0.9})
    contract = c.with_evaluation(contract, 'town', {'success': 0.5})
    assert contract.evaluation == {'forest-summer': {'success': 0.9}, 'town': {'success': 0.5}}


def test_the_image_of_the_contract_is_taken():
    c.check_image(np.zeros((144, 256, 3), np.uint8), c.CameraSpec())


@pytest.mark.parametrize(
    ('shape', 'kind'),
    [((256, 144, 3), np.uint8), ((144, 256), np.uint8), ((144, 256, 3), np.float32)],
)
def test_another_image_is_refused_with_both_shapes(shape, kind):
    with pytest.raises(ImageError) as caught:
        c.check_image(np.zeros(shape, kind), c.CameraSpec())
    assert 'shape (144, 256, 3) and type uint8' in str(caught.value)
    assert f'got shape {shape} and type {np.dtype(kind)}' in str(caught.value)
    assert 'set the camera to 256x144' in str(caught.value)
