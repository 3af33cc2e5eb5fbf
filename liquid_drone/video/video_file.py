# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A video file, decoded by PyAV (FFmpeg): each frame as the file means it, and when.

Why PyAV, and why on one thread: docs/decisions/package/videos.md.
"""

import math
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from ..arrays import Image
from ..errors import CameraError, require
from .frame_pictures import FramePictures
from .whole_frames import WholeFrames

USUAL_HZ = 30.0  # of a file that gives no rate
FASTEST_HZ = 1000.0
MISSING = 0.9  # share of the stated frames and time that must come for the file to be whole
VAGUE_S = 0.5  # FLV counts its length from before its first frame
MOST_DAMAGED = 300  # packets in a row that cannot be read or decoded; then it is over
GENERATED_PTS = 1  # of FFmpeg's AVFMT_FLAG: wrong where AVI holds frames out of order
MICROSECONDS = 1e6  # FFmpeg's clock of a whole file
HDR = {16: 'PQ', 18: 'HLG'}  # transfer characteristics (ITU-T H.273)
LOCAL = {'protocol_whitelist': 'file'}  # no address, whatever a playlist names
CONVERT = 'convert it: ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p converted.mp4'
TONE_MAP = (
    'ffmpeg -i FILE -vf '
    'zscale=t=linear:npl=100,tonemap=hable,zscale=p=bt709:t=bt709:m=bt709,format=yuv420p '
    '-c:v libx264 converted.mp4'
)
NO_INDEX = (
    'it has no index (moov): the camera was switched off while it recorded; untrunc or another '
    'repair program makes one from a whole video of the same camera'
)
MP4 = b'ftyp'  # behind four bytes
NO_PICTURES = 'it has no track of pictures'


class VideoFile:
    """A video, read frame by frame and never held.

    On one thread: more of them give other pictures of a damaged file at each reading.

    Attributes:
        rate_hz: frames a second, on average; 0: not told.
        tracks: of pictures, of which one is read.
        count: frames that were decoded so far.
        damaged: packets so far that could not be read or decoded.
        smeared: frames so far that are built on damaged ones.
        last_s: stamp of the last frame that was decoded.

    """

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            CameraError: it cannot be read; why, without its name.
            MissingDependencyError: PyAV is not installed.

        """
        self._av = av = require('av', 'video')
        self.count, self.damaged, self.smeared, self.last_s = 0, 0, 0, -math.inf
        self._end_s = -math.inf  # of what was read of the file, sound and all, by its own clock
        self._file = _opened(av, path)
        self._file.flags &= ~GENERATED_PTS
        try:
            self._stream, self.tracks = pictures_of(av, self._file)
        except CameraError:
            self.close()
            raise
        self._decoder = self._stream.codec_context
        self._decoder.thread_type, self._decoder.thread_count = 'NONE', 1
        self.rate_hz = _rate_hz(self._stream)
        self._period_s = 1.0 / (self.rate_hz if 0.0 < self.rate_hz <= FASTEST_HZ else USUAL_HZ)
        self._pictures, self._whole = FramePictures(av, self._stream), WholeFrames(av)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def doubts(self) -> list[str]:
        """Return what is not shown as it is."""
        found = []
        if hdr := HDR.get(int(self._decoder.color_trc)):
            found.append(
                f'it is HDR ({hdr}), whose colours are shown paler than they are; record '
                f'without HDR, or convert it: {TONE_MAP}'
            )
        if self.tracks > 1:
            found.append(
                f'it has {self.tracks} tracks of pictures, of which one is shown; another one is '
                'taken out by: ffmpeg -i FILE -map 0:v:1 -c copy other.mp4'
            )
        return found

    def frames(
        self, apart_s: float = 0.0, from_s: float | None = None
    ) -> Generator[tuple[float, Image], None, None]:
        """Yield (stamp in s, RGB (H, W, 3)): upright, with square pixels, each of its own size.

        Where stamps are missing or do not rise, the stated rate counts. A damaged place costs its
        own frames.

        Args:
            apart_s: frames that come sooner after the last one are passed over.
            from_s: of the time of an MP4 or MKV, where the first frame is; None: from the file's
                first frame on, which then has stamp 0.

        """
        first_s = None if from_s is None else self._seek(from_s)
        given_s = -math.inf
        for frame in self._decoded():
            time = frame.dts if frame.pts is None else frame.pts
            told_s = float(time * self._stream.time_base) if time is not None else math.nan
            if first_s is None:
                first_s = 0.0 if math.isnan(told_s) else told_s
            stamp_s = told_s - first_s
            if not stamp_s > self.last_s:
                stamp_s = max(self.last_s + self._period_s, 0.0)
            self.last_s = stamp_s
            if from_s is not None and stamp_s < from_s - self._period_s / 2.0:
                continue
            if stamp_s - given_s >= apart_s:
                yield stamp_s, self._pictures.picture(frame)
                given_s = stamp_s

    def lacks(self) -> str:
        """Say what did not come whole of a file that was read to its end; empty: nothing.

        Sound may be longer than the pictures, and the last one may be shown for as long as that.
        """
        return '; '.join(filter(None, (self._missing(), self._smears())))

    def _smears(self) -> str:
        if not self.smeared:
            return ''
        return (
            f'{self.smeared} frames, up to the next key frame behind each damaged place, may be '
            'smeared'
        )

    def _missing(self) -> str:
        frames = int(self._stream.frames or 0)
        told_s = (self._file.duration or 0) / MICROSECONDS
        read_s = self._end_s - (self._file.start_time or 0) / MICROSECONDS
        least_s = MISSING * told_s - VAGUE_S
        is_short = max(read_s, self.count * self._period_s) < least_s
        if not self.damaged and not is_short and self.count >= min(MISSING * frames, frames - 1):
            return ''
        why = 'it is damaged, cut short, or trimmed without being encoded anew'
        if frames or not is_short:
            about = max(frames, self.count + self.damaged)
            return f'{self.count} of about {about} frames could be read: {why}'
        return f'{self.count} frames could be read, of {read_s:.1f} of {told_s:.1f} s: {why}'

    def _seek(self, from_s: float) -> float:
        """Go to the last key frame before; return when the file begins, in s."""
        base = self._stream.time_base
        first = self._stream.start_time or 0
        self._file.seek(first + int(from_s / base), stream=self._stream)
        return float(first * base)

    def _decoded(self) -> Iterator[Any]:
        packets, in_a_row = self._file.demux(), 0
        while in_a_row < MOST_DAMAGED:
            packet = None
            try:
                with self._whole.watched():
                    packet = next(packets, None)
                    frames = self._frames_of(packet)
            except EOFError:
                return
            except self._av.FFmpegError:
                in_a_row, self.damaged = in_a_row + 1, self.damaged + 1
                if packet is None:  # its error ended the reading
                    packets = self._file.demux()
                self._note(packet)
                continue
            if packet is None:
                return
            self._note(packet)
            for frame in frames:
                in_a_row, self.count = 0, self.count + 1
                self.smeared += not self._whole.is_whole(frame)
                yield frame

    def _note(self, packet: Any) -> None:
        if packet is not None and packet.stream is self._stream:
            self._whole.note_packet(packet, 0.0)

    def _frames_of(self, packet: Any) -> list[Any]:
        if packet is None:
            return []
        if packet.pts is not None and packet.time_base is not None:
            held_s = float((packet.duration or 0) * packet.time_base) or self._period_s
            self._end_s = max(self._end_s, float(packet.pts * packet.time_base) + held_s)
        return list(packet.decode()) if packet.stream is self._stream else []


