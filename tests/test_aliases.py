"""What NumPy gives as a view or as the array itself, and what as a copy: a write through one name
is seen under the other, or is not, as in NumPy."""
# pyright: basic

from __future__ import annotations

import linecache
import re

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, value_and_grad
from tests.depth import spread
from tests.points import assert_same_bits


def listed(text):
    """Expressions with two spaces, or the end of a line, between them."""
    return re.split(r"\n|  +", text.strip())


BODIES = {
    "the array changes": "y *= 2.0; return np.sum(v)",
    "the other changes": "v *= 3.0; return np.sum(y * y)",
    "an element changes": "y[0] = 7.0 * x[1]; return np.sum(v * v)",
}
BOTH = listed("""
y.conj()  y.conjugate()  np.conj(y)  np.float64(y)  np.double(y)  y.real  np.real(y)  y.view()  +y
np.ascontiguousarray(y)  np.asfortranarray(y)  y.astype(float)  y.astype(float,copy=False)
np.astype(y,float)  np.astype(y,float,copy=False)  np.asanyarray(y)  np.require(y)
np.require(y,dtype=float)  np.array(y)
np.array(y,copy=None)  np.asarray(y,dtype=float)  np.atleast_1d(y)  np.atleast_2d(y)  np.squeeze(y)
y.squeeze()  np.ravel(y)  y.ravel()  y.flat[:]  y.flat[1:]  y.reshape(-1)  np.reshape(y,-1)
np.broadcast_to(y,y.shape)  y.flatten()  np.positive(y)  np.asarray_chkfinite(y)  y.take([0,1])
np.copy(y)  y.T  np.transpose(y)  y.swapaxes(0,-1)  np.moveaxis(y,0,-1)  np.roll(y,0)  y[None]
y[...]  y[:]  np.expand_dims(y,0)  np.flip(y)  y[::-1]  np.tile(y,1)  np.repeat(y,1)  np.hstack([y])
np.concatenate([y])  np.hsplit(y,1)[0]  np.split(y,2)[0]  np.array_split(y,2)[1]  np.unstack(y)[0]
np.append(y,[])  y.clip(-99,99)  np.where(True,y,y)  np.cumsum(y)  np.sort(y)  y[[0,1]]  y[y>-100]
np.array(y,ndmin=2)  y[0:1]  np.concat([y])  y.reshape(y.shape)  np.vstack([y])  np.nan_to_num(y)
np.apply_along_axis(lambda r:r,0,y)  np.vectorize(lambda t:t)(y)  np.select([y>0],[y],y)
""")
MATRICES = listed("""
np.diagonal(y)  np.diag(y)  np.tril(y)  np.rot90(y,0)  np.rot90(y,1)  np.rot90(y,2)  np.fliplr(y)
np.flipud(y)  y.mT  np.matrix_transpose(y)  np.linalg.diagonal(y)  np.vsplit(y,1)[0]  y.diagonal()
np.column_stack([y])  np.dstack([y])  y.flatten('F')  y.T.flat[:]  y[:,0]  y[0].reshape(-1)
np.squeeze(y[:1])  np.atleast_2d(y[0])  np.einsum('ij->ji',y)  np.einsum('ii->i',y)
np.linalg.matrix_power(y,1)  [r for r in y][0]  y.max(axis=0)
""")
POINTS = {1: np.array([1.5, -2.0, 0.5, 3.0]), 2: np.array([[1.5, -2.0], [0.5, 3.0]])}
PAIRS = [(expression, 1) for expression in BOTH] + [(e, 2) for e in (*BOTH, *MATRICES)]
CASES = [
    pytest.param(e, rank, body, id=f"{e}-{rank}-{name}")
    for e, rank in PAIRS
    for name, body in BODIES.items()
]


def made(expression, body):
    lines = ["def f(x):", "    y = x.copy()", f"    v = {expression}", f"    {body}", ""]
    text, file = "\n".join(lines), f"<{expression} {body}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names = {"np": np, "__name__": __name__}
    exec(compile(text, file, "exec"), names)
    return names["f"]


@pytest.mark.parametrize(("expression", "rank", "body"), spread(CASES, 11))
def test_a_write_is_seen_where_numpy_shows_it(expression, rank, body):
    f, x = made(expression, body), POINTS[rank]
    try:
        expected = f(x.copy())
    except (ValueError, TypeError, IndexError) as error:  # NumPy forbids this write
        with pytest.raises((Unsupported, type(error))):
            value_and_grad(f)(x)
        return
    try:
        value, _ = value_and_grad(f)(x)
    except Unsupported:
        return  # refused, not wrong
    assert_same_bits(value, expected)
    check_grads(f, (x,))


REFUSED = {
    "return np.sum(x.view(np.int64))": "a view of an array as something else",
    "w = x.flat; return w[0]": "an iterator over the elements in a name",
    "return np.sum(x[tuple(np.argsort(x))])": "a tuple whose length is not known",
    "t = tuple(np.argsort(x)); return np.sum(x[t[:1] + t])": "a tuple whose length is not known",
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.items())
def test_what_is_neither_a_view_nor_a_copy_is_refused(body, reason):
    with pytest.raises(Unsupported, match=reason):
        value_and_grad(made("x", body))(POINTS[1])


def test_lists_of_truth_values_are_masks():
    def f(x):
        y = x.copy()
        y[(x > 1.0).tolist()] = 0.0
        return np.sum(y**2) + np.sum(x[(x < 0.0).tolist()]) + np.sum(np.array((x > 1).tolist()) * x)

    x = POINTS[1]
    assert_same_bits(value_and_grad(f)(x)[0], f(x))
    check_grads(f, (x,))


def test_most_are_accepted():
    refused = 0
    for expression, rank in PAIRS:
        f, x = made(expression, "return np.sum(v * v)"), POINTS[rank]
        try:
            assert_same_bits(value_and_grad(f)(x)[0], f(x))
        except Unsupported:
            refused += 1
    assert refused <= 3


def views_of_rows_and_of_all(x):
    y = x.copy()
    y[0].T[1] = 4.0 * x[1, 1]
    y[1].T[:1] *= x[0, 0]
    v = y[0][1:].T
    v[0] += 1.0
    v *= x[0, 1]
    y[()][1] *= x[0, 1]
    y[...][()][0, 0] = x[1, 0] ** 2
    return np.sum(y**2)


def numbers_of_elements_that_may_be_none(x, least):
    places = [i for i in range(len(x)) if x[i] > least]
    y = x.copy()
    y[places] = 0.0
    return np.sum(x[places] ** 2) + np.sum(y**3)


def test_views_in_turn_and_indices_that_are_none() -> None:
    m, v = np.array([[1.5, -2.0], [0.5, 3.0]]), np.array([0.2, 0.7, 0.9])
    check_grads(views_of_rows_and_of_all, (m,))
    assert value_and_grad(views_of_rows_and_of_all)(m)[0] == views_of_rows_and_of_all(m)
    for least in (0.5, 5.0):
        check_grads(lambda x, least=least: numbers_of_elements_that_may_be_none(x, least), (v,))
