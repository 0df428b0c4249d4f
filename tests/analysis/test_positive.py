"""What is surely more than zero, so that a logarithm has no infinite slope there."""
# pyright: basic

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import check_grads, grad

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])
S = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [0.1, 0.2, 0.3]])


def kept(x):
    return np.log(np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=1))[1]


def put_back(x):
    return np.log(np.exp(x - x.max(axis=0)[None, :]).sum(axis=0))[1]


def whole(x):
    return np.log(np.sum(np.exp(x - x.max())))


def of_one(x):
    return np.log(1.0 + np.exp(x)).T[1, 0]


def roots(x):
    return np.sqrt(x**2 + 1.0)[0, 1]


@pytest.mark.parametrize("f", [kept, put_back, whole, of_one, roots])
def test_no_mask_is_needed(f):
    check_grads(f, (X,))
    assert "where(x_" not in grad(f).source(X)
    assert "_taken" not in grad(f).source(X)


def other_axis(x):
    return np.log(np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=0))[1]


def in_the_wrong_place(x):
    return np.log(np.exp(x - x.max(axis=1)).sum(axis=1))[1]


def another_array(x):
    return np.log(np.exp(x - (2 * x).max(axis=1, keepdims=True)).sum(axis=1))[1]


def of_rows(x):
    return np.log(np.exp(x - x.max()).sum(axis=1))[1]


@pytest.mark.parametrize("f", [other_axis, in_the_wrong_place, another_array, of_rows])
def test_what_may_vanish_is_masked(f):
    check_grads(f, (S,))
    far = S.copy()
    far[0] += 2000.0
    with np.errstate(all="ignore"):
        assert np.isfinite(grad(f)(far.T if f is other_axis else far)).any()
    assert "_taken" in grad(f).source(S)
