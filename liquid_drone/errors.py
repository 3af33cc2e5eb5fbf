# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Every error that liquid_drone raises on purpose.

A message says what was expected, what came, and the command or setting that mends it::

    LiquidDroneError
    ├── ConfigError             a YAML file, a parameter or a name that cannot be used
    ├── BundleError             a policy bundle that is missing, altered or made for something else
    ├── ImageError              an image of the wrong size, type or colour order
    ├── CameraError             a camera, video or folder of pictures that cannot be opened or read
    ├── EpisodeError            a recording that cannot be read or trusted
    ├── LinkError               the MAVLink connection: busy port, no vehicle, wrong vehicle
    ├── SimulationError         the simulator cannot start or go on
    ├── TrainingError           a training cannot go on: a process of it is gone, or its numbers
    ├── OutputError             a result cannot be written where it was asked for
    └── MissingDependencyError  an optional package is not installed
"""

import importlib
from types import ModuleType


class LiquidDroneError(Exception):
    """Base of every error below; the command line prints it as one sentence and exits with 2."""


class ConfigError(LiquidDroneError):
    """A YAML file, a parameter or a name that cannot be used."""


class BundleError(LiquidDroneError):
    """A policy bundle that is missing, altered or made for something else."""


class ImageError(LiquidDroneError):
    """An image of the wrong size, type or colour order."""


class CameraError(LiquidDroneError):
    """A camera, video or folder of pictures that cannot be opened or read."""


class EpisodeError(LiquidDroneError):
    """A recording that cannot be read or trusted."""


class LinkError(LiquidDroneError):
    """The MAVLink connection: busy port, no vehicle, wrong vehicle."""


class SimulationError(LiquidDroneError):
    """The simulator cannot start or go on."""


class TrainingError(LiquidDroneError):
    """A training cannot go on: another process of it is gone, or its numbers are not finite."""


class OutputError(LiquidDroneError):
    """A result cannot be written where it was asked for."""


class MissingDependencyError(LiquidDroneError):
    """An optional package is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Args:
        module: importable name, such as ``"torch"``.
        extra: the extra of this package that brings it, such as ``"train"``.

    Raises:
        MissingDependencyError: with the ``pip install`` that brings the package.

    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"this needs the Python package '{module}', which cannot be imported ({error}); "
            f"install it with: pip install 'liquid_drone[{extra}]'"
        ) from error
