"""Where results lie: in NumPy's order in memory, and in the arrays that NumPy shares.

The order decides in which order `np.sum` adds, and so the last bit of a value.
"""
# pyright: basic

from __future__ import annotations

import importlib
import linecache
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, jvp
from ad_compiler.fuzz.library import HOMES, spelled, split, written
from ad_compiler.rules.registry import DEFINITIONS, MEANINGS, RULES, Linear
from tests.depth import spread

importlib.import_module("ad_compiler.rules")

M = np.arange(6.0).reshape(2, 3) / 7 + 0.1

MORE = """
x.reshape(-1)
np.array(x).reshape(-1)
np.copy(x).ravel()
np.array(x, copy=None)
np.array(x, order="C")
np.array(x, ndmin=3)
np.array(x)[1:]
np.array([x, 2 * x])
np.array([x])[0]
np.asarray([x])[0]
np.asarray((x[0], x[1]))
np.asarray(x)
np.asarray(x, dtype=float)
np.asarray(x, np.float64)
np.asanyarray(x)
np.ascontiguousarray(x)
np.full((2, 3), x)
np.broadcast_to(x, (2, 3)).copy()
x.copy()
x.astype(float)
x.flatten()
x.take(1, axis=1)
x.take([1, 0, 1], axis=1)
x.repeat([1, 2, 1], axis=1)
np.take(x, [0, 0], axis=0)
np.take(x, 0, axis=0)
np.take(x, 0)
np.compress([True, True], x, axis=0)
np.compress([True, False, True], x, axis=1)
x[:, [0, 2]]
x[0]
x[None][0]
x[...]
list(x)[0]
[row for row in x][0]
np.split(x, [1])[0]
np.array_split(x, 2)[1]
np.vsplit(x, [1])[0]
np.hstack((x,))
np.concatenate([x])
np.block([x])
np.block([[x]])
np.stack([x])[0]
np.column_stack([x[0]])
x.sum(keepdims=True)
np.where(True, x, x)
np.rot90(x, 0)
np.roll(x, 0)
np.tile(x, 1)
np.pad(x, 0)
np.repeat(x, 1, axis=0)
np.meshgrid(x[0], x[1])[0]
np.linalg.matrix_power(x @ x.T, 1)
np.einsum("ij->ji", x)
""".strip().splitlines()
"""Calls beside the samples of the rules."""

ORDER = """
    r = {call}
    return np.sum(r), np.sum(r, axis=0), np.sum(r, axis=-1), np.sum(np.sin(r), axis=0)
"""
SHARED = (
    """
    r = {call}
    r *= 0.25
    return np.sum(x), np.sum(r)
""",
    """
    r = {call}
    x *= 0.25
    return np.sum(x), np.sum(r)
""",
)

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
}


def samples() -> Iterator[Any]:
    """Calls, the values that they mention, and the array that `x` stands for."""
    for text in MORE:
        yield pytest.param(text, {}, M, id=text)
    for thing, definition in DEFINITIONS.items():
        for k, sample in enumerate(() if definition.writes else definition.samples):
            keywords = sample[-1] if isinstance(sample[-1], dict) else {}
            args = sample[: len(sample) - bool(keywords)]
            yield from of_function(f"{thing.__name__}-{k}", thing, args, keywords)
    for primitive in dict.fromkeys(MEANINGS.values()):
        rule, path = RULES[primitive], spelled(primitive)
        if isinstance(rule, Linear) and path.split(".")[0] in HOMES:
            thing = next(t for t, p in MEANINGS.items() if p is primitive)
            for k, sample in enumerate(rule.samples):
                args, keywords = split(primitive, sample)
                if all(map(written, [*args, *keywords.values()])):
                    yield from of_function(f"{path}-{k}", thing, args, keywords)


def of_function(label: str, thing: Any, args: Any, keywords: Any) -> Iterator[Any]:
    """Its call at a sample, with each of the arrays of several axes for x."""
    given = [*args, *keywords.values()]
    names = [*(f"a{k}" for k in range(len(args))), *(f"{key}=b{key}" for key in keywords)]
    values = {f"a{k}": v for k, v in enumerate(args)} | {f"b{k}": v for k, v in keywords.items()}
    for k, value in enumerate(given):
        if isinstance(value, np.ndarray) and value.dtype == float and value.ndim > 1:
            text = ", ".join("x" if n == k else name for n, name in enumerate(names))
            yield pytest.param(
                f"thing({text})", {**values, "thing": thing}, value, id=f"{label}-{k}"
            )


SAMPLES = list(samples())


def function(template: str, call: str, values: Any) -> Any:
    """A function of x with the call in it."""
    text, file = f"def f(x):{template.format(call=call)}", f"<storage {len(linecache.cache)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = {"np": np, **{k: unshared(v) for k, v in values.items()}}
    exec(compile(text, file, "exec", dont_inherit=True), space)
    return space["f"]


def unshared(value: Any) -> Any:
    return value.copy(order="K") if isinstance(value, np.ndarray) else value


def agree(f: Any, x: Any, changed: Any, exact: bool) -> None:
    """What jvp computes is what Python does; what Python refuses, or we, is no matter here."""
    try:
        expected = f(changed)
    except (TypeError, ValueError, AttributeError, np.exceptions.AxisError):
        return
    try:
        value = jvp(f, (x,), (np.ones_like(x),))[0]
    except Unsupported:
        return
    for one, other in zip(value, expected, strict=True):
        if exact:
            np.testing.assert_array_equal(one, other)
        else:
            np.testing.assert_allclose(one, other)


@pytest.mark.parametrize(("call", "values", "x"), spread(SAMPLES, 24))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_results_lie_where_numpy_puts_them(call: str, values: Any, x: Any) -> None:
    noise = np.random.default_rng(0)
    f = function(ORDER, call, values)
    for lay in LAYOUTS.values():
        for _ in range(4):
            given = lay(x * (1 + 1e-3 * noise.normal(size=x.shape)))
            agree(f, given, given, exact=True)


@pytest.mark.parametrize(("call", "values", "x"), spread(SAMPLES, 24))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_writes_are_seen_where_memory_is_shared(call: str, values: Any, x: Any) -> None:
    for template in SHARED:
        f = function(template, call, values)
        for label in ("C", "F"):
            given = LAYOUTS[label](x)
            agree(f, given, given.copy(order="K"), exact=False)
