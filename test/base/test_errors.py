# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: one exception tree, and a missing package answered with its pip install."""

import pytest

from liquid_drone import errors


def test_every_error_is_caught_by_the_one_base_class():
    named = [item for item in vars(errors).values() if isinstance(item, type)]
    raised_here = [item for item in named if issubclass(item, Exception)]
    assert len(raised_here) == 12
    assert all(issubclass(item, errors.LiquidDroneError) for item in raised_here)


def test_every_error_stands_in_the_tree_of_the_module_text():
    for name, item in vars(errors).items():
        if isinstance(item, type) and issubclass(item, Exception):
            assert name in errors.__doc__


def test_a_missing_package_names_the_pip_install_that_brings_it():
    with pytest.raises(errors.MissingDependencyError) as caught:
        errors.require('no_such_package_at_all', 'train')
    assert "pip install 'liquid_drone[train]'" in str(caught.value)


def test_an_installed_package_is_returned():
    assert errors.require('json', 'sim').dumps([1]) == '[1]'
