"""Linear systems: solve, inv, and their relatives for matrices that have no inverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Int, Sym, Type, broadcast, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.matrices import (
    SQUARE,
    STACK,
    TALL,
    TALL_STACK,
    fitted,
    float_dtype,
    matrix,
    shorter,
    square,
    transposed,
)
from ad_compiler.rules.registry import Flat, Linear, Refusal, register
from ad_compiler.rules.shaping import may_fail

RIGHT, WIDE = np.array([1.0, -2.0, 0.5]), np.array([[1.0, 2.0], [-0.5, 3.0], [0.25, 1.0]])


# -- solve ----------------------------------------------------------------------------------------


def _solve_type(args: Sequence[Atom]) -> Type:
    a, b = matrix(args[0], "np.linalg.solve"), infer.array(args[1], "np.linalg.solve")
    if not b.dims:
        raise TypeRefusal("np.linalg.solve of a right side without axes", "give a vector")
    if len(b.dims) == 1:
        return Array(float_dtype(args), a.dims[:-1])
    outer = broadcast(a.dims[:-2], b.dims[:-2])
    return Array(float_dtype(args), (*outer, a.dims[-1], b.dims[-1]))


def _solved(a: Any, b: Any) -> Any:
    """Solve for a matrix, or for a vector of each matrix: their stack looks like a matrix."""
    if a.ndim == b.ndim + 1 and a.ndim > 2:
        return np.linalg.solve(a, np.expand_dims(b, -1))[..., 0]
    return np.linalg.solve(a, b)


def _times(a: Any, x: Any) -> Any:
    """Each matrix times its vector, or matrix."""
    return (a @ np.expand_dims(x, -1))[..., 0] if a.ndim == x.ndim + 1 and a.ndim > 2 else a @ x


def _solve_a(a: Any, b: Any, *, z: Any, a_dot: Any) -> Any:
    return -_solved(a, _times(a_dot, z))


def _solve_b(a: Any, b: Any, *, b_dot: Any) -> Any:
    return np.linalg.solve(a, b_dot)


def _solve_a_bar(a: Any, b: Any, *, z: Any, z_bar: Any) -> Any:
    g = _solved(transposed(a), z_bar)
    if b.ndim > 1:
        return fitted(-(g @ transposed(z)), a)
    if a.ndim == 2:
        return -np.outer(g, z)
    return -(np.expand_dims(g, -1) * np.expand_dims(z, -2))


def _solve_b_bar(a: Any, b: Any, *, z_bar: Any) -> Any:
    g = _solved(transposed(a), z_bar)
    return g if a.ndim == 2 and b.ndim == 1 else fitted(g, b)


register(
    Primitive(
        "np.linalg.solve", np.linalg.solve, _solve_type, Call("np.linalg.solve"), ("a", "b"),
        raises=may_fail, noun="solution",
    ),
    Linear(
        {"a": _solve_a, "b": _solve_b}, {"a": _solve_a_bar, "b": _solve_b_bar}, dense=True,
        samples=(
            (SQUARE, RIGHT), (SQUARE, WIDE), (STACK, RIGHT), (STACK, WIDE),
            (SQUARE, np.array([WIDE, 2 - WIDE])), (STACK[:, np.newaxis], np.array([WIDE])),
        ),
    ),
    np.linalg.solve,
)  # fmt: skip


# -- inverses -------------------------------------------------------------------------------------


def _inv_type(args: Sequence[Atom]) -> Type:
    return Array(float_dtype(args), square(args[0], "np.linalg.inv").dims)


def _inv_a(a: Any, *, z: Any, a_dot: Any) -> Any:
    return -(z @ a_dot @ z)


def _inv_a_bar(a: Any, *, z: Any, z_bar: Any) -> Any:
    return -(transposed(z) @ z_bar @ transposed(z))


register(
    Primitive(
        "np.linalg.inv", np.linalg.inv, _inv_type, Call("np.linalg.inv"), ("a",),
        raises=may_fail, noun="inverse",
    ),
    Linear({"a": _inv_a}, {"a": _inv_a_bar}, dense=True, samples=((SQUARE,), (STACK,))),
    np.linalg.inv,
)  # fmt: skip


def _pinv_type(args: Sequence[Atom]) -> Type:
    if infer.static(args[2], "hermitian"):
        raise TypeRefusal("np.linalg.pinv with `hermitian`", "leave it out")
    dims = matrix(args[0], "np.linalg.pinv").dims
    return Array(float_dtype(args[:1]), (*dims[:-2], dims[-1], dims[-2]))


def pinv_a(a: Any, rcond: Any, hermitian: bool, *, z: Any, a_dot: Any) -> Any:
    """The change of a pseudo-inverse, of constant rank (Golub and Pereyra 1973)."""
    turned = transposed(a_dot)
    outside = turned - turned @ a @ z
    inside = turned - z @ a @ turned
    return z @ transposed(z) @ outside - z @ a_dot @ z + inside @ transposed(z) @ z


def pinv_a_bar(a: Any, rcond: Any, hermitian: bool, *, z: Any, z_bar: Any) -> Any:
    """The transpose of `pinv_a`."""
    turned = transposed(z_bar)
    left = turned @ z @ transposed(z)
    right = transposed(z) @ z @ turned
    middle = transposed(z) @ z_bar @ transposed(z)
    return left - transposed(a @ z) @ left - middle + right - right @ transposed(z @ a)


register(
    Primitive(
        "np.linalg.pinv", np.linalg.pinv, _pinv_type, Call("np.linalg.pinv"),
        ("a", "rcond", "hermitian"), defaults={"rcond": None, "hermitian": False},
        raises=may_fail, noun="inverse",
    ),
    Linear(
        {"a": pinv_a}, {"a": pinv_a_bar}, dense=True, inert=("rcond",),
        convention="that of matrices of the same rank",
        samples=((SQUARE, None, False), (TALL, None, False), (TALL.T, 1e-12, False),
                 (TALL_STACK, None, False)),
    ),
    np.linalg.pinv,
)  # fmt: skip


# -- least squares --------------------------------------------------------------------------------

LSTSQ = ("x", "residuals", "rank", "s")
_ONLY_SOLUTION = Refusal(
    "of np.linalg.lstsq only the solution has a derivative rule",
    "compute the residuals from it, and the singular values with np.linalg.svd",
)


def _lstsq_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    a, b = matrix(args[0], "np.linalg.lstsq"), infer.array(args[1], "np.linalg.lstsq")
    if len(a.dims) != 2 or len(b.dims) not in (1, 2):
        raise TypeRefusal("np.linalg.lstsq of stacks of matrices", "give a matrix and a right side")
    dtype = float_dtype(args[:2])
    solution = Array(dtype, (a.dims[1], *b.dims[1:]))
    residuals = Array(dtype, (Sym(f"residuals({a.dims[0]},{a.dims[1]})"),))
    return solution, residuals, Int("i32"), Array(dtype, (shorter(*a.dims),))


def lstsq_a(a: Any, b: Any, rcond: Any, *, x: Any, a_dot: Any) -> Any:
    """The change of the solution, of which there is the part in the kernel of a too."""
    inverse = np.linalg.pinv(a, rcond)
    residual = a_dot.T @ (b - a @ x)
    shift = a_dot.T @ (inverse.T @ x)
    change = inverse @ (inverse.T @ residual - a_dot @ x) + shift - inverse @ (a @ shift)
    return change, None, None, None


def lstsq_b(a: Any, b: Any, rcond: Any, *, b_dot: Any) -> Any:
    """The solution is linear in the right side."""
    return np.linalg.pinv(a, rcond) @ b_dot, None, None, None


def outer_product(left: Any, right: Any) -> Any:
    """`left @ right.T`, also for vectors."""
    return np.outer(left, right) if left.ndim == 1 else left @ right.T


def lstsq_a_bar(a: Any, b: Any, rcond: Any, *, x: Any, x_bar: Any) -> Any:
    """The transpose of `lstsq_a`."""
    inverse = np.linalg.pinv(a, rcond)
    g = inverse.T @ x_bar
    across = outer_product(b - a @ x, inverse @ g) - outer_product(g, x)
    return across + outer_product(inverse.T @ x, x_bar - a.T @ g)


def lstsq_b_bar(a: Any, b: Any, rcond: Any, *, x_bar: Any) -> Any:
    """The transpose of `lstsq_b`."""
    return np.linalg.pinv(a, rcond).T @ x_bar


def _undefined(_args: Sequence[Atom]) -> dict[int, Refusal]:
    return {1: _ONLY_SOLUTION, 3: _ONLY_SOLUTION}


register(
    Primitive(
        "np.linalg.lstsq", np.linalg.lstsq, _lstsq_type, Call("np.linalg.lstsq"),
        ("a", "b", "rcond"), defaults={"rcond": None}, raises=may_fail, results=LSTSQ,
    ),
    Linear(
        {"a": lstsq_a, "b": lstsq_b}, {"a": lstsq_a_bar, "b": lstsq_b_bar}, dense=True,
        convention="that of matrices of the same rank", results=LSTSQ, undefined=_undefined,
        inert=("rcond",),
        samples=((TALL, RIGHT, None), (TALL, WIDE, None), (TALL.T, RIGHT[:2], None),
                 ),
    ),
    np.linalg.lstsq,
)  # fmt: skip


def _rank_type(args: Sequence[Atom]) -> Type:
    return infer.of_dtype("i64", dims_of(matrix(args[0], "np.linalg.matrix_rank"))[:-2])


register(
    Primitive(
        "np.linalg.matrix_rank", np.linalg.matrix_rank, _rank_type, Call("np.linalg.matrix_rank"),
        ("a", "tol"), defaults={"tol": None}, raises=may_fail, noun="rank",
    ),
    Flat("an integer"),
    np.linalg.matrix_rank,
)  # fmt: skip
