# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A field that is added to FlightSpec is a flag, a node's parameter and a launch argument."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from liquid_drone.bringup import launch_arguments, local_graph
from liquid_drone.bringup.launch_arguments import Argument
from liquid_drone.options import plain
from liquid_drone.sim.flight_spec import FlightSpec, SimulatorRun

CONFIG = Path(__file__).resolve().parents[2] / 'config' / 'simulation.yaml'
# Adds the field before anything else is imported; the simulator node is the real one.
PROGRAM = """
import contextlib, dataclasses, io, json, tempfile
from pathlib import Path
from liquid_drone import options
from liquid_drone.sim import flight_spec

@dataclasses.dataclass(frozen=True, kw_only=True)
class FlightSpec(flight_spec.FlightSpec):
    payload_kg: float = options.option(0.25, 'mass under the hull', low=0.0, high=9.0, unit='kg')

flight_spec.FlightSpec = FlightSpec

from liquid_drone.cli.main import main
said = io.StringIO()
with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
    main(['fly', '--help'])

from liquid_drone.bringup import launch_arguments, local_graph
(argument,) = [one for one in launch_arguments.SIMULATION if one.name == 'payload_kg']

import rclpy
with tempfile.TemporaryDirectory() as folder:
    graph = local_graph.GraphFlight(
        Path('b'), FlightSpec(payload_kg=1.5, start='hover', renderer='tiny')
    )
    line = local_graph.commands(graph, Path(folder) / 'episode')['simulator']
    rclpy.init(args=line[line.index('--ros-args'):])
    from liquid_drone.nodes.simulator_node import SimulatorNode
    node = SimulatorNode()
described = node.describe_parameter('payload_kg')
(limits,) = described.floating_point_range
print(json.dumps({
    'help': ' '.join(said.getvalue().split()),
    'argument': [argument.node, argument.description, argument.value('2')],
    'parameter': [described.description, limits.from_value, limits.to_value],
    'flight': [type(node.flight).__name__, node.flight.payload_kg],
}))
node.session.close()
node.endpoint.close()
node.destroy_node()
rclpy.shutdown()
"""


def test_a_field_that_is_added_is_there_without_a_second_spelling() -> None:
    pytest.importorskip('rclpy')
    pytest.importorskip('pybullet')
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=local_graph.environment(local_graph.free_domain()),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    flag = '--payload-kg PAYLOAD_KG mass under the hull, 0 to 9 kg (default: 0.25)'
    assert flag in found['help']
    assert found['argument'] == ['simulator', 'Mass under the hull, kg.', 2.0]
    assert found['parameter'] == ['mass under the hull, kg', 0.0, 9.0]
    assert found['flight'] == ['FlightSpec', 1.5]


def arguments_of(node: str) -> dict[str, Argument]:
    return {one.name: one for one in launch_arguments.SIMULATION if one.node == node}


def test_every_field_of_a_flight_is_a_launch_argument_with_its_choices() -> None:
    found = arguments_of('simulator')
    assert {field.name for field in fields(FlightSpec)} <= found.keys()
    assert found['start'].choices == ('ground', 'hover')
    assert found['land'].value('false') is False
    assert found['duration_s'].value('2.5') == 2.5


def test_the_shipped_parameter_file_names_fields_and_flies_what_fly_flies() -> None:
    data: dict[str, Any] = yaml.safe_load(CONFIG.read_text())['/**/simulator']['ros__parameters']
    usual = {**plain(FlightSpec()), **plain(SimulatorRun()), 'use_sim_time': False}
    assert data == {name: usual[name] for name in data}
