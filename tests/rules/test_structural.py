"""Every structural rule on its samples: type rule, differences, and the dot-product test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler.ir.nodes import Const, Undef, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, dtype_of, number_of
from ad_compiler.rules.infer import numpy_dtype
from ad_compiler.rules.registry import PRIMITIVES, RULES, Linear

LINEAR = [(p, r) for p in PRIMITIVES.values() if isinstance(r := RULES[p], Linear)]
CASES = [
    pytest.param(p, r, sample, id=f"{p.name}-{k}")
    for p, r in LINEAR
    for k, sample in enumerate(r.samples)
    if not p.name.startswith("tape")
]


def test_every_structural_rule_has_samples() -> None:
    assert [p.name for p, r in LINEAR if not r.samples] == []


def positions(primitive: Primitive, name: str, count: int) -> list[int]:
    """Where the operands of a name stand among `count` operands."""
    params = primitive.params
    many = next((k for k, p in enumerate(params) if p.startswith("*")), len(params))
    extra = count - len(params)
    place = [p.lstrip("*") for p in params].index(name)
    if place < many:
        return [place]
    return list(range(many, many + extra + 1)) if place == many else [place + extra]


def atom(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        names = {"float64": "f64", "int64": "i64", "bool": "bool"}
        return Undef(Array(names[value.dtype.name], value.shape))
    return const(value)


@pytest.mark.parametrize(("primitive", "rule", "sample"), CASES)
def test_the_type_rule_agrees_with_numpy(
    primitive: Primitive, rule: Linear, sample: tuple[Any, ...]
) -> None:
    expected = np.asarray(primitive(*sample))
    type_ = primitive.infer([atom(value) for value in sample])
    assert not isinstance(type_, tuple)
    dtype = dtype_of(type_)
    assert dtype is None or numpy_dtype(dtype) == expected.dtype
    dims = type_.dims if isinstance(type_, Array) else ()
    assert len(dims) == expected.ndim
    assert all(d == n for d, n in zip(dims, expected.shape, strict=True) if isinstance(d, int))
    if dtype is not None and not isinstance(type_, Array):
        assert type_ == number_of(dtype)


def called(function: Callable[..., Any], args: tuple[Any, ...], offered: dict[str, Any]) -> Any:
    """Call a function of a rule with those of the keywords that it takes."""
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return function(*args, **{name: offered[name] for name in names})


@pytest.mark.parametrize(("primitive", "rule", "sample"), CASES)
def test_derivatives_agree_with_differences_and_each_other(
    primitive: Primitive, rule: Linear, sample: tuple[Any, ...]
) -> None:
    rng = np.random.default_rng(0)
    z = primitive(*sample)
    z_bar = rng.normal(size=np.shape(z))
    for name, jvp in rule.jvps.items():
        many = positions(primitive, name, len(sample))
        for index, place in enumerate(many):
            x = sample[place]
            x_dot = rng.normal(size=np.shape(x)) if np.ndim(x) else float(rng.normal())
            dot: Any = x_dot
            if f"*{name}" in primitive.params:
                dot = [
                    x_dot if k == index else np.zeros_like(sample[p])[()]
                    for k, p in enumerate(many)
                ]
            tangent = called(jvp, sample, {"z": z, f"{name}_dot": dot})
            ahead, behind = (
                primitive(*sample[:place], x + step * x_dot, *sample[place + 1 :])
                for step in (1e-6, -1e-6)
            )
            difference = (np.asarray(ahead) - np.asarray(behind)) / 2e-6
            assert np.broadcast_to(tangent, np.shape(z)) == pytest.approx(difference, abs=1e-7)
            if name in rule.vjps:
                offered = {"z": z, "z_bar": z_bar, "index": index}
                x_bar = np.broadcast_to(called(rule.vjps[name], sample, offered), np.shape(x))
                assert np.sum(x_bar * x_dot) == pytest.approx(np.sum(z_bar * tangent), rel=1e-12)


def test_static_operands_are_constants() -> None:
    assert isinstance(atom((0, 1)), Const)
