# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a network cannot answer costs that image alone, and its state stays whole.

Half precision overflows for some images and not for those of the parity vectors
(NVIDIA/TensorRT#1787); a graphics card fails while it computes (microsoft/onnxruntime#10343).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.faulty_graphs import WHITE, altered, failing, overflowing

from liquid_drone.arrays import Image
from liquid_drone.cli.main import main
from liquid_drone.errors import InferenceError
from liquid_drone.runtime import selection
from liquid_drone.runtime.providers import Backend
from liquid_drone.runtime.runner import PolicyOutput, PolicyRunner
from liquid_drone.runtime.selection import Tried

CHANGES = {
    'features': (overflowing, 'features', 'not finite'),
    'target': (overflowing, 'target', 'not finite'),
    'run': (failing, 'features', 'cannot compute bundle'),
}


@pytest.fixture(scope='module', params=sorted(CHANGES))
def faulty(request: Any, bundle: Path, tmp_path_factory: Any) -> tuple[Path, str]:
    change, output, words = CHANGES[request.param]
    place = tmp_path_factory.mktemp('faulty') / 'bundle'
    return altered(bundle, place, change, output), words


def images(runner: PolicyRunner, whites: list[bool]) -> list[Image]:
    """Return images of which some are white."""
    camera, rng = runner.contract.camera, np.random.default_rng(3)
    shape = camera.height, camera.width, 3
    return [
        np.full(shape, WHITE, np.uint8) if white else rng.integers(0, 250, shape, dtype=np.uint8)
        for white in whites
    ]


def answers(runner: PolicyRunner, shown: list[Image], words: str) -> list[PolicyOutput]:
    """Return what a runner answers; what it cannot is an error with these words."""
    runner.reset()
    given = []
    for index, image in enumerate(shown):
        if image.min() == WHITE:
            with pytest.raises(InferenceError, match=words):
                runner.step(image, 0.05 * index)
        else:
            given.append(runner.step(image, 0.05 * index))
    return given


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_what_cannot_be_answered_is_as_if_it_had_not_come(
    faulty: tuple[Path, str], bundle: Path, whites: list[bool]
) -> None:
    place, words = faulty
    runner, whole = PolicyRunner(place), PolicyRunner(bundle)
    shown = images(runner, whites)
    given = answers(runner, shown, words)
    expected = [
        whole.step(image, 0.05 * index) for index, image in enumerate(shown) if image.min() < WHITE
    ]
    assert len(given) == len(expected)
    for got, wanted in zip(given, expected, strict=True):
        np.testing.assert_allclose(got.command, wanted.command, atol=1e-5)
        assert np.isfinite(got.command).all()


def test_infer_tells_the_image_in_one_sentence(
    faulty: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2

    place, words = faulty
    (tmp_path / 'shown').mkdir()
    for index, image in enumerate(images(PolicyRunner(place), [False, True])):
        cv2.imwrite(str(tmp_path / 'shown' / f'{index}.png'), image)
    out = str(tmp_path / 'out')
    assert main(['infer', str(place), str(tmp_path / 'shown'), '--out', out]) == 2
    said = capsys.readouterr().err
    assert '1.png' in said
    assert words in said
    assert 'Traceback' not in said


def test_auto_leaves_a_provider_out_whose_answers_are_not_finite(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parity vectors may be right all the same."""

    def fail(_runner: PolicyRunner) -> float:
        raise InferenceError('not finite')

    monkeypatch.setattr(selection.libraries, 'why_not', lambda _: None)
    monkeypatch.setattr(selection, 'PolicyRunner', lambda path, *_: PolicyRunner(path))
    monkeypatch.setattr(selection, 'step_time_s', fail)
    tried = selection._try(bundle, 'cuda', Backend())
    assert tried.runner is None
    assert 'not finite' in tried.reason


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_where_auto_took_a_card_that_fails_the_cpu_goes_on_without_a_gap(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, whites: list[bool]
) -> None:
    """The state is the core's, which is on the CPU anyway: no image is lost by it."""
    card = PolicyRunner(
        altered(bundle, tmp_path_factory.mktemp('card') / 'bundle', failing, 'features')
    )
    card.vision.backend = Backend('cuda')
    tried = [Tried('cpu', PolicyRunner(bundle), 1.0), Tried('cuda', card, 0.1)]
    runner, whole = selection._fastest(tried), PolicyRunner(bundle)
    assert runner is card
    for index, image in enumerate(images(runner, whites)):
        got, wanted = runner.step(image, 0.05 * index), whole.step(image, 0.05 * index)
        np.testing.assert_allclose(got.command, wanted.command, atol=1e-5)
        has_failed = any(whites[: index + 1])
        assert runner.vision.where == ('cpu fp32' if has_failed else 'cuda fp32')
        assert ('cuda fp32 cannot compute' in runner.vision.fault) is has_failed
