"""Variances and standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Infer, Primitive
from ad_compiler.ir.types import Type
from ad_compiler.rules import infer
from ad_compiler.rules.operators import RATIO
from ad_compiler.rules.reductions import (
    SAMPLES,
    count_of,
    reduction_type,
    spread,
)
from ad_compiler.rules.registry import METHODS, Linear, register

SPREAD = {"axis": None, "ddof": 0, "keepdims": False}
SPREAD_NAMED = ("axis", "ddof", "keepdims")
SPREAD_SAMPLES = tuple((x, axis, ddof, k) for x, axis, k in SAMPLES for ddof in (0, 1))


def _spread_type(function: Any, name: str) -> Infer:
    def rule(args: Sequence[Atom]) -> Type:
        infer.static(args[2], "ddof")
        return reduction_type(function, name)([args[0], args[1], args[3]])

    return rule


def _centred(x: Any, axis: Any) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


def _var_x(x: Any, axis: Any, ddof: int, keepdims: bool, *, x_dot: Any) -> Any:
    total = np.sum(_centred(x, axis) * x_dot, axis=axis, keepdims=keepdims)
    return RATIO(2.0 * total, count_of(x, axis) - ddof)


def _var_bar(x: Any, axis: Any, ddof: int, keepdims: bool, *, z_bar: Any) -> Any:
    share = RATIO(2.0 * spread(z_bar, axis, keepdims), count_of(x, axis) - ddof)
    return share * _centred(x, axis)


def inverse_or_zero(z: Any) -> Any:
    """1 / z, and 0 where z is 0."""
    if np.ndim(z) == 0 and z.dtype == np.float64:
        return 0.0 if z == 0 else 1.0 / z
    return np.where(z == 0, 0.0, 1.0 / np.where(z == 0, 1.0, z))


def _std_x(x: Any, axis: Any, ddof: int, keepdims: bool, *, z: Any, x_dot: Any) -> Any:
    total = np.sum(_centred(x, axis) * x_dot, axis=axis, keepdims=keepdims)
    return RATIO(total * inverse_or_zero(z), count_of(x, axis) - ddof)


def _std_bar(x: Any, axis: Any, ddof: int, keepdims: bool, *, z: Any, z_bar: Any) -> Any:
    share = spread(z_bar * inverse_or_zero(z), axis, keepdims)
    share = RATIO(share, count_of(x, axis) - ddof)
    return share * _centred(x, axis)


def _spread_evaluator(function: Any) -> Any:
    def evaluate(x: Any, axis: Any, ddof: int, keepdims: bool) -> Any:
        return function(x, axis=axis, ddof=ddof, keepdims=keepdims)

    return evaluate


for _function, _name, _jvp, _vjp in (
    (np.var, "var", _var_x, _var_bar), (np.std, "std", _std_x, _std_bar),
):  # fmt: skip
    METHODS[_name] = register(
        Primitive(
            f"np.{_name}", _spread_evaluator(_function), _spread_type(_function, _name),
            Call(f"np.{_name}"), ("x", *SPREAD_NAMED), defaults=SPREAD,
            keyword_only=SPREAD_NAMED, noun=_name,
        ),
        Linear(
            {"x": _jvp}, {"x": _vjp}, dense=True, samples=SPREAD_SAMPLES,
            convention="0 where all elements are equal" if _name == "std" else "",
        ),
        _function,
    )  # fmt: skip
