"""Every structural rule on its samples: what its type rule says is so."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Undef, Var, const
from ad_compiler.ir.types import Array, Sym, Type, dtype_of, number_of
from ad_compiler.rules.infer import numpy_dtype
from tests.rules.programs import LINEAR, STRUCTURAL, Case, at_every_sample


def test_every_structural_rule_has_samples() -> None:
    assert [p.name for p, r in LINEAR if not r.samples] == []


def atom(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        names = {"float64": "f64", "int64": "i64", "bool": "bool"}
        return Undef(Array(names[value.dtype.name], value.shape))
    return const(value)


@at_every_sample(STRUCTURAL)
def test_the_type_rule_agrees_with_numpy(case: Case) -> None:
    primitive, sample = case.primitive, case.operands
    results, types = primitive(*sample), primitive.infer([atom(value) for value in sample])
    if not primitive.results:
        results, types = (results,), (types,)
    assert isinstance(types, tuple)
    for result, type_ in zip(results, types, strict=True):
        assert not isinstance(type_, tuple)
        check_type(type_, np.asarray(result))


def check_type(type_: Type, expected: Any) -> None:
    dtype = dtype_of(type_)
    assert dtype is None or numpy_dtype(dtype) == expected.dtype
    dims = type_.dims if isinstance(type_, Array) else ()
    assert len(dims) == expected.ndim
    assert all(d == n for d, n in zip(dims, expected.shape, strict=True) if isinstance(d, int))
    if dtype is not None and not isinstance(type_, Array):
        assert type_ == number_of(dtype)


@at_every_sample(STRUCTURAL)
def test_lengths_that_are_said_to_be_equal_are(case: Case) -> None:
    function = case.function()
    known: dict[object, int] = {}
    for var, value in zip(function.params, case.arguments, strict=True):
        if isinstance(var.type, Array):
            known.update(zip(var.type.dims, value.shape, strict=True))
    for result, value in zip(function.results, case.values, strict=True):
        assert isinstance(result, Var)
        if isinstance(result.type, Array):
            for dim, length in zip(result.type.dims, np.shape(value), strict=True):
                assert known.setdefault(dim, length) == length or isinstance(dim, int)
                assert dim == length or not isinstance(dim, int)
                assert length != 1 or not (isinstance(dim, Sym) and dim.never_one)
