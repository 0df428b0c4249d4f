"""Tapes: what a loop remembers for its reverse sweep, one element a trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import PY_BOOL, Tape, Type
from ad_compiler.rules.registry import SAME, Flat, Linear, register

SAMPLES = (([1.0, 2.0], 0, 3.0), ([1.0, 2.0], 1, 3.0))


def _new_type(args: Sequence[Atom]) -> Type:
    return Tape(args[0].type)


def _same(args: Sequence[Atom]) -> Type:
    if not isinstance(args[0].type, Tape):
        raise TypeRefusal(f"a {args[0].type} is no tape")
    return args[0].type


def _element(args: Sequence[Atom]) -> Type:
    assert isinstance(args[0].type, Tape)
    return args[0].type.element


def _new(_element: Any) -> list[Any]:
    return []


def _put(tape: list[Any], k: int, value: Any) -> list[Any]:
    return [*tape[:k], value, *tape[k + 1 :]]


def _get(tape: list[Any], k: int) -> Any:
    return tape[k]


def _add(tape: list[Any], k: int, value: Any) -> list[Any]:
    return [*tape[:k], total(tape[k], value), *tape[k + 1 :]]


def total(one: Any, other: Any) -> Any:
    """The sum of two elements; of two tapes, element by element."""
    if isinstance(one, list):
        return [total(a, b) for a, b in zip(one, other, strict=True)]
    return one + other


def _zeros(tape: list[Any]) -> list[Any]:
    return [_zero(element) for element in tape]


def _zero(element: Any) -> Any:
    if isinstance(element, list):
        return _zeros(element)
    return np.zeros_like(element) if isinstance(element, np.ndarray) else 0.0


register(
    Primitive("tape_new", _new, _new_type, Special(), ("element",), noun="tape", allocates=True),
    Flat("an empty tape"),
)
ZEROS = register(
    Primitive("tape_zeros_like", _zeros, _same, Special(), ("tape",), noun="tape", allocates=True),
    Flat("a constant"),
)


PUT = register(
    Primitive("tape_put", _put, _same, Special(), ("tape", "k", "value"), noun="tape", in_place=0),
    Linear({"tape": SAME, "value": SAME}, joint=True, samples=SAMPLES),
)
GET = register(
    Primitive("tape_get", _get, _element, Special(), ("tape", "k"), noun="item", fresh=False),
    Linear({"tape": SAME}, joint=True, samples=(([1.0, 2.0], 1),)),
)
ADD = register(
    Primitive("tape_add", _add, _same, Special(), ("tape", "k", "value"), noun="tape", in_place=0),
    Linear({"tape": SAME, "value": SAME}, joint=True, samples=SAMPLES),
)


def _present(x: Any) -> bool:
    return x is not None


register(
    Primitive("present", _present, lambda _: PY_BOOL, Special(), ("x",), noun="there"),
    Flat("a truth value"),
)
