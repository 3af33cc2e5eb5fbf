# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Tell cheaply whether anything to bump into is near, so that PyBullet is asked only then.

Boxes around every collision body stand in one array; those of bodies that were moved are asked
for anew. It never misses a body that reaches into the sphere asked about, and moves nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...arrays import FloatArray, Vector

ENDLESS_M = 1e6  # a plane's box is larger: it is the ground, at height 0


class BroadPhase:
    """Holds the boxes of one physics client's bodies."""

    def __init__(
        self, pybullet: Any, client: int, drone: int, several: Mapping[int, FloatArray]
    ) -> None:
        """Read the box of every body but the drone; call it when all of them are built.

        Args:
            pybullet: the module.
            client: its physics client.
            drone: the body that the others are in the way of.
            several: boxes (K, 2, 3) of bodies that hold several solids and never move.

        """
        self._p, self._client = pybullet, client
        boxes = {}
        for body in range(pybullet.getNumBodies(physicsClientId=client)):
            box = self._box(body)
            if (
                body != drone and body not in several and np.ptp(box, axis=0).any()
            ):  # what is only seen has no extent
                boxes[body] = box
        endless = [body for body, box in boxes.items() if np.ptp(box) > ENDLESS_M]
        self._floor_m = 0.0 if endless else -np.inf
        for body in endless:
            del boxes[body]
        self._rows = {body: row for row, body in enumerate(boxes)}
        single = np.array(list(boxes.values())).reshape(-1, 2, 3)
        self._boxes: FloatArray = np.concatenate([single, *several.values()])

    def note_moved(self, body: int) -> None:
        """Read the box of a body anew, because it was put somewhere else."""
        row = self._rows.get(body)
        if row is not None:
            self._boxes[row] = self._p.getAABB(body, -1, physicsClientId=self._client)

    def is_free(self, position_enu: Vector, reach_m: float) -> bool:
        """Tell whether no body reaches into a sphere; False where that is not certain."""
        if position_enu[2] - reach_m <= self._floor_m:
            return False
        place = np.array(position_enu)
        gap = np.maximum(self._boxes[:, 0] - place, place - self._boxes[:, 1])
        near: np.bool_ = (gap < reach_m).all(axis=1).any()
        return not near

    def _box(self, body: int) -> FloatArray:
        return np.array(self._p.getAABB(body, -1, physicsClientId=self._client))
