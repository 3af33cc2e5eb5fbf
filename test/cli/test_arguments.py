# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flags are made from dataclasses: what is given arrives, what cannot be used is one sentence."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli.arguments import (
    Command,
    CommandGroup,
    CommandParser,
    add,
    flag_of,
    options_and_groups,
    part,
    read,
)
from liquid_drone.cli.commands.fly import FlyArguments
from liquid_drone.cli.main import COMMANDS, main, parser
from liquid_drone.errors import ConfigError
from liquid_drone.options import REQUIRED, Option, option, options_of
from liquid_drone.sim.flight_spec import FlightSpec


def every_command() -> Iterator[tuple[tuple[str, ...], Command[Any]]]:
    for command in COMMANDS:
        if isinstance(command, CommandGroup):
            for one in command.commands:
                yield (command.name, one.name), one
        else:
            yield (command.name,), command


PARSER = parser()
NUMBERS = [
    (words, one)
    for words, command in every_command()
    for one, _ in options_and_groups(command.arguments)
    if one.kind in (int, float)
]


def outside(one: Option) -> st.SearchStrategy[str]:
    """Return texts that are no value of a numeric option."""
    low, high = one.text.low or 0.0, one.text.high or 0.0
    if one.kind is int:
        numbers = st.integers(max_value=int(low) - 1) | st.integers(min_value=int(high) + 1)
    else:
        numbers = st.floats(max_value=low, exclude_max=True) | st.floats(
            min_value=high, exclude_min=True
        )
    return numbers.map(repr) | st.sampled_from(['nan', 'inf', '-inf', '', 'seven', '1,5'])


@pytest.mark.parametrize(
    ('words', 'one'), NUMBERS, ids=lambda value: getattr(value, 'name', None) or value[-1]
)
def test_every_number_has_a_range_and_its_default_is_in_it(
    words: tuple[str, ...], one: Option
) -> None:
    low, high = one.text.low, one.text.high
    assert low is not None
    assert high is not None
    assert math.isfinite(low)
    assert math.isfinite(high)
    if one.default not in (None, REQUIRED):
        for number in one.default if isinstance(one.default, tuple) else (one.default,):
            one.check(number)


@given(st.data())
def test_a_number_that_cannot_be_is_one_sentence_that_names_its_flag(data: st.DataObject) -> None:
    words, one = data.draw(st.sampled_from(NUMBERS))
    text = data.draw(outside(one))
    with pytest.raises(ConfigError) as refused:
        PARSER.parse_args([*words, f'{flag_of(one)}={text}'])
    said = str(refused.value)
    assert f'{flag_of(one)}' in said
    assert one.expectation in said
    assert '\n' not in said


def test_radians_are_no_field_of_view(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['import-flight', 'bag', '--target', 'dog', '--fov', '1.2']) == 2
    said = capsys.readouterr().err
    assert said.startswith('liquid-drone: argument --fov: expected a number, 15 to 150 degrees; ')
    assert said.count('\n') == 1


@pytest.mark.parametrize('line', [[], ['float'], ['fly', '--sped', '3'], ['bench'], ['inspect']])
def test_a_line_that_makes_no_sense_is_one_sentence_and_exit_code_2(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line) == 2
    said = capsys.readouterr().err
    assert said.startswith('liquid-drone: ')
    assert '--help' in said
    assert said.count('\n') == 1


def a_value(one: Option) -> st.SearchStrategy[Any]:
    if one.choices:
        return st.sampled_from(one.choices)
    if one.kind is bool:
        return st.booleans()
    if one.kind is int:
        return st.integers(int(one.text.low or 0), int(one.text.high or 0))
    if one.kind is float:
        return st.floats(one.text.low, one.text.high)
    if one.name == 'request':
        asked = st.tuples(st.sampled_from(('distance', 'height', 'speed')), st.floats(2.0, 3.0))
        items = st.lists(asked, unique_by=lambda item: item[0])
        return items.map(lambda found: ','.join(f'{word}:{value}' for word, value in found))
    return st.text(min_size=1).filter(lambda text: text.strip() and not text.startswith('-'))


@given(st.data())
def test_a_flight_is_the_same_on_the_command_line_and_in_python(data: st.DataObject) -> None:
    values, line = {}, ['fly']
    for one in options_of(FlightSpec):
        if one.name != 'firmware' and data.draw(st.booleans()):
            values[one.name] = value = data.draw(a_value(one))
            if one.kind is not bool:
                line += [f'{flag_of(one)}={value}'] if value != '' else []  # else refused
            elif value != one.default:
                line.append(flag_of(one))
    found = read(PARSER.parse_args(line), FlyArguments)
    assert found == FlyArguments(flight=FlightSpec(**values))


@dataclass(frozen=True, kw_only=True)
class Inner:
    colour: Literal['red', 'blue'] = option('red', 'of it')
    kept: int = option(3, 'not a flag', low=0, high=9)


@dataclass(frozen=True, kw_only=True)
class Outer:
    names: tuple[str, ...] = option(REQUIRED, 'which', positional=True)
    share: float | None = option(None, 'at 100 %', low=0, high=1, unset='all', aliases=('--part',))
    out: Path = option(REQUIRED, 'where')
    inner: Inner = part(Inner, without=('kept',), group='what is inside', colour='blue')


def test_parts_lists_aliases_and_required_flags(capsys: pytest.CaptureFixture[str]) -> None:
    made = CommandParser(prog='it')
    add(made, Outer)
    line = ['a', 'b', '--out', 'x', '--part', '0.5']
    expected = Outer(names=('a', 'b'), share=0.5, out=Path('x'), inner=Inner(colour='blue'))
    assert read(made.parse_args(line), Outer) == expected
    help = made.format_help()
    assert 'what is inside:' in help
    assert 'at 100 %, 0 to 1 (default: all)' in help
    assert '--kept' not in help
    with pytest.raises(ConfigError, match='required: names, --out'):
        made.parse_args([])
