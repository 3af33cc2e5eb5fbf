# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a policy promises: the image it takes, the time step, the command, where it was trained.

Training writes the contract beside the two graphs of a bundle; the runtime, the nodes and the
evaluation read it and refuse what does not match. This file knows nothing of PyTorch or ONNX
Runtime.

A command is ``float32 (4,)``: vx, vy, vz in m/s and yaw rate in rad/s, in the body FLU frame
with roll and pitch removed (heading-aligned, REP-103), yaw rate counter-clockwise.
"""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import schema
from .arrays import Image
from .errors import BundleError, ConfigError, ImageError, shown
from .files import IS_POINTER, POINTER, check_name, load_json, sha256_of, size_of, write_text
from .request import RequestSpec

FORMAT_VERSION, REQUEST_VERSION = 1, 2  # without and with a request or a belief
FORMATS = (FORMAT_VERSION, REQUEST_VERSION)
CONTRACT_FILE, VISION_FILE, CORE_FILE, CARD_FILE = (
    'contract.json',
    'vision.onnx',
    'core.onnx',
    'card.md',
)
SEEN_PROBABILITY = 0.5  # of the target head: from here on the target counts as seen
MIN_TARGET_PIXELS = 12  # of 256 x 144: with fewer the target is not in view
COMMAND_NAMES = ('vx', 'vy', 'vz', 'yaw_rate')
COMMAND_UNITS = ('m/s', 'm/s', 'm/s', 'rad/s')
MOST_GRAPH_BYTES = 256_000_000
MOST_CONTRACT_BYTES = 4_000_000
MOST_SIZE = 65_536  # of state and features
MOST_PIXELS = 2_100_000  # of the policy's picture
MOST_COMMAND = 100.0  # m/s or rad/s
# Largest difference from the stored answers, relative above 1. A bundle may ask for less, not for
# more. FP32 on a GPU differs by 7.6e-6; FP16 by 9.6e-3 (H200, ``models/follow``). An INT8 bundle
# stores answers of its own: another processor or version may round a value to the next step.
MOST_TOLERANCE = {'fp32': 2e-3, 'fp16': 2e-2, 'int8': 1e-1}
STORED_PRECISIONS = ('fp32', 'int8')  # of a vision graph's weights
PARITY_STEPS = (1, 64)


@dataclass(frozen=True)
class CameraSpec:
    """The camera that the policy was trained with."""

    width: int = 256
    height: int = 144
    colour_order: str = 'rgb'
    horizontal_fov_deg: float = 80.0
    tilt_down_deg: float = 10.0  # camera axis below the body's x axis

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or self.width * self.height > MOST_PIXELS:
            raise ValueError(
                f'image size must be positive, at most {MOST_PIXELS} pixels; '
                f'got {self.width}x{self.height}'
            )
        if self.colour_order != 'rgb':
            raise ValueError(f"colour_order must be 'rgb', got {shown(self.colour_order)}")
        if not 10.0 <= self.horizontal_fov_deg <= 150.0:
            raise ValueError(f'horizontal_fov_deg must be 10..150, got {self.horizontal_fov_deg}')
        if not -90.0 <= self.tilt_down_deg <= 90.0:
            raise ValueError(f'tilt_down_deg must be -90..90, got {self.tilt_down_deg}')


@dataclass(frozen=True)
class TimeSpec:
    """Seconds between the frames that the network acts on."""

    nominal_s: float = 0.05
    min_s: float = 0.005
    max_s: float = 0.2
    reset_after_s: float = 1.0  # a longer gap resets the state

    def __post_init__(self) -> None:
        if not 0.0 < self.min_s <= self.nominal_s <= self.max_s <= self.reset_after_s:
            raise ValueError(
                f'expected 0 < min_s <= nominal_s <= max_s <= reset_after_s, got {self}'
            )


@dataclass(frozen=True)
class CommandSpec:
    """Largest absolute command of each axis, in the units of ``COMMAND_UNITS``."""

    limits: tuple[float, float, float, float] = (2.0, 2.0, 0.8, 1.2)
    frame: str = 'base_link FLU, heading-aligned'

    def __post_init__(self) -> None:
        if not all(0.0 < limit <= MOST_COMMAND for limit in self.limits):
            raise ValueError(f'limits must be positive, at most 100, got {self.limits}')


@dataclass(frozen=True)
class Training:
    """Where the policy learned, for cards and for refusing what it was not made for."""

    target: str = ''
    worlds: tuple[str, ...] = ()
    seasons: tuple[str, ...] = ()
    command: str = ''  # the command line that made the bundle
    commit: str = ''
    frames: int = 0
    pictures: int = 0  # that nobody flew, see learn/pictures
    operating_point: str = ''  # what a probability of 0.5 gives on pictures kept apart


class Belief(NamedTuple):
    """Where the core believes the target to be, seen or not."""

    probability: float  # that it is there, 0..1
    bearing_rad: float  # from straight ahead, counter-clockwise: left is positive
    distance_m: float  # horizontal


@dataclass(frozen=True)
class ParityVectors:
    """Seeded inputs with the answers that PyTorch gave, replayed through the graphs at every load.

    The inputs are made by :func:`parity_inputs` from ``seed``: only the answers are stored.
    """

    seed: int
    dt_s: tuple[float, ...]  # (T,)
    commands: tuple[tuple[float, ...], ...]  # (T, 4)
    targets: tuple[tuple[float, ...], ...]  # (T, 3)
    tolerance: float = 2e-3  # FP16 vision graphs stay within this; the CPU is near 1e-6
    requests: tuple[tuple[float, ...], ...] = ()  # (T, 3), inputs of a core that takes a request
    beliefs: tuple[tuple[float, ...], ...] = ()  # (T, 3), answers of a core that gives a belief

    def __post_init__(self) -> None:
        least, most = PARITY_STEPS
        steps, worst = len(self.dt_s), MOST_TOLERANCE['fp16']
        if not 0.0 < self.tolerance <= worst:
            raise ValueError(
                f'tolerance must be above 0 and at most {worst}, got {self.tolerance}'
            )
        if self.seed < 0 or not least <= steps <= most:
            raise ValueError(f'expected a seed and {least}..{most} dt_s, got {self.seed}, {steps}')
        if not all(0.0 < dt_s <= 10.0 for dt_s in self.dt_s):
            raise ValueError(f'dt_s must be above 0 and at most 10 s, got {shown(self.dt_s)}')
        for name, width in (('commands', 4), ('targets', 3), ('requests', 3), ('beliefs', 3)):
            rows = getattr(self, name)
            if len(rows) not in (0, steps) or any(len(row) != width for row in rows):
                raise ValueError(f'{name} must be {steps} rows of {width}, got {shown(rows)}')
            if not all(map(math.isfinite, (value for row in rows for value in row))):
                raise ValueError(f'{name} must be finite, got {shown(rows)}')

    @property
    def answers(self) -> tuple[tuple[tuple[float, ...], ...], ...]:
        """Commands and target heads, and the beliefs where there are any."""
        stored = self.commands, self.targets
        return (*stored, self.beliefs) if self.beliefs else stored


@dataclass(frozen=True)
class Contract:
    """The whole contract of a bundle; see the module's text."""

    format_version: int
    name: str
    state_size: int
    feature_size: int
    camera: CameraSpec = field(default_factory=CameraSpec)
    time: TimeSpec = field(default_factory=TimeSpec)
    command: CommandSpec = field(default_factory=CommandSpec)
    training: Training = field(default_factory=Training)
    network: dict[str, Any] = field(default_factory=dict)  # cell, neurons, wiring as plain data
    evaluation: dict[str, dict[str, Any]] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)  # graph file name -> hash
    parity: ParityVectors | None = None
    precision: str = 'fp32'  # of the vision graph; 'int8': quantised, for processors alone
    request: RequestSpec | None = None  # what the core may be asked for; None: nothing
    belief: bool = False  # the core tells where it believes the target to be

    def __post_init__(self) -> None:
        check_name('name', self.name)
        if self.precision not in STORED_PRECISIONS:
            expected = ', '.join(STORED_PRECISIONS)
            raise ValueError(f'precision must be one of {expected}, got {shown(self.precision)}')
        for field_name in ('state_size', 'feature_size'):
            if not 1 <= getattr(self, field_name) <= MOST_SIZE:
                raise ValueError(
                    f'{field_name} must be 1..{MOST_SIZE}, got {getattr(self, field_name)}'
                )
        parity = self.parity
        if parity is not None and not (parity.commands and parity.targets):
            raise ValueError('parity has no answers: export the bundle again')
        if self.format_version != format_of(self.request, self.belief):
            raise ValueError(
                f'format_version {self.format_version} does not fit: a request or a belief is of '
                f'format {REQUEST_VERSION}, a core without both of {FORMAT_VERSION}'
            )
        if parity is not None and (bool(parity.requests), bool(parity.beliefs)) != (
            self.request is not None,
            self.belief,
        ):
            raise ValueError('parity does not fit request and belief: export the bundle again')

    def bundle_hash(self) -> str:
        """Return one short hash that names the network: over the hashes of both graphs."""
        joined = ''.join(self.sha256.get(name, '') for name in (VISION_FILE, CORE_FILE))
        return hashlib.sha256(joined.encode()).hexdigest()[:12]


