# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Work that fails is tried again, then listed with its cause; the rest is done, once."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError, LiquidDroneError, SimulationError
from liquid_drone.workers.executor import AGAIN, ThisProcess
from liquid_drone.workers.pool import LocalProcesses


@dataclass(frozen=True)
class Failing:
    """Fails at some items, each so many times; files count over processes."""

    folder: Path
    failures: dict[int, int]

    def __call__(self, number: int) -> int:
        before = len(list(self.folder.glob(f'{number}-*')))
        (self.folder / f'{number}-{before}').touch()
        if before < self.failures.get(number, 0):
            raise SimulationError(f'the {before}-th try at {number}')
        return number


@given(st.dictionaries(st.integers(0, 7), st.integers(1, AGAIN + 2)), st.integers(0, 8))
def test_failures_are_tried_again_told_and_listed_and_the_rest_is_done_once(
    failures: dict[int, int], count: int
) -> None:
    found: list[int] = []
    told: list[tuple[object, bool]] = []
    lost = {number for number, times in failures.items() if times > AGAIN and number < count}

    def run(folder: str) -> None:
        results = ThisProcess().results(
            Failing(Path(folder), failures), range(count), None,
            lambda item, cause, given_up: told.append((item, given_up)),
        )  # fmt: skip
        found.extend(results)

    with tempfile.TemporaryDirectory() as folder:
        if lost:
            with pytest.raises(SimulationError, match=f'{len(lost)} of {count} failed 3 times'):
                run(folder)
        else:
            run(folder)
    assert sorted(found) == [number for number in range(count) if number not in lost]
    assert {item for item, given_up in told if given_up} == lost
    tries = Counter(item for item, _ in told)
    assert tries == {n: min(k, AGAIN + 1) for n, k in failures.items() if n < count}


@pytest.mark.parametrize('executor', [ThisProcess(), LocalProcesses(2)], ids=['this', 'local'])
def test_a_request_that_nobody_can_do_ends_the_run_at_once(
    executor: ThisProcess | LocalProcesses,
) -> None:
    with pytest.raises(ConfigError, match='no such world'):
        list(executor.results(refuse, range(4)))


def refuse(_number: int) -> int:
    raise ConfigError('no such world')


def test_failures_in_processes_are_told_with_their_cause(tmp_path: Path) -> None:
    told: list[str] = []
    found: list[int] = []
    results = LocalProcesses(2).results(
        Failing(tmp_path, {1: 1, 3: 9}), range(5), None,
        lambda item, cause, given_up: told.append(f'{item}: {cause}, {given_up}'),
    )  # fmt: skip
    with pytest.raises(LiquidDroneError, match=r'1 of 5 failed 3 times: 3 \(the 2-th try at 3\)'):
        found.extend(results)
    assert sorted(found) == [0, 1, 2, 4]
    assert sorted(told) == [
        '1: the 0-th try at 1, False',
        *(f'3: the {k}-th try at 3, {k == 2}' for k in range(3)),
    ]
