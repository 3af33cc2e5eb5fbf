# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which files are pictures, videos or recordings: by their first bytes, then by their names."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from ..errors import CameraError, ImageError
from ..files import POINTER, visible, what_else
from ..pictures import Picture, decoded
from ..results import written_in

PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.ppm', '.webp', '.tif', '.tiff')
VIDEOS = (
    *('.mp4', '.mov', '.mkv', '.avi', '.webm', '.m4v', '.mpg', '.mpeg', '.gif', '.ts', '.mts'),
    *(
        '.flv',
        '.wmv',
        '.ogv',
        '.h264',
        '.264',
        '.h265',
        '.265',
        '.hevc',
        '.mjpeg',
        '.m2ts',
        '.3gp',
    ),
    *('.mxf', '.y4m'),
)
RECORDINGS = ('.mcap', '.db3', '.mcap.zstd', '.db3.zstd')
STARTS = {  # of a file's content
    'picture': (
        *(b'\xff\xd8\xff', b'\x89PNG', b'II*\0', b'MM\0*', b'P6', b'P5', b'BM'),
        *(b'\xff\x0a', b'\0\0\0\x0cJXL ', b'\0\0\0\x0cjP  '),  # JPEG XL, JPEG 2000
        *(b'FUJIFILM', b'IIRO', b'IIU\0', b'FOVb', b'II\x1a\0'),  # raw files: refused by name
    ),
    'video': (
        *(b'\x1a\x45\xdf\xa3', b'GIF8', b'\0\0\1\xba', b'\0\0\1\xb3', b'FLV\1', b'OggS'),
        *(b'\x30\x26\xb2\x75', b'\0\0\0\1\x67', b'\0\0\0\1\x27', b'\0\0\1\x67', b'\0\0\1\x27'),
        *(b'\0\0\0\1\x40\1', b'\0\0\1\x40\1', b'YUV4MPEG2', b'\x06\x0e\x2b\x34'),
    ),
    'recording': (b'\x89MCAP', b'SQLite format 3', b'#ROSBAG'),  # of ROS 1: refused by name
}
RIFF = {b'AVI ': 'video', b'WEBP': 'picture'}
STILL_BRANDS = (  # of pictures as ISO files
    *(b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'mif2', b'msf1'),
    *(b'avif', b'avis', b'crx '),
)
METADATA = 'metadata.yaml'  # of a recording's folder
MOTION_JPEG = ('.mjpeg', '.mjpg')  # one JPEG after the other
PACKET, SYNC = 188, 0x47  # of an MPEG transport stream; cameras put 4 bytes before each
HEAD = 4 + PACKET + 4 + 1  # bytes
LARGEST_FOLDER = 100_000  # files
LEAST_PIXELS = 8  # along each side of a picture
MOST_BYTES = 500_000_000  # of one picture's file


def kind_of(path: Path) -> str:
    """Return 'picture', 'video', 'recording' or '': neither."""
    if path.exists() and not path.is_file():
        return ''  # a pipe would be waited for
    try:
        with path.open('rb') as file:
            head = file.read(HEAD)
    except OSError:
        head = b''
    if _is_transport_stream(head) or path.suffix.lower() in MOTION_JPEG:
        return 'video'
    if head.startswith(POINTER):
        return ''
    for kind, starts in STARTS.items():
        if head.startswith(starts):
            return kind
    if head.startswith(b'RIFF'):
        return RIFF.get(head[8:12], '')
    if head[4:8] == b'ftyp':
        return 'picture' if head[8:12] in STILL_BRANDS else 'video'
    name = path.name.lower()
    named = {'picture': PICTURES, 'video': VIDEOS, 'recording': RECORDINGS}
    return next((kind for kind, endings in named.items() if name.endswith(endings)), '')


def why_no_picture(path: Path) -> str:
    """Return why a file that is no picture is not shown as one."""
    kind = kind_of(path)
    if kind:
        return f'it is a {kind}: show it alone'
    if not path.is_file():
        return 'it is no file'
    try:
        return f'it {what_else(path) or "is no picture"}'
    except OSError as error:
        return f'it cannot be opened: {error.strerror}'


def read_picture(path: Path) -> Picture:
    """Decode the file of a picture.

    Raises:
        ImageError: it cannot be read, or is no picture.

    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImageError(f'{path} is larger than {MOST_BYTES // 10**6} MB')
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f'{path} cannot be read: {error.strerror}') from error
    return decoded(data, str(path), LEAST_PIXELS)


def _is_transport_stream(head: bytes) -> bool:
    return any(
        len(head) > first + gap + PACKET and head[first] == head[first + gap + PACKET] == SYNC
        for first, gap in ((0, 0), (4, 4))
    )


def is_recording(path: Path) -> bool:
    """Tell whether it is a recording, or the folder of one.

    A recording's folder has its description; without that, pictures beside a recording's file
    make it a folder of pictures.
    """
    if not path.is_dir():
        return kind_of(path) == 'recording'
    if not storage_files(path):
        return False
    if (path / METADATA).is_file():
        return True
    return not any(kind_of(file) == 'picture' for file in visible(path.iterdir()))


def storage_files(folder: Path) -> list[Path]:
    """Return the files of a recording's folder that hold its messages."""
    return [file for file in visible(folder.iterdir()) if file.name.lower().endswith(RECORDINGS)]


def files_below(folder: Path, tell: Callable[[str, str], None]) -> list[Path]:
    """Return the files of a folder and of those in it, as people count: 2 before 10; no hidden.

    Args:
        folder: to be looked through.
        tell: gets the name within the folder of each thing that is passed over, and why.

    """
    found: list[Path] = []

    def tell_of(path: str | Path, reason: str) -> None:
        tell(Path(path).relative_to(folder).as_posix(), reason)

    def tell_error(error: OSError) -> None:
        tell_of(error.filename, f'it cannot be opened: {error.strerror}')

    for place, folders, names in os.walk(folder, onerror=tell_error):
        here, ours = Path(place), written_in(Path(place))
        for name in sorted(name for name in folders if (here / name).is_symlink()):
            tell_of(here / name, 'it is a link to a folder: name that folder itself')
        folders[:] = [name for name in folders if not name.startswith('.')]
        for path in (here / name for name in names if not name.startswith('.')):
            if path.name in ours:
                tell_of(path, 'this program made it: name the file itself to show it')
            elif not path.is_file():
                is_link = path.is_symlink()
                tell_of(path, 'it is a link that leads nowhere' if is_link else 'it is no file')
            else:
                found.append(path)
        if len(found) > LARGEST_FOLDER:
            raise CameraError(f'{folder} holds more than {LARGEST_FOLDER} files: show it in parts')
    return sorted(found, key=lambda path: _counted(path.relative_to(folder).as_posix()))


def _counted(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts numbers in names by their value."""
    parts = re.split(r'(\d+)', name.lower())
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]
