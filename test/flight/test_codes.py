# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of a decision: codes keep their meaning for ever, what is unknown is NaN."""

import math

import pytest

from liquid_drone.flight.codes import CAUSE_CODES, NAMES, STAGE_CODES, decision_numbers
from liquid_drone.flight.companion import Decision
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.setpoint import Setpoint


def test_the_codes_are_those_of_the_documents_and_each_is_given_once() -> None:
    assert [stage.name for stage in STAGE_CODES] == [
        'DISCONNECTED', 'STANDBY', 'READY', 'ENGAGING', 'ENGAGED', 'HOLDING', 'SEARCHING',
        'HANDED_BACK',
    ]  # fmt: skip
    assert list(STAGE_CODES.values()) == list(range(8))
    assert set(CAUSE_CODES) == set(Cause)
    assert len(set(CAUSE_CODES.values())) == len(Cause)
    assert CAUSE_CODES[Cause.TAKEN_OVER] == 4
    assert CAUSE_CODES[Cause.OUTSIDE] == 14


@pytest.mark.parametrize('stage', Stage)
def test_each_number_has_its_name_and_what_is_not_known_is_none(stage: Stage) -> None:
    bare = decision_numbers(Decision(None, False, stage, Cause.NONE), None, None, False)
    told = dict(zip(NAMES, bare, strict=True))
    known = {name for name, value in told.items() if not math.isnan(value)}
    assert known == {'stage', 'cause', 'is_sent'}
    full = Decision(Setpoint(0.1, 0.2, 0.3, 0.4), False, stage, Cause.LANDED)
    told = dict(
        zip(
            NAMES,
            decision_numbers(full, None, Proposal(1.0, (1.0, 2.0, 3.0, 4.0)), True),
            strict=True,
        )
    )
    assert (told['stage'], told['cause'], told['is_sent']) == (STAGE_CODES[stage], 6, 1.0)
    assert (told['setpoint_vz'], told['proposal_yaw_rate']) == (0.3, 4.0)
