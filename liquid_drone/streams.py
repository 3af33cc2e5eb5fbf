# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Named streams of random numbers: one generator for each matter that a seed decides.

Two matters never draw from one stream, or one would follow the other. What a number is keyed with
besides makes the families: a flight's seed, a flight's seed and a moment, a model's variant, a
wiring's seed. The numbers are part of "same seed, same trajectory": never change or reuse one.
"""

import enum
from enum import IntEnum

import numpy as np


@enum.unique
class Stream(IntEnum):
    """Matters of a flight or a training; keyed with its seed."""

    WAY = 0  # the path of the target, and streets
    START = 1  # where the drone begins
    OBSTACLES = 2  # trees, houses, street furniture
    SURFACES = 3  # ground textures, undergrowth, litter
    AIR = 4  # sun, exposure; the turbulence of a world's own breeze, as in every published flight
    TARGET = 5  # the target's colours
    EXPOSURE_FAULT = 6  # over- or underexposed, by the weather
    FIRMWARE_SENSORS = 7
    TINY_TEXTURES = 8  # of PyBullet's own renderer
    GUSTS = 9  # direction and turbulence of the weather's wind
    ENDURANCE = 10  # faults in the endurance bench
    DISTURBANCE = 77  # of the expert, in flights to learn from
    SPEED = 100  # of the target
    RELIEF = 102
    WIND = 104  # mean of the world
    DISTRACTORS = 105
    TRAINING_PICTURES = 106
    PICTURES_BESIDE = 107  # which of them a training step sees
    BENDS = 108  # of a hard track's way
    SCREENS = 109  # what its screens are made of
    CROSSINGS = 110  # who crosses it; keyed with a number besides: who wears what
    REQUESTS = 111  # what a training flight is asked for, and when
    CORE_WINDOWS = 112  # of frozen features, which a training step sees; keyed with the step
    CORE_VIEWS = 113  # how a flight is augmented before its features are kept; keyed with the view
    TUNING = 114  # rates that are tried; keyed with the number of a draw
    MEMORY_WINDOWS = 115  # of frozen features, which a memory learns from; keyed with the step
    PICTURE_LENSES = 116  # lens and style of training pictures
    PASSING = 117  # trains across a hard track's way; keyed with a number besides: their colour
    START_IN_THE_WAY = 118  # where it begins, if something is to be in its way
    PRACTICE_WINDOWS = 119  # of recorded flights beside practice; keyed with the step
    PRACTICE_FLIGHTS = 120  # where they begin, and what they are asked for
    PRACTICE_TOLD = 121  # what is told of them
    SCAN_PICTURES = 122
    TARGET_FRAMES = 123  # of flights, for an encoder that goes on learning; keyed with the step


@enum.unique
class FrameStream(IntEnum):
    """Matters of one camera frame; keyed with the flight's seed and the moment."""

    PICTURE = 5  # noise, rain, how late it comes
    DROPPED = 7


@enum.unique
class ModelStream(IntEnum):
    """Shapes of plants and rocks; keyed with the number of a variant, the same in every place."""

    BROADLEAF = 1
    CONIFER = 2
    BARE = 3
    BUSH = 4
    TWIGS = 5
    TUFT = 6
    FLOWERS = 7
    ROCK = 8
    FALLEN_TRUNK = 9


@enum.unique
class WiringStream(IntEnum):
    """Matters of a wiring; keyed with its seed."""

    SIGNS = 1


def stream(
    seed: int, matter: Stream | FrameStream | ModelStream | WiringStream, *moment: int
) -> np.random.Generator:
    """Return a new generator at the start of a stream; ``moment``: a frame's stamp, in ns."""
    return np.random.default_rng([seed, int(matter), *moment])
