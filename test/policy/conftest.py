# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One thread: products this small only wait for a second one."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True, scope='package')
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
