# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many environments on several cores: a few processes with a vector of environments each.

Pictures come through shared memory, the rest through pipes. Where nothing else is asked for each
process keeps to one thread: two processes use two cores better than two threads do.
"""

import itertools
import multiprocessing
import os
import shutil
import time
import weakref
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space

from ...arrays import BoolArray, Float32Array, FloatArray, Image
from ...errors import ConfigError, LiquidDroneError, SimulationError
from ...workers.pool import one_core
from .env import check_options, checked_action
from .vector_env import DroneEnvs, FollowEnvs, Seeds, spread

SHARED_MEMORY = Path('/dev/shm')  # where Linux keeps it
PATIENCE_S = 300.0  # for one answer: building many places on a busy machine takes a while


class ParallelDroneEnvs(gymnasium.vector.VectorEnv[Image, Float32Array, Any]):
    """``num_envs`` environments of a kind on ``processes`` cores; close it.

    It gives what one :class:`~liquid_drone.sim.gym.vector_env.DroneEnvs` gives. The processes
    read the program that makes it: in a script that belongs below ``if __name__ == '__main__':``.
    """

    metadata = DroneEnvs.metadata
    autoreset_mode = DroneEnvs.autoreset_mode

    def __init__(
        self,
        num_envs: int,
        processes: int = 2,
        kind: type[DroneEnvs] = FollowEnvs,
        **names: Any,
    ) -> None:
        """Start the processes; ``names`` are what :class:`DroneEnv` takes.

        Raises:
            ConfigError: an unknown name, or more processes than environments.
            SimulationError: too little shared memory, or no process can be started here.

        """
        if not 1 <= processes <= num_envs:
            raise ConfigError(f'expected 1 <= processes <= num_envs, got {processes}, {num_envs}')
        self.num_envs = num_envs
        model = kind.kind(**names)
        self.render_mode = model.render_mode
        self.single_observation_space = model.observation_space
        self.single_action_space = model.action_space
        model.close()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._shape = (num_envs, *(self.single_observation_space.shape or ()))
        self._memory = _shared(int(np.prod(self._shape)))
        self._pipes: list[Connection] = []
        self._processes: list[SpawnProcess] = []
        self._end = weakref.finalize(
            self, _end, os.getpid(), self._pipes, self._processes, self._memory
        )
        ends = [num_envs * k // processes for k in range(processes + 1)]
        self._asked = 0  # requests so far: an answer belongs to the one with its number
        self._parts = [slice(a, b) for a, b in itertools.pairwise(ends)]
        try:
            for part in self._parts:
                self._start(kind, part, names)
        except Exception as error:  # of many kinds: whatever it is, nothing stays behind
            self.close()
            raise SimulationError(f'no simulator process can be started: {_why(error)}') from error

    def _start(self, kind: type[DroneEnvs], part: slice, names: dict[str, Any]) -> None:
        context = multiprocessing.get_context('spawn')
        here, there = context.Pipe()
        self._pipes.append(here)
        with there:
            arguments = (there, kind, part, self._shape, self._memory.name, names)
            process = context.Process(target=_work, args=arguments, daemon=True)
            with one_core():
                process.start()
        self._processes.append(process)

    def reset(
        self, *, seed: Seeds = None, options: dict[str, Any] | None = None
    ) -> tuple[Image, dict[str, Any]]:
        """Begin everywhere: the places of N seeds, or of ``seed``, ``seed + 1`` and so on."""
        check_options(options)
        seeds = spread(seed, self.num_envs)
        answers = self._ask('reset', [seeds[part] for part in self._parts])
        return self._images(), self._join([infos for (infos,) in answers])

    def step(
        self, actions: Float32Array
    ) -> tuple[Image, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Fly one camera frame everywhere."""
        checked = checked_action(actions, (self.num_envs, 4))
        answers = self._ask('step', [checked[part] for part in self._parts])
        rewards, crashed, over = (
            np.concatenate([answer[k] for answer in answers]) for k in range(3)
        )
        infos = self._join([answer[3] for answer in answers])
        return self._images(), rewards, crashed, over, infos

    def render(self) -> tuple[Any, ...]:
        """Return the view from behind each drone, None without a render mode."""
        return tuple(itertools.chain(*self._ask('render', [None] * len(self._pipes))))

    def close_extras(self, **_: Any) -> None:
        """End the processes and free the memory; so does dropping this, and Python's own end."""
        self._end()

    def _images(self) -> Image:
        view: Image = np.ndarray(self._shape, np.uint8, self._memory.buf)
        return view.copy()  # nothing may look into the memory when it is closed

    def _ask(self, what: str, arguments: list[Any]) -> list[Any]:
        """Send one request to each process, then wait for every answer.

        What a request left that was given up (Ctrl-C, no answer in time) is not taken for this
        one's.

        Raises:
            gymnasium.error.Error, LiquidDroneError: what the single environment would raise.
            SimulationError: a process ended or does not answer.

        """
        if self.closed:
            raise gymnasium.error.ClosedEnvironmentError(
                'these environments are closed: make others'
            )
        self._asked += 1
        try:
            for pipe, argument in zip(self._pipes, arguments, strict=True):
                pipe.send((self._asked, what, argument))
            answers = [self._answer_from(pipe) for pipe in self._pipes]
        except (EOFError, OSError) as error:
            raise SimulationError('a simulator process ended; its error stands above') from error
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def _answer_from(self, pipe: Connection) -> Any:
        until_s = time.monotonic() + PATIENCE_S
        while pipe.poll(max(until_s - time.monotonic(), 0.0)):
            number, answer = pipe.recv()
            if number == self._asked:
                return answer
        raise SimulationError(f'no answer from a simulator within {PATIENCE_S:g} s')

    def _join(self, infos: list[dict[str, Any]]) -> dict[str, Any]:
        """Put the infos of the parts together: every key has an array over the environments."""
        return {key: np.concatenate([info[key] for info in infos]) for key in infos[0]}


