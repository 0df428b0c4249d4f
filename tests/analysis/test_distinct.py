"""Elements that an index takes once are written in reverse, those that it may take twice added."""
# pyright: basic

from __future__ import annotations

import numpy as np
import pytest

from ad_compiler import check_grads, grad

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [0.1, 0.2, 0.3]])
LABELS = np.array([1, 1, 1])


def of_each_row(x, labels):
    return np.sum(x[np.arange(len(labels)), labels] ** 2)


def in_order(x, labels):
    y = x[0]
    return np.sum(y[np.argsort(y)] * labels * np.arange(0, 3))


def columns(x, labels):
    return np.sum(x[:, np.arange(3)] ** 2)


@pytest.mark.parametrize("f", [of_each_row, in_order, columns])
def test_taken_once(f):
    check_grads(f, (X, LABELS))
    assert "np.add.at" not in grad(f).source(X, LABELS)


def all_labels_of_each_row(x, labels):
    return np.sum(x[np.arange(3)[:, np.newaxis], labels] ** 2)


def of_the_first_row(x, labels):
    return np.sum(x[np.arange(1), labels] ** 2)


def of_as_many_rows(x, labels):
    return np.sum(x[np.arange(len(x)), labels] ** 2)


def from_both_ends(x, labels):
    return np.sum(x[np.arange(-2, 2), 1] ** 2)


def backwards(x, labels):
    return np.sum(x[np.arange(0, -4, -1), 1] ** 2)


TWICE = [all_labels_of_each_row, of_the_first_row, of_as_many_rows, from_both_ends, backwards]


@pytest.mark.parametrize("f", TWICE)
def test_perhaps_taken_twice(f):
    check_grads(f, (X, LABELS))
    assert "np.add.at" in grad(f).source(X, LABELS)


def test_one_row_for_all_labels():
    check_grads(of_as_many_rows, (X[:1], LABELS))
