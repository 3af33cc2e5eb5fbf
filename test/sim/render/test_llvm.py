# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Mesa's LLVM and Triton's in one process, in either order."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

DRAW = """
from liquid_drone.sim.render.gl_context import GlContext
device = GlContext.shared().device
"""
STEP = """
import torch, triton
weights = torch.nn.Linear(3, 3)
optimiser = torch.optim.AdamW(weights.parameters())
weights(torch.ones(2, 3)).sum().backward()
optimiser.step()
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    environment = {**os.environ, 'PYTHONPATH': path}
    return subprocess.run(
        [sys.executable, '-c', code], env=environment, capture_output=True, text=True, timeout=300
    )


def fake_triton(folder: Path, content: bytes) -> Path:
    library = folder / 'triton' / '_C' / 'libtriton.so'
    library.parent.mkdir(parents=True)
    (folder / 'triton' / '__init__.py').write_text('raise SystemExit("imported")')
    library.write_bytes(content)
    return library


def a_library() -> bytes:
    return Path(np.random.mtrand.__file__).read_bytes()


@pytest.mark.parametrize('device', ['llvmpipe (LLVM 15.0.6, 256 bits)', 'NVIDIA H200/PCIe/SSE2'])
def test_the_library_is_loaded_where_mesa_draws_and_nothing_is_imported(tmp_path, device):
    library = fake_triton(tmp_path, a_library())
    code = f"""
from liquid_drone.sim.render import llvm
llvm.keep_apart({device!r})
print({str(library)!r} in open('/proc/self/maps').read())
"""
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str('llvmpipe' in device)]


@pytest.mark.parametrize('content', [b'', b'\x7fELF', b'no library'])
def test_a_library_that_cannot_be_loaded_does_not_stop_the_drawing(tmp_path, content):
    fake_triton(tmp_path, content)
    done = run(f'{DRAW}\nprint(device)', tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_triton_without_a_library_is_none(tmp_path):
    shutil.rmtree(fake_triton(tmp_path, b'x').parent)
    done = run('from liquid_drone.sim.render import llvm; print(llvm._triton())', tmp_path)
    assert done.stdout.strip() == 'None', done.stderr


@pytest.mark.skipif(
    importlib.util.find_spec('triton') is None,
    reason="Triton comes with PyTorch's build for CUDA",
)
@pytest.mark.parametrize('code', [DRAW + STEP, STEP + DRAW], ids=['drawn first', 'trained first'])
def test_drawing_and_training_in_one_process(tmp_path, code):
    done = run(code, tmp_path)
    assert done.returncode == 0, done.stderr
