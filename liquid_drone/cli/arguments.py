# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Commands as records, and argparse made from dataclasses of :mod:`~liquid_drone.options`.

A command's ``run`` receives an instance of its own class. What cannot be used is one sentence
that names the flag, what was expected and what came.
"""

import argparse
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from ..errors import ConfigError
from ..options import REQUIRED, Option, options_of

A = TypeVar('A')
PART = 'part'  # in a field's metadata
MOST_LEVELS = 256  # of a path; Python makes missing ones by recursion, which ends at 500
UNSET = '', None, ()  # defaults that say: not given


@dataclass(frozen=True)
class OptionGroup:
    """A dataclass whose options a command has among its own."""

    cls: type
    names: tuple[str, ...]  # of the options that are flags
    defaults: dict[str, Any]  # where they differ from the class's
    group: str = ''
    needs: tuple[str, ...] = ()

    def options(self) -> Iterator[Option]:
        """Yield the options that are flags."""
        for one in options_of(self.cls):
            if one.name in self.names:
                default = self.defaults.get(one.name, one.default)
                text = dataclasses.replace(one.text, needs=self.needs or one.text.needs)
                yield dataclasses.replace(one, default=default, text=text)


def part(
    cls: type,
    *,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    group: str = '',
    needs: tuple[str, ...] = (),
    **defaults: Any,
) -> Any:
    """Return a field that holds an instance of another dataclass with options.

    Args:
        cls: the class.
        only: names of the options that are flags; none: all.
        without: names of options that are no flags.
        group: title of these flags in the help.
        needs: names of the command's options without which these have no effect, see
            :class:`~liquid_drone.options.OptionText`.
        **defaults: values that differ from the class's.

    """
    names = tuple(one.name for one in options_of(cls))
    if unknown := {*only, *without, *defaults} - {*names}:
        raise TypeError(f'{cls.__name__} has no option {", ".join(sorted(unknown))}')
    chosen = tuple(name for name in only or names if name not in without)
    return dataclasses.field(
        default_factory=lambda: cls(**defaults),
        metadata={PART: OptionGroup(cls, chosen, defaults, group, needs)},
    )


@dataclass(frozen=True)
class Command(Generic[A]):
    """A subcommand of the command line."""

    name: str
    help: str
    examples: str  # the end of its help
    arguments: type[A]  # a dataclass with options and parts
    run: Callable[[A], int]  # returns the exit code
    resumes: bool = False  # started again, it goes on where it was


@dataclass(frozen=True)
class CommandGroup:
    """A subcommand that has subcommands."""

    name: str
    help: str
    examples: str
    commands: tuple[Command[Any], ...]


class CommandParser(argparse.ArgumentParser):
    """Refuses in one sentence, as every other error is told."""

    def error(self, message: str) -> NoReturn:
        """Refuse what was given.

        Raises:
            ConfigError: always.

        """
        raise ConfigError(f'{message} ({self.prog} --help shows all arguments)')


def add_commands(
    parser: argparse.ArgumentParser, commands: 'Sequence[Command[Any] | CommandGroup]', word: str
) -> None:
    """Add subcommands; what was parsed is for :func:`run`."""
    subparsers = parser.add_subparsers(metavar=word, required=True)
    for command in commands:
        sub = subparsers.add_parser(
            command.name,
            help=command.help,
            description=command.help,
            epilog=command.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if isinstance(command, CommandGroup):
            add_commands(sub, command.commands, command.name.upper())
        else:
            add(sub, command.arguments)
            sub.set_defaults(command=command)


def run(found: argparse.Namespace) -> int:
    """Run the command that was parsed; returns its exit code."""
    command: Command[Any] = found.command
    return command.run(read(found, command.arguments))


def add(parser: argparse.ArgumentParser, cls: type) -> None:
    """Add the flags of a dataclass and of its parts, in the order of its fields."""
    groups: dict[str, Any] = {'': parser}
    for one, group in options_and_groups(cls):
        if group not in groups:
            groups[group] = parser.add_argument_group(group)
        _add(groups[group], one)


def options_and_groups(cls: type) -> Iterator[tuple[Option, str]]:
    """Yield the options of a dataclass and of its parts, each with the title of its group."""
    own = {one.name: one for one in options_of(cls)}
    for field in dataclasses.fields(cls):
        if field.name in own:
            yield own[field.name], ''
            continue
        piece: OptionGroup = field.metadata[PART]
        for one in piece.options():
            yield one, piece.group


def read(found: argparse.Namespace, cls: type[A]) -> A:
    """Return an instance of what was parsed.

    Raises:
        ConfigError: values that do not go together, or one that has no effect beside or without
            another.

    """
    _check_needs(found, cls)
    values = {one.name: _given(found, one) for one in options_of(cls)}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if PART in field.metadata:
            piece: OptionGroup = field.metadata[PART]
            given = {one.name: _given(found, one) for one in piece.options()}
            values[field.name] = piece.cls(**{**piece.defaults, **given})
    return cls(**values)


def _check_needs(found: argparse.Namespace, cls: type) -> None:
    """Refuse a flag that would be left out, as what it is of is not asked for."""
    options = {one.name: one for one, _ in options_and_groups(cls)}
    given = {name for name, one in options.items() if _given(found, one) != one.default}
    for one in options.values():
        needs = one.text.needs
        if needs and one.name in given and not given.intersection(needs):
            flags = ' or '.join(flag_of(options[name]) for name in needs)
            raise ConfigError(
                f'{flag_of(one)} has no effect without {flags}: give that too, or leave '
                f'{flag_of(one)} out'
            )
        if one.name in given and (beside := given.intersection(one.text.excludes)):
            flags = ', '.join(
                flag_of(options[name]) for name in one.text.excludes if name in beside
            )
            raise ConfigError(
                f'beside {flag_of(one)} there is no effect of {flags}: leave one of them out'
            )


def _given(found: argparse.Namespace, one: Option) -> Any:
    value = getattr(found, one.name, one.default)
    return tuple(value) if one.is_list else value


def flag_of(one: Option) -> str:
    """Return how an option is called on the command line."""
    words = one.name.replace('_', '-')
    if one.text.positional:
        return words
    return one.text.flag or (f'--no-{words}' if one.default is True else f'--{words}')


def _add(parser: Any, one: Option) -> None:
    words: dict[str, Any] = {'help': help_of(one).replace('%', '%%')}
    names = [one.name] if one.text.positional else [flag_of(one), *one.text.aliases]
    if not one.text.positional:
        words['dest'] = one.name
    if one.kind is bool:
        action = 'store_false' if one.default is True else 'store_true'
        parser.add_argument(*names, action=action, **words)
        return
    words['type'] = _typed(one)
    if one.choices:
        words['choices'] = one.choices
    elif one.text.metavar:
        words['metavar'] = one.text.metavar
    if one.is_list:
        words['nargs'] = '*' if one.text.positional and one.default is not REQUIRED else '+'
    elif one.text.positional and one.default is not REQUIRED:
        words['nargs'] = '?'
    if one.default is not REQUIRED:
        # argparse would read an empty text as if it were given
        words['default'] = argparse.SUPPRESS if one.default == '' else one.default
    elif not one.text.positional:
        words['required'] = True
    parser.add_argument(*names, **words)


def help_of(one: Option) -> str:
    """Return the help with range and default."""
    if one.kind is bool:
        return f'do not {one.text.help}' if one.default is True else one.text.help
    low, high, unit = one.text.low, one.text.high, one.text.unit
    limits = f', {low:.10g} to {high:.10g} {unit}'.rstrip() if low is not None else ''
    default = one.default
    if default in (REQUIRED, None, '', ()):
        default = one.text.unset
    elif one.is_list:
        default = ' '.join(map(str, default))
    return f'{one.text.help}{limits}' + (f' (default: {default})' if default != '' else '')


def _typed(one: Option) -> Callable[[str], Any]:
    """Return the function that reads one value."""

    def parse(text: str) -> Any:
        try:
            if not text.strip() and (one.kind is Path or one.default in UNSET):
                raise ValueError('it would count as not given, or as the current directory')
            value = one.kind(text)
            if one.kind is Path and len(value.parts) > MOST_LEVELS:
                raise argparse.ArgumentTypeError(
                    f'expected a path of at most {MOST_LEVELS} folders, got {len(value.parts)}'
                )
        except ValueError as error:
            hint = '' if text.strip() else ': is a variable not set?'
            raise argparse.ArgumentTypeError(
                f"expected {one.expectation}; got '{text}'{hint}"
            ) from error
        if not one.choices:  # argparse checks them itself
            try:
                one.check(value)
            except ValueError as error:
                raise argparse.ArgumentTypeError(str(error)) from error
        return value

    return parse
