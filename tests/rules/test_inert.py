"""Functions without a derivative: their values, their types, and what flows through them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ad_compiler.ir.primitive import Primitive
from ad_compiler.rules.registry import DEFINITIONS, PRIMITIVES, RULES, Flat
from tests.rules.programs import Call, compiled, interpreted
from tests.rules.test_structural import atom, check_type

CASES = [
    pytest.param(p, sample, id=f"{p.name}-{k}")
    for p in PRIMITIVES.values()
    if isinstance(rule := RULES[p], Flat)
    for k, sample in enumerate(rule.samples)
]
CALLS = [
    pytest.param(Call(thing, sample), id=f"{thing.__name__}-{k}")
    for thing, d in DEFINITIONS.items()
    if d.inert
    for k, sample in enumerate(d.samples)
]


@pytest.mark.parametrize(("primitive", "sample"), CASES)
def test_the_type_rule_agrees_with_numpy(primitive: Primitive, sample: tuple[Any, ...]) -> None:
    results, types = primitive(*sample), primitive.infer([atom(value) for value in sample])
    if not primitive.results:
        results, types = (results,), (types,)
    assert isinstance(types, tuple)
    for result, type_ in zip(results, types, strict=True):
        assert not isinstance(type_, tuple)
        check_type(type_, np.asarray(result))
        assert isinstance(result, np.ndarray | np.generic) or str(type_) == type(result).__name__


def same(one: Any, other: Any) -> bool:
    return (
        type(one) is type(other) and np.array_equal(one, other) and np.shape(one) == np.shape(other)
    )


@pytest.mark.parametrize("case", CALLS)
def test_definitions_compute_the_very_value(case: Call) -> None:
    for run in (compiled, interpreted):
        values = run(case.function())(*case.arguments)
        assert all(map(same, values, case.values))
        assert len(values) == len(case.values)
