# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a picture must pass before a policy acts on it: its stamp, and pixels that change."""

from ..arrays import Image
from ..camera.frozen import LIVES_S, FrozenSensor
from ..errors import ImageError
from .stamps import SECOND_NS, Admission, StampGate


class PictureGate:
    """Admits each picture of one camera once, while its stamp is good and its sensor lives."""

    def __init__(self, oldest_s: float | None, frozen_after_s: float | None) -> None:
        """Begin with no picture.

        Args:
            oldest_s: ``max_image_age_s``; None: ages are not checked.
            frozen_after_s: without new pixels for so long pictures are refused; None: never.

        """
        self.stamps = StampGate('the image', oldest_s, 'max_image_age_s')
        self._frozen_after_s, self._sensor = frozen_after_s, FrozenSensor()
        self._same_s = 0.0  # for which no new pixels have come
        self._is_frozen = False  # until it lives again

    def watch(self, image: Image, stamp_ns: int, now_ns: int) -> None:
        """Watch the sensor: every picture (H, W, 3) that arrives, may it be acted on or not."""
        self._same_s = self._sensor.same_for_s(image, stamp_ns / SECOND_NS, now_ns / SECOND_NS)
        is_same = self._frozen_after_s is not None and self._same_s >= self._frozen_after_s
        self._is_frozen = is_same or (self._is_frozen and not self._sensor.lives)

    def admit(self, stamp_ns: int, now_ns: int) -> Admission:
        """Judge the picture that was watched last, as :meth:`StampGate.admit` does.

        Raises:
            ImageError: it must not be acted on: too old, from the future, or frozen.

        """
        admission = self.stamps.admit(stamp_ns, now_ns)
        same_s, limit_s = self._same_s, self._frozen_after_s
        if not admission.is_repeated and limit_s is not None and same_s >= limit_s:
            raise ImageError(
                f'the camera has sent the same pixels for {same_s:.3g} s under new stamps: its '
                'sensor or driver is frozen (a scene that can be still: frozen_after_s off)'
            )
        if self._is_frozen and not admission.is_repeated:
            raise ImageError(
                f'the camera was frozen, and gives new pixels for less than {LIVES_S:g} s: a '
                'clock that it writes into its pictures is no picture'
            )
        return admission
