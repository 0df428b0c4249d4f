"""What was read lately is not read again for another derivative, unless something has changed."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import grad, hessian, hvp, jvp
from ad_compiler.driver import build, kept
from ad_compiler.errors import Unsupported

FACTOR = 2.0


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path) -> list[str]:
    """The names of the functions that are read from here on, with nothing kept."""
    names: list[str] = []
    lower = build.lower

    def noting(function, *args, **kwargs):
        names.append(function.__name__)
        return lower(function, *args, **kwargs)

    monkeypatch.setattr(build, "lower", noting)
    monkeypatch.setenv("AD_COMPILER_CACHE_DIR", str(tmp_path))
    kept._KEPT.clear()
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


def test_only_some_are_kept(read: list[str]) -> None:
    functions = [lambda x, k=k: k * x for k in range(2 * kept.ROOM)]
    assert [grad(f)(1.0) for f in functions] == list(range(2 * kept.ROOM))
    assert len(kept._KEPT) == kept.ROOM
