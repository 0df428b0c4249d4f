"""What the rules of linear algebra share: types of stacks of matrices, and small functions of them.

Every function of `np.linalg` works on the last two axes, and repeats itself along those before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym
from ad_compiler.rules import infer
from ad_compiler.rules.likeness import UNBROADCAST

SQUARE = np.array([[3.0, 1.0, -2.0], [0.5, -4.25, 1.5], [2.0, 1.0, 2.5]])
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, 0.5, 2.0]])
TALL = np.array([[3.0, 1.0], [0.5, -4.0], [2.0, 1.5]])
STACK = np.array([SQUARE, SQUARE.T + np.eye(3)])
TALL_STACK = np.array([TALL, TALL[::-1] * [2.0, 0.5]])
POSITIVE = SQUARE @ SQUARE.T / 4
POSITIVE_STACK = np.array([POSITIVE, POSITIVE[::-1, ::-1] + np.eye(3)])


def matrix(arg: Atom, who: str) -> Array:
    """The type of an operand that must be a matrix, or a stack of them."""
    array = infer.array(arg, who)
    if len(array.dims) < 2:
        raise TypeRefusal(f"{who} of an array of {len(array.dims)} axes", "give a matrix")
    return array


def square(arg: Atom, who: str) -> Array:
    """The type of an operand that must be a square matrix: its axes have one length."""
    array = matrix(arg, who)
    *outer, rows, columns = array.dims
    length = 1 if 1 in (rows, columns) else rows
    return Array(array.dtype, (*outer, length, length))


def float_dtype(args: Sequence[Atom]) -> str:
    """The dtype in which `np.linalg` works: integers become float64."""
    dtype = infer.promote(infer.types_of(args))
    return "f64" if dtype[0] in "iub" else dtype


def shorter(rows: Dim, columns: Dim) -> Dim:
    """The lesser of two lengths."""
    return rows if rows == columns else Sym(f"min({rows},{columns})")


def transposed(x: Any) -> Any:
    """Each matrix transposed."""
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def scaled(columns: Any, by: Any) -> Any:
    """The columns of each matrix, each times a number."""
    return columns * (by if by.ndim == 1 else np.expand_dims(by, -2))


def fitted(g: Any, x: Any) -> Any:
    """A cotangent summed over the stack, where x is one of few and was repeated along it."""
    return g if g.ndim == x.ndim == 2 else UNBROADCAST(g, x)


def read(x: Any, triangle: str) -> Any:
    """The symmetric matrix of which one triangle, "L" or "U", is read."""
    if triangle in ("L", "l"):
        return np.tril(x) + transposed(np.tril(x, -1))
    return np.triu(x) + transposed(np.triu(x, 1))


def unread(g: Any, triangle: str) -> Any:
    """The transpose of `read`."""
    if triangle in ("L", "l"):
        return np.tril(g) + transposed(np.triu(g, 1))
    return np.triu(g) + transposed(np.tril(g, -1))
