"""A classifier of two layers: 128 images of 784 pixels, 256 hidden units, 10 classes."""

from typing import Any

import numpy as np

from scripts.bench.workload import Form, Workload, by_autograd, by_jax
from scripts.kernels.classifier import classifier


def adjoint(w1: Any, b1: Any, w2: Any, b2: Any, images: Any, labels: Any) -> Any:
    """With respect to all weights."""
    total = images @ w1 + b1
    hidden = np.maximum(total, 0.0)
    scores = hidden @ w2 + b2
    scores -= np.max(scores, axis=1, keepdims=True)
    shares = np.exp(scores)
    shares /= np.sum(shares, axis=1, keepdims=True)
    scores_bar = (shares - labels) / len(images)
    hidden_bar = scores_bar @ w2.T
    total_bar = hidden_bar * (total > 0.0)
    return (
        images.T @ total_bar,
        np.sum(total_bar, axis=0),
        hidden.T @ scores_bar,
        np.sum(scores_bar, axis=0),
    )


def workloads() -> list[Workload]:
    """One, of arrays."""
    random = np.random.default_rng(4)
    args = (
        random.normal(size=(784, 256)) / 28.0,
        random.normal(size=256),
        random.normal(size=(256, 10)) / 16.0,
        random.normal(size=10),
        random.random(size=(128, 784)),
        np.eye(10)[random.integers(0, 10, size=128)],
    )
    argnums = (0, 1, 2, 3)
    peers = by_autograd(classifier, argnums), by_jax(classifier, argnums)
    forms = {"python": Form(classifier, args, argnums, adjoint)}
    return [Workload("classifier, two layers", forms, *peers)]
