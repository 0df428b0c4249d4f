"""What a program was made for, though it does not read it: kinds of globals, keys of dicts."""

from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, value_and_grad

SCALE: Any = 3
WEIGHTS: Any = np.ones(2, dtype=np.float32)
TABLE: dict[str, Any] = {"a": 1}
SPRINGS: Any = {(0, 1): 1.0, (1, 2): 0.8, "rest length": 2.0, -1: 3.0, 0.5: 1.5, None: 2.0, "": 1.0}


def by_kind(x: Any) -> Any:
    return SCALE * x if isinstance(SCALE, float) else x**2


def by_dtype(x: Any) -> Any:
    return np.sum(WEIGHTS * x) if WEIGHTS.dtype == np.float64 else x**2


def by_item(x: Any) -> Any:
    return TABLE["a"] * x if isinstance(TABLE["a"], float) else x**2


@pytest.mark.parametrize("cache", ["0", "1"])
@pytest.mark.parametrize(
    ("function", "name", "thing"),
    [
        (by_kind, "SCALE", 2.5),
        (by_dtype, "WEIGHTS", np.array([1.0, 2.0])),
        (by_item, "TABLE", {"a": 2.5}),
    ],
)
def test_another_kind_is_another_program(
    function: Any, name: str, thing: Any, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AD_COMPILER_CACHE", cache)
    known = value_and_grad(function)
    assert known(1.7) == (1.7**2, 3.4)
    assert value_and_grad(function)(1.7) == (1.7**2, 3.4)  # from disk, if there is a cache
    monkeypatch.setitem(globals(), name, thing)
    expected = function(1.7)
    for derivative in (known, value_and_grad(function)):
        value, slope = derivative(1.7)
        assert value == expected
        assert slope == pytest.approx(expected / 1.7)


def test_names_are_made_of_any_keys() -> None:
    def energy(x: Any) -> Any:
        total = 0.0
        for stiffness in SPRINGS.values():
            total += stiffness * x**2
        return total * SPRINGS["rest length"]

    assert grad(energy)(1.0) == pytest.approx(2 * 2.0 * sum(SPRINGS.values()))
    text = grad(energy).source(1.0)
    assert "SPRINGS_0_1" in text
    assert "SPRINGS_rest_length" in text
