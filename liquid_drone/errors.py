# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Every error that liquid_drone raises on purpose.

A message says what was expected, what came, and the command or setting that mends it::

    LiquidDroneError
    ├── ConfigError             a YAML file, a parameter or a name that cannot be used
    ├── BundleError             a policy bundle that is missing, altered or made for something else
    ├── ImageError              an image of the wrong size, type or colour order
    ├── InferenceError          a network that cannot be computed, or answers no numbers
    ├── CameraError             a camera, video or folder of pictures that cannot be opened or read
    ├── EpisodeError            a recording that cannot be read or trusted
    ├── LinkError               the MAVLink connection: busy port, no vehicle, wrong vehicle
    ├── SimulationError         the simulator cannot start or go on
    ├── TrainingError           a training cannot go on: a process of it is gone, or its numbers
    ├── OutputError             a result cannot be written where it was asked for
    └── MissingDependencyError  an optional package is not installed
"""

import importlib
import sys
import traceback
from itertools import islice
from types import ModuleType
from typing import Any

EXTRAS = {  # of setup.py: which one brings a package, by the name that is imported
    'aiohttp': 'operator',
    'av': 'video',
    'gymnasium': 'sim',
    'h5py': 'import',
    'imageio_ffmpeg': 'sim',
    'lz4': 'record',
    'matplotlib': 'sim',
    'moderngl': 'sim',
    'onnx': 'train',
    'onnxruntime': 'cpu',
    'onnxscript': 'train',
    'pandas': 'convert',
    'PIL': 'record',
    'pi_heif': 'heic',
    'pyarrow': 'convert',
    'pybullet': 'sim',
    'ray': 'cluster',
    'rich': 'sim',
    'rosbags': 'record',
    'scipy': 'study',
    'stable_baselines3': 'rl',
    'tensorboard': 'train',
    'torch': 'train',
    'trimesh': 'sim',
}
CORE = {'cv2': 'opencv-python', 'yaml': 'PyYAML'}  # whose names at pip are others
ROS_ADVICE = (
    'source a ROS 2 installation (source /opt/ros/<distribution>/setup.bash), or take its wheels '
    "(x86-64): pip install 'liquid_drone[ros]'"
)
MOST_SHOWN = 200  # characters of a value in a message


class LiquidDroneError(Exception):
    """Base of every error below; the command line prints it as one sentence and exits with 2."""


class ConfigError(LiquidDroneError):
    """A YAML file, a parameter or a name that cannot be used."""


class BundleError(LiquidDroneError):
    """A policy bundle that is missing, altered or made for something else."""


class ImageError(LiquidDroneError):
    """An image of the wrong size, type or colour order."""


class InferenceError(LiquidDroneError):
    """A network that cannot be computed for an image, or answers with what is no number."""


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


def shown(value: object) -> str:
    """Return a value for a message: at most 200 characters, and never walked to its end."""
    text = _shown(value, 3)
    return text if len(text) <= MOST_SHOWN else f'{text[: MOST_SHOWN - 3]}...'


def _shown(value: object, depth: int) -> str:
    if isinstance(value, str | bytes | bytearray):
        return repr(value[:MOST_SHOWN])
    if isinstance(value, int) and abs(value) >= 1 << 128:
        return f'a whole number of {value.bit_length()} bits'
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, list | tuple | dict | set | frozenset):
        return _shown_items(value, depth)
    return f'something of type {type(value).__name__}'


def _shown_items(value: Any, depth: int) -> str:
    left, right = '[]' if isinstance(value, list) else '()' if isinstance(value, tuple) else '{}'
    if depth == 0 and value:
        return f'{left}...{right}'
    first = list(islice(value, 6))
    if isinstance(value, dict):
        items = [f'{_shown(key, 0)}: {_shown(value[key], depth - 1)}' for key in first]
    else:
        items = [_shown(item, depth - 1) for item in first]
    more = f', ... ({len(value)} in all)' if len(value) > len(first) else ''
    return f'{left}{", ".join(items)}{more}{right}'


def require(module: str, extra: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    Args:
        module: importable name, such as ``"torch"``.
        extra: the extra of this package that brings it, such as ``"train"``.

    Raises:
        MissingDependencyError: with the ``pip install`` that brings the package, or mends it.

    """
    advice = f"pip install 'liquid_drone[{extra}]'"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or module).split('.')[0] == module.split('.')[0]:
            raise MissingDependencyError(
                f"this needs the Python package '{module}', which is not installed; "
                f'install it with: {advice}'
            ) from error
        raise MissingDependencyError(
            f"the Python package '{module}' is installed, but it needs '{error.name}', which is "
            f'not; install it with: pip install {error.name}'
        ) from error
    except Exception as error:  # a broken package may raise anything while it is imported
        raise _broken(module, error, advice) from error


def not_imported(error: Exception) -> MissingDependencyError | None:
    """Return the error that a user is told, or None for a fault of our own modules.

    Args:
        error: raised while a module of ours was imported: a package of others is missing, was
            built for another NumPy, is too old, or lacks a library of the system.

    """
    package = _package_of(error)
    if 'cannot open shared object file' in str(error):
        return MissingDependencyError(
            f'a library of the system is missing ({shown(str(error))}): docs/install.md names '
            'what a bare Debian or Ubuntu lacks'
        )
    if package in ('', 'liquid_drone'):
        return None
    if package in sys.stdlib_module_names:
        return MissingDependencyError(
            f"this Python ({sys.executable}) lacks its own module '{package}': it was built "
            "without it, or a file of that name hides it; use the system's Python, or rebuild it"
        )
    advice = _advice(package)
    if isinstance(error, ModuleNotFoundError):
        return MissingDependencyError(
            f"this needs the Python package '{package}', which is not installed; install it with: "
            f'{advice}'
        )
    return _broken(package, error, advice)


def _package_of(error: Exception) -> str:
    """Return the package that could not be imported; empty where the fault is nobody else's."""
    if isinstance(error, ImportError) and error.name:
        return error.name.split('.')[0]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = str(frame.f_globals.get('__name__', '')).split('.')[0]
        if name not in ('liquid_drone', '__main__') and name not in sys.stdlib_module_names:
            return name
    return ''


def _advice(package: str) -> str:
    if package in ('rclpy', 'launch', 'launch_ros', 'tf2_ros') or package.endswith('_msgs'):
        return ROS_ADVICE
    extra = EXTRAS.get(package)
    return (
        f"pip install 'liquid_drone[{extra}]'"
        if extra
        else f'pip install {CORE.get(package, package)}'
    )


def _broken(package: str, error: Exception, advice: str) -> MissingDependencyError:
    is_of_numpy_1 = any(word in str(error) for word in ('NumPy 1', 'numpy.core', '_ARRAY_API'))
    mends = f'{advice} --upgrade --force-reinstall'
    if advice == ROS_ADVICE:
        mends = advice
    if is_of_numpy_1 and package != 'numpy':
        mends = "pip install 'numpy<2', or a newer one of the package"
    return MissingDependencyError(
        f"the Python package '{package}' is installed but broken, or too old: "
        f'{shown(str(error))}; mend it with: {mends}'
    )
