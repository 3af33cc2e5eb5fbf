# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How long a core practises, where, and what its flights cost it."""

from dataclasses import dataclass, field

from ...policy.config import NetworkConfig
from ...schema import check_ranges


@dataclass(frozen=True)
class Costs:
    """The weight of each cost of a tick, see ``costs.py``."""

    way: float = 1.0  # to where the target is seen, from as far away as is asked for
    close: float = 1.0  # nearer to the target than anybody wants
    far: float = 0.3  # so far that the target is soon lost
    turned: float = 0.7  # away from the target
    aside: float = 0.5  # the target is nearly beside the picture
    hidden: float = 2.0  # something stands in the line of sight
    near: float = 10.0  # air beside the hull, and speed towards what stands there
    hit: float = 12.0
    jerky: float = 0.15  # commands that change
    beyond: float = 0.3  # commands beyond the limits

    def __post_init__(self) -> None:
        check_ranges(self, dict.fromkeys(vars(self), (0.0, 1000.0)))


@dataclass(frozen=True)
class PracticeConfig:
    """The last of a round's training, behind a frozen encoder; of a core with a memory."""

    steps: int = 0  # of the optimiser; 0: it does not practise
    flights: int = 96  # at once
    ticks: int = 72  # that the gradient of a step reaches back through
    places: int = 900  # that are drawn for it, from training seeds
    tasks: tuple[str, ...] = ()  # on them by turns; empty: those of the recipe
    rehearsed: int = 4  # validation places of each world and task that it flies at afterwards
    learning_rate: float = 3e-3  # of the core; a third of it for the layer that reads it
    cloned: float = 0.1  # weight of the horizontal commands of recorded flights beside it
    costs: Costs = field(default_factory=Costs)

    def __post_init__(self) -> None:
        ranges = {
            'steps': (0, 1_000_000), 'flights': (1, 4096), 'ticks': (2, 4096),
            'places': (1, 4000), 'rehearsed': (0, 20), 'learning_rate': (1e-9, 1),
            'cloned': (0, 1000),
        }  # fmt: skip
        check_ranges(self, ranges)

    def check(self, network: NetworkConfig, is_kept: bool) -> None:
        """Refuse a core that cannot practise.

        Raises:
            ValueError: no memory, no scan, no request, or an encoder that is not kept.

        """
        if not self.steps:
            return
        has_all = network.memory and network.vision.scan and network.request is not None
        if not (has_all and is_kept):
            raise ValueError(
                'practice is of a core that is told where the target is, how near things are and '
                'what is asked for, behind an encoder that is kept: expected a frozen bundle, and '
                "'network: {vision: wide-scan, request: {}, belief: true, memory: true}'"
            )
