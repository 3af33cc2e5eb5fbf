# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of whole flights counts the seconds that were flown."""

import json

from liquid_drone.bench.scale.flight_speed import FlightSpeed
from liquid_drone.cli.main import main


def test_the_seconds_of_all_flights_are_counted(capsys, monkeypatch):
    flown = []

    def one(trial, seed):
        flown.append((trial.flight.world, trial.flight.season, seed))
        return trial.flight.duration_s

    monkeypatch.setattr('liquid_drone.bench.scale.flight_speed._flown_s', one)
    line = ['bench', 'sim', '--flights', '2', '--flight-s', '3', '--worlds', 'forest', '--json']
    assert main(line) == 0
    found = [FlightSpeed(**row) for row in json.loads(capsys.readouterr().out)]
    assert [(one.season, one.simulated_s) for one in found] == [('summer', 6.0), ('winter', 6.0)]
    assert len(flown) == 6  # the first of each place is not counted
