# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: T201
"""Bad inputs for every reader, made from good ones: each field of each format, and each byte.

``python test/support/bad_inputs.py`` runs all of them and prints the table of docs/files.md. A
case is right if the reader returns or raises an error of ours within 20 s and 2 GB.
"""

import argparse
import copy
import dataclasses
import json
import logging
import multiprocessing
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ROOT = Path(__file__).parents[2]
MOST_S, MOST_KB = 20.0, 2_000_000
LONG, DIGITS = 'x' * 100_000, int('9' * 400)
DEEP: Any = 1
for _ in range(300):
    DEEP = [DEEP]
VALUES: dict[str, Any] = {
    'null': None, 'text': 'nonsense', 'long text': LONG, 'empty text': '', 'path': '../../up',
    'true': True, 'zero': 0, 'negative': -1, 'large': 10**18, '400 digits': DIGITS, 'tiny': 1e-300,
    'huge': 1e300, 'nan': float('nan'), 'inf': float('inf'), '-inf': float('-inf'),
    'empty list': [], 'list': [1, 'a', None], 'long list': [0] * 50_000, 'empty mapping': {},
    'mapping': {'a': {'b': 1}}, 'deep': DEEP,
}  # fmt: skip
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """A reader with a good input of its."""

    name: str
    make: Callable[[Path], None]  # writes a good input into a folder
    file: str  # of it, which is spoilt
    read: Read  # given the folder


@dataclass(frozen=True)
class Case:
    """One spoilt input."""

    reader: str
    what: str
    content: bytes


def cases(reader: Reader, good: Path, bytes_cut: int) -> Iterator[Case]:
    """Yield every case of a reader: fields where it is text, then cuts and altered bytes."""
    data = (good / reader.file).read_bytes()
    if reader.file.endswith('.yaml'):
        yield from _field_cases(reader, yaml.safe_load(data), _to_yaml)
    elif reader.file.endswith(('.json', '.jsonl')):
        yield from _field_cases(reader, json.loads(data), _to_json)
    rng = np.random.default_rng(len(data))
    for at in sorted({int(x) for x in np.linspace(0, max(len(data) - 1, 0), bytes_cut)}):
        yield Case(reader.name, f'cut at byte {at}', data[:at])
    for at in rng.integers(0, max(len(data), 1), bytes_cut).tolist():
        altered = bytearray(data)
        altered[at] ^= int(rng.integers(1, 256))
        yield Case(reader.name, f'byte {at} altered', bytes(altered))
    for what, content in (
        ('zeros', bytes(1000)),
        ('text', b'hello'),
        ('not UTF-8', b'\xff\xfe\xfa'),
    ):
        yield Case(reader.name, what, content)
    twice = data.replace(b'\n', b'\n' + data.split(b'\n')[0] + b'\n', 1)
    yield Case(reader.name, 'first line twice', twice)


def _to_yaml(document: Any) -> bytes:
    return yaml.safe_dump(document, sort_keys=False).encode()


def _to_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _field_cases(
    reader: Reader, document: Any, to_bytes: Callable[[Any], bytes]
) -> Iterator[Case]:
    for path in _paths(document, 4):
        name = '.'.join(map(str, path))
        yield Case(reader.name, f'{name}: missing', to_bytes(_without(document, path)))
        for what, value in VALUES.items():
            yield Case(reader.name, f'{name}: {what}', to_bytes(_with(document, path, value)))
    yield Case(reader.name, 'unknown field', to_bytes({**document, 'unknown': 1}))


def _paths(document: Any, deep: int) -> Iterator[tuple[Any, ...]]:
    if deep == 0:
        return
    items: Any = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))[:1]  # the others are alike
    for key, value in items:
        yield (key,)
        for rest in _paths(value, deep - 1):
            yield (key, *rest)