def _end(
    owner: int, pipes: list[Connection], processes: list[SpawnProcess], memory: SharedMemory
) -> None:
    if os.getpid() != owner:
        return  # a fork has a copy of what it must not end
    for pipe in pipes:
        pipe.close()  # each ends when nobody listens
    for process in processes:
        process.join(10.0)
        if process.is_alive():
            process.terminate()
    memory.close()
    memory.unlink()


def _shared(size: int) -> SharedMemory:
    """Make shared memory of ``size`` bytes; more than there is would end a process by SIGBUS."""
    try:
        if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free < size:
            raise OSError('too little is free')
        return SharedMemory(create=True, size=size)
    except OSError as error:
        raise SimulationError(
            f'expected {size / 1e6:.1f} MB of shared memory, {SHARED_MEMORY}, got none ({error}): '
            'mount or enlarge it (docker run --shm-size 1g), or use FollowEnvs in one process'
        ) from error


def _why(error: Exception) -> str:
    """Return why a process does not start; Python tells the first in thirteen lines."""
    if getattr(multiprocessing.current_process(), '_inheriting', False):
        return (
            'this script makes them while a process of theirs reads it: put what it does below '
            "if __name__ == '__main__':"
        )
    if multiprocessing.current_process().daemon:
        return (
            'this one is a daemon, which may have none (a worker of another vector): make '
            'FollowEnvs, or FollowEnv, in it'
        )
    return str(error) or type(error).__name__


def _work(
    pipe: Connection,
    kind: type[DroneEnvs],
    part: slice,
    shape: tuple[int, ...],
    memory_name: str,
    names: dict[str, Any],
) -> None:
    """Serve one part of the environments until the other end of the pipe is closed."""
    memory = SharedMemory(memory_name)
    images: Image = np.ndarray(shape, np.uint8, memory.buf)
    envs = kind(part.stop - part.start, **names)
    envs.out = images[part]
    try:
        while True:
            number, what, argument = pipe.recv()
            pipe.send((number, _answer(envs, what, argument)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass  # nobody asks any more
    finally:
        envs.close()
        envs.out = None  # the memory cannot be closed while somebody looks into it
        del images
        memory.close()


def _answer(envs: DroneEnvs, what: str, argument: Any) -> Any:
    """Return all but the camera's pictures, which are in the memory already, or the error."""
    try:
        if what == 'render':
            return envs.render()
        _, *rest = envs.reset(seed=argument) if what == 'reset' else envs.step(argument)
    except (gymnasium.error.Error, LiquidDroneError) as error:
        return error  # of what was asked; this process goes on
    return rest
