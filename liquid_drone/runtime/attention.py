# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where in a picture a policy's command comes from, found by covering one patch after another.

Occlusion after Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV
2014): it needs neither gradients nor inner layers, so it runs on the drone with the two graphs of
a bundle, and it measures what counts: by how much the command would have been another one. It
says what a patch did to this one answer, with the network's present state, and nothing more.
"""

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Image
from .providers import MOST_IMAGES
from .runner import PolicyRunner

BATCH = MOST_IMAGES  # at once: bounds memory, and the time between two others' turns


@dataclass(frozen=True)
class Attention:
    """One picture's answer and what each patch of it did."""

    command: Float32Array  # (4,)
    change: Float32Array  # (rows, columns): length of the change, axes in units of the limits
    target: Float32Array  # (rows, columns): fall of the logit that the target is in the picture


def occlude(runner: PolicyRunner, image: Image, rows: int = 6, columns: int = 10) -> Attention:
    """Cover each patch of a rows x columns grid with the picture's mean colour, and compare.

    Args:
        runner: its state is used and left alone.
        image: (H, W, 3) uint8 RGB, as the contract says.
        rows: of the grid.
        columns: of the grid.

    """
    covered = _covered(image, rows, columns)  # (1 + rows * columns, H, W, 3)
    parts = [runner.what_if(covered[at : at + BATCH]) for at in range(0, len(covered), BATCH)]
    commands = np.concatenate([part[0] for part in parts])  # (1 + rows * columns, 4)
    logits = np.concatenate([part[1][:, 0] for part in parts])
    scale = np.array(runner.contract.command.limits, np.float32)
    change = np.linalg.norm((commands[1:] - commands[0]) / scale, axis=1)
    shape = rows, columns
    return Attention(
        commands[0],
        change.astype(np.float32).reshape(shape),
        (logits[0] - logits[1:]).astype(np.float32).reshape(shape),
    )


def _covered(image: Image, rows: int, columns: int) -> Image:
    """Return the picture, then each of its covered copies, row by row."""
    height, width = image.shape[:2]
    grey = image.mean(axis=(0, 1)).round().astype(np.uint8)
    copies = np.repeat(image[None], 1 + rows * columns, axis=0)
    for index in range(rows * columns):
        row, column = divmod(index, columns)
        top, bottom = row * height // rows, (row + 1) * height // rows
        left, right = column * width // columns, (column + 1) * width // columns
        copies[1 + index, top:bottom, left:right] = grey
    return copies


def overlay(image: Image, change: Float32Array, scale: int = 2) -> Image:
    """Draw a map over its picture: nothing where nothing changed, orange to white where most did.

    The strongest patch is always drawn full: the map shows where, its numbers how much.

    Args:
        image: (H, W, 3) RGB.
        change: (rows, columns), 0 or more.
        scale: how many times larger the result is.

    """
    import cv2

    height, width = image.shape[0] * scale, image.shape[1] * scale
    large = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    share = change / max(float(change.max()), 1e-6)
    smooth = cv2.resize(share, (width, height), interpolation=cv2.INTER_CUBIC).clip(0.0, 1.0)
    heat = cv2.applyColorMap((255 * smooth).round().astype(np.uint8), cv2.COLORMAP_HOT)[:, :, ::-1]
    weight = 0.75 * smooth[:, :, None]
    return np.asarray(large * (1.0 - weight) + heat * weight, dtype=np.uint8)
