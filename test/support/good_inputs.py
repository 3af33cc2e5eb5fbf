# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Every reader with a good input of its, for ``bad_inputs.py`` to spoil."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ROOT = Path(__file__).parents[2]
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """A reader with a good input of its."""

    name: str
    make: Callable[[Path], None]  # writes a good input into a folder
    file: str  # of it, which is spoilt
    read: Read  # given the folder


def to_yaml(document: Any) -> bytes:
    """Return a document as YAML."""
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False).encode()


def to_json(document: Any) -> bytes:
    """Return a document as JSON; Python's writes NaN and Infinity."""
    return json.dumps(document).encode()


def _shipped(kind: str, name: str) -> Callable[[Path], None]:
    """Copy a shipped file and what lies beside it."""

    def make(folder: Path) -> None:
        document = yaml.safe_load((ROOT / kind / f'{name}.yaml').read_text())
        (folder / 'it.yaml').write_bytes(to_yaml(document))

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
    (folder / 'it.yaml').write_bytes(to_yaml(text))


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

    save(invent(1, 40), folder / 'e')


def _read_episode(folder: Path) -> object:
    from liquid_drone.episodes.checks import check_all
    from liquid_drone.errors import EpisodeError

    findings = check_all([folder / 'e'])
    for finding in findings:
        if finding.level == 'error':
            raise EpisodeError(finding.what)
    return findings


def _read_mcap(folder: Path) -> object:
    from liquid_drone.episodes.episode import load

    return load(folder / 'e', check_hash=False)


def _import_bag(folder: Path) -> object:
    from liquid_drone.episodes.rosbag_import import ImportConfig, Topics, import_bag

    config = ImportConfig('dog', Topics(), fewest_frames=1)
    return import_bag(folder / 'e' / 'bag', folder / 'out', config)


def _flights(folder: Path) -> None:
    from liquid_drone.evaluate.flights_file import Flown, to_line
    from liquid_drone.evaluate.scoring import FlightScore

    score = FlightScore(7, False, ('collision',), 9.5, 0.9, 0.4, 8.0, 1.0, 2.0, 3.0, None, 1.5)
    (folder / 'flights.jsonl').write_text(to_line(Flown(score, 'abc'), {'who': 'b'}))


def _read_flights(folder: Path) -> object:
    from liquid_drone.errors import ConfigError
    from liquid_drone.evaluate.flights_file import read_flights

    found = read_flights(folder, {'who': 'b'})
    if (folder / '.flights.jsonl.torn').exists():
        raise ConfigError('it named a torn line and kept the file aside')
    return found


def _score(folder: Path) -> None:
    row = {'round': 0, 'flights': 4, 'successes': 2, 'failures': {'a': 2}, 'command_error': 0.1}
    (folder / 'validation').mkdir()
    (folder / 'validation' / 'round-0.json').write_bytes(to_json(row))


def _read_score(folder: Path) -> object:
    from liquid_drone.errors import ConfigError
    from liquid_drone.learn.recipe import Workspace
    from liquid_drone.learn.validation import read_score

    if read_score(Workspace(folder), 0) is None:
        raise ConfigError('it named a torn score and kept it aside')
    return folder


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

        photos = [folder / f'photo.{form}']
        return target_from_photos(photos, 'thing', 1.0, folder / 'out').path

    return read


def _mesh(folder: Path) -> None:
    (folder / 't.obj').write_text('v 0 0 0\nv 1 0 0\nv 0 0 1\nf 1 2 3\n')
    part = {'shape': 'mesh', 'size_m': [1.0], 'position_m': [0.0, 0.0, 0.5], 'file': 't.obj'}
    target = {'name': 't', 'description': 't', 'radius_m': 0.3, 'height_m': 1.0, 'parts': [part]}
    (folder / 'it.yaml').write_bytes(to_yaml(target))


def _read_mesh(folder: Path) -> object:
    from liquid_drone.sim.scenario.scenario import load_scenario
    from liquid_drone.sim.world.actors import check_meshes

    return check_meshes(load_scenario(target=str(folder / 'it.yaml')))


def _network() -> Any:
    from liquid_drone.policy.config import NetworkConfig, VisionConfig
    from liquid_drone.policy.network import Network

    return Network(NetworkConfig(VisionConfig(convolutions=((8, 5, 4), (8, 3, 2)), features=16)))


def _checkpoint(folder: Path) -> None:
    import torch

    weights = _network().state_dict()
    state = {'weights': weights, 'average': weights, 'optimiser': {}, 'step': 3}
    torch.save(state, folder / 'it.pt')


def _read_checkpoint(folder: Path) -> object:
    from liquid_drone.learn.behaviour_cloning import load_weights

    return load_weights(_network(), folder / 'it.pt')


def _ncps_cell(folder: Path) -> None:
    import ncps.torch
    import ncps.wirings
    import torch

    from liquid_drone.policy.weights import config_of

    features = config_of('follow').vision.features
    cell = ncps.torch.CfC(features, ncps.wirings.AutoNCP(19, 4))
    torch.save(cell.state_dict(), folder / 'it.pt')


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
    Reader('checkpoint', _checkpoint, 'it.pt', _read_checkpoint),
    Reader('weights of others', _ncps_cell, 'it.pt', _read_foreign),
)
