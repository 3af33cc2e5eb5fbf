# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The shape of a network as plain data: what a recipe chooses and a contract remembers."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ..contract import TimeSpec
from ..errors import shown
from ..request import RequestSpec
from ..schema import check_ranges
from .wiring import FanOut

WEIGHTS_FILE = 'weights.npz'  # of a bundle that training can go on from


@dataclass(frozen=True)
class VisionConfig:
    """The CNN; a recipe may also name one of ``NAMED``: ``vision: chahine2023``.

    The defaults cost 0.6 ms per frame and core in training (bfloat16).
    """

    NAMED: ClassVar[dict[str, 'VisionConfig']] = {}

    reduce: int = 2  # camera pixels averaged into one, per axis
    # layers that begin with weights of photographs, before the convolutions, see pretrained.py
    trunk: Literal['', 'efficientnet_lite0'] = ''
    blocks: int = 11  # of such a trunk
    thawed: int = 0  # of these the last ones learn too
    convolutions: tuple[
        tuple[int, int, int], ...
    ] = (  # channels, kernel, stride; padded by kernel // 2
        (16, 5, 2),
        (32, 3, 2),
        (64, 3, 2),
        (64, 3, 1),
        (16, 3, 1),
    )
    features: int = 128  # F
    padding: Literal['same', 'valid'] = 'same'
    # linear: the target head reads the features; heatmap: it finds one spot of the feature map
    head: Literal['linear', 'heatmap'] = 'linear'
    heat_channels: int = 48  # of a heatmap's hidden layer
    scan: bool = False  # the last features are how near things are, a number for each column
    scan_after: int = 0  # of the convolutions, whose map it looks at; 0: all but the last
    # convolutions of its own behind that map, as above; then layers over columns: channels, kernel
    scan_convolutions: tuple[tuple[int, int, int], ...] = ()
    scan_columns: tuple[tuple[int, int], ...] = ((48, 3), (48, 3))
    # beside a scan, of the same shape: who is in each column and how far, for a memory alone
    sight: bool = False
    mean: tuple[float, float, float] = (115.0, 115.0, 115.0)  # of R, G, B, 0..255
    std: tuple[float, float, float] = (70.0, 70.0, 70.0)

    def __post_init__(self) -> None:
        sizes = {'reduce': (1, 16), 'features': (1, 4096)}
        check_ranges(self, {**sizes, 'mean': (-1e4, 1e4), 'std': (1e-3, 1e4)})
        check_ranges(self, {'heat_channels': (1, 1024), 'blocks': (5, 16), 'thawed': (0, 16)})
        if self.thawed > self.blocks:
            raise ValueError(f'thawed: expected at most {self.blocks} blocks, got {self.thawed}')
        if self.head == 'heatmap' and len(self.convolutions) < 2:
            raise ValueError('a heatmap is made before the last convolution: expected two or more')
        if self.scan and len(self.convolutions) < 2:
            raise ValueError('a scan is made before the last convolution: expected two or more')
        if self.sight and not self.scan:
            raise ValueError('a sight is made beside a scan: expected scan: true, too')
        if not 1 <= len(self.convolutions) <= 32:
            raise ValueError(f'expected 1..32 convolutions, got {len(self.convolutions)}')
        if not 0 <= self.scan_after < len(self.convolutions):
            raise ValueError('scan_after: expected one of the convolutions before the last')
        if not all(k % 2 == 1 and 1 <= c <= 1024 and 1 <= k <= 31 for c, k in self.scan_columns):
            raise ValueError('scan_columns: expected (channels, odd kernel), at most 1024 and 31')
        for channels, kernel, stride in (*self.convolutions, *self.scan_convolutions):
            odd = kernel % 2 == 1 and 1 <= kernel <= 31
            if not (odd and 1 <= channels <= 1024 and 1 <= stride <= 16):
                raise ValueError(
                    'expected (channels, odd kernel, stride), at most 1024, 31 and 16; got '
                    f'{shown((*self.convolutions, *self.scan_convolutions))}'
                )

    @property
    def scan_layout(self) -> tuple[Any, ...] | None:
        """What a scan looks at and is made of, and a sight beside it; None: there is none."""
        layout = self.scan_after, self.scan_convolutions, self.scan_columns, self.sight
        return layout if self.scan else None


# The CNN of Chahine et al. 2023 (Science Robotics), with its normalisation.
CHAHINE_2023 = VisionConfig(
    reduce=1,
    convolutions=((24, 5, 2), (36, 5, 2), (48, 5, 2), (64, 3, 1), (16, 3, 2)),
    features=128,
    padding='valid',
    mean=(0.41718618 * 255, 0.48529191 * 255, 0.38133072 * 255),
    std=(0.057**0.5 * 255, 0.05**0.5 * 255, 0.061**0.5 * 255),
)


