"""Linear algebra: conventions, named results, what is refused, and how the derivatives read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, hessian, jvp, value_and_grad, vjp

SQUARE = np.array([[3.0, 1.0, -2.0], [0.5, -4.25, 1.5], [2.0, 1.0, 2.5]])
POSITIVE = SQUARE @ SQUARE.T / 4
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, 0.5, 2.0]])
RANK_ONE = np.outer([1.0, 2.0, -1.0], [2.0, 0.5, 1.0])


def det(a: Any) -> Any:
    return np.linalg.det(a)


def minors(a: Any) -> Any:
    """The cofactor matrix by its definition."""
    n = len(a)
    rows = [[np.delete(np.delete(a, i, 0), j, 1) for j in range(n)] for i in range(n)]
    return np.array(
        [[(-1) ** (i + j) * np.linalg.det(rows[i][j]) for j in range(n)] for i in range(n)]
    )


@pytest.mark.parametrize(
    "a", [SQUARE, SINGULAR, RANK_ONE, np.zeros((3, 3)), np.eye(3), np.diag([1.0, 0.0, 2.0])]
)
def test_the_derivative_of_det_is_exact(a: Any) -> None:
    assert grad(det)(a) == pytest.approx(minors(a), abs=1e-13)


@pytest.mark.parametrize("a", [SQUARE, SINGULAR, RANK_ONE, np.zeros((3, 3)), np.eye(3)])
def test_so_is_the_second_derivative(a: Any) -> None:
    rng = np.random.default_rng(0)
    b, step = rng.normal(size=(3, 3)), 1e-3
    along = np.tensordot(hessian(det)(a), b, 2)
    wanted = (minors(a + step * b) - minors(a - step * b)) / (2 * step)  # a quadratic function
    assert along == pytest.approx(wanted, abs=1e-9)


def test_a_third_derivative_of_det_is_refused() -> None:
    with pytest.raises(Unsupported, match="third derivative"):
        jvp(hessian(det), (SQUARE,), (SQUARE,))


@pytest.mark.filterwarnings("ignore:invalid value encountered in det")
def test_derivatives_do_not_raise_where_the_function_returned() -> None:
    bad = SQUARE.copy()
    bad[0, 0] = np.nan
    assert np.isnan(grad(det)(bad)).all()
    assert np.isnan(grad(log_determinant)(SINGULAR)).all()
    assert np.isnan(grad(sum_of_factors)(np.ones((3, 2)))).any()


def log_determinant(a: Any) -> Any:
    _, value = np.linalg.slogdet(a)
    return value


def sum_of_factors(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return np.sum(q) + np.sum(r)


def plain_norm(x: Any) -> Any:
    return np.linalg.norm(x)


LINES: dict[Any, Callable[[Any], Any]] = {
    None: plain_norm,
    0: lambda x: np.linalg.norm(x, 0),
    1: lambda x: np.linalg.norm(x, ord=1),
    2: lambda x: np.linalg.norm(x, 2),
    -2: lambda x: np.linalg.norm(x, -2),
    3: lambda x: np.linalg.norm(x, 3),
    0.5: lambda x: np.linalg.norm(x, 0.5),
    math.inf: lambda x: np.linalg.norm(x, np.inf),
    -math.inf: lambda x: np.linalg.norm(x, -np.inf),
    "nuc": lambda x: np.linalg.norm(x, "nuc"),
}
NORMS = [
    (np.zeros(3), None, np.zeros(3)),
    (np.zeros(3), 1, np.zeros(3)),
    (np.zeros(3), 3, np.zeros(3)),
    (np.zeros(3), 0.5, np.zeros(3)),
    (np.zeros(3), math.inf, np.zeros(3)),
    (np.array([3.0, 0.0, -4.0]), None, np.array([0.6, 0.0, -0.8])),
    (np.array([2.0, 0.0, -1.0]), 1, np.array([1.0, 0.0, -1.0])),
    (np.array([4.0, 0.0, -4.0]), 0.5, np.array([2.0, 0.0, -2.0])),
    (np.array([2.0, 1.0, -2.0]), math.inf, np.array([0.5, 0.0, -0.5])),
    (np.array([2.0, 1.0, -1.0]), -math.inf, np.array([0.0, 0.5, -0.5])),
    (np.array([2.0, 0.0, -1.0]), 0, np.zeros(3)),
    (np.zeros((2, 2)), "nuc", np.zeros((2, 2))),
    (np.zeros((2, 2)), 2, np.zeros((2, 2))),
    (np.eye(2), 2, np.eye(2) / 2),
    (np.eye(2), -2, np.eye(2) / 2),
    (np.eye(2), "nuc", np.eye(2)),
    (np.eye(2), 1, np.eye(2) / 2),
    (np.diag([3.0, 0.0]), "nuc", np.diag([1.0, 0.0])),
]


@pytest.mark.parametrize(("x", "order", "wanted"), NORMS)
def test_norms_at_kinks(x: Any, order: Any, wanted: Any) -> None:
    norm = LINES[order]
    assert grad(norm)(x) == pytest.approx(wanted)
    along = jvp(norm, (x,), (np.ones_like(x),))[1]
    assert along == pytest.approx(np.sum(wanted))


def test_only_the_triangle_that_is_read_has_a_derivative() -> None:
    def factor(a: Any) -> Any:
        return np.sum(np.linalg.cholesky(a))

    def upper_factor(a: Any) -> Any:
        return np.sum(np.linalg.cholesky(a, upper=True))

    def lower(a: Any) -> Any:
        return np.linalg.eigvalsh(a)[0]

    def upper(a: Any) -> Any:
        return np.linalg.eigvalsh(a, UPLO="U")[0]

    def vectors(a: Any) -> Any:
        return np.linalg.eigh(a).eigenvectors[0, 0]

    for function in (factor, lower, vectors):
        assert np.array_equal(np.triu(grad(function)(POSITIVE), 1), np.zeros((3, 3)))
    for function in (upper_factor, upper):
        assert np.array_equal(np.tril(grad(function)(POSITIVE), -1), np.zeros((3, 3)))


def of_triangle(g: Any) -> Any:
    """The derivative by the lower triangle, from that by all elements."""
    return 2 * np.tril(g) - np.diag(np.diag(g))


def squares(w: Any) -> Any:
    return np.sum(w * w)


def doubled(a: Any) -> Any:
    return 2 * a


SYMMETRIC: list[tuple[Any, Any]] = [(np.sum, np.eye), (squares, doubled), (np.prod, minors)]


@pytest.mark.parametrize("a", [np.eye(3), np.diag([2.0, 1.0, 2.0]), np.zeros((3, 3)), POSITIVE])
@pytest.mark.parametrize(("function", "wanted"), SYMMETRIC)
def test_repeated_eigenvalues_in_symmetric_functions(function: Any, wanted: Any, a: Any) -> None:
    def alone(a: Any) -> Any:
        return function(np.linalg.eigvalsh(a))

    def beside_vectors(a: Any) -> Any:
        return function(np.linalg.eigh(a)[0])

    slopes = of_triangle(np.eye(3) if wanted is np.eye else wanted(a))
    assert grad(alone)(a) == pytest.approx(slopes)
    assert grad(beside_vectors)(a) == pytest.approx(slopes)


def test_eigenvectors_of_repeated_eigenvalues_have_no_derivative() -> None:
    def exponential(a: Any) -> Any:
        w, v = np.linalg.eigh(a)
        return np.sum((v * np.exp(w)) @ v.T * SQUARE)

    def rounded(a: Any) -> Any:
        return a + np.diag([1e-16, 0.0, 3e-16])

    assert np.isnan(grad(exponential)(np.eye(3))).any()
    assert np.isnan(grad(exponential)(rounded(np.eye(3)))).any()
    assert np.isfinite(grad(exponential)(POSITIVE)).all()


def test_results_have_names() -> None:
    def value(a: Any) -> Any:
        result = np.linalg.eigh(a)
        return result.eigenvalues[0] + result[0][1] + result.eigenvalues[2]

    assert grad(value)(POSITIVE) == pytest.approx(np.eye(3))

    def largest(a: Any) -> Any:
        return np.linalg.svd(a, full_matrices=False).S[0]

    def by_name(a: Any) -> Any:
        return np.linalg.svd(a, compute_uv=False)[0]

    assert grad(largest)(SQUARE) == pytest.approx(grad(by_name)(SQUARE))


def test_named_results_keep_the_names_that_they_get() -> None:
    def middle(a: Any) -> Any:
        w, v = np.linalg.eigh(a)
        return w[1] * v[0, 1]

    text = grad(middle).source(POSITIVE)
    assert "w, v = np.linalg.eigh(a)" in text


def test_a_pullback_takes_a_cotangent_for_each_result() -> None:
    def both(a: Any) -> Any:
        q, r = np.linalg.qr(a)
        return q, r

    (q, r), pullback = vjp(both, SQUARE)
    assert q @ r == pytest.approx(SQUARE)
    (bar,) = pullback((np.zeros_like(q), np.zeros_like(r)))
    assert np.array_equal(bar, np.zeros((3, 3)))


linalg: Any = np.linalg
REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda a: linalg.eig(a)[0][0], "complex numbers"),
    (lambda a: linalg.eigvals(a)[0], "complex numbers"),
    (lambda a: linalg.lstsq(a, a[0])[1][0], "only the solution"),
    (lambda a: linalg.norm(a, 3), "no order 3"),
    (lambda a: linalg.qr(a, mode="r")[0, 0], "another mode"),
]


@pytest.mark.parametrize(("function", "reason"), REFUSED)
def test_refusals_by_name(function: Any, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(function)(SQUARE)
    with pytest.raises(Unsupported, match=reason):
        jvp(function, (SQUARE,), (SQUARE,))


def test_singular_values_of_the_full_factorisation() -> None:
    def total(a: Any) -> Any:
        return np.sum(np.linalg.svd(a)[1] ** 2)

    tall = SQUARE[:, :2].copy()
    assert grad(total)(tall) == pytest.approx(2 * tall)


def test_rank_is_flat() -> None:
    def weighted(a: Any) -> Any:
        return np.sum(a) * np.linalg.matrix_rank(a)

    assert np.array_equal(grad(weighted)(SINGULAR), np.full((3, 3), 2.0))


def test_solve_reuses_its_solution() -> None:
    def loss(a: Any, b: Any) -> Any:
        x = np.linalg.solve(a, b)
        return np.sum(x * x)

    text = grad(loss, (0, 1)).source(SQUARE, np.ones(3))
    assert text.count("np.linalg.solve") == 2
    assert "np.linalg.solve(a.T, " in text


def test_products_under_the_names_of_linalg() -> None:
    def same(a: Any, x: Any) -> Any:
        return np.sum(linalg.outer(x, x) * linalg.matmul(a, a)) + linalg.vecdot(x, x)

    def plain(a: Any, x: Any) -> Any:
        return np.sum(np.outer(x, x) * (a @ a)) + x @ x

    for one, other in zip(*(grad(f, (0, 1))(SQUARE, RANK_ONE[0]) for f in (same, plain))):
        assert one == pytest.approx(other)


def test_a_chain_of_matrices_is_written_as_one() -> None:
    def f(a: Any, x: Any) -> Any:
        return np.linalg.multi_dot([x, a, a, x])

    text = grad(f, (0, 1)).source(SQUARE, RANK_ONE[0])
    value, slopes = value_and_grad(f, (0, 1))(SQUARE, RANK_ONE[0])
    assert value == np.linalg.multi_dot([RANK_ONE[0], SQUARE, SQUARE, RANK_ONE[0]])
    assert slopes[1] == pytest.approx((SQUARE @ SQUARE + (SQUARE @ SQUARE).T) @ RANK_ONE[0])
    assert "for " not in text


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_cross_products_of_vectors_of_unknown_length_are_of_three_elements(backend: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(np.cross(x, y))

    with pytest.raises(ValueError, match=r"3-dimensional|three elements"):
        grad(f, backend=backend)(np.ones(2), np.array([1.0, 2.0]))


def test_cross_products_of_pairs_are_numbers() -> None:
    def f(s: float) -> Any:
        return np.cross(np.array([s, 2.0]), np.array([3.0, s * s])) * 1.0

    assert value_and_grad(f)(1.5) == (1.5**3 - 6.0, 3 * 1.5**2)


def aligned(p: Any, q: Any) -> Any:
    """Kabsch's rotation (1976) of one set of points onto another, and how far they are apart."""
    p, q = p - np.mean(p, axis=0), q - np.mean(q, axis=0)
    u, _, vh = linalg.svd(p.T @ q)
    sign = np.sign(linalg.det(u @ vh))
    turn = u @ np.diag(np.array([1.0, 1.0, sign])) @ vh
    return np.sum((p @ turn - q) ** 2)


def test_all_singular_vectors_of_a_square_matrix() -> None:
    p, q = np.sin(np.arange(15.0)).reshape(5, 3), np.cos(np.arange(15.0) ** 2).reshape(5, 3)
    check_grads(aligned, (p, q))

    def of_a_product(a: Any) -> Any:
        return np.sum(linalg.svd(a @ a.T)[0] ** 3)

    def right_ones(a: Any) -> Any:
        return np.sum(linalg.svd(a)[2] ** 3)

    check_grads(of_a_product, (SQUARE,))
    check_grads(right_ones, (SQUARE,))


def test_all_singular_vectors_of_other_matrices_are_refused_when_it_runs() -> None:
    def values(a: Any) -> Any:
        return np.sum(linalg.svd(a)[1] ** 1.5)

    def vectors(a: Any) -> Any:
        return np.sum(linalg.svd(a)[0] ** 3)

    for a in (SQUARE[:, :2], SQUARE[:2]):
        check_grads(values, (a,))
        with pytest.raises(ValueError, match="full_matrices=False"):
            grad(vectors)(a)
        with pytest.raises(ValueError, match="full_matrices=False"):
            jvp(vectors, (a,), (a,))
