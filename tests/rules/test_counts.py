"""Lengths and a little more or less: what is taken for equal is equal, for every length."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.types import PY, PY_INT, Array, Dim, Int, Sym, Trim, never_one
from ad_compiler.rules.counts import at_least_zero, counted, moved, stops_before
from ad_compiler.rules.registry import PRIMITIVES

N = Sym("n")


def value_of(dim: Dim, n: int) -> int:
    return dim if isinstance(dim, int) else n if isinstance(dim, Sym) else max(n - dim.by, 0)


@pytest.mark.parametrize("first", [N, Trim(N, 1), Trim(N, 2), Trim(N, -1)])
def test_moves_from_a_length(first: Dim) -> None:
    for steps in product(range(-3, 4), repeat=3):
        type_: Any = Int(PY, first)
        values = [value_of(first, n) for n in range(8)]
        for by in steps:
            type_ = moved(type_, by)
            values = [value + by for value in values]
            if type_ is None:
                break
            known = counted(type_)
            assert known is not None
            assert [max(value, 0) for value in values] == [value_of(known, n) for n in range(8)]
            assert type_.length is None or min(values) >= 0
            assert counted(at_least_zero(type_) or PY_INT) == known


@pytest.mark.parametrize("by", range(5))
@pytest.mark.parametrize("axis", [N, Trim(N, 1), Trim(N, 2)])
@pytest.mark.parametrize("first", [N, Trim(N, 1), Trim(N, 2)])
def test_slices_that_stop_before_the_end(first: Dim, axis: Dim, by: int) -> None:
    type_ = moved(Int(PY, first), -by) if by else Int(PY, first)
    assert type_ is not None
    short = stops_before(axis, Var("stop", type_))
    for n in range(8):
        length = value_of(axis, n)
        part = np.zeros(length)[: value_of(first, n) - by]
        assert short is None or len(part) == max(length - short, 0)


def test_what_is_no_length() -> None:
    assert stops_before(N, Const(2, PY_INT)) is None
    assert stops_before(3, Var("stop", Int(PY, N))) is None
    assert stops_before(N, Var("stop", Int(PY, Sym("m")))) is None
    assert stops_before(N, Var("stop", Int(PY, N))) == 0


@pytest.mark.parametrize(
    ("lengths", "many"),
    [
        ((Sym("n", never=1), Sym("m", never=1)), True),  # both may be 0, but neither 1
        ((Sym("n"), 1, 2), True),
        ((Sym("n"), 1), False),
        ((Sym("n"), Sym("m", never=1)), False),
        ((Sym("n"), 0, 1), False),
    ],
)
def test_what_is_joined_is_longer_than_one(lengths: tuple[Dim, ...], many: bool) -> None:
    """Where `np.concatenate` gives an array that is never broadcast."""
    arrays = [Var(f"x{k}", Array("f64", (n,))) for k, n in enumerate(lengths)]
    joined: Any = PRIMITIVES["np.concatenate"].infer([*arrays, const(0)])
    assert never_one(joined.dims[0]) == many
