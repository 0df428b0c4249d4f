"""Arrays that may be the same, depending on the path or the layout: one of them is written where
nobody can reach the others any more, and refused where somebody can."""
# pyright: basic

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, stop_gradient, value_and_grad
from tests.points import assert_same_bits

U, V = np.array([0.5, 1.5, 2.5]), np.array([0.25, -0.5, 1.0])
M = np.arange(6.0).reshape(2, 3) * 0.3 + 0.1
FORTRAN = np.asfortranarray(M)


def bump(x):
    x[0] += 5.0
    return np.sum(x)


def same(x):
    return x


def times(a, b):
    return np.sum(a * b)


# -- out of reach: nobody sees what is not written -------------------------------------------------


def rows_of_a_loop_that_is_over(m, v, c):
    s = c
    if c > 0:
        for row in m:
            s = s + np.sum(row[:1] * row)
    m[0] = s
    return np.sum(m * m)


def a_choice_within_an_expression(m, v, c):
    w = np.sin(v if c > 0 else m[0])
    v *= 2.0
    return np.sum(w * v) + np.sum(m[0])


def the_other_names_have_ended(m, v, c):
    y = v
    if c > 0:
        y = m[0]
    y[0] = c
    return np.sum(y * y)


def the_name_has_ended(m, v, c):
    y = v
    if c > 0:
        y = m[0]
    s = np.sum(y * y)
    m[0] = c * s
    v[1] = s
    return np.sum(m) * np.sum(v)


def a_view_or_a_copy_of_what_has_ended(m, v, c):
    w = m.reshape(-1)[:2]
    w[0] = c
    return np.sum(w * w)


def a_view_or_a_copy_that_has_ended(m, v, c):
    w = m.reshape(-1)[:2]
    s = np.sum(w * c)
    m[0] = c
    return np.sum(m * m) * s


def views_of_arrays_that_change_places(m, v, c):
    u, w = v * 1.0, v * 2.0
    for _ in range(3):
        inner = u[1:-1]
        w[1:-1] = inner * c + w[2:]
        u, w = w, u
    return np.sum(u * u)


RIGHT = [
    rows_of_a_loop_that_is_over, a_choice_within_an_expression, the_other_names_have_ended,
    the_name_has_ended, a_view_or_a_copy_of_what_has_ended, a_view_or_a_copy_that_has_ended,
    views_of_arrays_that_change_places,
]  # fmt: skip


CALLS = list(product(RIGHT, (M, FORTRAN), (0.5, -0.5)))


@pytest.mark.parametrize(("f", "m", "c"), CALLS)
def test_writing_what_nobody_else_reaches(f, m, c):
    def called(m, v, c):
        return f(m.copy(order="K"), v.copy(), c)

    value, _ = value_and_grad(f, (0, 1, 2))(m.copy(order="K"), V.copy(), c)
    assert_same_bits(value, called(m, V, c))
    check_grads(f, (m, V, c))


# -- arrays and their parts in loops --------------------------------------------------------------


def exchanged(x, y, n):
    part = x[::-1]
    for _ in range(n):
        part, x = x, part
    return part[0] * y[0]


def the_part_first(x, y, n):
    old = x[::-1]
    for _ in range(n):
        old = x
        x = x * y
    return old[0] + x[1]


def both_anew(x, y, n):
    part = x[1:]
    for _ in range(n):
        part = part * 2.0
        x = x * 1.5
    return np.sum(part) * x[0] * y[1]


def parts_of_parts(x, y, n):
    part = x[1:]
    inner = part[:1]
    for _ in range(n):
        inner = part[:1] * y[:1]
        part = x[1:] * 0.5
        x = x + y
    return np.sum(inner) * np.sum(part) * x[0]


LOOPS = [exchanged, the_part_first, both_anew, parts_of_parts]


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("f", LOOPS)
def test_a_part_and_the_whole_move_apart(f, n):
    assert_same_bits(value_and_grad(f, (0, 1))(U, V, n)[0], f(U, V, n))
    check_grads(f, (U, V, n))


def all_of_a_view(m, v, c):
    w = v[::-1][()]
    w[0] *= c
    w[()][1] = m[0, 0]
    t = (m * 1.0).T
    t[()][0] = c
    return np.sum(w**2) + np.sum(t**2)


def test_all_of_a_view_is_the_view():
    assert_same_bits(value_and_grad(all_of_a_view)(M, V, 0.5)[0], all_of_a_view(M, V.copy(), 0.5))
    check_grads(all_of_a_view, (M, V, 0.5))


def written_grids(m, v, c):
    rows, columns = np.meshgrid(v, m[0])
    v[0] = c
    rows[0] *= c
    columns[1] = rows[0]
    return np.sum(rows**2) + np.sum(columns**3) + np.sum(v)


def test_grids_are_arrays_of_their_own():
    assert_same_bits(value_and_grad(written_grids)(M, V, 0.5)[0], written_grids(M, V.copy(), 0.5))
    check_grads(written_grids, (M, V, 0.5))


# -- within reach ----------------------------------------------------------------------------------


def by_a_name(m, v, c):
    w = m.reshape(-1)[:2]
    w[0] = c
    return np.sum(w * w) + m[0, 0]


