# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: percentiles and rates in the diagnostics mean what they are called."""

import math

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.ros.latency import Counter, Latency


def test_percentiles_of_a_hundred_samples() -> None:
    latency = Latency('way')
    for index in range(1, 101):
        latency.add(index / 1000.0)
    assert latency.values() == {
        'way_ms_p50': 50.0,
        'way_ms_p95': 95.0,
        'way_ms_p99': 99.0,
        'way_ms_max': 100.0,
    }


def test_nothing_is_told_before_the_first_sample() -> None:
    latency = Latency('way')
    assert latency.values() == {}
    assert math.isnan(latency.percentile_s(50))


def test_old_samples_are_forgotten() -> None:
    latency = Latency('way', kept=3)
    for value in (9.0, 1.0, 1.0, 1.0):
        latency.add(value)
    assert latency.percentile_s(99) == 1.0
    latency.clear()
    assert len(latency) == 0


@given(st.lists(st.floats(0.0, 10.0), min_size=1), st.floats(0.0, 100.0))
def test_a_percentile_is_one_of_the_samples_and_not_exceeded_by_its_share(
    samples: list[float], share: float
) -> None:
    latency = Latency('way')
    for value in samples:
        latency.add(value)
    found = latency.percentile_s(share)
    assert found in samples
    assert sum(value <= found for value in samples) >= share / 100.0 * len(samples) - 1e-9


def test_a_rate_is_counted_since_the_last_question() -> None:
    counter = Counter()
    assert counter.take(10.0) == 0.0
    for _ in range(30):
        counter.add()
    assert counter.take(12.0) == 15.0
    assert counter.take(13.0) == 0.0
