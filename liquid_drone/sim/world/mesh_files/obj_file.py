# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An OBJ as trimesh reads it: with all its material files as one, and pictures by bare names.

Of several material files trimesh takes the first, and a picture with options for none.
"""

import io

from ....errors import require
from .beside import Beside

ALL_MATERIALS = 'liquid_drone.mtl'  # what the material files of a mesh are joined to
LIBRARY, PICTURE = 'mtllib', 'map_kd'
ARGUMENTS = {  # of the options before a picture's name: how many follow, at most
    '-blendu': 1, '-blendv': 1, '-boost': 1, '-bm': 1, '-cc': 1, '-clamp': 1, '-imfchan': 1,
    '-mm': 2, '-o': 3, '-s': 3, '-t': 3, '-texres': 1, '-type': 1,
}  # fmt: skip


def prepared(data: bytes, beside: Beside) -> bytes:
    """Return an OBJ that names one material file, which ``beside`` has from now on.

    A material file or a picture that is not there, or cannot be read, is in ``beside.lost``.
    """
    lines, named = [], []
    for line in _text(data).replace('\r\n', '\n').replace('\r', '\n').split('\n'):
        word, _, rest = line.strip().partition(' ')
        if word.lower() == LIBRARY:
            named.append(rest.strip())
        else:
            lines.append(line)
    if not named:
        return '\n'.join(lines).encode()
    materials = [
        _with_bare_pictures(_text(content), beside)
        for names in named
        for content in _libraries(names, beside)
    ]
    if materials:
        beside.add(ALL_MATERIALS, '\n'.join(materials).encode())
        lines.insert(0, f'{LIBRARY} {ALL_MATERIALS}')
    return '\n'.join(lines).encode()


def _libraries(names: str, beside: Beside) -> list[bytes]:
    """Return the files of a line: one whose name may have spaces, or several."""
    found = []
    for name in [names] if beside.has(names) or ' ' not in names else names.split():
        try:
            found.append(beside.get(name))
        except KeyError:  # remembered there
            continue
    return found


def _with_bare_pictures(text: str, beside: Beside) -> str:
    lines = []
    for line in text.splitlines():
        word, _, rest = line.strip().partition(' ')
        if word.lower() != PICTURE:
            lines.append(line)
            continue
        name = _picture_name(rest)
        if _is_picture(name, beside):
            lines.append(f'map_Kd {name}')
    return '\n'.join(lines)


def _picture_name(rest: str) -> str:
    """Return what stands behind the options: a name that may have spaces."""
    words = rest.split()
    while words and words[0].lower() in ARGUMENTS:
        most = ARGUMENTS[words.pop(0).lower()]
        count = 1
        while count < min(most, len(words) - 1) and _is_number(words[count]):
            count += 1
        words = words[count:]
    return ' '.join(words).strip('"')


def _is_picture(name: str, beside: Beside) -> bool:
    pillow = require('PIL.Image', 'sim')
    try:
        with pillow.open(io.BytesIO(beside.get(name))):
            return True
    except KeyError:  # remembered there
        return False
    except pillow.UnidentifiedImageError:
        beside.lost.append(name)
        return False


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _text(data: bytes) -> str:
    """Decode what is mostly ASCII: comments and names may be in an older encoding."""
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError:
        return data.decode('latin-1')
