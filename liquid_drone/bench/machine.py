# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The machine that figures were measured on: what it is, what it holds, what it draws.

Power is read where a board tells, as Jetsons do, from Linux's hwmon: an INA3221 gives millivolts
and milliamperes for each rail, other chips microwatts. The rail of the whole board is taken where
one is named so, else the sum.
"""

import os
import platform
from pathlib import Path
from typing import Any

from ..errors import require
from ..runtime import libraries

HWMON, CPU_INFO = Path('/sys/class/hwmon'), Path('/proc/cpuinfo')
MODEL = Path('/proc/device-tree/model')  # of a board
WHOLE_RAILS = ('VDD_IN', 'POM_5V_IN', 'VIN_SYS_5V0')  # Orin Nano and NX, Nano, AGX Orin
EXTENSIONS = ('avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'amx_tile', 'asimddp', 'i8mm')


def describe() -> dict[str, Any]:
    """Return processor, cores, load, versions and card, as plain data."""
    card = libraries.device()
    words = _text(CPU_INFO).replace('\t', ' ').splitlines()
    flags = {
        word for line in words if line.startswith(('flags', 'Features')) for word in line.split()
    }
    names = [line.partition(':')[2].strip() for line in words if line.startswith('model name')]
    return {
        'board': _text(MODEL).strip('\0'),
        'processor': names[0] if names else platform.processor() or platform.machine(),
        'architecture': platform.machine(),
        'extensions': [name for name in EXTENSIONS if name in flags],
        'cores': len(os.sched_getaffinity(0)),
        'load': round(os.getloadavg()[0], 1),
        'card': f'{card.name} ({card.compute_capability})' if card else '',
        'python': platform.python_version(),
        'onnxruntime': require('onnxruntime', 'cpu').__version__,
        'tensorrt': libraries.tensorrt_version(),
    }


def memory_mb(field: str = 'VmHWM') -> float:
    """Return the most memory that this process has held so far (``VmRSS``: holds now), MB.

    Not ``ru_maxrss``: that counts what the parent held when it started this process.
    """
    status = Path('/proc/self/status').read_text(encoding='ascii')
    return float(status.partition(f'{field}:')[2].split(maxsplit=1)[0]) * 1024.0 / 1e6


def watts(root: Path = HWMON) -> float | None:
    """Return the power that the board draws now; None where it does not tell."""
    rails: dict[str, float] = {}
    for chip in sorted(root.glob('hwmon*')):
        rails.update(_rails(chip))
    for name in WHOLE_RAILS:
        if name in rails:
            return rails[name]
    return sum(rails.values()) if rails else None


def _rails(chip: Path) -> dict[str, float]:
    """Return watts by rail of one chip."""
    found = {}
    for path in sorted(chip.glob('power*_input')):
        microwatts = _number(path)
        label = _text(path.with_name(path.name.replace('input', 'label')))
        if microwatts is not None:
            found[label or f'{chip.name}/{path.name}'] = microwatts / 1e6
    for path in sorted(chip.glob('curr*_input')):
        number = path.name.removeprefix('curr').removesuffix('_input')
        label = _text(chip / f'in{number}_label')
        milliamperes, millivolts = _number(path), _number(chip / f'in{number}_input')
        if label and milliamperes is not None and millivolts is not None:
            found[label] = milliamperes * millivolts / 1e6
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='ascii', errors='replace').strip()
    except OSError:
        return ''


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None
