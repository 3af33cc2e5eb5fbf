# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that begins to see another part of the world in flight: it zoomed, changed its mode, or
another camera took its place on the topic.

What a network remembers is of the view before. How much another size of a camera that is not
calibrated shows is not known at all: modes of one sensor may crop it. So no picture counts for as
long as a guard needs to hand back; from then on the new view is the camera's. Two cameras in turn
on one topic are never used.
"""

import math

from ..errors import ImageError

MOST_ZOOM = 1.1  # between two focal lengths; autofocus and stabilisation move them by less
PAUSE_S = 3.0  # the guard brakes and hands back in 1.5 s
View = tuple[int, int, float | None]  # width, height, and horizontal field of view in degrees


class SteadyView:
    """Compares each picture's view with that of the pictures before."""

    def __init__(self) -> None:
        """Begin with none."""
        self._view: View | None = None
        self._frame = ''  # of its pictures
        self._words = ''
        self._until_s = -math.inf

    def check(self, view: View, now_s: float, frame: str = '') -> None:
        """Judge the view of a picture, before it is used.

        Args:
            view: of the picture.
            now_s: monotonic.
            frame: ``frame_id`` of the picture; each camera has its own. A number is none: some
                drivers count their pictures there (ros2/demos#432).

        Raises:
            ImageError: the camera saw another part of the world less than PAUSE_S ago.

        """
        before, before_frame, frame = self._view, self._frame, _named(frame)
        is_other = before is not None and frame != before_frame
        if before is not None and (is_other or not _is_like(before, view)):
            self._view, self._frame, self._until_s = view, frame, now_s + PAUSE_S
            self._words = f'{_told(before)} before, {_told(view)} now'
            if is_other:
                self._words = f"in the frame '{before_frame[:60]}' before, '{frame[:60]}' now"
        if now_s < self._until_s:
            raise ImageError(
                f'the camera shows another view, {self._words} (a zoom, another size, mode or '
                f'camera): no picture counts for {PAUSE_S:g} s, in which a flight is handed back'
            )

    def note_used(self, view: View, frame: str = '') -> None:
        """Note that a picture of this view was used; small changes do not add up unseen."""
        before = self._view
        self._frame = _named(frame)
        if before is None or (before[:2] == view[:2] and before[2] is None):
            self._view = view  # the first one, or a camera_info that came behind it


def _named(frame: str) -> str:
    return '' if frame.isdecimal() else frame


def _is_like(before: View, view: View) -> bool:
    if before[2] is None:
        return before[:2] == view[:2]  # its first camera_info may come behind its first pictures
    if view[2] is None:
        return False
    zoom = math.tan(math.radians(before[2]) / 2.0) / math.tan(math.radians(view[2]) / 2.0)
    return 1.0 / MOST_ZOOM <= zoom <= MOST_ZOOM


def _told(view: View) -> str:
    width, height, fov_deg = view
    return f'{width}x{height} ' + ('not calibrated' if fov_deg is None else f'{fov_deg:.0f} deg')
