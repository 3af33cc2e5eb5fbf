# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which of EGL's devices draws: the one a user names, else a graphics card, else software.

EGL lists its devices in an order of its own (``/usr/share/glvnd/egl_vendor.d``), Mesa's software
renderer among them. A user names one by ``GLCONTEXT_DEVICE_INDEX``, which glcontext reads itself.
"""

import ctypes
import os

CHOSEN = 'GLCONTEXT_DEVICE_INDEX'
EXTENSIONS = 0x3055  # EGL_EXTENSIONS
SOFTWARE = 'EGL_MESA_device_software'
MOST = 64


def device_order() -> list[int]:
    """Return the numbers of the devices to try, best first; at least one."""
    if (chosen := os.environ.get(CHOSEN, '')).isdecimal():
        return [int(chosen)]
    is_software = [SOFTWARE in extensions for extensions in device_extensions()]
    return sorted(range(len(is_software)), key=is_software.__getitem__) or [0]


def device_extensions() -> list[str]:
    """Return the extensions of each device; none where EGL cannot be asked."""
    try:
        egl = ctypes.CDLL('libEGL.so.1')
        egl.eglGetProcAddress.restype = ctypes.c_void_p
    except (OSError, AttributeError):  # no EGL here: opening a context will say so
        return []
    query = egl.eglGetProcAddress(b'eglQueryDevicesEXT')
    ask = egl.eglGetProcAddress(b'eglQueryDeviceStringEXT')
    if not query or not ask:
        return []
    devices, count = (ctypes.c_void_p * MOST)(), ctypes.c_int(0)
    pointer, number = ctypes.c_void_p, ctypes.c_int
    ctypes.CFUNCTYPE(ctypes.c_uint, number, pointer, pointer)(query)(
        MOST, devices, ctypes.byref(count)
    )
    text_of = ctypes.CFUNCTYPE(ctypes.c_char_p, pointer, number)(ask)
    return [(text_of(device, EXTENSIONS) or b'').decode() for device in devices[: count.value]]
