# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""GPUs that are there, half there or not: no silent fall-back, no engine of another network."""

import ctypes
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.contract import MOST_TOLERANCE, STORED_PRECISIONS
from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.runtime import libraries, providers, selection
from liquid_drone.runtime.providers import Backend
from liquid_drone.runtime.runner import PolicyRunner

WHOLE = {'providers_shared', 'providers_cuda', 'providers_tensorrt', 'libcudnn', 'libnvonnxparser'}


class Driver:
    """libcuda as a machine with ``devices`` cards has it."""

    def __init__(self, devices: int, answers: int = 0, takes: int = 13000) -> None:
        self.devices, self.answers, self.takes = devices, answers, takes

    def cuInit(self, _flags: int) -> int:  # noqa: N802
        return self.answers or (0 if self.devices else 100)  # CUDA_ERROR_NO_DEVICE

    def cuDriverGetVersion(self, version: Any) -> int:  # noqa: N802
        version._obj.value = self.takes
        return 0

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self.devices
        return 0

    def cuDeviceGet(self, handle: Any, index: int) -> int:  # noqa: N802
        handle._obj.value = index
        return 0

    def cuDeviceGetName(self, name: Any, size: int, _handle: Any) -> int:  # noqa: N802
        name.value = b'Orin'[:size]
        return 0

    def cuDeviceGetAttribute(self, number: Any, attribute: int, _handle: Any) -> int:  # noqa: N802
        number._obj.value = {libraries.MAJOR: 8, libraries.MINOR: 7}[attribute]
        return 0


def gpu_machine(
    patch: pytest.MonkeyPatch, folder: Path, has: set[str], devices: int | None, **told: int
) -> None:
    """ONNX Runtime's GPU wheel on a machine with these libraries; None devices: no driver."""
    patch.delenv(libraries.VISIBLE, raising=False)
    capi = folder / 'onnxruntime' / 'capi'
    capi.mkdir(parents=True, exist_ok=True)
    for name in ('shared', 'cuda', 'tensorrt'):
        if f'providers_{name}' in has:
            (capi / f'libonnxruntime_providers_{name}.so').touch()
    wheel = SimpleNamespace(
        __file__=str(capi.parent / '__init__.py'),
        __version__='1.31.1',
        cuda_version='13.0',
        get_available_providers=lambda: [*libraries.NAMES.values()],
    )

    def load(library: str, everywhere: bool = False) -> Any:
        if library == 'libcuda.so.1' and devices is not None:
            return Driver(devices, **told)
        if any(name in library for name in has):
            return ctypes.CDLL(None)
        raise OSError(f'{Path(library).name}: cannot open shared object file')

    patch.setattr(libraries, 'require', lambda *_: wheel)
    patch.setattr(libraries, 'preload', lambda: None)
    patch.setattr(libraries, 'load', load)


def test_a_whole_gpu_machine_has_both_providers(monkeypatch, tmp_path):
    gpu_machine(monkeypatch, tmp_path, WHOLE, 1)
    assert libraries.why_not('cuda') is None
    assert libraries.why_not('tensorrt') is None
    assert libraries.device() == libraries.Device('Orin', '8.7')


@pytest.mark.parametrize('provider', ['cuda', 'tensorrt'])
@given(missing=st.sets(st.sampled_from(sorted(WHOLE))), devices=st.sampled_from([None, 0, 1]))
def test_whatever_is_missing_is_named(tmp_path_factory, provider, missing, devices):
    needed = WHOLE - {'providers_cuda' if provider == 'tensorrt' else 'providers_tensorrt'}
    needed -= set() if provider == 'tensorrt' else {'libnvonnxparser'}
    with pytest.MonkeyPatch.context() as patch:
        gpu_machine(patch, tmp_path_factory.getbasetemp(), WHOLE - missing, devices)
        reason = libraries.why_not(provider)
    lacks = needed & missing
    assert (reason is None) is (not lacks and devices == 1)
    if lacks:
        assert any(name in str(reason) for name in lacks)
        assert 'built for CUDA 13.0' in str(reason)
    elif reason is not None:
        assert 'no device' in reason


