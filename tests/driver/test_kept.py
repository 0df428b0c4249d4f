"""What was read lately is not read again for another derivative, unless something has changed."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import sys

import numpy as np
import pytest

from ad_compiler import grad, hessian, hvp, jvp
from ad_compiler.driver import build
from ad_compiler.driver.kept import PROGRAMS
from ad_compiler.errors import Unsupported

FACTOR = 2.0


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path) -> list[str]:
    """The names of the functions that are read from here on."""
    names: list[str] = []
    lower = build.lower

    def noting(function, *args, **kwargs):
        names.append(function.__name__)
        return lower(function, *args, **kwargs)

    monkeypatch.setattr(build, "lower", noting)
    monkeypatch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path))
    return names


def scaled(x):
    return FACTOR * x**3


def summed(x, n):
    return np.sum(np.array([[x, 2.0 * x]]), axis=n)[0] * x


def test_a_function_is_read_once(read: list[str]) -> None:
    assert grad(scaled)(1.5) == 13.5
    assert hessian(scaled)(1.5) == 18.0
    assert hvp(scaled)(1.5, 2.0) == 36.0
    assert jvp(grad(scaled), (1.5,), (2.0,))[1] == 36.0
    assert read == ["scaled"]


def test_arguments_of_another_kind_are_another_program(read: list[str]) -> None:
    assert grad(scaled)(1.5) == 13.5
    assert grad(scaled)(np.float32(1.5)).dtype == np.float32
    assert read == ["scaled", "scaled"]


def test_what_a_program_was_made_for_counts(read: list[str]) -> None:
    assert grad(summed)(1.5, 1) == 9.0
    assert grad(grad(summed))(1.5, 1) == 6.0
    assert grad(grad(summed))(1.5, 0) == 2.0
    assert read == ["summed", "summed"]


def test_what_has_changed_is_read_again(read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert grad(scaled)(1.5) == 13.5
    monkeypatch.setitem(globals(), "FACTOR", 4.0)
    assert grad(scaled)(1.5) == 27.0
    assert read == ["scaled"]
    monkeypatch.setitem(globals(), "FACTOR", np.float32(4.0))
    assert hessian(scaled)(1.5) == 36.0
    assert read == ["scaled", "scaled"]


def test_what_is_gone_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = grad(scaled)
    assert derivative(1.5) == 13.5
    monkeypatch.delitem(globals(), "FACTOR")
    for again in (derivative, grad(scaled), hessian(scaled)):
        with pytest.raises(Unsupported, match="no name `FACTOR`"):
            again(1.5)


def test_a_derivative_that_is_made_anew_is_the_same_program(read: list[str]) -> None:
    programs = {id(grad(scaled).program(x)) for x in (1.5, 2.5, 3.5)}
    assert len(programs) == 1
    assert grad(scaled, backend="numba").program(1.5).compiled
    assert jvp(scaled, (1.5,), (1.0,))[1] == 13.5
    assert read == ["scaled"]


def test_what_others_close_over_is_not_kept(read: list[str]) -> None:
    data = np.ones(3)

    def local(x):
        return np.sum(data) * x

    count = sys.getrefcount(data)
    assert grad(local)(1.0) == 3.0
    assert grad(grad(local))(1.0) == 0.0
    assert read == ["local", "local"]
    assert not build.LOWERED.entries
    assert not PROGRAMS.entries
    assert sys.getrefcount(data) == count


def test_only_some_are_kept(read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.LOWERED, "room", 2)
    monkeypatch.setattr(PROGRAMS, "room", 3)
    for x in (1.5, np.float32(1.5), np.float64(1.5), np.array(1.5)):
        assert grad(scaled)(x) == 13.5
    assert len(build.LOWERED.entries) == 2
    assert len(PROGRAMS.entries) == 3
