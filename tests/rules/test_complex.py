"""Complex numbers between real arguments and real results; Fourier transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import Unsupported, UsageError, grad, hessian, jacobian, jvp, value_and_grad
from ad_compiler.ir.primitive import COMPLEX
from ad_compiler.rules.registry import PRIMITIVES
from tests.depth import spread

RANDOM = np.random.default_rng(0)
X, Y, H = RANDOM.normal(size=6), RANDOM.normal(size=6), RANDOM.normal(size=4)
ODD, FIELD = RANDOM.normal(size=7), RANDOM.normal(size=(3, 4))
WEIGHTS = np.cos(np.arange(1.0, 40.0))


def spectrum(x: Any) -> Any:
    return np.sum(np.abs(np.fft.rfft(x)) ** 2)


def filtered(x: Any, h: Any) -> Any:
    return np.sum(np.fft.irfft(np.fft.rfft(x) * h, len(x)) ** 3)


def convolved(x: Any, y: Any) -> Any:
    return np.sum(np.sin(np.fft.ifft(np.fft.fft(x) * np.fft.fft(y)).real))


def shifted(x: Any, by: float) -> Any:
    k = np.fft.fftfreq(len(x))
    return np.sum(np.real(np.fft.ifft(np.fft.fft(x) * np.exp(-2j * np.pi * k * by))) ** 3)


def correlated(x: Any, y: Any) -> Any:
    c: Any = np.fft.rfft(x) * np.conj(np.fft.rfft(y))
    return np.max(np.fft.irfft(c / (1 + np.abs(c)))) + np.angle(c[1]) * c[2].imag


def looped(x: Any) -> Any:
    z = np.fft.rfft(x)
    s = 0.0
    for k in range(len(z)):
        s += z[k].real ** 2 * (k + 1.0) + abs(z[k])
    return s


def written(x: Any) -> Any:
    z = np.fft.fft(x)
    w: Any = np.zeros(len(x), dtype=complex)
    for k in range(len(x)):
        w[k] = z[k] * z[-k]
    z[0] = 0
    z[2:] *= 0.5
    return np.sum(w.imag + w.real) + np.sum(np.abs(z) ** 2)


def branched(x: Any) -> Any:
    if x[0] > 0:
        z = np.fft.fft(x)
    else:
        z = 2 * np.fft.fft(x) + 1j
    return np.sum(z.imag**2 * z.real)


def in_the_plane(x: Any) -> Any:
    z = np.fft.fft2(x)
    return np.sum(np.fft.ifft2(z * np.exp(-0.1 * np.abs(z))).real ** 2)


def cut(x: Any) -> Any:
    return np.sum(np.fft.irfft(np.fft.rfft(x, 9)[:3]) ** 2) + np.sum(
        np.abs(np.fft.fft(x, 4)) * np.arange(4.0)
    )


def hermitian(x: Any) -> Any:
    return np.sum(np.fft.hfft(x) ** 3) + np.sum(np.abs(np.fft.ihfft(x)) ** 3)


def made_complex(x: Any) -> Any:
    return np.sum(np.abs(x + 1j * x**2)) + np.sum(x.astype(complex).real * x)


def rearranged(x: Any) -> Any:
    z = np.fft.rfft(x)
    return np.sum((z.T.reshape(2, 2)[::-1].ravel() * np.conj(z) / (2 + z * z)).real)


def recurrent(x: Any) -> Any:
    z = np.fft.fft(x)
    h = z[0] * 0.1
    for k in range(1, len(x)):
        h = h * h * 0.1 + z[k]
    return h.real * h.imag


def layered(x: Any) -> Any:
    m: Any = np.eye(2, dtype=complex)
    for d in x:
        m = m @ np.array([[np.cos(d), 1j * np.sin(d) / 1.5], [1.5j * np.sin(d), np.cos(d)]])
    return abs((m[0, 0] + m[0, 1] * 1.5) / (m[1, 0] + m[1, 1] * 0.8)) ** 2


def from_parts(x: Any) -> Any:
    z: Any = np.array([x[0], 1j * x[1], x[2] * x[3], 2.0])
    rows = np.array([1j * x, x * x, x * x * 2j + x])
    return np.sum(np.abs(z)) + np.sum((z * z).real) + np.sum(np.abs(rows) ** 3)


def solved(x: Any) -> Any:
    a: Any = np.array([[1j + x[0], x[1]], [2.0, 1 - x[2] * 1j]])
    s: Any = np.linalg.solve(a, np.array([1.0, x[3] * 1j]))
    t = np.linalg.solve(np.array([[1 + x[0], x[1]], [2.0, 1 - x[2]]]), s)
    r = np.linalg.solve(a, np.array([x[1], x[2]]))
    return np.sum((s * t * r).imag) + np.sum(np.abs(np.linalg.inv(a)) ** 2)


def diagonal(x: Any) -> Any:
    filled: Any = np.full((2, 2), x[0] * 1j + x[1], dtype=complex)
    both: Any = filled @ (np.identity(2, dtype=complex) + np.diag(np.array([1j * x[2], x[3]])))
    return np.sum(np.abs(both) ** 2) + np.trace(both * both).real


def outer(x: Any) -> Any:
    z: Any = x + 1j * x**2
    o: Any = np.outer(z, x)
    ends: Any = np.inner(z, z).real + np.inner(z, x).imag
    return np.sum(np.abs(o) ** 2) + np.sum(np.imag(np.diagonal(o * o))) + ends


def _solved(z: Any) -> Any:
    return np.linalg.solve(np.outer(z, z) + 50 * np.eye(6), z)


CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (spectrum, (X,)), (filtered, (X, H)), (filtered, (ODD, H)), (convolved, (X, Y)),
    (shifted, (X, 0.3)), (correlated, (X, Y)), (looped, (X,)), (written, (X,)), (branched, (X,)),
    (branched, (-X,)), (in_the_plane, (FIELD,)), (cut, (X,)), (cut, (ODD,)), (hermitian, (X,)),
    (made_complex, (X,)), (rearranged, (X,)), (recurrent, (X,)), (layered, (H,)),
    (from_parts, (H,)), (solved, (H,)), (diagonal, (H,)), (outer, (H,)),
]  # fmt: skip
every_case = pytest.mark.parametrize(("f", "args"), CASES, ids=[f.__name__ for f, _ in CASES])


def slope(f: Callable[..., Any], args: tuple[Any, ...], k: int, dot: Any) -> Any:
    """The derivative along a direction in one argument, by differences extrapolated once."""

    def central(step: float) -> Any:
        ahead, behind = ([*args[:k], args[k] + h * dot, *args[k + 1 :]] for h in (step, -step))
        return (f(*ahead) - f(*behind)) / (2 * step)

    return (4 * central(1e-4) - central(2e-4)) / 3


@every_case
def test_both_modes_and_the_value(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    for k, x in enumerate(args):
        value, gradient = value_and_grad(f, k)(*args)
        assert value == f(*args)
        assert np.shape(gradient) == np.shape(x)
        assert not np.iscomplexobj(gradient)
        dot = RANDOM.normal(size=x.shape) if np.ndim(x) else 0.7
        expected = slope(f, args, k, dot)
        assert np.sum(gradient * dot) == pytest.approx(expected, rel=1e-7, abs=1e-8)
        _, tangent = jvp(f, args, tuple(dot if n == k else 0 for n in range(len(args))))
        assert tangent == pytest.approx(np.sum(gradient * dot), rel=1e-11, abs=1e-12)


@every_case
def test_second_derivatives(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    size = args[0].size
    second = hessian(f)(*args).reshape(size, size)
    np.testing.assert_allclose(second, second.T, rtol=1e-9, atol=1e-9)
    dot = RANDOM.normal(size=args[0].shape)
    expected = slope(grad(f), args, 0, dot)
    np.testing.assert_allclose(
        second @ dot.ravel(), expected.ravel(), rtol=1e-6, atol=1e-6 * np.max(np.abs(expected))
    )


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "add": lambda z: z + 2j + z, "sub": lambda z: 1 - z, "mul": lambda z: z * z * 0.5j,
    "truediv": lambda z: z / (z + 3) + 1 / z, "neg": lambda z: -z, "pos": lambda z: +z,
    "np.add": lambda z: np.add(z, 1.5), "np.subtract": lambda z: np.subtract(1j, z),
    "np.multiply": lambda z: np.multiply(z, z), "np.divide": lambda z: np.divide(1.0, z),
    "np.negative": np.negative, "np.positive": np.positive, "np.square": np.square,
    "np.exp": lambda z: np.exp(z * 0.1), "np.where": lambda z: np.where(z.real > 0, z * z, 2.0),
    "select": lambda z: z[0] * 2 if z.shape[0] > 9 else z[1],
    "zeros_like": lambda z: np.zeros_like(z) + z, "ones_like": lambda z: np.ones_like(z) * z,
    "full_like": lambda z: np.full_like(z, z[1]), "copy": lambda z: z.copy() * z,
    "np.ones": lambda z: np.ones(z.shape[0], complex) * z, "getitem": lambda z: z[1:-1] * z[2:],
    "np.reshape": lambda z: np.reshape(z, (2, 3)), "ravel": lambda z: np.ravel(z[None]),
    "np.expand_dims": lambda z: np.expand_dims(z, 1) * z, "T": lambda z: z.reshape(2, 3).T,
    "np.squeeze": lambda z: np.squeeze(z[None]), "np.roll": lambda z: np.roll(z, 2) * z,
    "np.broadcast_to": lambda z: np.broadcast_to(z, (2, 6)), "np.flip": lambda z: np.flip(z) * z,
    "np.transpose": lambda z: np.transpose(z.reshape(2, 3)), "np.tile": lambda z: np.tile(z, 2),
    "np.moveaxis": lambda z: np.moveaxis(z.reshape(2, 3), 0, 1),
    "np.swapaxes": lambda z: np.swapaxes(z.reshape(2, 3), 0, 1),
    "np.concatenate": lambda z: np.concatenate([z, z.real, z * z]),
    "np.stack": lambda z: np.stack([z, np.conj(z)]), "np.sum": lambda z: np.sum(z * z),
    "np.mean": lambda z: np.mean(z.reshape(2, 3), axis=0), "np.cumsum": np.cumsum,
    "matmul": lambda z: z.reshape(2, 3) @ z.reshape(3, 2), "np.dot": lambda z: np.dot(z, z),
    "pow": lambda z: z**3, "astype": lambda z: z.real.astype(complex) * z,
    "np.real": np.real, "np.imag": np.imag, "np.conj": lambda z: np.conj(z) * z,
    "np.abs(complex)": np.abs, "abs(complex)": abs, "np.fft.fft": np.fft.fft,
    "np.fft.ifft": lambda z: np.fft.ifft(z, 4, norm="ortho"), "flatten": lambda z: z.flatten(),
    "np.fft.irfft": lambda z: np.fft.irfft(z, 5, norm="forward"),
    "np.fft.rfft": lambda z: np.fft.rfft(z.imag, 8), "empty_like": lambda z: _filled(z, False),
    "store": lambda z: _stored(z, 0),
    "np.copy": lambda z: np.copy(z) * z,
    "np.empty": lambda z: _filled(z, True), "add_at": lambda z: _added(z, 1j),
    "array_of": lambda z: np.array([z[0] * z[1], z[2].real, 2.0]),
    "array_of_arrays": lambda z: np.array([z, z.imag, z * z]),
    "np.eye": lambda z: np.eye(6, dtype=complex) @ z,
    "np.full": lambda z: np.full(3, z[1], dtype=complex) * z[:3],
    "np.outer": lambda z: np.outer(z, z.real),
    "np.inner": lambda z: np.inner(z, z[::-1]),
    "np.diag": lambda z: np.diag(z) @ z,
    "np.diagonal": lambda z: np.diagonal(np.outer(z, z)),
    "np.trace": lambda z: np.trace(np.outer(z, z.imag)) * z[0],
    "np.linalg.solve": _solved,
    "np.linalg.inv": lambda z: np.linalg.inv(np.outer(z, z.real) + 50j * np.eye(6)),
}  # fmt: skip
INNER = {
    "ratio", "identity", "eq", "ne", "dim", "size", "np.zeros", "broadcast_like", "unbroadcast",
    "duplicate", "tape_get", "tape_new", "tape_put", "tape_add", "stop_gradient",
    "last_writes", "check_fit", "check_write", "array0",
}  # fmt: skip
"""What other cases reach, or has no derivative."""


def _filled(z: Any, fresh: bool) -> Any:
    out = np.empty(z.shape[0], dtype=complex) if fresh else np.empty_like(z)
    out[:] = z * z
    return out


def _stored(z: Any, first: int) -> Any:
    out = np.zeros(z.shape[0], dtype=complex)
    out[1:3] = z.real[:2] * z.imag[0]
    for k in range(3, 6):
        out[k] = z[k].imag ** 2
    out[first] = z[1].real
    return out * z


def _added(z: Any, by: Any) -> Any:
    out = by * z
    np.add.at(out, np.array([0, 1, 0]), z[:3] * z[1])
    return out


def test_every_operation_that_takes_complex_numbers_is_tested() -> None:
    assert COMPLEX.keys() <= PRIMITIVES.keys()
    assert COMPLEX.keys() == OPERATIONS.keys() | INNER


@pytest.mark.parametrize("name", spread(OPERATIONS, 4))
def test_an_operation(name: str) -> None:
    operation = OPERATIONS[name]

    def f(x: Any) -> Any:
        z = np.fft.fft(x) + 0.5j * x
        made = np.ravel(np.array(operation(z)))
        weights = WEIGHTS[: made.shape[0]]
        return np.sum(np.real(made) * weights) + np.sum(np.imag(made) ** 2 * weights)

    value, gradient = value_and_grad(f)(X)
    assert value == f(X)
    dot = np.sin(np.arange(6.0))
    assert gradient @ dot == pytest.approx(slope(f, (X,), 0, dot), rel=1e-7, abs=1e-9)
    assert jvp(f, (X,), (dot,))[1] == pytest.approx(gradient @ dot, rel=1e-11)
    curvature = slope(grad(f), (X,), 0, dot)
    np.testing.assert_allclose(hessian(f)(X) @ dot, curvature, rtol=1e-6, atol=1e-6)


def test_a_transform_of_real_numbers_is_a_linear_map() -> None:
    def parts(x: Any) -> Any:
        z = np.fft.rfft(x)
        return np.concatenate([z.real, z.imag])

    z = np.fft.rfft(np.eye(6))
    np.testing.assert_allclose(jacobian(parts)(X), np.hstack([z.real, z.imag]).T, atol=1e-15)


def test_the_slope_of_a_size_at_zero_is_zero() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.abs(np.fft.fft(x)))

    np.testing.assert_array_equal(grad(f)(np.zeros(4)), np.zeros(4))


def test_single_precision_stays() -> None:
    gradient = grad(spectrum)(X.astype(np.float32))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, grad(spectrum)(X), rtol=1e-5)


OTHER: Any = "other"
REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda x: 2 * np.fft.fft(x), "returns complex numbers: an array"),
    (lambda x: np.sum(np.real(np.sort(np.fft.fft(x)))), "`np.sort` of complex numbers"),
    (lambda x: float(np.fft.fft(x)[0]), "`float` of complex numbers"),
    (lambda x: np.linalg.norm(np.fft.fft(x)), "`np.linalg.norm` of complex numbers"),
    (lambda x: np.sum(np.real(np.sqrt(np.fft.fft(x)))), "`np.sqrt` of complex numbers"),
    (lambda x: np.sum((np.fft.fft(x) ** 0.5).real), "a power of complex numbers"),
    (lambda x: np.vdot(np.fft.fft(x), np.fft.fft(x)).real, "`np.vdot` of complex numbers"),
    (lambda x: np.sum(np.real(np.maximum(np.fft.fft(x), 0))), "`np.maximum` of complex numbers"),
    (lambda x: x[0] if np.fft.fft(x)[0] else x[1], "the truth of a complex number"),
    (lambda x: x[0] if np.fft.fft(x)[0] > 0 else x[1], "an order of complex numbers"),
    (lambda x: np.sum(np.fft.fft(x).astype(float)), "a conversion of complex numbers to real"),
    (lambda x: np.linalg.eigvals(np.outer(x, x)).real[0], "gives complex numbers"),
    (lambda x: np.sum(np.fft.fft(x, norm=OTHER).real), "norm"),
]


@pytest.mark.parametrize(("f", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_all_else_is_refused_by_name(f: Callable[[Any], Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason) as caught:
        grad(f)(X)
    assert caught.value.at is not None


def test_what_is_complex_is_not_written_into_real_arrays() -> None:
    def f(x: Any) -> Any:
        y = np.zeros(6)
        y[:] = np.fft.fft(x)
        return np.sum(y)

    with pytest.raises(Unsupported, match="an assignment of complex numbers to elements of real"):
        grad(f)(X)


def total(z: Any) -> Any:
    return np.sum(z.real)


def test_complex_arguments_and_captured_values_are_refused() -> None:
    weights = np.fft.fft(X)

    def f(x: Any) -> Any:
        return np.sum((x * weights).real)

    with pytest.raises(Unsupported, match="`weights` has dtype complex128"):
        grad(f)(X)
    with pytest.raises(UsageError, match="`z` has dtype complex128"):
        grad(total)(weights)


def test_numba_is_refused_by_name() -> None:
    with pytest.raises(Unsupported, match=r"np\.fft\.rfft cannot be compiled by Numba"):
        grad(spectrum, backend="numba")(X)
