# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The shape of a network as plain data: what a recipe chooses and a contract remembers."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VisionConfig:
    """The CNN. The defaults cost 0.6 ms per frame and core in training (bfloat16)."""

    reduce: int = 2  # camera pixels averaged into one, per axis
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

    def __post_init__(self) -> None:
        if self.reduce < 1 or self.features < 1 or not self.convolutions:
            raise ValueError(f'expected reduce >= 1, features >= 1 and convolutions, got {self}')
        for channels, kernel, stride in self.convolutions:
            if channels < 1 or kernel < 1 or kernel % 2 == 0 or stride < 1:
                raise ValueError(
                    f'expected (channels, odd kernel, stride), got {self.convolutions}'
                )


@dataclass(frozen=True)
class CoreConfig:
    """The liquid core."""

    neurons: int = 19  # N, 4 of them motor neurons
    sparsity: float = 0.5
    wiring_seed: int = 22224
    motor_gain: float = 1.25  # of the command's limit: full speed without saturating a neuron


@dataclass(frozen=True)
class NetworkConfig:
    """The whole network."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    core: CoreConfig = field(default_factory=CoreConfig)
