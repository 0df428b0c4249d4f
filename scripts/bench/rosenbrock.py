"""The chained Rosenbrock function: nothing is stored."""

from typing import Any

import numpy as np

from scripts.bench.workload import Form, Workload, by_autograd, by_jax, compiled
from scripts.kernels.rosenbrock import rosenbrock, rosenbrock_arrays


def adjoint(x: Any) -> Any:
    """Forward and reverse in one loop."""
    x_bar = np.zeros_like(x)
    for i in range(len(x) - 1):
        a = x[i + 1] - x[i] * x[i]
        a_bar = 200.0 * a
        x_bar[i + 1] += a_bar
        x_bar[i] -= 2.0 * (x[i] * a_bar + (1.0 - x[i]))
    return x_bar


def adjoint_of_arrays(x: Any) -> Any:
    """The same with slices."""
    head = x[:-1]
    a_bar = 200.0 * (x[1:] - head * head)
    x_bar = np.empty_like(x)
    x_bar[0] = 0.0
    x_bar[1:] = a_bar
    a_bar *= head
    a_bar += 1.0
    a_bar -= head
    x_bar[:-1] -= 2.0 * a_bar
    return x_bar


def workloads() -> list[Workload]:
    """Three sizes."""
    return [_of_size(size) for size in (1_000, 10_000, 100_000)]


def _of_size(size: int) -> Workload:
    args = (np.random.default_rng(0).normal(size=size),)
    forms = {
        "python": Form(rosenbrock_arrays, args, 0, adjoint_of_arrays),
        "numba": Form(rosenbrock, args, 0, compiled(adjoint)),
    }
    peers = by_autograd(rosenbrock_arrays, 0), by_jax(rosenbrock_arrays, 0)
    return Workload(f"Rosenbrock, {size:,}", forms, *peers)
