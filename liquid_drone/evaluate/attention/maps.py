# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Attention maps of a network, from its weights: three ways, each (B, H, W), summing to one.

What is explained is the length of the command in shares of its limits, with the picture held for
``HELD`` ticks from the zero state, so that the core has settled. VisualBackProp asks for no
command: it shows what the encoder answers to.

- VisualBackProp: Bojarski et al. 2018 (ICRA, arXiv:1611.05418).
- Grad-CAM: Selvaraju et al. 2017 (ICCV, arXiv:1610.02391), before the last convolution.
- Integrated gradients: Sundararajan et al. 2017 (ICML, arXiv:1703.01365), from even grey.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...arrays import FloatArray, Image
from ...policy.network import Network

HELD = 10  # ticks, half a second
STEPS = 12  # of the path of integrated gradients, midpoints
GREY = 115.0  # where it begins
Method = Callable[[Network, Image], FloatArray]


def visual_backprop(network: Network, images: Image) -> FloatArray:
    """Return the product of the mean maps of all convolutions, from the last to the first."""
    vision, means = network.vision, []
    with torch.no_grad():
        maps = vision.normal(reduced(network, images))
        for layer in vision.trunk:
            maps = layer(maps)
            if isinstance(layer, nn.ReLU):
                means.append(maps.mean(dim=1, keepdim=True))
        found = means[-1]
        for mean in reversed(means[:-1]):
            found = functional.interpolate(found, mean.shape[2:], mode='nearest') * mean
            found = found / found.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    return shares(found[:, 0], images)


def grad_cam(network: Network, images: Image) -> FloatArray:
    """Return the maps before the last convolution, weighted by what each adds to the command."""
    vision = network.vision
    with torch.no_grad():
        tapped = vision.trunk[: vision.tap](vision.normal(reduced(network, images)))
        maps = vision.trunk[vision.tap : -2](tapped)
    maps = maps.detach().requires_grad_(True)
    if vision.tap == len(vision.trunk) - 2:
        tapped = maps
    command = command_length(network, vision.features_of(maps, tapped)[0]).sum()
    (gradient,) = torch.autograd.grad(command, maps)
    weight = gradient.mean(dim=(2, 3), keepdim=True)
    return shares((weight * maps).sum(dim=1).clamp(min=0.0).detach(), images)


def integrated_gradients(network: Network, images: Image) -> FloatArray:
    """Return the size of each pixel's part in the difference from an even grey picture."""
    pixels = reduced(network, images)
    base = torch.full_like(pixels, GREY)
    total = torch.zeros_like(pixels)
    for step in range(STEPS):
        point = base + (step + 0.5) / STEPS * (pixels - base)
        point = point.detach().requires_grad_(True)
        command = command_length(network, network.vision.look(point)[0]).sum()
        (gradient,) = torch.autograd.grad(command, point)
        total += gradient / STEPS
    return shares(((pixels - base) * total).abs().sum(dim=1).detach(), images)


METHODS: dict[str, Method] = {
    'VisualBackProp': visual_backprop,
    'Grad-CAM': grad_cam,
    'integrated gradients': integrated_gradients,
}


def reduced(network: Network, images: Image) -> Tensor:
    """Return images (B, H, W, 3) as the encoder's first step leaves them, (B, 3, h, w)."""
    pixels = torch.from_numpy(np.ascontiguousarray(images)).float().permute(0, 3, 1, 2)
    factor = network.vision.reduce
    return functional.avg_pool2d(pixels, factor) if factor > 1 else pixels


def command_length(network: Network, features: Tensor) -> Tensor:
    """Return the length of the command (B,), shares of the limits, after the picture was held."""
    batch = len(features)
    held = features.float()[:, None].expand(-1, HELD, -1)
    motor = network(held, torch.full((batch, HELD), network.time.nominal_s)).motor[:, -1]
    length: Tensor = torch.linalg.vector_norm(motor, dim=1)
    return length


def shares(maps: Tensor, images: Image) -> FloatArray:
    """Return maps (B, h, w), 0 or more, as shares (B, H, W) of the picture's pixels."""
    size = images.shape[1:3]
    large = functional.interpolate(maps[:, None], size, mode='bilinear', align_corners=False)
    found = large[:, 0].double().clamp(min=0.0).numpy()
    total = found.sum(axis=(1, 2), keepdims=True)
    even = 1.0 / (size[0] * size[1])
    return np.where(total > 0.0, found / np.where(total > 0.0, total, 1.0), even)
