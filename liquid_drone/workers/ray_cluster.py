# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Work on the machines of a Ray cluster (extra ``cluster``).

No code is sent: a worker imports the installed package, and refuses work if its machine has
another version, other files or other pictures. Workers and nodes may be lost: what they did is
done elsewhere. Retries are counted here and not by Ray, so that each has its cause.
"""

import importlib
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from ..errors import ConfigError, SimulationError, require, shown
from .executor import Account, OnFailure, tell_nobody
from .pool import ONE_CORE, POLL_S

log = logging.getLogger(__name__)

T = TypeVar('T')
R = TypeVar('R')
ANSWER_S = 8.0  # an address that has not answered by then does not
CORES_EVERY_S = 2.0  # the cores of a cluster are counted anew
NO_TOKEN = (
    'wants another token than this machine has: the same RAY_AUTH_TOKEN, or file '
    '~/.ray/auth_token, belongs on each of its machines (ray get-auth-token prints it)'
)
AHEAD = 2  # items sent for each core, so that none waits for the driver


def no_facts() -> Mapping[str, str]:
    """Return nothing: any machine will do."""
    return {}


@runtime_checkable
class CheckedWork(Protocol):
    """A function that can tell whether this machine has the files that an item needs."""

    def check(self, item: Any) -> None:
        """Raise a ConfigError if it has not."""
        ...


@dataclass(frozen=True)
class RayCluster:
    """Does work on the machines of a cluster, one core each."""

    address: str  # HOST:PORT of its head, or 'auto': the one that runs on this machine
    facts: Callable[[], Mapping[str, str]] = no_facts  # the same on every machine; asked each time
    gpu_share: float = 0.0  # of a graphics card, for each piece of work

    def results(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        stop: threading.Event | None = None,
        on_failure: OnFailure = tell_nobody,
    ) -> Iterator[R]:
        """Call the function on the cluster, see :class:`~.executor.Executor`."""
        account = Account(items, on_failure)
        if not account.left:
            return
        with _joined(self.address) as ray:
            options = {'num_cpus': 1, 'num_gpus': self.gpu_share, 'max_retries': 0}
            work = ray.remote(**options)(_work)
            same = dict(self.facts())
            arguments = (function, self.facts, same, str(Path.cwd()))
            yield from _results(ray, work, arguments, account, stop)
        account.close()


def _results(
    ray: Any,
    work: Any,
    arguments: tuple[object, ...],
    account: Account[Any],
    stop: threading.Event | None,
) -> Iterator[Any]:
    waiting: dict[Any, int] = {}  # by Ray's reference
    queue, cores = deque(account.left), _Cores(ray)
    try:
        while account.left:
            while queue and len(waiting) < AHEAD * cores.count():
                number = queue.popleft()
                waiting[work.remote(account.left[number], *arguments)] = number
            ended, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=POLL_S)
            if stop is not None and stop.is_set():
                raise CancelledError
            for reference in ended:
                number = waiting.pop(reference)
                try:
                    result = ray.get(reference)
                except ray.exceptions.RayError as error:
                    account.failed(number, _cause(ray, error))
                    queue.extend([number] if number in account.left else [])
                else:
                    account.done(number)
                    yield result
    finally:
        for reference in waiting:
            ray.cancel(reference, force=True)


def _cause(ray: Any, error: Exception) -> Exception:
    """Return what went wrong: in the work itself, or with who did it."""
    if isinstance(error, ray.exceptions.RayTaskError):
        cause = getattr(error, 'cause', None)
        return cause if isinstance(cause, Exception) else SimulationError(shown(str(error)))
    said = str(error).strip().partition('\n')[0]
    return SimulationError(f'its worker or node was lost: {type(error).__name__}, {shown(said)}')


class _Cores:
    """How many cores the cluster has; at least one, so that work waits for the first machine."""

    def __init__(self, ray: Any) -> None:
        self._ray, self._count, self._asked_s, self._said = ray, 1, -CORES_EVERY_S, False

    def count(self) -> int:
        now_s = time.monotonic()
        if now_s - self._asked_s >= CORES_EVERY_S:
            cores = int(self._ray.cluster_resources().get('CPU', 0))
            if not cores and not self._said:
                log.warning('no machine of the cluster has a core: the work waits for one')
            self._said, self._asked_s, self._count = not cores, now_s, max(cores, 1)
        return self._count


def _work(
    item: Any,
    function: Any,  # a callable, and perhaps CheckedWork
    facts: Callable[[], Mapping[str, str]],
    same: Mapping[str, str],
    folder: str,
) -> Any:
    """Check this machine, then do the work."""
    _begin(folder)
    refuse_other_machine(facts(), same)
    if isinstance(function, CheckedWork):
        function.check(item)
    return function(item)


@lru_cache
def _begin(folder: str) -> None:
    import cv2

    cv2.setNumThreads(1)
    if Path(folder).is_dir():  # relative paths are those of the driver
        os.chdir(folder)


def refuse_other_machine(here: Mapping[str, str], same: Mapping[str, str]) -> None:
    """Compare the facts of this machine with those of the driver's.

    Raises:
        ConfigError: they differ: results would not be those of one machine.

    """
    for name, expected in same.items():
        if here.get(name) != expected:
            raise ConfigError(
                f'machine {socket.gethostname()} has {name} {here.get(name, "unknown")}, the '
                f'driver {expected}: install the same version and the same drivers on both, or '
                'take the machine out of the cluster; what is finished is kept'
            )


@contextmanager
def _joined(address: str) -> Iterator[Any]:
    """Join a cluster; leave it at the end, unless this process was part of it before.

    Raises:
        ConfigError: nobody answers at the address, or it is no cluster that can be joined.
        MissingDependencyError: Ray is not installed.

    """
    began_s = time.monotonic()
    if ':' in address:
        _connect(address)
    os.environ.setdefault('RAY_BACKEND_LOG_LEVEL', 'error')
    ray = require('ray', 'cluster')
    if ray.is_initialized():
        yield ray
        return
    _ask(address, max(ANSWER_S - (time.monotonic() - began_s), 2.0))
    try:
        ray.init(
            address,
            logging_level=logging.ERROR,
            log_to_driver=False,
            runtime_env={'env_vars': {**ONE_CORE, 'PYTHONHASHSEED': '0'}},
        )
    except (
        RuntimeError, ConnectionError, ValueError, AssertionError, ray.exceptions.RayError
    ) as error:  # fmt: skip
        said = ' '.join(str(error).split())
        raise ConfigError(
            f'the Ray cluster at {shown(address)} cannot be joined: {shown(said)}; start the '
            'command on a machine of the cluster, with the same Ray and Python as there'
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _take_token() -> None:
    """Show the token of this machine, if there is one, as ``ray.init`` and ``ray start`` do."""
    try:
        setup: Any = importlib.import_module(
            'ray._private.authentication.authentication_token_setup'
        )
        take = setup.maybe_enable_token_auth_if_token_available
    except (ImportError, AttributeError):
        return  # this Ray asks for none, or not by default
    logging.getLogger('ray').setLevel(logging.ERROR)  # it would warn of what is as it should be
    take(warn_if_disabled=False)


def _silent(address: str, why: object) -> ConfigError:
    return ConfigError(
        f'no Ray cluster answers at {shown(address)} ({why}): expected HOST:PORT of its '
        'head, such as 10.0.0.1:6379, or auto on a machine of it; start one with: ray start --head'
    )


def _connect(address: str) -> None:
    if address.startswith('ray://'):
        raise ConfigError(
            f'{shown(address)} is for the Ray client: start the command on a machine of the '
            'cluster, with HOST:PORT of its head or with auto'
        )
    host, _, port = address.rpartition(':')
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise _silent(address, 'no address')
    try:
        socket.create_connection((host.strip('[]'), int(port)), ANSWER_S / 2).close()
    except (OSError, UnicodeError) as error:
        raise _silent(address, getattr(error, 'strerror', None) or error) from error


def _ask(address: str, within_s: float) -> None:
    """Ask the head for its name: what listens there may be something else."""
    answers: list[object] = []
    services: Any = importlib.import_module('ray._private.services')
    raylet: Any = importlib.import_module('ray._raylet')
    _take_token()

    def ask() -> None:
        try:
            where = services.canonicalize_bootstrap_address(address)
            client = raylet.GcsClient(address=where) if where else None
            answers.append(client.cluster_id if client else 'none was started')
        except Exception as error:  # Ray raises whatever it meets: none of them is an answer
            kind = type(error).__name__
            answers.append(
                NO_TOKEN if kind == 'AuthenticationError' else f'{kind}: {error!s:.100}'
            )

    threading.Thread(target=ask, daemon=True).start()
    until_s = time.monotonic() + within_s
    while not answers and time.monotonic() < until_s:
        time.sleep(0.02)
    if NO_TOKEN in answers:
        raise ConfigError(f'the Ray cluster at {shown(address)} {NO_TOKEN}')
    if not answers or isinstance(answers[0], str):
        raise _silent(address, answers[0] if answers else f'no answer within {within_s:.0f} s')
