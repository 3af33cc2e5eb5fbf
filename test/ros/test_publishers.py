# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Programs of another user share no memory with this one's: topics are shown, nothing comes."""

import os
import pwd
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.ros.publishers import other_users

US = 1000
FILES = st.lists(
    st.tuples(
        st.sampled_from(['fastdds_493b', 'fastdds_port7411_el', 'sem.other', 'lttng']),
        st.sampled_from([0, US, 65534, 123456]),
    ),
    max_size=5,
)


@given(FILES)
def test_another_users_memory_is_named_and_only_that_of_fast_dds(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, int]]
) -> None:
    """Reported by eProsima/Fast-DDS 5258, 1750, 2956: a graph under sudo, or in a container."""
    folder, owners = tmp_path_factory.mktemp('shm'), dict[str, int]()
    for number, (name, owner) in enumerate(files):
        (folder / f'{name}{number}').touch()
        owners[str(folder / f'{name}{number}')] = owner
    stat = Path.stat

    def told(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = list(stat(path, follow_symlinks=follow_symlinks))
        found[4] = owners.get(str(path), US)
        return os.stat_result(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, 'stat', told)
        patch.setattr(os, 'getuid', lambda: US)
        words = other_users(folder)
    others = {owner for name, owner in files if name.startswith('fastdds_')} - {US}
    assert bool(words) is bool(others)
    assert not words or 'start all as one user' in words
    assert ('root' in words) is (0 in others and pwd.getpwuid(0).pw_name == 'root')
    assert ('123456' in words) is (123456 in others)


def test_a_system_without_such_memory_has_no_other_users(tmp_path: Path) -> None:
    assert other_users(tmp_path / 'none') == ''
