"""Every structural rule on its samples: what its type rule says is so."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.analysis.activity import operand_label
from ad_compiler.ir.nodes import Let, Undef, Var, const
from ad_compiler.ir.types import Array, Sym, Type, dtype_of, never_one, number_of
from ad_compiler.rules.infer import numpy_dtype
from ad_compiler.rules.registry import PRIMITIVES, RULES, Linear
from tests.rules.programs import LINEAR, STRUCTURAL, Case, at_every_sample


def test_every_structural_rule_has_samples() -> None:
    assert [p.name for p, r in LINEAR if not r.samples] == []


def atom(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        names = {"float64": "f64", "int64": "i64", "int32": "i32", "bool": "bool"}
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
                assert length != 1 or not never_one(dim)
                assert not (isinstance(dim, Sym) and 1 <= length <= dim.never)


WHOLE = {
    name: samples
    for name, samples in STRUCTURAL.items()
    if isinstance(rule := RULES[PRIMITIVES[name]], Linear) and rule.whole
}


@at_every_sample(WHOLE)
def test_cotangents_that_are_said_to_be_whole_are(case: Case) -> None:
    rule = RULES[case.primitive]
    assert isinstance(rule, Linear)
    (let,) = (s for s in case.function().block.body if isinstance(s, Let))
    (value,) = case.values
    for k, operand in enumerate(case.operands):
        name, which = operand_label(let, k)
        if name in rule.vjps and case.is_input(k):
            given = {"z": value, "z_bar": np.ones_like(value), "index": which}
            code = rule.vjps[name].__code__
            asked = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
            bar = rule.vjps[name](*case.operands, **{key: given[key] for key in asked})
            assert np.shape(bar) == np.shape(operand)
