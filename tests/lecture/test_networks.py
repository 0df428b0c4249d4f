"""The linear layer, link functions, softmax cross-entropy, and descent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ad_compiler import grad, hessian, jacobian

Load = Callable[[str], Any]


def test_the_jacobian_of_a_linear_layer_is_its_matrix(lecture: Load) -> None:
    random = np.random.default_rng(0)
    for rows, columns in ((2, 3), (3, 2), (1, 4), (4, 1)):
        W, x = random.normal(size=(rows, columns)), random.normal(size=columns)
        J = jacobian(lecture("linear_layer").layer)(x, W)
        assert J.shape == W.shape
        assert np.array_equal(J, W)


def test_gradient_descent_reaches_the_least_squares_answer(lecture: Load) -> None:
    module = lecture("gradient_descent")
    inputs, targets, best = module.problem()
    theta, losses = module.descend(np.zeros(3), inputs, targets)
    assert theta == pytest.approx(best, abs=1e-12)
    assert all(after <= before * (1 + 1e-12) for before, after in pairwise(losses))


@pytest.mark.parametrize("x", [-3.0, -0.5, 0.7, 4.0])
def test_link_functions(lecture: Load, x: float) -> None:
    for f, (first, second) in lecture("link_functions").DERIVATIVES.items():
        assert grad(f)(x) == pytest.approx(first(x), rel=1e-12, abs=1e-15)
        assert grad(grad(f))(x) == pytest.approx(second(x), rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("top", [0.0, 1000.0])
def test_the_gradient_of_logsumexp_is_softmax(lecture: Load, top: float) -> None:
    module, x = lecture("link_functions"), np.array([0.5, -1.0, 2.0, 1.5]) + top
    s = module.softmax(x)
    assert grad(module.logsumexp)(x) == pytest.approx(s, rel=1e-12)
    assert hessian(module.logsumexp)(x) == pytest.approx(np.diag(s) - np.outer(s, s), abs=1e-13)


@pytest.mark.parametrize("y", [0, 2, 3])
def test_the_gradient_of_cross_entropy(lecture: Load, y: int) -> None:
    module, z = lecture("cross_entropy"), np.array([2.0, -1.0, 0.5, 0.0])
    expected = module.softmax(z) - module.onehot(y, 4)
    assert grad(module.cross_entropy)(z, y) == pytest.approx(expected, abs=1e-14)


def test_the_classifier_learns_the_digits(lecture: Load) -> None:
    module = lecture("digits")
    train_images, train_labels, test_images, test_labels = module.data()
    parameters = module.train(train_images, train_labels)
    assert module.accuracy(parameters, test_images, test_labels) >= 0.95
