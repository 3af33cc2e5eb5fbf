# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pages of the site that are made from the code: command line, ROS 2 interfaces, Python API.

A hook of MkDocs (``mkdocs.yml``). The pages exist on the site alone, so that none can be older
than the code. It imports the package; the nodes' parameters also need rclpy (extra ``ros``).
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from liquid_drone import topics
from liquid_drone.cli.arguments import Command, CommandGroup, flag_of, help_of, options_and_groups
from liquid_drone.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = {  # node: module with its PARAMETERS
    'simulator': 'nodes.simulator_node',
    'camera': 'nodes.camera_node',
    'policy': 'nodes.policy_node',
    'mavlink': 'nodes.mavlink_parameters',
    'recorder': 'nodes.recorder_node',
    'autopilot': 'nodes.desk.autopilot_node',
    'attention': 'nodes.attention_node',
    'operator': 'nodes.operator.operator_node',
    'overlay': 'nodes.overlay_node',
    'replay': 'nodes.replay_node',
    'stream': 'nodes.operator.stream_node',
}
MADE = ('create_publisher', 'create_subscription', 'create_service')
DIRECTIONS = dict(zip(MADE, ('publishes', 'subscribes', 'serves'), strict=True))
API = {
    'Bundles': ('contract', 'runtime.selection', 'runtime.runner'),
    'The guard': ('flight.guard.guard', 'flight.guard.state', 'flight.guard.limits'),
    'A flight': (
        'sim.flight_spec',
        'sim.session',
        'evaluate.closed_loop',
        'evaluate.driver',
        'evaluate.scoring',
        'sim.flight_log',
    ),
    'Worlds, seasons, targets, tasks': (
        'sim.scenario.scenario',
        'sim.scenario.world',
        'sim.scenario.season',
        'sim.scenario.target',
        'sim.scenario.weather',
        'sim.scenario.vehicle',
        'sim.scenario.task',
        'sim.simulator',
    ),
    'Gymnasium': ('sim.gym.env', 'sim.gym.vector_env', 'sim.gym.parallel_env'),
    'Episodes': ('episodes.episode', 'episodes.recording'),
    'Training': ('learn.recipe', 'learn.dagger'),
    'Networks': ('policy.network', 'policy.config', 'policy.wiring', 'policy.cells.base'),
    'Cameras': ('camera.frame', 'camera.source', 'image'),
    'Errors': ('errors',),
}
OUTSIDE = {  # page: file of the repository
    'contributing.md': 'CONTRIBUTING.md',
    'security.md': 'SECURITY.md',
    'changes.md': 'CHANGELOG.rst',
}


def cell(text: object) -> str:
    """Return a text that a table's cell can hold."""
    return re.sub(r'\s+', ' ', str(text)).replace('|', '\\|').replace('<', '&lt;')


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ('---',) * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(map(cell, line)) + ' |' for line in lines) + '\n'


def command_line() -> str:
    """Return the page of the command line, from what the parsers are made of."""
    parts = ['# Command line\n\nMade from the parsers; `liquid-drone COMMAND --help` prints it.\n']
    for command in COMMANDS:
        parts += _command(command, 'liquid-drone')
    return '\n'.join(parts)


def _command(command: Command[Any] | CommandGroup, before: str) -> Iterator[str]:
    name = f'{before} {command.name}'
    yield f'## {name}\n\n{command.help[0].upper()}{command.help[1:]}.\n'
    if isinstance(command, CommandGroup):
        for one in command.commands:
            yield from _command(one, name)
        return
    rows: list[tuple[object, ...]] = [
        (
            f'`{flag_of(one)}`',
            '' if one.kind is bool else ', '.join(map(str, one.choices)) or one.kind.__name__,
            help_of(one),
        )
        for one, _ in options_and_groups(command.arguments)
    ]
    yield table(('flag', 'value', 'meaning'), rows)
    yield f'```\n{command.examples.strip()}\n```\n' if command.examples.strip() else ''


def ros_interfaces() -> str:
    """Return the page of parameters, topics and services, from what the nodes declare."""
    parts = ['# ROS 2 parameters and topics\n\nMade from the nodes. What they mean together: ']
    parts[0] += '[The ROS 2 package](ROS2.md).\n\n## Topics and services\n'
    head = ('file of `liquid_drone/`', '', 'name', 'type', 'QoS (`ros/qos.py`)')
    parts.append(table(head, list(made_by_nodes())))
    for node, module in PARAMETERS.items():
        declared = import_module(f'liquid_drone.{module}').PARAMETERS
        rows = [
            (f'`{one.name}`', f'`{one.default!r}`', one.description, one.expectation())
            for one in declared
        ]
        parts.append(f'## Parameters of `{node}`\n')
        parts.append(table(('parameter', 'default', 'meaning', 'expected'), rows))
    return '\n'.join(parts)


def made_by_nodes() -> Iterator[tuple[object, ...]]:
    """Yield (file, direction, name, type, QoS) of each publisher, subscription and service."""
    for path in sorted((ROOT / 'liquid_drone').glob('*/*.py')):
        if path.parent.name not in ('nodes', 'ros'):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            made = getattr(node.func, 'attr', '') if isinstance(node, ast.Call) else ''
            if made not in MADE or len(node.args) < 3 or not _topic(node.args[1]):
                continue
            quality = getattr(node.args[-1], 'attr', '') if made != 'create_service' else ''
            where = path.relative_to(ROOT / 'liquid_drone')
            name, kind = _topic(node.args[1]), ast.unparse(node.args[0])
            yield f'`{where}`', DIRECTIONS[made], f'`{name}`', kind, quality.lower()


def _topic(given: ast.expr) -> str:
    """Return a topic's name; empty where it is known at run time only."""
    if isinstance(given, ast.Constant):
        return str(given.value)
    if isinstance(given, ast.Attribute) and ast.unparse(given.value) == 'topics':
        return str(getattr(topics, given.attr))
    return ''


def python_api() -> str:
    """Return the page that mkdocstrings fills from the docstrings."""
    parts = ['# Python API\n\nMade from the docstrings. Below 1.0 names may change: ']
    parts[0] += '[Quality declaration](quality.md).\n'
    for title, modules in API.items():
        parts.append(f'## {title}\n')
        parts += [f'::: liquid_drone.{module}\n' for module in modules]
    return '\n'.join(parts)


def from_outside(name: str) -> str:
    """Return a file of the repository's root as a page, its links turned to the site's."""
    text = (ROOT / name).read_text(encoding='utf-8').replace('](docs/', '](')
    if name.endswith('.rst'):
        text = re.sub(r'^\^+\n(.+)\n\^+\n', r'# \1\n', text, flags=re.MULTILINE)
        text = re.sub(r'^(\S.*)\n-+\n', r'## \1\n\n', text, flags=re.MULTILINE)
        text = text.replace('``', '`').replace('Changelog for package liquid_drone', 'Changes')
    return text


def pages() -> dict[str, str]:
    """Return every page that is made: path -> Markdown."""
    made = {
        'reference-cli.md': command_line(),
        'reference-ros.md': ros_interfaces(),
        'reference-api.md': python_api(),
    }
    return made | {page: from_outside(name) for page, name in OUTSIDE.items()}


def on_files(files: Any, config: Any) -> Any:
    """Add the pages to those of the folder; called by MkDocs."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files
