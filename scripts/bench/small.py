"""Functions whose gradients cost less than a call: ten operations, and six derivatives of tanh."""

import math
from functools import partial
from typing import Any

import numpy as np

from ad_compiler import elementwise_grad
from scripts.bench.workload import Form, Function, Workload, compiled, finished, peer
from scripts.kernels.small import scalar, tanh

TIMES = 6


def adjoint(x: Any, y: Any) -> Any:
    """With respect to x and y."""
    a = x * y
    b = math.sin(a) + x
    c = b * b - y
    e = math.exp(-c * c)
    q = 1.0 + b * b
    d_bar = 1.0 / q
    c_bar = -2.0 * c * e * d_bar
    b_bar = 2.0 * b * (c_bar - (e + a) / (q * q))
    a_bar = d_bar + math.cos(a) * b_bar
    return y * a_bar + b_bar, x * a_bar - c_bar


def sixth(x: Any) -> Any:
    """The polynomial in t = tanh(x), for arrays."""
    t = np.tanh(x)
    s = t * t
    return 16.0 * t * (1.0 - s) * (s * (60.0 - 45.0 * s) - 17.0)


def sixth_by_loop(x: Any) -> Any:
    """The same, element by element."""
    out = np.empty_like(x)
    for i in range(len(x)):
        t = math.tanh(x[i])
        s = t * t
        out[i] = 16.0 * t * (1.0 - s) * (s * (60.0 - 45.0 * s) - 17.0)
    return out


def scalar_in_autograd() -> Function:
    """Autograd's NumPy for `math`."""
    autograd, anp = peer("autograd")

    return autograd.grad(_with(anp), (0, 1))


def scalar_in_jax() -> Function:
    """JAX's NumPy for `math`."""
    jax, jnp = peer("jax")

    return finished(jax.jit(jax.grad(_with(jnp), (0, 1))))


def _with(numpy: Any) -> Function:
    def own(x: Any, y: Any) -> Any:
        a = x * y
        b = numpy.sin(a) + x
        c = b * b - y
        d = numpy.exp(-c * c) + a
        return d / (1.0 + b * b)

    return own


def sixth_of_ours(style: str) -> Function:
    """Derivatives of derivatives."""
    function: Any = tanh
    for _ in range(TIMES):
        function = elementwise_grad(function, backend=style)
    return function.direct(np.zeros(2))


def sixth_in_autograd() -> Function:
    """Derivatives of derivatives."""
    autograd, anp = peer("autograd")

    function: Any = anp.tanh
    for _ in range(TIMES):
        function = autograd.elementwise_grad(function)
    return function


def sixth_in_jax() -> Function:
    """Derivatives of derivatives, for each element."""
    jax, jnp = peer("jax")

    function: Any = jnp.tanh
    for _ in range(TIMES):
        function = jax.grad(function)
    return finished(jax.jit(jax.vmap(function)))


def workloads() -> list[Workload]:
    """Both."""
    args, argnums = (0.3, 0.7), (0, 1)
    ten = {
        "python": Form(scalar, args, argnums, adjoint),
        "numba": Form(scalar, args, argnums, compiled(adjoint)),
    }
    points = (np.linspace(-3.0, 3.0, 200),)
    six = {
        "python": Form(tanh, points, 0, sixth, partial(sixth_of_ours, "python")),
        "numba": Form(tanh, points, 0, compiled(sixth_by_loop), partial(sixth_of_ours, "numba")),
    }
    return [
        Workload("ten operations", ten, scalar_in_autograd, scalar_in_jax),
        Workload("tanh, sixth derivative", six, sixth_in_autograd, sixth_in_jax),
    ]
