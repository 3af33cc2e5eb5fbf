# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two LLVMs in one process: Mesa's, which draws without a graphics card, and Triton's.

PyTorch's build for CUDA brings Triton, and imports it with the first step of an optimiser and the
first export. Where Mesa's libLLVM is loaded by then, libtriton finds symbols of that one in place
of its own: a segmentation fault. Loaded with RTLD_DEEPBIND it finds its own first, and a later
import takes the library that is there (dlopen(3)).
"""

import ctypes
import importlib.util
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
SOFTWARE = 'llvmpipe'  # of Mesa, in GL_RENDERER


def keep_apart(device: str) -> None:
    """Load Triton's library, if there is one, so that Mesa's LLVM does no harm to it.

    Args:
        device: what OpenGL says that it draws with.

    """
    library = _triton()
    if SOFTWARE not in device or library is None or not hasattr(os, 'RTLD_DEEPBIND'):
        return
    try:
        ctypes.CDLL(str(library), mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
    except OSError as error:  # an import of it fails likewise, and says so to whoever needs it
        log.debug('%s cannot be loaded: %s', library, error)


def _triton() -> Path | None:
    """Return Triton's library, which is not imported here."""
    found = importlib.util.find_spec('triton')
    if found is None or not found.submodule_search_locations:
        return None
    for folder in found.submodule_search_locations:
        for library in sorted(Path(folder, '_C').glob('libtriton*.so')):
            return library
    return None