def by_the_loop(m, v, c):
    y = v
    if c > 0:
        y = m[0]
    s = 0.0
    for z in (v, y):
        z[0] += 1.0
        s += np.sum(z * z)
    return s


def by_a_call_in_progress(m, v, c):
    y = m[0]
    if c > 0:
        y = v
    return times(y, bump(v))


def by_what_a_call_returned(m, v, c):
    y = m[0]
    if c > 0:
        y = v
    return times(same(y), bump(v))


def by_a_choice_in_progress(m, v, c):
    return times((v if c > 0 else m[0]), bump(v))


def by_a_list(m, v, c):
    y = m[0]
    if c > 0:
        y = v
    kept = [same(y)]
    v[0] = 2.0
    return np.sum(kept[0] * v)


def by_a_function(m, v, c):
    y = m[0]
    if c > 0:
        y = v
    later = lambda t: np.sum(y) * t  # noqa: E731
    v[0] = 2.0
    return later(c) * np.sum(v)


def by_an_iterator(m, v, c):
    y = v * 2
    if c > 0:
        y = v
    sums = map(np.sum, [y, y])
    v[0] = 2.0
    return sum(sums) * c


def by_a_method(m, v, c):
    y = v * 2
    if c > 0:
        y = v
    total = y.sum
    v[0] = 2.0
    return total() * c


def by_stop_gradient(m, v, c):
    fixed = stop_gradient(v)
    v[0] *= 2.0
    return fixed[0] * v[1]


def the_result_of_stop_gradient(m, v, c):
    fixed = stop_gradient(v)
    fixed[0] = 7.0
    return np.sum(v)


def a_view_or_a_copy_in_progress(m, v, c):
    return np.sum(np.multiply(m.reshape(-1), bump(m)))


def a_view_or_a_copy_in_a_list(m, v, c):
    kept = [m.reshape(-1) for _ in range(len(v))]
    m *= 0.5
    return np.sum(kept[0]) + np.sum(m)


def a_view_or_a_copy_put_into_a_list(m, v, c):
    kept = [0.5 * m[0] for _ in range(len(v))]
    kept[1] = m.reshape(-1)[:3]
    m *= 0.5
    return np.sum(kept[1])


def parts_in_a_list(m, v, c):
    kept = np.vsplit(m, len(v) - 1)
    m *= 0.5
    return np.sum(kept[0])


def a_view_or_a_copy_as_a_default(m, v, c):
    later = lambda t, y=m.reshape(-1): np.sum(y) * t  # noqa: E731, B008
    m *= 0.5
    return later(c)


def a_view_or_a_copy_in_a_partial(m, v, c):
    later = partial(times, m.reshape(-1))
    m *= 0.5
    return later(c)


def a_view_or_a_copy_in_an_iterator(m, v, c):
    pairs = zip(m.reshape(-1), [1.0, 2.0], strict=False)
    m *= 0.5
    return sum(a * b for a, b in pairs)


def a_view_or_a_copy_that_a_loop_goes_through(m, v, c):
    s = 0.0
    for x in m.reshape(-1):
        m *= 0.5
        s += x
    return s


def a_view_or_a_copy_that_a_comprehension_goes_through(m, v, c):
    return sum([x * bump(m) for x in m.reshape(-1)])


REFUSED = [
    by_a_name, by_the_loop, by_a_call_in_progress, by_what_a_call_returned,
    by_a_choice_in_progress, by_a_list, by_a_function, by_an_iterator, by_a_method,
    by_stop_gradient, the_result_of_stop_gradient,
    a_view_or_a_copy_in_progress,
    a_view_or_a_copy_in_a_list, a_view_or_a_copy_put_into_a_list, parts_in_a_list,
    a_view_or_a_copy_as_a_default, a_view_or_a_copy_in_a_partial, a_view_or_a_copy_in_an_iterator,
    a_view_or_a_copy_that_a_loop_goes_through, a_view_or_a_copy_that_a_comprehension_goes_through,
]  # fmt: skip


@pytest.mark.parametrize("f", REFUSED)
def test_writing_what_others_reach_is_refused(f):
    with pytest.raises(Unsupported, match="cannot be changed in place here"):
        value_and_grad(f, (0, 1))(M.copy(), V.copy(), 0.5)


def test_a_loop_that_is_over_no_longer_holds_what_it_went_through():
    def f(m, v, c):
        s = 0.0
        for x in m.reshape(-1):
            s += x * c
        m[0] = s
        return np.sum(m * m)

    check_grads(f, (M, V, 0.5))


def test_rows_of_single_precision_in_a_list_that_grows():
    def f(x, a, n):
        rows = []
        for k in range(n):
            rows.append((a * k, x[k], np.sin(x[k])))
        return sum(p * q * r for p, q, r in rows)

    x = U.astype(np.float32)
    value, slope = value_and_grad(f)(x, 0.5, 3)
    assert_same_bits(value, f(x, 0.5, 3))
    assert slope.dtype == np.float32
    expected = value_and_grad(f)(x.astype(float), 0.5, 3)[1]
    np.testing.assert_allclose(slope, expected, rtol=1e-6)
