"""Evenly spaced numbers: linear in their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Float, Sym, Type, dtype_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import length_of
from ad_compiler.rules.registry import means
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.structures import structural


def _arange_type(args: Sequence[Atom]) -> Type:
    types = infer.numbers(args, "np.arange", "give numbers")
    if any(dtype_of(t) not in (None, "i64", "f64") for t in types):
        raise TypeRefusal("np.arange of small numbers", "convert them to int or float")
    floats = any(isinstance(t, Float) for t in types)
    return Array("f64" if floats else "i64", (_arange_length(args, floats),))


def _arange_length(args: Sequence[Atom], floats: bool) -> Dim:
    values = [arg.value for arg in args if isinstance(arg, Const)]
    if not floats and len(values) == len(args):
        return len(range(*values))
    if not floats and len(args) == 1:
        return length_of(args[0])
    return Sym(f"arange({', '.join(map(_shown, args))})")


def _shown(atom: Atom) -> str:
    return str(atom.value) if isinstance(atom, Const) else repr(atom)


def _arange_dot(*bounds: Any, z: Any, bounds_dot: Any, index: int) -> Any:
    if index == 2:
        return bounds_dot * np.arange(len(z))
    return np.full_like(z, bounds_dot) if index == 0 and len(bounds) > 1 else np.zeros_like(z)


def _arange_bar(*bounds: Any, z: Any, z_bar: Any, index: int) -> Any:
    if index == 2:
        return np.dot(z_bar, np.arange(len(z)))
    return np.sum(z_bar) if index == 0 and len(bounds) > 1 else 0.0


ARANGE = structural(
    np.arange, ("*bounds",), _arange_type, {"bounds": _arange_bar}, {"bounds": _arange_dot},
    noun="numbers", raises=may_fail, means=(),
    convention="how many there are does not change, so nothing flows from the end",
    samples=((4.5,), (1.25, 4.5), (0.5, 3.25, 0.5)),
)  # fmt: skip


@means(np.arange, samples=((2.5,), (1.25, 3.5), (0.25, 3.1, 0.5)))
def _arange(start: Any, stop: Any = None, step: Any = None, *, dtype: Any = None) -> Any:
    if dtype is not None:
        return _arange(start, stop, step).astype(dtype)
    if stop is None:
        return ARANGE(start)
    return ARANGE(start, stop) if step is None else ARANGE(start, stop, step)


def _spaced_type(function: Any) -> Any:
    def rule(args: Sequence[Atom]) -> Type:
        start, stop, num, endpoint = args
        infer.static(endpoint, "endpoint")
        types = infer.numbers([start, stop], f"np.{function.__name__}", "give numbers")
        kinds = [infer.kind_of(t) for t in types]
        ends = [kind(1) if isinstance(kind, type) else np.ones((), kind)[()] for kind in kinds]
        return Array(infer.our_dtype(function(*ends, 2).dtype), (length_of(num),))

    return rule


def _weights(num: Any, endpoint: bool, first: float) -> Any:
    return LINSPACE(first, 1.0 - first, num, endpoint)


def _linspace_start(start: Any, stop: Any, num: Any, endpoint: bool, *, start_dot: Any) -> Any:
    return start_dot * _weights(num, endpoint, 1.0)


def _linspace_stop(start: Any, stop: Any, num: Any, endpoint: bool, *, stop_dot: Any) -> Any:
    return stop_dot * _weights(num, endpoint, 0.0)


def _linspace_start_bar(start: Any, stop: Any, num: Any, endpoint: bool, *, z_bar: Any) -> Any:
    return np.dot(z_bar, _weights(num, endpoint, 1.0))


def _linspace_stop_bar(start: Any, stop: Any, num: Any, endpoint: bool, *, z_bar: Any) -> Any:
    return np.dot(z_bar, _weights(num, endpoint, 0.0))


SPACED = ((0.5, 2.0, 4, True), (-1.0, 2.0, 3, False), (1.5, 2.0, 1, True), (1.5, 2.0, 0, True))
LINSPACE = structural(
    np.linspace, ("start", "stop", "num", "endpoint"), _spaced_type(np.linspace),
    {"start": _linspace_start_bar, "stop": _linspace_stop_bar},
    {"start": _linspace_start, "stop": _linspace_stop},
    defaults={"num": 50, "endpoint": True}, named=("endpoint",), noun="numbers",
    raises=may_fail, samples=SPACED, means=(),
)  # fmt: skip


def _geomspace_start(
    start: Any, stop: Any, num: Any, endpoint: bool, *, z: Any, start_dot: Any
) -> Any:
    return z / start * _weights(num, endpoint, 1.0) * start_dot


def _geomspace_stop(
    start: Any, stop: Any, num: Any, endpoint: bool, *, z: Any, stop_dot: Any
) -> Any:
    return z / stop * _weights(num, endpoint, 0.0) * stop_dot


def _geomspace_start_bar(
    start: Any, stop: Any, num: Any, endpoint: bool, *, z: Any, z_bar: Any
) -> Any:
    return np.dot(z / start * _weights(num, endpoint, 1.0), z_bar)


def _geomspace_stop_bar(
    start: Any, stop: Any, num: Any, endpoint: bool, *, z: Any, z_bar: Any
) -> Any:
    return np.dot(z / stop * _weights(num, endpoint, 0.0), z_bar)


structural(
    np.geomspace, ("start", "stop", "num", "endpoint"), _spaced_type(np.geomspace),
    {"start": _geomspace_start_bar, "stop": _geomspace_stop_bar},
    {"start": _geomspace_start, "stop": _geomspace_stop},
    defaults={"num": 50, "endpoint": True}, named=("endpoint",), noun="numbers",
    raises=may_fail, samples=((0.5, 2.0, 4, True), (1.0, 2.0, 3, False)),
)  # fmt: skip


@means(np.logspace, samples=((0.5, 2.0), (0.0, 1.5)))
def _logspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0) -> Any:
    return np.power(base, np.linspace(start, stop, num, endpoint=endpoint))
