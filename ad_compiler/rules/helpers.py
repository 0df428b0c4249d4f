"""Functions that an emitted module carries along where it needs them.

They are kept as text: what the evaluator runs is what is written out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

UNBROADCAST = '''def unbroadcast(g, x):
    """Sum g over the axes along which x was broadcast to its shape."""
    while np.ndim(g) > np.ndim(x):
        g = np.sum(g, axis=0)
    axes = tuple(k for k, n in enumerate(np.shape(x)) if n == 1 and np.shape(g)[k] != 1)
    return np.sum(g, axis=axes, keepdims=True) if axes else g'''

CHECK_LENGTH = '''def check_length(x, n):
    """Raise ValueError unless x has n items, as unpacking it into n names does."""
    if len(x) > n:
        raise ValueError(f"too many values to unpack (expected {n})")
    if len(x) < n:
        raise ValueError(f"not enough values to unpack (expected {n}, got {len(x)})")'''

LAST_WRITES = '''def last_writes(shape, index):
    """Where, in `x[index] = values`, a value is the last one written to its place."""
    order = np.zeros(shape, dtype=np.int64)
    places = np.arange(order[index].size).reshape(order[index].shape)
    order[index] = places
    return order[index] == places'''

CHECK_APART = '''def check_apart(x, y, names):
    """Raise ValueError if two arrays share memory, one of which is changed in place."""
    if np.may_share_memory(x, y):
        raise ValueError(f"{names} share memory, and one of them is changed in place")'''

COFACTORS = '''def cofactors(a):
    """The derivative of det(a), also where a is singular: its cofactor matrix."""
    finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(finite, a, 0.0))
    one = np.eye(a.shape[-1], dtype=bool)
    others = np.prod(np.where(one, 1.0, s[..., np.newaxis, :]), axis=-1)
    signs = np.linalg.det(u) * np.linalg.det(vh)
    products = signs[..., np.newaxis, np.newaxis] * others[..., np.newaxis, :]
    return np.where(finite, (u * products) @ vh, np.nan)'''

COFACTORS_DOT = '''def cofactors_dot(a, a_dot):
    """The derivative of the cofactor matrix of a in the direction a_dot."""
    finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(finite, a, 0.0))
    one = np.eye(a.shape[-1], dtype=bool)
    either = one[:, np.newaxis, :] | one
    others = np.prod(np.where(either, 1.0, s[..., np.newaxis, np.newaxis, :]), axis=-1)
    others = np.where(one, 0.0, others)
    turned = np.swapaxes(u, -1, -2) @ a_dot @ np.swapaxes(vh, -1, -2)
    diagonal = np.sum(others * np.sum(np.where(one, turned, 0.0), axis=-2)[..., np.newaxis, :], -1)
    inner = np.where(one, diagonal[..., np.newaxis], -others * np.swapaxes(turned, -1, -2))
    signs = np.linalg.det(u) * np.linalg.det(vh)
    return np.where(finite, signs[..., np.newaxis, np.newaxis] * (u @ inner @ vh), np.nan)'''

INVERSE_GAPS = '''def inverse_gaps(w):
    """1 / (w[j] - w[i]) in row i, column j: 0 on the diagonal, nan where two are equal."""
    gaps = w[..., np.newaxis, :] - w[..., :, np.newaxis]
    scale = np.max(np.abs(w), axis=-1, keepdims=True, initial=0.0)[..., np.newaxis]
    same = np.abs(gaps) <= 4.0 * w.shape[-1] * np.finfo(w.dtype).eps * scale
    inverse = 1.0 / np.where(same, 1.0, gaps)
    return np.where(np.eye(w.shape[-1], dtype=bool), 0.0, np.where(same, np.nan, inverse))'''

LEADING = '''def leading(r):
    """The leading square of r; nan where its diagonal holds a zero, up to rounding."""
    size = r.shape[-2]
    diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    least = 4.0 * size * np.finfo(r.dtype).eps * np.max(diagonal, axis=-1, initial=0.0)
    singular = np.any(diagonal <= least[..., np.newaxis], axis=-1)
    return np.where(singular[..., np.newaxis, np.newaxis], np.nan, r[..., :size])'''

AS_WIDE = '''def as_wide(x, like):
    """Give x back. Raise ValueError unless its rows are as long as those of `like`."""
    if x.shape[-1] != like.shape[-1]:
        square = "only those of a square matrix have derivatives: pass full_matrices=False"
        raise ValueError(f"of all singular vectors, {square}")
    return x'''

NEXT_SNAPSHOT = '''def next_snapshot(start, last, slots):
    """How far to run from start, to keep the next of `slots` states on the way to last."""
    length, sweeps, reach = last - start + 1, 0, 1
    while reach < length:  # reach: the trips that can be reversed in so many sweeps
        sweeps += 1
        reach = reach * (slots + 1 + sweeps) // sweeps
    fewer = reach * sweeps // (slots + 1 + sweeps)
    least = fewer * (sweeps - 1) // (slots + sweeps)
    return start + max(least, length - (reach - fewer), 1)'''

HELPERS = {
    "unbroadcast": UNBROADCAST,
    "check_length": CHECK_LENGTH,
    "last_writes": LAST_WRITES,
    "check_apart": CHECK_APART,
    "cofactors": COFACTORS,
    "cofactors_dot": COFACTORS_DOT,
    "inverse_gaps": INVERSE_GAPS,
    "leading": LEADING,
    "as_wide": AS_WIDE,
    "next_snapshot": NEXT_SNAPSHOT,
}
"""Source text by name."""


@cache
def helper(name: str) -> Callable[..., Any]:
    """The function that a text defines."""
    namespace: dict[str, Any] = {"np": np}
    exec(compile(HELPERS[name], f"<helper {name}>", "exec"), namespace)
    return namespace[name]
