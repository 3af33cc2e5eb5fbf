# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import importlib.util
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from liquid_drone.bringup import local_graph
from liquid_drone.bringup.local_graph import Graph, GraphFlight
from liquid_drone.errors import BundleError, MissingDependencyError, OutputError, SimulationError
from liquid_drone.sim.firmware.process import with_parent
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.session import FlightProgress

LINE = (
    '{"time_s": 1.0, "following_s": 0.5, "duration_s": 9.0, "stage": "following",'
    ' "distance_m": 3.0, "in_view": true}'
)
WAITS = 'import time; time.sleep(60)'
READY = f"print('a library was built in March'); print('{LINE}', flush=True)"


def python(**programs: str) -> dict[str, list[str]]:
    """Return command lines of fake nodes."""
    return {name: [sys.executable, '-c', program] for name, program in programs.items()}


def test_progress_arrives_and_the_flight_ends_with_the_simulator(tmp_path: Path) -> None:
    seen: list[FlightProgress] = []
    with Graph(python(policy=WAITS, mavlink=WAITS, simulator=READY), tmp_path) as running:
        running.watch(seen.append)
    assert seen == [FlightProgress(1.0, 0.5, 9.0, 'following', 3.0, True)]
    assert all(process.returncode is not None for process in running.processes.values())


def test_a_node_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    dies = "import sys; sys.exit('no such bundle')"
    with (
        Graph(python(policy=dies, mavlink=WAITS, simulator=WAITS), tmp_path) as running,
        pytest.raises(SimulationError, match='policy node ended with exit code 1: no such bundle'),
    ):
        running.watch(lambda _: None)


def test_a_killed_node_does_not_end_the_flight(tmp_path: Path) -> None:
    slow = f'{READY}; import time; time.sleep(0.5)'
    with Graph(python(policy=WAITS, mavlink=WAITS, simulator=slow), tmp_path) as running:
        running.watch(lambda _: running.kill('policy'))
    assert running.processes['policy'].returncode == -9


def test_nodes_of_a_background_program_hear_that_they_shall_end(tmp_path: Path) -> None:
    """A shell starts it to ignore SIGINT; they inherited that, and were killed after 10 s each."""
    begun = f'Path({str(tmp_path / "begun")!r})'  # Python ends otherwise while it begins
    policy = f'from pathlib import Path; {begun}.touch(); {WAITS}'
    simulator = (
        f'import time\nfrom pathlib import Path\nwhile not {begun}.exists(): time.sleep(0.01)'
    )
    lines = python(policy=policy, mavlink=WAITS, simulator=f'{simulator}\n{READY}')
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Graph(lines, tmp_path) as running:
            running.watch(lambda _: None)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert running.processes['policy'].returncode == -signal.SIGINT


@pytest.mark.skipif(not with_parent(), reason='needs setpriv of util-linux')
@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGABRT])
def test_no_node_outlives_a_killed_command(number: signal.Signals, tmp_path: Path) -> None:
    """The policy and mavlink nodes ran on for ever after a ``kill -9`` of ``fly``."""
    lines = python(policy=WAITS, mavlink=WAITS, simulator=WAITS)
    program = f"""
import time
from pathlib import Path
from liquid_drone.bringup.local_graph import Graph
with Graph({lines!r}, Path({str(tmp_path)!r})) as running:
    print(*(process.pid for process in running.processes.values()), flush=True)
    time.sleep(60)
"""
    command = [sys.executable, '-c', program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        nodes = [int(word) for word in parent.stdout.readline().split()]
        parent.send_signal(number)
    assert len(nodes) == 3
    while any(is_running(node) for node in nodes):
        time.sleep(0.05)


def is_running(number: int) -> bool:
    """Tell whether a process is there, and not only waits to be buried."""
    try:
        return Path(f'/proc/{number}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_logs_that_cannot_be_written_are_an_output_error(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match='choose another --out'):
        Graph(python(policy=WAITS), tmp_path / 'file').__enter__()


def test_a_missing_bundle_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match='no policy bundle'):
        local_graph.fly_through_ros(GraphFlight(tmp_path / 'none'), tmp_path)
    assert not (tmp_path / 'logs').exists()


def test_without_ros_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, 'find_spec', lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'liquid_drone\[ros\]'"):
        local_graph.fly_through_ros(GraphFlight(tmp_path), tmp_path)


def test_a_domain_in_use_is_not_taken() -> None:
    domain = local_graph.free_domain()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(('', 7410 + 250 * domain))
        assert local_graph.free_domain() != domain


def test_a_domain_is_held_before_nodes_are_in_it() -> None:
    """Two programs that began at the same time flew in one domain, among each other's nodes."""
    domain = local_graph.free_domain()
    program = f"""
import os
os.getpid = lambda: {domain - 1}  # it tries the same one first
from liquid_drone.bringup.local_graph import free_domain
print(free_domain())
"""
    other = subprocess.run([sys.executable, '-c', program], check=True, capture_output=True)
    assert int(other.stdout) != domain


def test_nodes_stay_on_this_machine_in_their_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', '0')
    monkeypatch.delenv('ROS_DISTRO', raising=False)
    variables = local_graph.environment(17)
    assert variables['ROS_DOMAIN_ID'] == '17'
    assert variables['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    monkeypatch.setenv('ROS_DISTRO', 'humble')
    assert local_graph.environment(17)['ROS_LOCALHOST_ONLY'] == '1'


def given_to(lines: dict[str, list[str]]) -> dict[str, dict[str, object]]:
    """Return the parameters that each node is given beside the shipped file: in the last one."""
    given = {}
    for name, line in lines.items():
        last = len(line) - line[::-1].index('--params-file')
        (entry,) = yaml.safe_load(Path(line[last]).read_text()).values()
        given[name] = entry['ros__parameters']
    return given


def test_both_ends_of_mavlink_meet_on_one_port(tmp_path: Path) -> None:
    flight = GraphFlight(
        Path('b'), FlightSpec(seed=7), providers='tensorrt', precision='fp16', namespace='drone1'
    )
    lines = local_graph.commands(flight, tmp_path / 'episode')
    given = given_to(lines)
    port = str(given['mavlink']['connection']).rpartition(':')[2]
    assert given['simulator']['companion'] == f'127.0.0.1:{port}'
    assert given['simulator']['seed'] == 7
    assert given['policy']['providers'] == 'tensorrt'
    assert given['policy']['precision'] == 'fp16'
    assert given['mavlink']['exact_telemetry'] is True
    assert all('__ns:=/drone1' in line and '/clock:=clock' in line for line in lines.values())


def test_firmware_is_met_where_it_looks_and_keeps_its_own_clock(tmp_path: Path) -> None:
    flight = GraphFlight(Path('b'), FlightSpec(autopilot='px4', firmware='/p/px4'))
    given = given_to(local_graph.commands(flight, tmp_path / 'episode', Path('out/logs')))
    port = int(str(given['mavlink']['connection']).rpartition(':')[2])
    assert 14540 <= port < 14550
    assert given['simulator']['companion'] == f'127.0.0.1:{port}'
    assert given['simulator']['firmware'] == '/p/px4'
    assert given['simulator']['firmware_log'] == 'out/logs/firmware.log'
    assert given['mavlink']['exact_telemetry'] is False
