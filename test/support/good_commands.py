# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that read files, each with a good one, for ``bad_inputs.py`` to spoil."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from good_inputs import Read, Reader, _bundle, _episode, _mesh, _ncps_cell, _photo


def _command(arguments: Callable[[Path], list[str]]) -> Read:
    """Return what runs a command; its sentence is an error of ours, as a reader's would be."""

    def read(folder: Path) -> int:
        from liquid_drone.cli.main import main
        from liquid_drone.errors import LiquidDroneError

        told = io.StringIO()
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
            code = main(arguments(folder))
        if code == 2:
            raise LiquidDroneError(told.getvalue())
        assert code in (0, 1), f'exit code {code}'
        return code

    return read


def _video(folder: Path) -> None:
    import cv2

    writer = cv2.VideoWriter(
        str(folder / 'it.avi'), cv2.VideoWriter.fourcc(*'MJPG'), 20.0, (64, 36)
    )
    for frame in np.random.default_rng(0).integers(0, 255, (8, 36, 64, 3), dtype=np.uint8):
        writer.write(frame)
    writer.release()


def _truth(folder: Path) -> None:
    _photo('png')(folder)
    (folder / 'truth.csv').write_text('name,in_view,bearing\nphoto.png,1,0.2\n')


def _infer(folder: Path, *names: str) -> list[str]:
    return ['infer', 'follow', *(str(folder / n) for n in names), '--out', str(folder / 'out')]


def _with_truth(folder: Path) -> list[str]:
    return [*_infer(folder, 'photo.png'), '--truth', str(folder / 'truth.csv')]


def _import_flight(folder: Path) -> list[str]:
    bag, out = str(folder / 'e' / 'bag'), str(folder / 'out')
    return ['import-flight', bag, '--target', 'dog', '--out', out]


def _import(folder: Path) -> list[str]:
    return ['import', str(folder / 'it.pt'), '--out', str(folder / 'out')]


def _parity(folder: Path) -> list[str]:
    return ['parity', str(folder)]


def _inspect(folder: Path) -> list[str]:
    out = str(folder / 'out.png')
    return ['inspect', 'target', str(folder / 'it.yaml'), '--width', '64', '--out', out]


COMMANDS = (
    Reader('infer, JPEG', _photo('jpg'), 'photo.jpg', _command(lambda f: _infer(f, 'photo.jpg'))),
    Reader('infer, video', _video, 'it.avi', _command(lambda f: _infer(f, 'it.avi'))),
    Reader('infer, truth', _truth, 'truth.csv', _command(_with_truth)),
    Reader('infer, MCAP', _episode, 'e/bag/bag.mcap', _command(lambda f: _infer(f, 'e/bag'))),
    Reader('validate', _episode, 'e/episode.json', _command(lambda f: ['validate', str(f / 'e')])),
    Reader('import-flight', _episode, 'e/bag/bag.mcap', _command(_import_flight)),
    Reader('import', _ncps_cell, 'it.pt', _command(_import)),
    Reader('parity', _bundle, 'contract.json', _command(_parity)),
    Reader('inspect', _mesh, 't.obj', _command(_inspect)),
)
