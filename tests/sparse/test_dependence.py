"""The analysis of dependence never misses an entry: for every structural rule, in both modes."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ad_compiler import hessian
from ad_compiler.analysis.dependence.walk import entries_of
from ad_compiler.errors import Unsupported
from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.subject import load
from ad_compiler.ir.nodes import Function, Var
from ad_compiler.ir.types import Array
from ad_compiler.transform.derive import derive
from ad_compiler.transform.request import Request
from tests.depth import spread, thorough
from tests.rules.programs import STRUCTURAL, Sample, at_every_sample, compiled


def maps(case: Sample) -> Iterator[tuple[Function, int]]:
    """The operation as a function from one of its arrays to one of its results."""
    function = case.function()
    for k in case.wrt:
        for result in function.results:
            ends = function.params[k], result
            if all(isinstance(end, Var) and isinstance(end.type, Array) for end in ends):
                block = replace(function.block, results=(result,))
                yield replace(function, block=block, output=0), k


def check_cover(case: Sample, mode: str) -> None:
    """No element of the matrix that the pattern lacks is other than zero."""
    for function, k in maps(case):
        derived = derive(function, Request("compressed_jacobian", (k,), mode=mode))
        out = compiled(function)(*case.arguments) if mode == "rev" else case.arguments[k]
        shape = np.shape(out)
        unit = np.eye(int(np.prod(shape))).reshape(-1, *shape)
        args = list(case.arguments)
        matrix = compiled(derived)(*args, unit.astype(np.asarray(out).dtype)).reshape(len(unit), -1)
        try:
            rows, columns, _ = entries_of(derived, [*args, unit[:1]], len(args))
        except Unsupported:
            continue  # the shape of what it gives depends on real numbers
        pattern = np.zeros((matrix.shape[1], matrix.shape[0]), dtype=bool)
        pattern[rows, columns] = True
        assert not np.any(matrix.T[~pattern])


@at_every_sample(STRUCTURAL, quick=1)
def test_a_pattern_covers_the_matrix(case: Sample) -> None:
    check_cover(case, "fwd")


TRANSPOSED = {
    name: group[:1]
    for name, group in STRUCTURAL.items()
    if group and group[0].rule.vjps and all(map(np.size, group[0].values))
}


@thorough
@at_every_sample(TRANSPOSED)
def test_so_it_does_in_reverse_mode(case: Sample) -> None:
    check_cover(case, "rev")


@pytest.mark.parametrize("seed", spread(range(7100, 7112), 4))
def test_sparse_hessians_of_random_programs(seed: int) -> None:
    subject = load(program(seed).text, f"sparse{seed}")
    arrays = [
        k
        for k, a in enumerate(subject.args)
        if isinstance(a, np.ndarray) and a.dtype == np.float64 and a.ndim and a.size
    ]
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        for k in arrays[:2]:
            try:
                expected: Any = hessian(subject.number, k)(*subject.args)
                found = hessian(subject.number, k, sparsity="auto")(*subject.args)
            except (Unsupported, IndexError, ValueError, ZeroDivisionError):
                return
            size = subject.args[k].size
            scale = 1e-10 * max(1.0, float(np.max(np.abs(expected), initial=0.0)))
            np.testing.assert_allclose(
                found.toarray(), expected.reshape(size, size), rtol=1e-10, atol=scale
            )