def format_of(request: RequestSpec | None, belief: bool) -> int:
    """Return the format of a contract: older releases read what has neither."""
    return REQUEST_VERSION if request is not None or belief else FORMAT_VERSION


def parity_inputs(parity: ParityVectors, camera: CameraSpec) -> Image:
    """Return the images (T, H, W, 3) of the stored answers: coarse seeded colour fields."""
    rng = np.random.default_rng(parity.seed)
    steps, rows, columns = len(parity.dt_s), 9, 16
    coarse = rng.integers(0, 256, size=(steps, rows, columns, 3), dtype=np.uint8)
    row_of = np.arange(camera.height) * rows // camera.height
    column_of = np.arange(camera.width) * columns // camera.width
    return coarse[:, row_of][:, :, column_of]


def save_contract(contract: Contract, bundle: Path) -> None:
    """Write ``contract.json`` into a bundle directory.

    Raises:
        OutputError: it cannot be written.

    """
    text = json.dumps(_document(contract), indent=1, sort_keys=True)
    write_text(bundle / CONTRACT_FILE, text + '\n')


def _document(contract: Contract) -> dict[str, Any]:
    """Return plain data; of format 1 without the fields that it does not have."""
    document: dict[str, Any] = schema.plain(contract)
    if contract.format_version == FORMAT_VERSION:
        del document['request'], document['belief']
        for name in ('requests', 'beliefs') if document['parity'] else ():
            del document['parity'][name]
    return document


