# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The encoder: a small CNN from the camera image to features and the target head.

The image is averaged down (2x2 pixels to one) inside the graph, so that training may store the
reduced frames and flight hands over what the camera gives; both see the same picture.
Normalisation is in here too, and nowhere else: of an exported graph the first convolution has it
in its weights, but for the subtraction where that convolution pads with zeros.
"""

import copy

import torch
from torch import Tensor, nn

from ..errors import ConfigError, shown
from .config import VisionConfig
from .heatmap import Heatmap
from .pretrained import LiteTrunk, load_pretrained
from .scan import Scan
from .sighting import TOLD, ColumnSight

HEAD = ('logit', 'bearing', 'elevation')  # bearing -1 left..1 right, elevation -1 bottom..1 top


class Vision(nn.Module):
    """uint8 image (B, H, W, 3) -> features (B, F), target head (B, 3)."""

    mean: Tensor
    gain: Tensor

    def __init__(self, config: VisionConfig, height: int, width: int) -> None:
        super().__init__()
        self.reduce = config.reduce
        self.grey = len({*config.mean}) == len({*config.std}) == 1  # all channels alike
        self.config = config
        self.scales = self.subtracts = True  # what is not in the first convolution's weights
        self.register_buffer('mean', _channels(config.mean), persistent=False)
        self.register_buffer('gain', 1.0 / _channels(config.std), persistent=False)
        self.trunk = nn.Sequential()
        before_last = (height, width)
        channels, rows, columns = 3, height // config.reduce, width // config.reduce
        after = config.scan_after or len(config.convolutions) - 1
        self.tap = 2 * after + bool(config.trunk)  # layers before the map that a scan looks at
        self.scan: Scan | None = None
        self.sight: ColumnSight | None = None
        if config.trunk:
            pretrained = LiteTrunk(config.blocks, config.thawed, (rows, columns))
            self.trunk.append(pretrained)
            channels, (rows, columns) = pretrained.channels, pretrained.rows_columns
        for number, (out, kernel, stride) in enumerate(config.convolutions):
            if config.scan and number == after:
                own, along = config.scan_convolutions, config.scan_columns
                self.scan = Scan(channels, rows, columns, own, along)
                if config.sight:
                    self.sight = ColumnSight(channels, rows, columns, own, along)
            padding = kernel // 2 if config.padding == 'same' else 0
            self.trunk.append(nn.Conv2d(channels, out, kernel, stride, padding=padding))
            self.trunk.append(nn.ReLU())
            channels, before_last = out, (rows, columns)
            rows, columns = (
                (size + 2 * padding - kernel) // stride + 1 for size in (rows, columns)
            )
        if min(rows, columns) < 1:
            raise ConfigError(
                f'nothing is left of {width}x{height} pixels after the convolutions '
                f'{shown(config.convolutions)}: take fewer, or smaller strides'
            )
        self.rows_columns = rows, columns  # of the last feature map
        scanned = self.scan.columns if self.scan else 0
        self.told = config.features  # of the features: those that the neurons take
        self.told -= TOLD * self.sight.columns if self.sight else 0
        self.dense = self.told - scanned  # of these: without a scan
        if self.dense < 1:
            raise ConfigError(
                f'a scan and a sight have {config.features - self.dense} of the features: '
                f'expected more than that, got {config.features}'
            )
        self.features = nn.Linear(channels * rows * columns, self.dense)
        self.target: nn.Linear | None = None
        self.heatmap: Heatmap | None = None
        if config.head == 'heatmap':
            self.heatmap = Heatmap(
                config.convolutions[-2][0], config.heat_channels, self.dense, *before_last
            )
        else:
            self.target = nn.Linear(self.dense, len(HEAD))
        _begin_at_unit_scale(self.trunk)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """See a full camera image, uint8 (B, H, W, 3) RGB; features (B, F), target head (B, 3)."""
        # cast first: TensorRT's parser takes uint8 into a Cast and into nothing else
        pixels = image.float().permute(0, 3, 1, 2)  # (B, 3, H, W)
        if self.reduce > 1:
            pixels = nn.functional.avg_pool2d(pixels, self.reduce)
        return self.look(pixels)

    def look(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """See reduced pixels 0..255 (B, 3, H / r, W / r)."""
        tapped = self.trunk[: self.tap](self.normal(pixels))
        return self.features_of(self.trunk[self.tap : -2](tapped), tapped)

    def scan_of(self, pixels: Tensor) -> Tensor:
        """Return what the scan alone makes of reduced pixels (B, 3, H / r, W / r)."""
        assert self.scan is not None  # who asks has one
        told: Tensor = self.scan(self.trunk[: self.tap](self.normal(pixels)))
        return told

    def features_of(self, maps: Tensor, tapped: Tensor) -> tuple[Tensor, Tensor]:
        """Return features and target head.

        Args:
            maps: (B, C, h, w), those before the last convolution.
            tapped: those that a scan looks at; the same ones if it has no place of its own.

        """
        features = self.features(self.trunk[-2:](maps).flatten(1))  # (B, F)
        if self.heatmap is None:
            assert self.target is not None  # one of the two heads is there
            head = self.target(features)
        else:
            head, added = self.heatmap(maps)
            features = features + added
        if self.scan is not None:
            features = torch.cat([features, self.scan(tapped).to(features.dtype)], dim=1)
        if self.sight is not None:
            seen = self.sight(tapped).to(features.dtype)
            features = torch.cat([features, seen.flatten(1)], dim=1)
        return features, head

    def begin_pretrained(self) -> None:
        """Load the weights of a pretrained trunk; nothing where there is none.

        Raises:
            MissingDependencyError: the package that ships them is not installed.
            ConfigError: its weights are others.

        """
        if self.config.trunk:
            trunk = self.trunk[0]
            assert isinstance(trunk, LiteTrunk)
            load_pretrained(trunk)

    def normal(self, pixels: Tensor) -> Tensor:
        """Normalise; by numbers where they suffice, since those keep bfloat16 what it is."""
        normal = pixels
        if self.subtracts:
            normal = normal - (self.config.mean[0] if self.grey else self.mean)
        if self.scales:
            normal = normal * (1.0 / self.config.std[0] if self.grey else self.gain)
        return normal.to(pixels.dtype)

    def folded(self) -> 'Vision':
        """Return a copy for export that answers the same, up to rounding, with less to compute."""
        copied = copy.deepcopy(self)
        first = next(layer for layer in copied.trunk.modules() if isinstance(layer, nn.Conv2d))
        assert first.bias is not None
        with torch.no_grad():
            first.weight.mul_(copied.gain)
            copied.scales = False
            if first.padding == (0, 0) and not self.config.trunk:  # that one pads by itself
                first.bias.sub_((first.weight * copied.mean).sum(dim=(1, 2, 3)))
                copied.subtracts = False
        return copied


def _begin_at_unit_scale(trunk: nn.Sequential) -> None:
    """He initialisation: with PyTorch's default the signal shrinks and learning starts late."""
    for layer in trunk:
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
            nn.init.zeros_(layer.bias)


def _channels(values: tuple[float, float, float]) -> Tensor:
    return torch.tensor(values).view(3, 1, 1)
