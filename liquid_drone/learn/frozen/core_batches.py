# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Windows of frozen features, for the core and its memory; no frame is decoded for them."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...streams import Stream, stream
from ..batches import pick_frames
from ..recipe import TrainConfig
from .views import FlightViews


class CoreBatch(NamedTuple):
    """B windows of T frames."""

    features: Tensor  # (B, T, F)
    dt_s: Tensor  # (B, T)
    label: Tensor  # (B, T, 4)
    target: Tensor  # (B, T, 3)
    belief: Tensor  # (B, T, 3)
    request: Tensor  # (B, T, 3)
    flown: Tensor  # (B, T, 4)
    near: Tensor  # (B, T)
    remembered: Tensor | None = None  # (B, T, I)


def core_batch(
    flights: list[FlightViews],
    config: TrainConfig,
    nominal_s: float,
    *key: int,
    of: Stream = Stream.CORE_WINDOWS,
) -> CoreBatch:
    """Return the batch with this key; it depends on the seed and the key alone."""
    rng = stream(config.seed, of, *key)
    lengths = np.array([len(flight) for flight in flights], dtype=np.float64)
    chosen = rng.choice(len(flights), size=config.windows, p=lengths / lengths.sum())
    rows = []
    for flight in (flights[number] for number in chosen):
        view = int(rng.integers(len(flight.features)))
        index = pick_frames(len(flight), config, rng)
        told = () if flight.remembered is None else (flight.remembered[view, index],)
        rows.append(
            (
                flight.features[view, index],
                flight.dt_s(nominal_s, index),
                flight.label[view, index],
                flight.target[index],
                flight.belief[view, index],
                flight.request[index],
                flight.flown[view, index],
                flight.near[index],
                *told,
            )
        )
    columns = (torch.from_numpy(np.stack(one)).float() for one in zip(*rows, strict=True))
    return CoreBatch(*columns)