@given(st.sampled_from(['', '-1', '7', 'GPU-0', 'MIG-1']), st.booleans())
def test_cards_that_the_environment_hides_are_told_as_that(tmp_path_factory, value, is_set):
    """A shell or container that sets CUDA_VISIBLE_DEVICES hides cards that nvidia-smi shows."""
    with pytest.MonkeyPatch.context() as patch:
        gpu_machine(patch, tmp_path_factory.getbasetemp(), WHOLE, 0)
        if is_set:
            patch.setenv(libraries.VISIBLE, value)
        reason = str(libraries.why_not('cuda'))
    assert 'shows no device' in reason
    assert (f"{libraries.VISIBLE} is '{value}'" in reason) is is_set


@pytest.mark.parametrize('code', [*libraries.FAULTS, 3])
def test_what_the_driver_answers_is_told_with_what_helps(monkeypatch, tmp_path, code):
    gpu_machine(monkeypatch, tmp_path, WHOLE, 1, answers=code)
    reason = str(libraries.why_not('cuda'))
    assert f'answers {code}' in reason
    assert libraries.FAULTS.get(code, 'nvidia-smi') in reason


@given(st.integers(11, 14), st.integers(0, 9))
def test_a_driver_of_an_older_cuda_than_the_wheel_is_told_before_a_session(
    tmp_path_factory, major, minor
):
    """The wheel is for CUDA 13.0; within a major any driver serves (minor compatibility)."""
    with pytest.MonkeyPatch.context() as patch:
        takes = 1000 * major + 10 * minor
        gpu_machine(patch, tmp_path_factory.getbasetemp(), WHOLE, 1, takes=takes)
        reason = libraries.why_not('cuda')
    assert (reason is None) is (major >= 13)
    assert reason is None or f'takes CUDA {major}.{minor}, ' in reason


def test_an_order_that_cannot_be_followed_is_an_error_with_the_reason(
    monkeypatch, tmp_path, bundle
):
    gpu_machine(monkeypatch, tmp_path, WHOLE, 0)
    with pytest.raises(ConfigError, match=r"'cuda' cannot be had here.*no device"):
        selection.open_policy(bundle, 'cuda')
    with pytest.raises(ConfigError, match='unknown provider'):
        providers.check('gpu')


def test_auto_says_why_it_took_the_cpu(monkeypatch, tmp_path, bundle, caplog):
    gpu_machine(monkeypatch, tmp_path, WHOLE - {'libcudnn'}, 1)
    caplog.set_level('INFO')
    taken = selection.open_policy(bundle)
    assert taken.backend.provider == 'cpu'
    assert 'libcudnn.so.9: cannot open' in caplog.text


@pytest.mark.parametrize(
    ('cuda_ms', 'taken'), [(1.9, 'cpu'), (1.7, 'cpu'), (1.5, 'cuda'), (None, 'cpu')]
)
def test_auto_takes_another_provider_for_a_fifth_and_never_one_that_answers_wrong(
    monkeypatch, bundle, caplog, cuda_ms, taken
):
    """Two milliseconds on the CPU; None: the GPU's answers differ from the contract's."""

    def open_it(path: Path, backend: Backend, check_parity: bool = True) -> PolicyRunner:
        if backend.provider == 'cuda' and cuda_ms is None:
            raise BundleError('differs from its parity vectors by 0.0056')
        opened = PolicyRunner(path, replace(backend, provider='cpu', precision='fp32'))
        opened.vision.backend = backend
        return opened

    monkeypatch.setattr(selection, 'PolicyRunner', open_it)
    monkeypatch.setattr(
        libraries, 'why_not', lambda name: 'no libnvinfer' if name == 'tensorrt' else None
    )
    times = {'cpu': 2e-3, 'cuda': (cuda_ms or 0.0) / 1e3}
    monkeypatch.setattr(selection, 'step_time_s', lambda one: times[one.backend.provider])
    caplog.set_level('INFO')
    assert selection.open_policy(bundle).backend.provider == taken
    assert 'no libnvinfer' in caplog.text
    assert ('0.0056' if cuda_ms is None else f'cuda {cuda_ms:.2f} ms') in caplog.text