def _with(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.copy(document)
    changed[path[0]] = value if len(path) == 1 else _with(changed[path[0]], path[1:], value)
    return changed


def _without(document: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.copy(document)
    if len(path) == 1:
        del changed[path[0]]
    else:
        changed[path[0]] = _without(changed[path[0]], path[1:])
    return changed


# readers


def _shipped(kind: str, name: str) -> Callable[[Path], None]:
    """Copy a shipped file and what lies beside it."""

    def make(folder: Path) -> None:
        document = yaml.safe_load((ROOT / kind / f'{name}.yaml').read_text())
        (folder / 'it.yaml').write_bytes(_to_yaml(document))

    return make


def _scenario(kind: str) -> Read:
    def read(folder: Path) -> object:
        from liquid_drone.sim.scenario.scenario import load_scenario

        return load_scenario(**{kind: str(folder / 'it.yaml')})  # type: ignore[arg-type]

    return read


def _recipe(folder: Path) -> object:
    from liquid_drone.learn.recipe import load_recipe

    return load_recipe(str(folder / 'it.yaml'))


def _calibration(folder: Path) -> None:
    text = {
        'image_width': 640, 'image_height': 480, 'camera_name': 'cam',
        'camera_matrix': {'rows': 3, 'cols': 3, 'data': [500.0, 0, 320, 0, 500, 240, 0, 0, 1]},
        'distortion_model': 'plumb_bob',
        'distortion_coefficients': {'rows': 1, 'cols': 5, 'data': [0.0] * 5},
        'rectification_matrix': {'rows': 3, 'cols': 3, 'data': [1, 0, 0, 0, 1, 0, 0, 0, 1]},
        'projection_matrix': {
            'rows': 3, 'cols': 4, 'data': [500, 0, 320, 0, 0, 500, 240, 0, 0, 0, 1, 0]
        },
    }  # fmt: skip
    (folder / 'it.yaml').write_bytes(_to_yaml(text))


def _read_calibration(folder: Path) -> object:
    from liquid_drone.camera.calibration import load

    return load(str(folder / 'it.yaml'))


def _bundle(folder: Path) -> None:
    shutil.copytree(ROOT / 'models' / 'follow', folder, dirs_exist_ok=True)


def _read_bundle(folder: Path) -> object:
    from liquid_drone.runtime.runner import PolicyRunner

    return PolicyRunner(folder)


def _read_graph(folder: Path) -> object:
    """Read the core with a contract that has its hash, so that the graph itself is looked at."""
    from liquid_drone.contract import CONTRACT_FILE, CORE_FILE
    from liquid_drone.files import sha256_of

    document = json.loads((folder / CONTRACT_FILE).read_text())
    document['sha256'][CORE_FILE] = sha256_of(folder / CORE_FILE)
    (folder / CONTRACT_FILE).write_text(json.dumps(document))
    return _read_bundle(folder)


def _read_weights(folder: Path) -> object:
    from liquid_drone.policy.network import Network
    from liquid_drone.policy.weights import config_of, load_weights_of

    return load_weights_of(Network(config_of(str(folder))), str(folder))


def _episode(folder: Path) -> None:
    from inventions import invent

    from liquid_drone.episodes.episode import save

    save(invent(1, 8), folder / 'e')


def _read_episode(folder: Path) -> object:
    from liquid_drone.episodes.checks import check_all

    return check_all([folder / 'e'])


def _read_mcap(folder: Path) -> object:
    from liquid_drone.episodes.episode import load

    return load(folder / 'e', check_hash=False)


def _import_bag(folder: Path) -> object:
    from liquid_drone.episodes.rosbag_import import ImportConfig, Topics, import_bag

    config = ImportConfig('dog', Topics(), fewest_frames=1)
    return import_bag(folder / 'e' / 'bag', folder / 'out', config)


def _flights(folder: Path) -> None:
    from liquid_drone.evaluate.scoring import FlightScore

    names = {field.name: 0 for field in dataclasses.fields(FlightScore)}
    row = {'score': {**names, 'success': True, 'failures': []}, 'trajectory_hash': 'a', 'who': 'b'}
    (folder / 'flights.jsonl').write_bytes(_to_json(row) + b'\n')


def _read_flights(folder: Path) -> object:
    from liquid_drone.evaluate.protocol import read

    return read(folder, {'who': 'b'})


def _score(folder: Path) -> None:
    row = {'round': 0, 'flights': 4, 'successes': 2, 'failures': {'a': 2}, 'command_error': 0.1}
    (folder / 'validation').mkdir()
    (folder / 'validation' / 'round-0.json').write_bytes(_to_json(row))


def _read_score(folder: Path) -> object:
    from liquid_drone.learn.recipe import Workspace
    from liquid_drone.learn.validation import read_score

    return read_score(Workspace(folder), 0)


def _photo(form: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        from PIL import Image

        pixels = np.random.default_rng(0).integers(0, 255, (60, 40, 4), dtype=np.uint8)
        if form == 'jpg':  # an object before a plain background
            pixels[..., :3] = 230
            pixels[10:50, 10:30, :3] = (200, 30, 30)
        pixels[..., 3] = 0
        pixels[10:50, 10:30, 3] = 255
        picture = Image.fromarray(pixels)
        picture = picture if form == 'png' else picture.convert('RGB')
        picture.save(folder / f'photo.{form}')

    return make


def _read_photo(form: str) -> Read:
    def read(folder: Path) -> object:
        from liquid_drone.sim.scenario.target_from_photos import target_from_photos

        return target_from_photos([folder / f'photo.{form}'], 'thing', 1.0, folder / 'out')

    return read


def _mesh(folder: Path) -> None:
    (folder / 't.obj').write_text('v 0 0 0\nv 1 0 0\nv 0 0 1\nf 1 2 3\n')
    part = {'shape': 'mesh', 'size_m': [1.0], 'position_m': [0.0, 0.0, 0.5], 'file': 't.obj'}
    target = {'name': 't', 'description': 't', 'radius_m': 0.3, 'height_m': 1.0, 'parts': [part]}
    (folder / 'it.yaml').write_bytes(_to_yaml(target))


def _read_mesh(folder: Path) -> object:
    from liquid_drone.sim.scenario.scenario import load_scenario
    from liquid_drone.sim.world.actors import check_meshes

    return check_meshes(load_scenario(target=str(folder / 'it.yaml')))


def _state_dict(folder: Path) -> None:
    import torch

    torch.save({'weight': torch.zeros(3, 3)}, folder / 'it.pt')


def _read_checkpoint(folder: Path) -> object:
    from liquid_drone.learn.behaviour_cloning import load_weights
    from liquid_drone.policy.config import NetworkConfig
    from liquid_drone.policy.network import Network

    return load_weights(Network(NetworkConfig()), folder / 'it.pt')


def _read_foreign(folder: Path) -> object:
    from liquid_drone.policy.foreign.bundle import Guest, guest_network

    return guest_network(folder / 'it.pt', Guest())


READERS = (
    Reader('recipe', _shipped('config/recipes', 'follow-tiny'), 'it.yaml', _recipe),
    Reader('task', _shipped('config/tasks', 'reach'), 'it.yaml', _scenario('task')),
    Reader('target', _shipped('sim/targets', 'dog'), 'it.yaml', _scenario('target')),
    Reader('world', _shipped('sim/worlds', 'forest'), 'it.yaml', _scenario('world')),
    Reader('season', _shipped('sim/seasons', 'autumn'), 'it.yaml', _scenario('season')),
    Reader('vehicle', _shipped('sim/vehicles', 'x500'), 'it.yaml', _scenario('vehicle')),
    Reader('calibration', _calibration, 'it.yaml', _read_calibration),
    Reader('contract', _bundle, 'contract.json', _read_bundle),
    Reader('graph', _bundle, 'core.onnx', _read_graph),
    Reader('weights', _bundle, 'weights.npz', _read_weights),
    Reader('episode', _episode, 'e/episode.json', _read_episode),
    Reader('episode, MCAP', _episode, 'e/bag/bag.mcap', _read_mcap),
    Reader('recording, MCAP', _episode, 'e/bag/bag.mcap', _import_bag),
    Reader('recording, metadata', _episode, 'e/bag/metadata.yaml', _import_bag),
    Reader('evaluation', _flights, 'flights.jsonl', _read_flights),
    Reader('score', _score, 'validation/round-0.json', _read_score),
    Reader('photograph, PNG', _photo('png'), 'photo.png', _read_photo('png')),
    Reader('photograph, JPEG', _photo('jpg'), 'photo.jpg', _read_photo('jpg')),
    Reader('mesh', _mesh, 't.obj', _read_mesh),
    Reader('checkpoint', _state_dict, 'it.pt', _read_checkpoint),
    Reader('weights of others', _state_dict, 'it.pt', _read_foreign),
)


# running


def outcome(reader: Reader, good: Path, case: Case) -> str:
    """Read a spoilt input; return ``read``, ``refused``, or what went wrong."""
    from liquid_drone.errors import LiquidDroneError

    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(good, Path(place) / 'it'))
        (folder / reader.file).write_bytes(case.content)
        began = time.monotonic()
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(int(MOST_S))
        try:
            reader.read(folder)
            result = 'read'
        except LiquidDroneError as error:
            short = len(str(error)) < 2000
            result = 'refused' if short else f'message of {len(str(error))} characters'
        except BaseException as error:  # whatever else it is, it is what is looked for
            result = f'{type(error).__name__}: {str(error)[:150]}'
        finally:
            signal.alarm(0)
        took_s = time.monotonic() - began
    return result if took_s < MOST_S else f'took {took_s:.0f} s'


def _too_long(*_: object) -> None:
    raise TimeoutError(f'more than {MOST_S:g} s')


def run(reader: Reader, bytes_cut: int, every: int = 1) -> tuple[Counter[str], list[str]]:
    """Try every n-th case of a reader; return counts and what went wrong."""
    counts, wrong = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        logging.disable()
        good = Path(place)
        reader.make(good)
        with tempfile.TemporaryDirectory() as first:  # what is imported now takes no case's time
            reader.read(Path(shutil.copytree(good, Path(first) / 'it')))
        for number, case in enumerate(cases(reader, good, bytes_cut)):
            if number % every:
                continue
            result = outcome(reader, good, case)
            counts[result if result in ('read', 'refused') else 'wrong'] += 1
            if result not in ('read', 'refused'):
                wrong.append(f'{reader.name}: {case.what}: {result}')
        logging.disable(logging.NOTSET)
    return counts, wrong


def _measured(name: str, bytes_cut: int, every: int) -> tuple[Counter[str], list[str], int]:
    counts, wrong = run(next(r for r in READERS if r.name == name), bytes_cut, every)
    return counts, wrong, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    """Run all cases, a process for each reader, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cuts', type=int, default=40, help='bytes cut and altered of each file')
    parser.add_argument('--every', type=int, default=1, help='every n-th case alone')
    parser.add_argument('names', nargs='*', help='readers (default: all)')
    args = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    print('| reader | inputs | read | refused | wrong | largest, MB |')
    print('|---|---|---|---|---|---|')
    total, found = Counter[str](), list[str]()
    for reader in READERS:
        if args.names and reader.name not in args.names:
            continue
        with multiprocessing.get_context('spawn').Pool(1) as pool:
            counts, wrong, most_kb = pool.apply(_measured, (reader.name, args.cuts, args.every))
        total += counts
        found += wrong + [f'{reader.name}: {most_kb} KB'] * (most_kb > MOST_KB)
        tried = sum(counts.values())
        shown = [tried, *(counts[key] for key in ('read', 'refused', 'wrong'))]
        print(f'| {reader.name} | {" | ".join(map(str, shown))} | {most_kb // 1000} |', flush=True)
    sums = [sum(total.values()), *(total[key] for key in ('read', 'refused', 'wrong'))]
    print(f'| all | {" | ".join(map(str, sums))} | |')
    for line in found:
        print(line, file=sys.stderr)
    return int(bool(found))


if __name__ == '__main__':
    sys.exit(main())
