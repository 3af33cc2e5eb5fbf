#!/usr/bin/env python3
# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Write lock.txt anew: one exact version for each package that ``make`` may install.

It asks pip of Python 3.10 and of 3.11 what they would install today, and joins both answers with
markers where they differ; later ones take the pins of 3.11. It installs nothing. Run it from the
root of the repository::

    python3 requirements/update_lock.py python3.10 python3.11
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path(__file__).with_name('lock.txt')
WANTED = ('.[cpu,sim,train,rl,cluster,ros,docs,test]', 'torch==2.13.0', 'setuptools<80', 'wheel')
PINNED_BY_TORCH = re.compile(r'nvidia-|cuda-|triton$')  # exact in torch's own metadata
HEADER = """\
# Exact versions for `make`, as pip constraints; the extras in setup.py choose what comes in.
# Written by requirements/update_lock.py. Python 3.12 and 3.13 use the pins of 3.11, and PyBullet
# of requirements/pybullet.txt. CUDA packages are not listed: torch pins its own.
"""


def resolved(python: str) -> dict[str, str]:
    """Return name -> version of everything that this Python's pip would install."""
    with tempfile.TemporaryDirectory() as scratch:
        venv, report = Path(scratch) / 'venv', Path(scratch) / 'report.json'
        subprocess.run([python, '-m', 'venv', venv], check=True)
        options = ['--dry-run', '--ignore-installed', '--quiet', '--report', report]
        subprocess.run(
            [venv / 'bin/python', '-m', 'pip', 'install', *options, *WANTED], check=True
        )
        installs = json.loads(report.read_text(encoding='utf-8'))['install']
    versions = {}
    for item in installs:
        name = re.sub(r'[-_.]+', '-', item['metadata']['name']).lower()
        if name != 'liquid-drone' and not PINNED_BY_TORCH.match(name):
            versions[name] = item['metadata']['version'].split('+')[0]  # without '+cpu'
    versions['onnxruntime-gpu'] = versions['onnxruntime']  # the same release, never both installed
    return versions


def joined(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return the lines of the lock from the versions for Python 3.10 and for 3.11 and later."""
    lines = []
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            lines.append(f'{name}=={new[name]}')
            continue
        if name in old:
            lines.append(f"{name}=={old[name]} ; python_version < '3.11'")
        if name in new:
            lines.append(f"{name}=={new[name]} ; python_version >= '3.11'")
    return lines


def main() -> int:
    """Resolve for both Pythons and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('python310', help='a Python 3.10, such as python3.10')
    parser.add_argument('python311', help='a Python 3.11, such as python3.11')
    arguments = parser.parse_args()
    lines = joined(resolved(arguments.python310), resolved(arguments.python311))
    LOCK.write_text(HEADER + '\n'.join(lines) + '\n', encoding='utf-8')
    sys.stdout.write(f'{LOCK}: {len(lines)} pins\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
