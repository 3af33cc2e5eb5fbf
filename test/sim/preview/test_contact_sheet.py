# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Contact sheets and the window: what is on them, keys, and what is said without a display."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from liquid_drone.cli.main import main
from liquid_drone.errors import OutputError
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.preview import contact_sheet, viewer
from liquid_drone.sim.preview.contact_sheet import SheetCell, SheetPlace, SheetRow

SEED = 9_011  # of the training split
SMALL = SheetPlace(FlightSpec(seed=SEED), 128)


def redness(image: np.ndarray) -> np.ndarray:
    return image[..., 0].astype(int) - image[..., 1:].max(axis=-1)


def test_a_target_is_in_the_middle_of_its_views_and_smaller_from_afar() -> None:
    views = contact_sheet.target_views(SMALL.load('forest', 'summer', 'red_camping_chair'), SMALL)
    assert [view.words for view in views[:4]] == ['front', 'left', 'back', 'right']
    sizes = [int((redness(view.image)[18:60, 40:88] > 60).sum()) for view in views]
    assert min(sizes[:4]) > 100
    assert sizes[4] > sizes[5] > sizes[6] > 0


def test_a_place_is_shown_as_the_drone_sees_it_and_from_above() -> None:
    seen, above = contact_sheet.place_views(SMALL.load('urban', 'winter'), SMALL)
    assert seen.image.shape == above.image.shape == (72, 128, 3)
    assert np.abs(seen.image.astype(int) - above.image).mean() > 10.0


def test_a_sheet_holds_every_picture_as_it_is() -> None:
    cells = [SheetCell(f'{k}', np.full((72, 128, 3), 40 * k, np.uint8)) for k in range(1, 5)]
    page = contact_sheet.sheet(
        'seed 1', [SheetRow(('one',), tuple(cells[:2])), SheetRow(('two',), (cells[2],))]
    )
    counts = [int((page == 40 * k).all(axis=-1).sum()) for k in range(1, 5)]
    assert counts == [72 * 128, 72 * 128, 72 * 128, 0]


@pytest.mark.parametrize(
    ('kind', 'names', 'rows', 'columns'),
    [('world', ['urban'], 2, 4), ('season', ['winter'], 4, 4), ('target', ['dog'], 8, 7)],
)
def test_inspect_writes_a_sheet(
    kind: str, names: list[str], rows: int, columns: int, tmp_path: Path
) -> None:
    out = tmp_path / 'made' / 'sheet.png'
    assert main(['inspect', kind, *names, '--width', '64', '--out', str(out)]) == 0
    height, width = cv2.imread(str(out)).shape[:2]
    step = 36 + contact_sheet.HEAD + contact_sheet.GAP
    assert height == contact_sheet.HEAD + contact_sheet.GAP + rows * step
    assert columns * 68 < width < columns * 68 + 130


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['world', 'moon'], "unknown world 'moon': expected one of forest, urban"),
        (['season', 'monsoon'], "unknown season 'monsoon': expected one of autumn, spring"),
        (
            ['target', 'unicorn'],
            "unknown target 'unicorn': expected one of baggage_cart, blue_car, dog",
        ),
        (['world', '--width', '2'], '--width: expected a whole number, 64 to 4096 pixels; got 2'),
        (['world', '--weather', 'frogs:1'], 'frogs'),
        (['world', '--live'], 'no display here'),
    ],
)
def test_what_cannot_be_inspected_is_one_sentence(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    assert main(['inspect', *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count('\n') == 1


class Scripted:
    """A screen whose user presses given keys."""

    def __init__(self, keys: str) -> None:
        self.keys, self.pictures = [*map(ord, keys)], []

    def show(self, picture: np.ndarray) -> int:
        self.pictures.append(picture)
        return self.keys.pop(0)


def test_in_the_window_keys_change_place_and_season_and_pause() -> None:
    screen = Scripted('\0  \0sn' + '\0q')
    choices = viewer.Choices(('forest',), ('summer', 'winter'), ('dog',))
    viewer.watch(choices, FlightSpec(seed=SEED), screen)
    one, two, paused, going, later, winter, _, _ = screen.pictures
    assert one.shape == (390, 1280, 3)
    assert not np.array_equal(one, two)
    assert np.array_equal(two, paused)
    assert not np.array_equal(paused, going)
    assert not np.array_equal(going, later)
    assert winter[200:360].mean() > one[200:360].mean() + 40.0


def test_a_library_without_windows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise cv2.error('The function is not implemented')

    monkeypatch.setenv('DISPLAY', ':99')
    monkeypatch.setattr(cv2, 'imshow', fail)
    with pytest.raises(OutputError, match='leave --live out'):
        viewer.Display().show(np.zeros((2, 2, 3), np.uint8))
