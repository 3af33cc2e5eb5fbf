# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which device draws: who names one gets it, and a graphics card comes before software."""

import pytest

from liquid_drone.sim.render import egl


def test_a_graphics_card_comes_before_software(monkeypatch: pytest.MonkeyPatch) -> None:
    software, card = f'{egl.SOFTWARE} EGL_EXT_device_drm', 'EGL_NV_device_cuda'
    monkeypatch.delenv(egl.CHOSEN, raising=False)
    for devices, order in (
        ([software, card, card], [1, 2, 0]),
        ([card, software], [0, 1]),
        ([software], [0]),
        ([], [0]),  # EGL cannot be asked: its first device is tried
    ):
        monkeypatch.setattr(egl, 'device_extensions', lambda devices=devices: devices)
        assert egl.device_order() == order


def test_a_user_names_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(egl.CHOSEN, '3')
    assert egl.device_order() == [3]


def test_the_devices_of_this_machine_can_be_asked() -> None:
    assert all('EGL_' in extensions for extensions in egl.device_extensions())
