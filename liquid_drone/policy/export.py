# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a trained network to a flight bundle: two ONNX graphs, contract, card.

The graphs are written by PyTorch's dynamo exporter, asked for by name, with opset 18 and IR 9 at
most, so that ONNX Runtime reads them from 1.17 on, as old Jetsons have it. Nothing here runs a
graph; the runtime does, and compares.
"""

import dataclasses
import gc
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..contract import (
    CARD_FILE,
    CORE_FILE,
    VISION_FILE,
    Contract,
    ParityVectors,
    Training,
    format_of,
    load_contract,
    parity_inputs,
    save_contract,
)
from ..errors import BundleError, ConfigError, LiquidDroneError, require
from ..files import sha256_of, write_text
from ..outputs.durability import reserve
from ..results import BUNDLE, replacing
from ..schema import plain
from .card import card_text
from .cells.registry import entry_of
from .faded_weights import store_faded_as_zero
from .half_weights import round_weights, store_half
from .network import Core, Network
from .weights import config_of, load_weights_of, save_weights

OPSET, MAX_IR = 18, 9
WIRING_FILE = 'wiring.json'  # every synapse; for people and tools, no part of the contract
PARITY_STEPS, PARITY_SEED = 12, 20
HALF_BYTES = 2  # of a weight, at least
_ONE_AT_A_TIME = threading.Lock()


def export(
    network: Network, name: str, training: Training, bundle: Path, retrainable: bool = False
) -> Contract:
    """Write a bundle directory, all or nothing; an existing bundle is replaced.

    Args:
        network: trained; its weights are not changed.
        name: of the bundle, such as ``follow-summer``.
        training: where and on what it learned.
        bundle: directory to make.
        retrainable: with its weights, so that training can go on from it.

    Raises:
        BundleError: the network answers with numbers that are not finite.
        OutputError: it cannot be written, or something else is in its place.

    """
    network = network.eval()
    with replacing(bundle, BUNDLE) as aside:
        least = sum(values.numel() for values in network.vision.parameters())
        reserve(aside / VISION_FILE, least * HALF_BYTES)
        export_vision(network, aside / VISION_FILE)
        export_core(network, aside / CORE_FILE)
        contract = contract_of(network, name, training)
        hashes = {file: sha256_of(aside / file) for file in (VISION_FILE, CORE_FILE)}
        contract = dataclasses.replace(contract, sha256=hashes)
        if network.wiring is not None:
            graph = json.dumps(network.wiring.graph())
            write_text(aside / WIRING_FILE, graph + '\n')
        if retrainable:
            save_weights(network, aside)
        write_text(aside / CARD_FILE, card_text(contract))
        save_contract(contract, aside)
    return contract


def export_half(bundle: Path, out: Path) -> None:
    """Write a bundle whose encoder's large weights are rounded to half precision, half as large.

    Raises:
        BundleError: the bundle has no weights.
        OutputError: as :func:`export`.

    """
    network = load_weights_of(Network(config_of(str(bundle))), str(bundle))
    round_weights(network)
    export(network, out.resolve().name, load_contract(bundle).training, out, retrainable=True)


def export_braked(bundle: Path, out: Path) -> None:
    """Write a bundle with a brake behind its core, see ``brake.py``; nothing is trained for it.

    Raises:
        BundleError: the bundle has no weights.
        ConfigError: its encoder tells of nothing near, since it has no scan.
        OutputError: as :func:`export`.

    """
    plain_config = config_of(str(bundle))
    try:
        config = dataclasses.replace(plain_config, brake=True)
    except ValueError as problem:
        raise ConfigError(f'bundle {bundle}: {problem}') from problem
    network = load_weights_of(Network(config), str(bundle))
    export(network, out.resolve().name, load_contract(bundle).training, out, retrainable=True)


def contract_of(network: Network, name: str, training: Training) -> Contract:
    """Return the contract of a network, parity vectors included, hashes not."""
    config = network.config
    return Contract(
        format_version=format_of(config.request, config.belief),
        name=name,
        state_size=network.state_size,
        feature_size=network.config.vision.features,
        camera=network.camera,
        time=network.time,
        command=network.command,
        training=training,
        network=describe(network),
        parity=parity_of(network),
        request=config.request,
        belief=config.belief,
    )


def describe(network: Network) -> dict[str, Any]:
    """Return what a contract stores of the network: cell, its source, wiring, configuration."""
    wiring, core = network.wiring, network.config.core
    return {
        'cell': core.cell,
        'neurons': core.neurons if wiring is None else wiring.neurons,
        'source': entry_of(core.cell).source,
        'wiring': None if wiring is None else wiring.describe(),
        'config': plain(network.config),
    }


def parity_of(network: Network) -> ParityVectors:
    """Run the network on seeded images with irregular dt and remember its answers.

    Raises:
        BundleError: they are no numbers.

    """
    rng = np.random.default_rng(PARITY_SEED)
    dt_s = tuple(float(x) for x in np.round(rng.uniform(0.02, 0.15, PARITY_STEPS), 4))
    spec = network.config.request
    drawn = () if spec is None else tuple(spec.draw(rng) for _ in dt_s)
    requests = tuple(spec.complete(request) for request in drawn) if spec else ()
    inputs = ParityVectors(PARITY_SEED, dt_s, (), (), requests=requests)
    answers = roll_vectors(network, inputs)
    if not all(bool(rows.isfinite().all()) for rows in answers):
        weights = network.state_dict().items()
        odd = [name for name, value in weights if not bool(value.isfinite().all())]
        because = f', as are the weights {", ".join(odd[:4])}' if odd else ''
        raise BundleError(
            f'the network answers with numbers that are not finite{because}: its training '
            'diverged; take weights from before that, or train with a smaller learning rate'
        )
    found = [tuple(tuple(row) for row in rows.tolist()) for rows in answers]
    beliefs = found[2] if network.config.belief else ()
    return dataclasses.replace(inputs, commands=found[0], targets=found[1], beliefs=beliefs)


def roll_vectors(network: Network, inputs: ParityVectors) -> tuple[Tensor, ...]:
    """Answer the inputs of parity vectors, see :func:`roll`."""
    images = torch.from_numpy(parity_inputs(inputs, network.camera))
    requests = torch.tensor(inputs.requests) if inputs.requests else None
    return roll(network, images, torch.tensor(inputs.dt_s), requests)


def roll(
    network: Network, images: Tensor, dt_s: Tensor, requests: Tensor | None = None
) -> tuple[Tensor, ...]:
    """See images (T, H, W, 3) step by step, as in flight.

    Returns:
        Commands (T, 4), target heads (T, 3) and, where the core has them, beliefs (T, 3).

    """
    state, core = torch.zeros(1, network.state_size), Core(network)
    answers = []
    with torch.no_grad():
        for tick, dt in enumerate(dt_s):
            features, target = network.vision(images[tick][None])
            asked = None if requests is None else requests[tick][None]
            command, state, *belief = core(features, state, dt[None], asked)
            answers.append((command[0], target[0], *(one[0] for one in belief)))
    return tuple(torch.stack(rows) for rows in zip(*answers, strict=True))


def export_vision(network: Network, path: Path) -> None:
    """Write the graph of the encoder: image -> features, target."""
    image = torch.zeros(2, network.camera.height, network.camera.width, 3, dtype=torch.uint8)
    batch = torch.export.Dim('batch')
    _export(
        network.vision.folded(), (image,), ['image'], ['features', 'target'], ({0: batch},), path
    )


def export_core(network: Network, path: Path) -> None:
    """Write the graph of one step of the core.

    Features, state, dt (and request) -> command, next_state (and belief).
    """
    given = {
        'features': torch.zeros(2, network.config.vision.features),
        'state': torch.zeros(2, network.state_size),
        'dt': torch.full((2,), 0.05),
    }
    if network.config.request is not None:
        given['request'] = torch.tensor([network.config.request.defaults] * 2)
    outputs = ['command', 'next_state', *(['belief'] if network.config.belief else [])]
    batch = torch.export.Dim('batch')
    dynamic = tuple({0: batch} for _ in given)
    _export(Core(network), tuple(given.values()), list(given), outputs, dynamic, path)


def _export(
    module: torch.nn.Module,
    inputs: tuple[Tensor, ...],
    input_names: list[str],
    output_names: list[str],
    dynamic: tuple[dict[int, torch.export.Dim], ...],
    path: Path,
) -> None:
    require('onnxscript', 'train')
    onnx = require('onnx', 'train')
    logging.getLogger('torch.onnx').setLevel(logging.ERROR)
    with warnings.catch_warnings(), _operators_read_once():
        warnings.simplefilter('ignore')  # the exporter warns about its own internals
        try:
            program = torch.onnx.export(
                module,
                inputs,
                dynamo=True,
                opset_version=OPSET,
                external_data=False,
                input_names=input_names,
                output_names=output_names,
                dynamic_shapes=dynamic,
                optimize=True,
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise _own_error(error) or error from error
    assert program is not None
    model = program.model_proto
    if model.ir_version > MAX_IR:
        model.ir_version = MAX_IR
    for node in model.graph.node:  # traces of this machine's source paths
        del node.metadata_props[:]
        node.doc_string = ''
    store_faded_as_zero(model)
    store_half(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


@contextmanager
def _operators_read_once() -> Iterator[None]:
    """Let the exporter keep its table of operators, and collect no garbage: half of its time.

    It parses the source of 500 operators for each graph, to the same table, and makes hundreds of
    thousands of objects that live until it is done.
    """
    with _ONE_AT_A_TIME:
        collects, registry = gc.isenabled(), _registry()
        read = vars(registry)['from_torchlib']
        registry.from_torchlib = staticmethod(_kept(registry.from_torchlib))
        gc.disable()
        try:
            yield
        finally:
            registry.from_torchlib = read
            if collects:
                gc.enable()


def _registry() -> Any:
    """Return the class that reads the table; a PyTorch that has it elsewhere exports as ever."""
    try:
        from torch.onnx._internal.exporter._registration import ONNXRegistry

        if 'from_torchlib' in vars(ONNXRegistry):
            return ONNXRegistry
    except ImportError:
        pass
    return type('Elsewhere', (), {'from_torchlib': staticmethod(dict)})


@cache
def _kept(read: Callable[..., Any]) -> Callable[..., Any]:
    return cache(read)


def _own_error(error: BaseException) -> BaseException | None:
    """Return the error of ours, or the Ctrl-C, that the exporter wrapped in its own."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, LiquidDroneError | KeyboardInterrupt):
        inner = inner.__cause__ or inner.__context__
    return inner
