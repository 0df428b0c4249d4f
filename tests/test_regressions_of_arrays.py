"""What was wrong once, in programs that write into arrays."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import Unsupported, check_grads, grad, value_and_grad


def written_on_both_paths(v, s):
    a = v.copy()
    for _ in range(2):
        for _ in range(1):
            a[0] += a[1] * s
        if a[1] > 0.1:
            a[0] *= 2.0
        else:
            a[1] = a[0]
    return np.sum(a)


def overwritten_on_one_path(v, s):
    a = v.copy()
    for _ in range(3):
        a[1] *= a[0]
    if s > 1.0:
        a[2] = a[0] ** 2
    else:
        a[0] = 0.5
    return np.sum(a)


@pytest.mark.parametrize("function", [written_on_both_paths, overwritten_on_one_path])
@pytest.mark.parametrize("s", [0.7, 1.3])
def test_what_one_path_overwrites_is_not_read_from_the_other(function, s) -> None:
    for v in ([0.4, -0.3, 0.8, 0.05], [-0.4, 0.02, 0.8, 0.05], [1.0, 1.0, 1.0, 1.0]):
        check_grads(function, (np.array(v), s))


def through_a_flat_view(x, s):
    rows = x.copy()
    flat = rows.reshape(6)
    flat[::2] *= 3.0
    made = np.zeros(x.shape)
    view = made.ravel()
    for k in range(4):
        view[k] = s * flat[k]
        view[k + 1] += flat[k]
    made.flat[0] *= s
    return np.sum(rows**2) + np.sum(made * made * x)


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.thorough)])
def test_arrays_in_the_order_of_columns_are_written_through_flat_views(backend) -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3) / 5
    value, slopes = value_and_grad(through_a_flat_view, (0, 1), backend=backend)(x, 0.7)
    columns = np.asfortranarray(x)
    other, others = value_and_grad(through_a_flat_view, (0, 1), backend=backend)(columns, 0.7)
    assert other == pytest.approx(value, rel=1e-14)
    assert others[0] == pytest.approx(slopes[0], rel=1e-13)
    assert others[1] == pytest.approx(slopes[1], rel=1e-13)
    if backend == "python":
        check_grads(through_a_flat_view, (columns, 0.7))
        check_grads(lambda x: np.sum(through_a_flat_view(x.T, 0.7)), (x.T.copy(),))


def left_with_another_value(A):
    p = np.ones(A.shape[0])
    k = 0
    while True:
        new = A @ p
        k += 1
        if k >= 3:
            break
        p = new
    return np.dot(new, np.arange(A.shape[0]))


@pytest.mark.thorough
def test_numba_sets_a_variable_before_a_break_and_after_it() -> None:
    A = np.cos(np.arange(16.0)).reshape(4, 4)
    expected = grad(left_with_another_value)(A)
    assert grad(left_with_another_value, backend="numba")(A) == pytest.approx(expected, rel=1e-13)


def test_cotangents_of_one_kind_on_one_path_only() -> None:
    def f(x):
        energy = 0.0
        for i in range(x.shape[0]):
            for j in range(i):
                d = x[i] - x[j]
                r = np.dot(d, d)
                if r > 4:
                    continue
                energy += 1 / r
        return energy + np.log(np.abs(np.linalg.det(x[:, :3])))

    x = np.random.default_rng(1).uniform(0.3, 1.5, (3, 4))
    slope = grad(f)(x.astype(np.float32))
    assert slope.dtype == np.float32
    assert slope == pytest.approx(grad(f)(x), rel=1e-3)


def summed_before_it_is_overwritten(v, s):
    a = v.copy()
    for k in range(1, 4):
        for _ in range(1):
            a[1:3] *= 0.5
            a.reshape(2, 2).T[1] = 0.5 * (a[k] - s)
    return np.sum(a * np.arange(4.0))


def lists_of_one_arm(v, s):
    a = v.copy()
    for _ in range(2):
        if s < 0.1:
            for _ in range(3):
                a[0] = np.sin(a[0]) * a[2]
        else:
            for _ in range(2):
                a[0] -= np.tanh(a[0] * s)
            if a[2] < 0.1:
                a[2] = np.tanh(a[0])
    return np.sum(a * np.arange(1.0, 5.0))


@pytest.mark.parametrize("function", [summed_before_it_is_overwritten, lists_of_one_arm])
def test_numba_agrees(function) -> None:
    for s in (0.7, 0.05):
        v = np.array([0.4, -0.3, 0.8, 0.05])
        expected = grad(function, (0, 1))(v, s)
        found = grad(function, (0, 1), backend="numba")(v, s)
        assert found[0] == pytest.approx(expected[0], rel=1e-12)
        assert found[1] == pytest.approx(expected[1], rel=1e-12)
    check_grads(function, (v, s))


def reshaped_where_numba_sees_several_definitions(v, s):
    a = v.copy()
    b = a * s
    t = s
    for i in range(1):
        if t < -0.2:
            for _ in range(2):
                a[1] = b[i] * np.cos(t)
            a, b = b, a
        else:
            for k in range(2):
                a[::-1] = a
                t += a[i] * np.cos(t)
                if a[2] > 0.6:
                    break
                a.reshape(2, 2)[1] += 0.5
                a[i] = a[i] * 0.25 * np.cos(b[k])
    return np.sum(a * np.arange(1.0, 5.0)) + np.sum(a * b) + t


@pytest.mark.thorough
def test_what_numba_takes_for_dead_code_is_written() -> None:
    v = np.array([0.4, -0.3, 0.8, 0.05])
    expected = grad(reshaped_where_numba_sees_several_definitions, (0, 1))(v, 0.7)
    found = grad(reshaped_where_numba_sees_several_definitions, (0, 1), backend="numba")(v, 0.7)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert found[1] == pytest.approx(expected[1], rel=1e-12)


def left_before_it_is_made(v, s):
    a = v.copy()
    for k in range(3):
        trips = 0
        while trips < 2 and a[2] < 5.0:
            trips += 1
            a = np.tanh(a * s)
            if a[0] > 0.2:
                square = a.reshape(2, 2)[:, 0]
                square[-1] += 0.5 * a[2]
                a[k] += square[0] * a[1]
                break
    return np.sum(a * np.arange(1.0, 5.0))


@pytest.mark.thorough
def test_numba_keeps_what_some_trips_do_not_make() -> None:
    for v in ([0.4, -0.3, 0.8, 0.05], [0.1, -0.3, 9.0, 0.05]):
        expected = grad(left_before_it_is_made, (0, 1))(np.array(v), 0.7)
        found = grad(left_before_it_is_made, (0, 1), backend="numba")(np.array(v), 0.7)
        assert found[0] == pytest.approx(expected[0], rel=1e-12)
        assert found[1] == pytest.approx(expected[1], rel=1e-12)


def test_numba_does_not_wrap_small_integers_around() -> None:
    counts = np.array([1, 250, 3], dtype=np.uint8)

    def f(u):
        return np.sum((counts - 5) * u)

    assert np.array_equal(grad(f)(np.ones(3)), [252.0, 245.0, 254.0])
    with pytest.raises(Unsupported, match="wraps around"):
        grad(f, backend="numba")(np.ones(3))
