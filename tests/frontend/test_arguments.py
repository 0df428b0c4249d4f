"""Arguments bind as NumPy's own functions and methods bind them."""

# pyright: basic, reportCallIssue=false

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, value_and_grad
from ad_compiler.errors import Unsupported

M = np.arange(6.0).reshape(2, 3) + 0.5
V = np.array([0.5, -1.5, 2.0])

CALLS: list[tuple[Any, Any]] = [
    (M, lambda x: np.sum(np.sum(x, 0) ** 2)),
    (M, lambda x: np.sum(a=x)),
    (M, lambda x: np.sum(x, axis=-1, keepdims=True)[1, 0]),
    (M, lambda x: x.sum(0, keepdims=True)[0, 2]),
    (M, lambda x: np.sum(np.sum(x, (0, 1), None, None, True))),
    (M, lambda x: np.sum(np.transpose(x, axes=(1, 0))[2] ** 2)),
    (M, lambda x: np.sum(np.transpose(a=x)[2] ** 2)),
    (M, lambda x: np.sum(x.transpose(1, 0)[2] ** 2)),
    (M, lambda x: np.sum(x.transpose((1, 0))[2] ** 2)),
    (M, lambda x: np.sum(x.transpose()[2] ** 2)),
    (M, lambda x: np.sum(np.reshape(x, -1)[3:] ** 2)),
    (M, lambda x: np.sum(np.reshape(x, shape=(3, 2))[1] ** 2)),
    (M, lambda x: np.sum(np.reshape(x, (3, 2), order="C")[1] ** 2)),
    (M, lambda x: np.sum(x.reshape(3, 2)[1] ** 2)),
    (M, lambda x: np.sum(x.reshape((3, -1))[1] ** 2)),
    (M, lambda x: np.sum(x.ravel("C")[3:] ** 2)),
    (M, lambda x: np.sum(np.expand_dims(a=x, axis=0)[0, 1])),
    (M, lambda x: np.sum(np.moveaxis(x, source=0, destination=1)[0])),
    (M, lambda x: np.sum(np.swapaxes(x, 0, 1)[0])),
    (V, lambda x: np.sum(np.clip(x, -1.0, 1.0))),
    (V, lambda x: np.sum(np.clip(x, a_min=-1.0, a_max=None))),
    (V, lambda x: np.sum(np.clip(x, None, 1.0))),
    (V, lambda x: np.sum(np.clip(x, min=-1.0))),
    (V, lambda x: np.sum(np.clip(x, max=1.0))),
    (V, lambda x: np.sum(x.clip(-1.0))),
    (V, lambda x: np.sum(x.clip(max=1.0))),
    (V, lambda x: np.sum(np.arctan2(x, 2.0))),
    (V, lambda x: np.sum(np.where(x > 0, x, 2 * x))),
    (V, lambda x: np.sum(np.dot(a=x, b=x))),
    (V, lambda x: x.dot(x)),
    (V, lambda x: np.sum(np.concatenate((x, [1.0]), axis=0) ** 2)),
    (V, lambda x: np.sum(np.stack(arrays=[x, x], axis=1)[1])),
    (V, lambda x: np.std(x, ddof=1)),
    (V, lambda x: x.std(None, None, None, 1)),
    (V, lambda x: np.sum(np.roll(x, 1, axis=0) * x)),
    (V, lambda x: np.sum(np.sin([x[0], 2.0]))),
    (V, lambda x: np.sum([x[0], x[1]])),
    (V, lambda x: np.sum(np.dot([1.0, x[0], 2.0], x))),
    (V, lambda x: np.sum(np.maximum((x[0], 1.0), 0.0))),
    (V, lambda x: np.sum(np.broadcast_to(x, (2, 3))[1])),
    (V, lambda x: np.sum(np.broadcast_to(x, shape=(2, 3))[1])),
    (V, lambda x: np.sum(np.nan_to_num(x, nan=1.0))),
    (V, lambda x: np.sum(x.astype(np.float64, copy=True))),
    (V, lambda x: np.sum(np.round(x, decimals=1) + x)),
]  # fmt: skip


@pytest.mark.parametrize(("x", "function"), CALLS, ids=[str(k) for k in range(len(CALLS))])
def test_calls_bind_as_in_numpy(x: Any, function: Any) -> None:
    value, gradient = value_and_grad(function)(x)
    assert value == function(x)
    step = 1e-6 * np.cos(np.arange(x.size)).reshape(x.shape)
    slope = (function(x + step) - function(x - step)) / 2
    assert np.sum(gradient * step) == pytest.approx(slope, rel=1e-6, abs=1e-14)
    assert gradient.shape == x.shape


REFUSED: list[tuple[Any, str]] = [
    (lambda x: np.sum(np.reshape(x, (3, 1), order="A")), "order"),
    (lambda x: np.sum(x.ravel(order="A")), "order"),
    (lambda x: np.sum(x, axes=0), "axes"),
    (lambda x: np.sum(np.sin(x, where=x > 0)), "where"),
    (lambda x: np.sum(np.sum(x, 0, None, x)), "out"),
    (lambda x: np.sum(np.sin()), "missing"),
    (lambda x: np.sum(np.arctan2(x)), "missing"),
    (lambda x: np.sum(np.sum(x, 0, axis=0)), "multiple values"),
]


@pytest.mark.parametrize(("function", "word"), REFUSED, ids=[word for _, word in REFUSED])
def test_other_arguments_are_refused_by_name(function: Any, word: str) -> None:
    with pytest.raises(Unsupported, match=word):
        grad(function)(V)


@pytest.mark.parametrize("thing", [np.setxor1d, np.frompyfunc, np.roots])
def test_functions_without_a_rule_are_refused_with_a_reason(thing: Any) -> None:
    with pytest.raises(Unsupported, match=f"np.{thing.__name__}` has no rule: "):
        grad(lambda x: np.sum(thing(x)))(V)
