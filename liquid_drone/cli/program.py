# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What ``liquid-drone`` starts: the command line, or one sentence where it cannot be imported.

Every command needs numpy, OpenCV, pymavlink and PyYAML. After ``pip install --no-deps``, a colcon
build without ``rosdep install``, or with an OpenCV built for another NumPy, none can be imported.
So nothing but the standard library is imported here.
"""

import sys

from ..errors import not_imported


def main() -> int:
    """Run the program; returns its exit code, 2 where a package is missing or broken."""
    try:
        from .main import main as program
    except Exception as error:  # a broken package may raise anything while it is imported
        told = not_imported(error)
        if told is None:
            raise
        print(f'liquid-drone: {told}', file=sys.stderr)
        return 2
    return program()


if __name__ == '__main__':
    sys.exit(main())