def _open(av: Any, path: Path) -> Any:
    is_new = int(av.__version__.partition('.')[0]) >= 19  # from there on no text is an error
    options = {} if is_new else {'metadata_errors': 'replace'}
    return av.open(str(path.resolve()), container_options=LOCAL, **options)


def _opened(av: Any, path: Path) -> Any:
    try:
        with path.open('rb') as file:
            head = file.read(len(MP4) + 4)
    except OSError as error:
        raise CameraError(f'it cannot be read: {error.strerror}') from error
    if not head:
        raise CameraError('it is empty')
    try:
        return _open(av, path)
    except (av.FFmpegError, OSError) as error:  # FFmpeg calls many a torn file an error of input
        why = f'it is cut short or in no format that FFmpeg reads; {CONVERT}'
        if head.endswith(MP4) and 'moov atom not found' in _words_on(av, path):
            why = NO_INDEX
        raise CameraError(why) from error


def _words_on(av: Any, path: Path) -> str:
    """Open what cannot be opened once more, and return what FFmpeg writes of it."""
    log = av.logging
    level, skips = log.get_level(), log.get_skip_repeated()
    log.set_level(log.ERROR)
    log.set_skip_repeated(False)
    try:
        with log.Capture() as told:
            _open(av, path).close()
    except (av.FFmpegError, OSError):
        pass
    finally:
        log.set_level(level)
        log.set_skip_repeated(skips)
    return ' '.join(text for _, _, text in told)


def pictures_of(av: Any, file: Any) -> tuple[Any, int]:
    """Return the first track of moving pictures, and how many there are.

    Raises:
        CameraError: there is none, or none that can be decoded.

    """
    kinds = av.stream.Disposition
    still = kinds.attached_pic | kinds.timed_thumbnails | kinds.still_image
    seen = [stream for stream in file.streams.video if not stream.disposition & still]
    on = [stream for stream in seen if stream.disposition & kinds.default]
    shown = on if on and 'mov' in file.format.name else seen  # a track may be switched off there
    if not seen:
        raise CameraError(NO_PICTURES)
    if shown[0].codec_context is None:
        raise CameraError(f'FFmpeg has no decoder for its pictures; {CONVERT}')
    return shown[0], len(shown)


def _rate_hz(stream: Any) -> float:
    """Return the frames a second; where the file gives no time, what the stream itself says."""
    told = stream.guessed_rate if stream.start_time is None else stream.average_rate
    return float(told or stream.guessed_rate or 0.0)
