"""A Runge-Kutta loop of 10,000 steps: the tape has the states that sines are taken of."""

import math
from typing import Any

import numpy as np

from scripts.bench.workload import Form, Function, Workload, compiled, finished, peer
from scripts.kernels.rk4 import rk4


def adjoint(y: Any, k: Any, h: Any, n: Any) -> Any:
    """With respect to y and k; the tape is an array, which is what Numba likes."""
    states = np.empty((n, 4))
    for t in range(n):
        a = -k * y + math.sin(y)
        u = y + 0.5 * h * a
        b = -k * u + math.sin(u)
        v = y + 0.5 * h * b
        c = -k * v + math.sin(v)
        w = y + h * c
        states[t, 0], states[t, 1], states[t, 2], states[t, 3] = y, u, v, w
        d = -k * w + math.sin(w)
        y = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    y_bar = 1.0
    k_bar = 0.0
    half, sixth = 0.5 * h, h / 6.0
    for t in range(n - 1, -1, -1):
        y, u, v, w = states[t, 0], states[t, 1], states[t, 2], states[t, 3]
        s = sixth * y_bar
        w_bar = (math.cos(w) - k) * s
        c_bar = 2.0 * s + h * w_bar
        v_bar = (math.cos(v) - k) * c_bar
        b_bar = 2.0 * s + half * v_bar
        u_bar = (math.cos(u) - k) * b_bar
        a_bar = s + half * u_bar
        k_bar -= w * s + v * c_bar + u * b_bar + y * a_bar
        y_bar += w_bar + v_bar + u_bar + (math.cos(y) - k) * a_bar
    return y_bar, k_bar


def adjoint_of_lists(y: Any, k: Any, h: Any, n: Any) -> Any:
    """The same for Python itself: states and sines are on lists."""
    states: list[Any] = []
    for _ in range(n):
        a = -k * y + math.sin(y)
        u = y + 0.5 * h * a
        b = -k * u + math.sin(u)
        v = y + 0.5 * h * b
        c = -k * v + math.sin(v)
        w = y + h * c
        states.append((y, u, v, w))
        d = -k * w + math.sin(w)
        y = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    y_bar = 1.0
    k_bar = 0.0
    half, sixth = 0.5 * h, h / 6.0
    for y, u, v, w in reversed(states):
        s = sixth * y_bar
        w_bar = (math.cos(w) - k) * s
        c_bar = 2.0 * s + h * w_bar
        v_bar = (math.cos(v) - k) * c_bar
        b_bar = 2.0 * s + half * v_bar
        u_bar = (math.cos(u) - k) * b_bar
        a_bar = s + half * u_bar
        k_bar -= w * s + v * c_bar + u * b_bar + y * a_bar
        y_bar += w_bar + v_bar + u_bar + (math.cos(y) - k) * a_bar
    return y_bar, k_bar


def step(y: Any, k: Any, h: Any, sin: Function) -> Any:
    """A step, for those who trace it."""
    a = -k * y + sin(y)
    u = y + 0.5 * h * a
    b = -k * u + sin(u)
    v = y + 0.5 * h * b
    c = -k * v + sin(v)
    w = y + h * c
    d = -k * w + sin(w)
    return y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)


def in_autograd() -> Function:
    """A loop, which autograd unrolls."""
    autograd, anp = peer("autograd")

    def end(y: Any, k: Any, h: Any, n: Any) -> Any:
        for _ in range(n):
            y = step(y, k, h, anp.sin)
        return y

    return autograd.grad(end, (0, 1))


def in_jax() -> Function:
    """A scan."""
    jax, jnp = peer("jax")

    def end(y: Any, k: Any, h: Any, n: Any) -> Any:
        def once(y: Any, _: Any) -> Any:
            return step(y, k, h, jnp.sin), None

        return jax.lax.scan(once, y, length=n)[0]

    return finished(jax.jit(jax.grad(end, (0, 1)), static_argnums=3))


def workloads() -> list[Workload]:
    """One."""
    args, argnums = (1.0, 0.3, 0.001, 10_000), (0, 1)
    forms = {
        "python": Form(rk4, args, argnums, adjoint_of_lists),
        "numba": Form(rk4, args, argnums, compiled(adjoint)),
    }
    return [Workload("RK4, 10,000 steps", forms, in_autograd, in_jax)]