# Half the width of the default: for the smallest boards.
SMALL = VisionConfig(
    convolutions=((8, 5, 2), (16, 3, 2), (32, 3, 2), (32, 3, 1), (16, 3, 2)), features=64
)
# The default with a target head that finds a spot: the same wherever in the picture it is.
HEATMAP = VisionConfig(head='heatmap')
# Half as wide again, one layer deeper, with the heatmap: two and a half times the default's time,
# and more pairs of photographs told apart (docs/reality.md); models/follow-memory flies it.
WIDE = VisionConfig(
    convolutions=((24, 5, 2), (48, 3, 2), (96, 3, 2), (96, 3, 1), (96, 3, 1), (16, 3, 1)),
    head='heatmap',
)
# The same with a scan of 16 columns, which a core has as numbers: models/follow flies it.
WIDE_SCAN = VisionConfig(
    convolutions=WIDE.convolutions, head='heatmap', scan=True, features=WIDE.features + 16
)
# The same with a scan that has layers of its own behind the second convolution: what tells the
# target hardly tells how far a wall is (docs/decisions/learning/scan.md).
WIDE_TAPPED_SCAN = dataclasses.replace(
    WIDE_SCAN,
    scan_after=2,
    scan_convolutions=((64, 3, 2), (64, 3, 1)),
    scan_columns=((64, 3), (64, 3), (64, 5)),
)
# The same with a sight, for a memory: five numbers more for each of 16 columns.
WIDE_SIGHT = dataclasses.replace(
    WIDE_TAPPED_SCAN, sight=True, features=WIDE_TAPPED_SCAN.features + 5 * 16
)
# Behind layers that learned from photographs: three times the time, for a board that has it.
PRETRAINED = VisionConfig(
    trunk='efficientnet_lite0',
    convolutions=((48, 1, 1), (16, 3, 1)),
    head='heatmap',
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
)
VisionConfig.NAMED.update(
    default=VisionConfig(),
    chahine2023=CHAHINE_2023,
    small=SMALL,
    heatmap=HEATMAP,
    wide=WIDE,
    **{'wide-scan': WIDE_SCAN, 'wide-tapped-scan': WIDE_TAPPED_SCAN, 'wide-sight': WIDE_SIGHT},
    pretrained=PRETRAINED,
)


@dataclass(frozen=True)
class CoreConfig:
    """The recurrent core; ``cells/registry.py`` lists the cells."""

    neurons: int = 19  # N; in a wired cell 4 of them are motor neurons
    sparsity: float = 0.5
    wiring_seed: int = 22224
    motor_gain: float = 1.25  # of the command's limit: full speed without saturating a neuron
    cell: str = 'wired_cfc'
    preset: str = ''  # named options of the cell, such as ncps or chahine2023
    options: dict[str, Any] = field(default_factory=dict)  # of the cell, over the preset's
    wiring: Literal['auto_ncp', 'auto_ncp_of_ncps', 'ncp', 'random', 'full'] = 'auto_ncp'
    inter_command: tuple[int, int] = (18, 12)  # neurons, wiring 'ncp' only: N is their sum + 4
    fan_out: FanOut = field(default_factory=FanOut)  # wiring 'ncp' only
    readout: Literal['', 'motor', 'all'] = ''  # a linear layer after these neurons of a wired
    # cell; without one the motor neurons are the command. Other cells always have one.

    def __post_init__(self) -> None:
        sizes = {'neurons': (1, 4096), 'inter_command': (1, 4096), 'wiring_seed': (0, 2**32 - 1)}
        check_ranges(self, {**sizes, 'sparsity': (0.0, 1.0), 'motor_gain': (1e-3, 100.0)})


@dataclass(frozen=True)
class NetworkConfig:
    """The whole network."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    core: CoreConfig = field(default_factory=CoreConfig)
    request: RequestSpec | None = None  # what the core may be asked for; None: nothing
    belief: bool = False  # where the target is, seen or not: by a linear layer after all neurons
    memory: bool = False  # or by a filter beside them that they are told of, see memory.py
    # beside it, what a scan told of and the picture has lost since, see surroundings.py
    surroundings: bool = False
    brake: bool = False  # no command leads too fast towards what a scan told of, see brake.py
    # dt is clipped to its range: min_s and max_s at nominal_s are a constant one
    time: TimeSpec = field(default_factory=TimeSpec)

    def __post_init__(self) -> None:
        if self.memory and not self.belief:
            raise ValueError(
                'memory: true is what the belief comes from: expected belief: true too'
            )
        if self.surroundings and not (self.memory and self.vision.scan):
            raise ValueError(
                'surroundings: true remembers what a scan told, moved as the memory knows that '
                'the drone moved: expected memory: true and a vision with a scan, such as '
                'wide-scan, too'
            )
        if self.brake and not (self.surroundings or (self.vision.scan and not self.memory)):
            raise ValueError(
                'brake: true keeps off what a scan told: expected a vision with a scan, such as '
                'wide-scan, and beside memory: true surroundings: true too'
            )