def largest_difference(got: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """Return how far answers are from stored ones: relative above 1, infinite if not finite."""
    wanted = np.asarray(expected, dtype=np.float64)
    off = np.abs(np.asarray(got) - wanted) / np.maximum(np.abs(wanted), 1.0)
    return float(np.nan_to_num(off, nan=np.inf).max())


def load_contract(bundle: Path) -> Contract:
    """Read and check the contract of a bundle, and the hashes of its graphs.

    Raises:
        BundleError: no such bundle, a missing file, broken JSON, another format version, an
            altered graph.

    """
    if not bundle.is_dir():
        raise BundleError(
            f'no policy bundle at {bundle}: expected a directory with '
            f'{VISION_FILE}, {CORE_FILE} and {CONTRACT_FILE}'
        )
    for name in (CONTRACT_FILE, VISION_FILE, CORE_FILE):
        if not (bundle / name).is_file():
            raise BundleError(
                f'bundle {bundle} has no {name}: export it again or take an intact copy'
            )
        with (bundle / name).open('rb') as file:
            if file.read(len(POINTER)) == POINTER:
                raise BundleError(f'{bundle / name} {IS_POINTER}')
    contract = _parse(bundle / CONTRACT_FILE)
    for name in (VISION_FILE, CORE_FILE):
        size_of(bundle / name, MOST_GRAPH_BYTES, BundleError)
        expected, got = contract.sha256.get(name), _hash(bundle / name)
        if got != expected:
            raise BundleError(
                f'{bundle / name} does not match its contract: '
                f'expected sha256 {shown(expected)}, got {got}; '
                'the file is corrupt or from another bundle'
            )
    return contract


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise BundleError(f'cannot read {path}: {error.strerror}') from error


def _parse(path: Path) -> Contract:
    data = load_json(path, MOST_CONTRACT_BYTES, BundleError)
    version = data.get('format_version') if isinstance(data, dict) else None
    if type(version) is not int or version not in FORMATS:
        raise BundleError(
            f'{path}: expected format_version {" or ".join(map(str, FORMATS))}, got '
            f'{shown(version)}; export the bundle again, or update liquid_drone if it is newer'
        )
    try:
        return schema.build(Contract, data, str(path))
    except ConfigError as error:
        raise BundleError(str(error)) from error


def with_evaluation(contract: Contract, name: str, table: dict[str, Any]) -> Contract:
    """Return the contract with cells added to the evaluation table of a name."""
    joined = {**contract.evaluation.get(name, {}), **table}
    return dataclasses.replace(contract, evaluation={**contract.evaluation, name: joined})


def check_image(image: npt.NDArray[Any], camera: CameraSpec) -> None:
    """Refuse an image that the policy does not take.

    Raises:
        ImageError: names the shape and type that were expected and that came.

    """
    expected = (camera.height, camera.width, 3)
    if image.shape != expected or image.dtype != np.uint8:
        raise ImageError(
            f'expected an {camera.colour_order} image of shape {expected} and type uint8, '
            f'got shape {image.shape} and type {image.dtype}; '
            f'set the camera to {camera.width}x{camera.height}'
        )