def test_a_bundle_cannot_loosen_its_own_check(bundle):
    opened = PolicyRunner(bundle)
    parity = opened.contract.parity
    assert parity is not None
    wrong = tuple((row[0] + 0.01, *row[1:]) for row in parity.commands)
    loose = replace(parity, commands=wrong, tolerance=2e-2)  # the most that a contract may say
    opened.contract = replace(opened.contract, parity=loose)
    with pytest.raises(BundleError, match=r'on cpu fp32 differs .* more than 0\.002: its graphs'):
        opened.check_parity()
    opened.vision.backend = Backend('tensorrt', 'fp16')
    assert opened.check_parity() > 5e-3  # half precision may differ by so much


def test_half_precision_needs_tensorrt():
    with pytest.raises(ConfigError, match="needs provider 'tensorrt'"):
        Backend('cuda', 'fp16')
    with pytest.raises(ConfigError, match='unknown precision'):
        Backend('tensorrt', 'int4')


def test_a_part_of_the_graph_elsewhere_is_told(bundle):
    opened = PolicyRunner(bundle)
    assert opened.provider == 'cpu fp32'
    opened.vision.backend = Backend('cuda')
    opened.vision.assignment = {'CUDAExecutionProvider': 17, 'CPUExecutionProvider': 1}
    assert opened.provider == 'cuda fp32 (1 nodes on CPUExecutionProvider)'


def test_options_keep_single_precision_single(tmp_path):
    cuda = providers._provider_list(Backend('cuda'), None)[0]
    assert cuda[1]['use_tf32'] == '0'
    options = providers.tensorrt_options(Backend('tensorrt', rows_columns=(72, 128)), tmp_path)
    assert options['trt_fp16_enable'] is False
    assert options['trt_profile_max_shapes'] == 'image:16x72x128x3'
    assert providers.tensorrt_options(Backend('tensorrt', 'fp16'), tmp_path)['trt_fp16_enable']


@given(st.integers(1, 2), st.integers(0, 40), st.integers(0, 3), st.sampled_from(['', '.dev1']))
def test_single_precision_is_single_in_every_version(major, minor, patch_number, suffix):
    """1.17 refuses a session with the option; then all of the process is told."""
    version = f'{major}.{minor}.{patch_number}{suffix}'
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(providers.TF32, '1')
        patch.delenv(providers.TF32)  # set back to what it was in the end
        patch.setattr(providers, 'require', lambda *_: SimpleNamespace(__version__=version))
        options = providers._provider_list(Backend('cuda'), None)[0][1]
        told = providers.os.environ.get(providers.TF32)
    assert ('use_tf32' in options) is ((major, minor) >= (1, 18))
    assert options.get('use_tf32', told) == '0'


@given(
    st.sampled_from(sorted(libraries.MAJORS)),
    st.sets(st.integers(7, 12)),
)
def test_a_library_is_found_in_any_major_that_builds_are_made_for(library, there):
    """Wheels for a Jetson are built with cuDNN 8 and TensorRT 8 too."""

    def load(name: str, everywhere: bool = False) -> str:
        if int(name.rpartition('.')[2]) not in there:
            raise OSError(f'{name}: cannot open shared object file')
        return name

    majors = libraries.MAJORS[library]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libraries, 'load', load)
        if there & {*majors}:
            found = libraries.load_newest(library)
            expected = next(major for major in majors if major in there)
            assert found == f'{library}.{expected}'
        else:
            with pytest.raises(OSError, match=f'{library}.{majors[0]}'):
                libraries.load_newest(library)


def test_the_tolerance_of_a_precision_stands_in_the_code():
    assert set(MOST_TOLERANCE) == {*providers.PRECISIONS, *STORED_PRECISIONS}
    assert max(MOST_TOLERANCE[name] for name in providers.PRECISIONS) <= 2e-2
    assert MOST_TOLERANCE['int8'] <= 1e-1
