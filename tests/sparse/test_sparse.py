"""Sparse Jacobians and Hessians: entry for entry those of the dense ones."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from ad_compiler import UsageError, grad, hessian, jacobian
from ad_compiler.errors import Unsupported
from tests.depth import spread
from tests.sparse.programs import HESSIANS, JACOBIANS, VECTOR, arrow, chain, looped, sliced, stepped

CASES = [(jacobian, *case) for case in JACOBIANS] + [(hessian, *case) for case in HESSIANS]
cases = pytest.mark.parametrize(
    ("make", "f", "args", "most"), CASES, ids=[f"{m.__name__}-{f.__name__}" for m, f, _, _ in CASES]
)


def dense(make: Callable[..., Any], f: Any, args: tuple[Any, ...]) -> Any:
    """The dense derivative, with one axis for all elements of the argument."""
    return make(f)(*args).reshape(-1, args[0].size)


@cases
def test_a_sparse_derivative_is_the_dense_one(
    make: Callable[..., Any], f: Any, args: tuple[Any, ...], most: int
) -> None:
    derivative = make(f, sparsity="auto")
    expected = dense(make, f, args)
    found = derivative(*args)
    assert sparse.issparse(found)
    assert found.format == "csr"
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-13, atol=1e-14)
    assert derivative.plan(*args).colouring.count <= most


@cases
def test_a_pattern_holds_for_all_numbers(
    make: Callable[..., Any], f: Any, args: tuple[Any, ...], most: int
) -> None:
    derivative = make(f, sparsity="auto")
    pattern = derivative.pattern(*args).toarray()
    for seed in range(5):
        x = np.random.default_rng(seed).uniform(0.05, 1.2, args[0].shape)
        expected = dense(make, f, (x, *args[1:]))
        assert not np.any(expected[~pattern])
        found = derivative(x, *args[1:]).toarray()
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_the_pattern_of_a_band_is_that_band() -> None:
    pattern = jacobian(sliced, sparsity="auto").pattern(VECTOR).toarray()
    np.testing.assert_array_equal(pattern, np.eye(5, 6, dtype=bool) | np.eye(5, 6, 1, dtype=bool))


def test_integers_are_part_of_what_a_pattern_holds_for() -> None:
    derivative = jacobian(stepped, sparsity="auto")
    counts = [derivative.pattern(VECTOR, steps).nnz for steps in (0, 1, 2)]
    assert counts == [6, 12, 18]
    assert derivative(VECTOR, 1).nnz == 12


def test_a_plan_is_made_once_for_a_shape() -> None:
    derivative = jacobian(sliced, sparsity="auto")
    plan = derivative.plan(VECTOR)
    assert derivative.plan(2 * VECTOR) is plan
    assert derivative.plan(VECTOR[:-1]) is not plan


def test_many_elements_take_as_few_products_as_few() -> None:
    x = np.linspace(0.1, 0.9, 20000)
    derivative = jacobian(sliced, sparsity="auto")
    assert derivative.plan(x).colouring.count == 2
    found = derivative(x)
    assert found.nnz == 2 * 19999
    np.testing.assert_allclose(found.diagonal(), np.sin(x[1:]), rtol=1e-15)
    np.testing.assert_allclose(found.diagonal(1), x[:-1] * np.cos(x[1:]), rtol=1e-15)


def test_a_dense_row_is_a_case_for_reverse_mode() -> None:
    def f(x: Any) -> Any:
        return np.array([np.sum(x * x), np.prod(x[:3])])

    derivative = jacobian(f, sparsity="auto")
    assert derivative.plan(VECTOR).derivative is derivative.backward
    np.testing.assert_allclose(derivative(VECTOR).toarray(), jacobian(f)(VECTOR), rtol=1e-14)


@pytest.mark.parametrize("backend", spread(["python", "numba"], 2))
def test_both_backends(backend: str) -> None:
    found = jacobian(looped, sparsity="auto", backend=backend)(VECTOR)
    np.testing.assert_allclose(found.toarray(), jacobian(looped)(VECTOR), rtol=1e-14)
    found = hessian(chain, sparsity="auto", backend=backend)(VECTOR)
    np.testing.assert_allclose(found.toarray(), hessian(chain)(VECTOR), rtol=1e-13)


def test_single_precision_stays_single() -> None:
    found = jacobian(sliced, sparsity="auto")(VECTOR.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), jacobian(sliced)(VECTOR), rtol=1e-6)


def test_keywords_names_and_derivatives_of_derivatives() -> None:
    def f(a: Any, x: Any) -> Any:
        return np.sum(a * x**3)

    derivative = hessian(f, "x", sparsity="auto")
    np.testing.assert_allclose(derivative(2.0, x=VECTOR).diagonal(), 12 * VECTOR, rtol=1e-14)
    again = jacobian(grad(f, "x"), "x", sparsity="auto")
    np.testing.assert_allclose(again(2.0, VECTOR).diagonal(), 12 * VECTOR, rtol=1e-14)


def test_it_pickles() -> None:
    derivative = pickle.loads(pickle.dumps(jacobian(looped, sparsity="auto")))
    np.testing.assert_allclose(derivative(VECTOR).toarray(), jacobian(looped)(VECTOR), rtol=1e-14)


def test_the_text_is_that_of_the_products() -> None:
    text = jacobian(sliced, sparsity="auto").source(VECTOR)
    assert "for k in range(count):" in text
    assert "x_dot = seeds[k]" in text


# -- patterns that are given ----------------------------------------------------------------------

BAND = np.eye(6, dtype=bool) | np.eye(6, k=-1, dtype=bool)


@pytest.mark.parametrize(
    "pattern", [BAND, BAND.astype(int).tolist(), sparse.csr_matrix(BAND), sparse.coo_array(BAND)]
)
def test_a_pattern_may_be_given(pattern: Any) -> None:
    found = jacobian(looped, sparsity=pattern)(VECTOR)
    np.testing.assert_allclose(found.toarray(), jacobian(looped)(VECTOR), rtol=1e-14)


def test_a_pattern_may_have_more_entries_than_there_are() -> None:
    found = jacobian(looped, sparsity=np.ones((6, 6)))(VECTOR)
    np.testing.assert_allclose(found.toarray(), jacobian(looped)(VECTOR), rtol=1e-14)


def test_half_of_a_symmetric_pattern_is_enough() -> None:
    found = hessian(arrow, sparsity=np.eye(6, dtype=bool) | (np.arange(6) == 0))(VECTOR)
    np.testing.assert_allclose(found.toarray(), hessian(arrow)(VECTOR), rtol=1e-14)


def selected(x: Any) -> Any:
    """What only real numbers tell the place of: here x is sorted already."""
    return np.sort(x) ** 2


def test_a_pattern_that_is_narrower_than_what_the_program_says_is_checked() -> None:
    x = np.sort(VECTOR)
    derivative = jacobian(selected, sparsity=np.eye(6, dtype=bool))
    np.testing.assert_allclose(derivative(x).toarray(), np.diag(2 * x), rtol=1e-14)
    with pytest.raises(UsageError, match="lacks entries of row 0"):
        derivative(x[::-1])


@pytest.mark.parametrize(
    ("make", "f", "lacking"),
    [(jacobian, looped, (3, 2)), (jacobian, looped, (5, 5)), (hessian, chain, (2, 1))],
)
def test_a_pattern_that_lacks_an_entry_is_refused(
    make: Callable[..., Any], f: Any, lacking: tuple[int, int]
) -> None:
    pattern = make(f, sparsity="auto").pattern(VECTOR).toarray()
    pattern[lacking] = pattern[lacking[::-1]] = False
    with pytest.raises(UsageError, match="the pattern lacks entries"):
        make(f, sparsity=pattern)(VECTOR)


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("dense", "give 'auto'"),
        (np.ones(6), "give 'auto'"),
        (np.ones((6, 5)), "5 columns, but the argument has 6 elements"),
        (np.ones((5, 6)), "5 rows, but the result has 6 elements"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        jacobian(looped, sparsity=pattern)(VECTOR)


def test_one_array_to_one_array() -> None:
    with pytest.raises(UsageError, match="`x` of `looped` is a container, not an array"):
        jacobian(looped, sparsity="auto")([VECTOR])
    with pytest.raises(UsageError, match=r"`chain` returns .*, not an array"):
        jacobian(chain, sparsity="auto")(VECTOR)
    with pytest.raises(UsageError, match="name one argument"):
        jacobian(looped, (0,), sparsity="auto")
    with pytest.raises(UsageError, match="needs a number"):
        hessian(looped, sparsity="auto")(VECTOR)


def test_a_shape_that_real_numbers_decide_is_refused_with_its_place() -> None:
    def f(x: Any) -> Any:
        return x[x > 0.5] ** 2

    with pytest.raises(Unsupported, match="is not known without real numbers") as info:
        jacobian(f, sparsity="auto")(VECTOR)
    assert info.value.at is not None
    assert "give the pattern" in info.value.remedy
    found = jacobian(f, sparsity=np.eye(6, dtype=bool)[VECTOR > 0.5])(VECTOR)
    np.testing.assert_allclose(found.toarray(), jacobian(f)(VECTOR), rtol=1e-14)


def test_a_list_whose_length_real_numbers_decide_is_refused() -> None:
    def f(x: Any) -> Any:
        y = x * x
        while y[0] < 0.05:
            y = y * y + 0.5 * x
        return np.sum(y)

    with pytest.raises(Unsupported, match="the length of a list depends on real numbers"):
        hessian(f, sparsity="auto")(VECTOR)
    found = hessian(f, sparsity=np.eye(6) + (np.arange(6) == 0))(VECTOR)
    np.testing.assert_allclose(found.toarray(), hessian(f)(VECTOR), rtol=1e-12)


def rest(x: Any) -> Any:
    return x[3:] ** 2


@pytest.mark.parametrize(("length", "shape"), [(3, (0, 3)), (0, (0, 0)), (4, (1, 4))])
def test_results_and_arguments_without_elements(length: int, shape: tuple[int, int]) -> None:
    matrix = jacobian(rest, sparsity="auto")(np.ones(length))
    assert matrix.shape == shape
    assert matrix.sum() == (2.0 if length == 4 else 0.0)
