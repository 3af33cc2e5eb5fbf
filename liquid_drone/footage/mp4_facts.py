# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the header of an MP4 or MOV says of its pictures that OpenCV does not tell.

A mirrored picture (its matrix has a negative determinant) is turned by OpenCV's angle alone,
upside down; the light of HDR is shown as if it were plain; of several tracks one is shown. OpenCV
before 4.13 takes all colours for those of a small picture (BT.601).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_HEADER = 64 * 2**20
MOST_BOXES = 10_000  # of a file before its header
HEADER, WIDE = 8, 16  # bytes of a box before its content
ENTRY = 78  # bytes of a visual sample entry before its boxes
MATRIX = {0: 40, 1: 52}  # where it lies in a track header, by version
BT_709 = 1  # matrix coefficients (ITU-T H.273)
HDR = {16: 'PQ', 18: 'HLG'}  # transfer characteristics (ITU-T H.273)
CONVERT = (
    'ffmpeg -i FILE -vf '
    'zscale=t=linear:npl=100,tonemap=hable,zscale=p=bt709:t=bt709:m=bt709,format=yuv420p '
    '-c:v libx264 converted.mp4'
)
NO_INDEX = (
    'it has no index (moov): the camera was switched off while it recorded; untrunc or another '
    'repair program makes one from a whole video of the same camera'
)
NO_PICTURES = 'it has no track of pictures'
Part = tuple[bytes, memoryview]  # kind and content of a box


@dataclass(frozen=True)
class Mp4Facts:
    """Of the pictures in a file; the defaults hold for every other container."""

    is_mirrored: bool = False  # before it is turned, upside down
    hdr: str = ''  # 'HLG' or 'PQ'; '' for plain light
    tracks: int = 1  # of pictures
    is_bt709: bool = False  # how colours were made of RGB

    def doubts(self) -> list[str]:
        """Return what is not shown as it is."""
        found = []
        if self.hdr:
            found.append(
                f'it is HDR ({self.hdr}), whose colours are shown paler than they are; record '
                f'without HDR, or convert it: {CONVERT}'
            )
        if self.tracks > 1:
            found.append(
                f'it has {self.tracks} tracks of pictures, of which one is shown; another one is '
                'taken out by: ffmpeg -i FILE -map 0:v:1 -c copy other.mp4'
            )
        return found


def facts_of(path: Path) -> Mp4Facts:
    """Read the header of a file; what is no MP4, or a torn one, has the default facts."""
    try:
        header = _header(path)
        tracks = [dict(_boxes(content)) for kind, content in _boxes(header) if kind == b'trak']
        seen = [track for track in tracks if _is_picture(track)]
        if not seen:
            return Mp4Facts()
        colour = _colour(seen[0][b'mdia'])
        hdr = HDR.get(int.from_bytes(colour[6:8], 'big'), '')
        is_bt709 = int.from_bytes(colour[8:10], 'big') == BT_709
        return Mp4Facts(_is_mirrored(seen[0][b'tkhd']), hdr, len(seen), is_bt709)
    except (OSError, ValueError, KeyError, IndexError, struct.error):  # OpenCV judges the file
        return Mp4Facts()


def lacking(path: Path) -> str:
    """Say why an MP4 or MOV cannot be opened; empty: it is another file, or not known."""
    try:
        with path.open('rb') as file:
            if file.read(HEADER)[4:] != b'ftyp':
                return ''
        header = _header(path)
        tracks = [dict(_boxes(content)) for kind, content in _boxes(header) if kind == b'trak']
        if not header:
            return NO_INDEX
        return '' if any(map(_is_picture, tracks)) else NO_PICTURES
    except (OSError, ValueError, KeyError, IndexError, struct.error):
        return ''


def _header(path: Path) -> memoryview:
    """Return the content of the box ``moov``; empty where there is none."""
    with path.open('rb') as file:
        for _ in range(MOST_BOXES):
            head = file.read(HEADER)
            if len(head) < HEADER:
                break
            size, kind = struct.unpack('>I4s', head)
            begun = HEADER
            if size == 1:
                (size,) = struct.unpack('>Q', file.read(HEADER))
                begun = WIDE
            if kind == b'moov':
                return memoryview(file.read(min(size - begun, MOST_HEADER)))
            if size < begun:  # 0: to the end of the file
                break
            file.seek(size - begun, 1)
    return memoryview(b'')


def _boxes(data: memoryview) -> Iterator[Part]:
    at = 0
    while at + HEADER <= len(data):
        size, kind = struct.unpack_from('>I4s', data, at)
        if size < HEADER:
            return
        yield kind, data[at + HEADER : at + size]
        at += size


def _is_picture(track: dict[bytes, memoryview]) -> bool:
    """Tell whether a track has moving pictures: no sound, no cover, no preview alone."""
    media = dict(_boxes(track[b'mdia']))
    if bytes(media[b'hdlr'][8:12]) != b'vide':
        return False
    return bool(track[b'tkhd'][3] & 1)  # it is switched on


def _is_mirrored(track_header: memoryview) -> bool:
    a, b, _, c, d = struct.unpack_from('>5i', track_header, MATRIX[track_header[0]])
    return bool(a * d - b * c < 0)


def _colour(media: memoryview) -> memoryview:
    """Return how the picture's colours are to be taken (``nclx``); empty: it is not told."""
    inner = dict(_boxes(media))
    for kind in (b'minf', b'stbl'):
        inner = dict(_boxes(inner[kind]))
    _, entry = next(_boxes(inner[b'stsd'][HEADER:]), (b'', memoryview(b'')))  # torn: no entry
    colour = dict(_boxes(entry[ENTRY:])).get(b'colr', memoryview(b''))
    return colour if bytes(colour[:4]) in (b'nclx', b'nclc') else memoryview(b'')
