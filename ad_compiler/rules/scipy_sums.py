"""Functions of `scipy.special` that sum over an axis, or that give several results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Type, broadcast, dims_of, is_number
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.matrices import float_dtype
from ad_compiler.rules.reductions import reduced, spread
from ad_compiler.rules.registry import Linear, Refusal, compile_time, register
from ad_compiler.rules.shaping import axes_of

# -- logarithms of sums ---------------------------------------------------------------------------

OPTIONS = {"axis": None, "b": None, "keepdims": False, "return_sign": False}


def _logsumexp(a: Any, axis: Any, b: Any, keepdims: bool, return_sign: bool) -> Any:
    return special.logsumexp(a, axis=axis, b=b, keepdims=keepdims)


def _logsumexp_type(args: Sequence[Atom]) -> Type:
    a, axis, b, keepdims, sign = args
    if infer.static(sign, "return_sign"):
        raise TypeRefusal("scipy.special.logsumexp with `return_sign`", "leave it out")
    given = [a] if isinstance(b, Const) and b.value is None else [a, b]
    infer.numeric(given)
    dims = broadcast(*map(dims_of, infer.types_of(given)))
    kept = reduced(dims, infer.static(axis, "axis"), infer.static(keepdims, "keepdims"))
    return infer.of_dtype(float_dtype(given), kept)


def _weights(a: Any, axis: Any, b: Any, keepdims: bool, z: Any) -> Any:
    """The share of each term in the sum."""
    shares = np.exp(a - (z if keepdims else spread(z, axis, keepdims)))
    return shares if b is None else b * shares


def _logsumexp_a(
    a: Any, axis: Any, b: Any, keepdims: bool, return_sign: bool, *, z: Any, a_dot: Any
) -> Any:
    return np.sum(_weights(a, axis, b, keepdims, z) * a_dot, axis=axis, keepdims=keepdims)


def _logsumexp_b(
    a: Any, axis: Any, b: Any, keepdims: bool, return_sign: bool, *, z: Any, b_dot: Any
) -> Any:
    return np.sum(_weights(a, axis, None, keepdims, z) * b_dot, axis=axis, keepdims=keepdims)


def _logsumexp_a_bar(
    a: Any, axis: Any, b: Any, keepdims: bool, return_sign: bool, *, z: Any, z_bar: Any
) -> Any:
    return spread(z_bar, axis, keepdims) * _weights(a, axis, b, keepdims, z)


register(
    Primitive(
        "scipy.special.logsumexp", _logsumexp, _logsumexp_type, Call("scipy.special.logsumexp"),
        ("a", *OPTIONS), defaults=OPTIONS, keyword_only=tuple(OPTIONS), raises=infer.clashes,
    ),
    Linear(
        {"a": _logsumexp_a, "b": _logsumexp_b}, {"a": _logsumexp_a_bar}, dense=True,
        convention="nan where all terms vanish",
        samples=(
            (VECTOR, None, None, False, False), (MATRIX, 1, None, False, False),
            (MATRIX, 0, None, True, False), (MATRIX, None, None, True, False),
            (MATRIX, -1, 0.5 + MATRIX, False, False), (VECTOR, None, VECTOR + 3, False, False),
        ),
    ),
    special.logsumexp,
)  # fmt: skip


def _same_shape(args: Sequence[Atom]) -> Type:
    infer.numeric(args[:1])
    if is_number(args[0].type):
        raise TypeRefusal("scipy.special.softmax of a number", "give an array")
    axes_of(infer.static(args[1], "axis"), len(dims_of(args[0].type)))
    return infer.of_dtype(float_dtype(args[:1]), dims_of(args[0].type))


def _softmax(x: Any, axis: Any) -> Any:
    return special.softmax(x, axis=axis)


def _softmax_x(x: Any, axis: Any, *, z: Any, x_dot: Any) -> Any:
    return z * (x_dot - np.sum(z * x_dot, axis=axis, keepdims=True))


def _softmax_bar(x: Any, axis: Any, *, z: Any, z_bar: Any) -> Any:
    return z * (z_bar - np.sum(z * z_bar, axis=axis, keepdims=True))


def _log_softmax(x: Any, axis: Any) -> Any:
    return special.log_softmax(x, axis=axis)


def _log_softmax_x(x: Any, axis: Any, *, z: Any, x_dot: Any) -> Any:
    return x_dot - np.sum(np.exp(z) * x_dot, axis=axis, keepdims=True)


def _log_softmax_bar(x: Any, axis: Any, *, z: Any, z_bar: Any) -> Any:
    return z_bar - np.exp(z) * np.sum(z_bar, axis=axis, keepdims=True)


for _name, _evaluate, _jvp, _vjp in (
    ("softmax", _softmax, _softmax_x, _softmax_bar),
    ("log_softmax", _log_softmax, _log_softmax_x, _log_softmax_bar),
):
    register(
        Primitive(
            f"scipy.special.{_name}", _evaluate, _same_shape, Call(f"scipy.special.{_name}"),
            ("x", "axis"), defaults={"axis": None}, keyword_only=("axis",),
        ),
        Linear(
            {"x": _jvp}, {"x": _vjp}, dense=True,
            samples=((VECTOR, None), (MATRIX, 0), (MATRIX, -1), (MATRIX, None)),
        ),
        getattr(special, _name),
    )  # fmt: skip

# -- the gamma function of matrices ---------------------------------------------------------------


def _multigammaln_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "d")
    infer.numeric(args[:1])
    return infer.of_dtype("f64", dims_of(args[0].type))


MULTIGAMMALN: Any = vars(special)["multigammaln"]


@compile_time
def halves(d: int) -> tuple[float, ...]:
    """What is taken off the argument in each of the d factors."""
    return tuple(k / 2 for k in range(d))


def _multigammaln_a(a: Any, d: int, *, a_dot: Any) -> Any:
    total = 0.0
    for half in halves(d):
        total = total + special.digamma(a - half)
    return total * a_dot


def _multigammaln_bar(a: Any, d: int, *, z_bar: Any) -> Any:
    return _multigammaln_a(a, d, a_dot=z_bar)


register(
    Primitive(
        "scipy.special.multigammaln", MULTIGAMMALN, _multigammaln_type,
        Call("scipy.special.multigammaln"), ("a", "d"), raises=lambda _: True,
    ),
    Linear(
        {"a": _multigammaln_a}, {"a": _multigammaln_bar}, dense=True,
        samples=((2.5, 2), (VECTOR + 4, 3), (MATRIX + 1.5, 1)),
    ),
    MULTIGAMMALN,
)  # fmt: skip


# -- several results ------------------------------------------------------------------------------


def _several(function: np.ufunc) -> Any:
    """The type rule of a ufunc with several results, all alike."""

    def rule(args: Sequence[Atom]) -> tuple[Type, ...]:
        one = infer.for_each_alternative(
            infer.numeric(args), lambda types: infer.ufunc_result(function, types)
        )
        return (one,) * function.nout

    return rule


def _shichi(x: Any, *, x_dot: Any) -> Any:
    return x_dot * np.sinh(x) / x, x_dot * np.cosh(x) / x


def _shichi_bar(x: Any, *, shi_bar: Any, chi_bar: Any) -> Any:
    if chi_bar is None:
        return shi_bar * np.sinh(x) / x
    total = chi_bar * np.cosh(x) / x
    return total if shi_bar is None else total + shi_bar * np.sinh(x) / x


def _sici(x: Any, *, x_dot: Any) -> Any:
    return x_dot * np.sinc(x / np.pi), x_dot * np.cos(x) / x


def _sici_bar(x: Any, *, si_bar: Any, ci_bar: Any) -> Any:
    if ci_bar is None:
        return si_bar * np.sinc(x / np.pi)
    total = ci_bar * np.cos(x) / x
    return total if si_bar is None else total + si_bar * np.sinc(x / np.pi)


def _fresnel(x: Any, *, x_dot: Any) -> Any:
    return x_dot * np.sin(np.pi / 2 * x * x), x_dot * np.cos(np.pi / 2 * x * x)


def _fresnel_bar(x: Any, *, s_bar: Any, c_bar: Any) -> Any:
    if c_bar is None:
        return s_bar * np.sin(np.pi / 2 * x * x)
    total = c_bar * np.cos(np.pi / 2 * x * x)
    return total if s_bar is None else total + s_bar * np.sin(np.pi / 2 * x * x)


def _airy(x: Any, *, ai: Any, aip: Any, bi: Any, bip: Any, x_dot: Any) -> Any:
    return x_dot * aip, x_dot * x * ai, x_dot * bip, x_dot * x * bi


def _airy_bar(
    x: Any, *, ai: Any, aip: Any, bi: Any, bip: Any,
    ai_bar: Any, aip_bar: Any, bi_bar: Any, bip_bar: Any,
) -> Any:  # fmt: skip
    total = None
    for bar, slope in ((ai_bar, aip), (aip_bar, x * ai), (bi_bar, bip), (bip_bar, x * bi)):
        if bar is not None:
            total = bar * slope if total is None else total + bar * slope
    return total


def _ellipj(u: Any, m: Any, *, sn: Any, cn: Any, dn: Any, u_dot: Any) -> Any:
    return u_dot * cn * dn, -u_dot * sn * dn, -u_dot * m * sn * cn, u_dot * dn


def _ellipj_bar(
    u: Any, m: Any, *, sn: Any, cn: Any, dn: Any,
    sn_bar: Any, cn_bar: Any, dn_bar: Any, ph_bar: Any,
) -> Any:  # fmt: skip
    total = None
    for bar, slope in (
        (sn_bar, cn * dn), (cn_bar, -sn * dn), (dn_bar, -m * sn * cn), (ph_bar, dn)
    ):  # fmt: skip
        if bar is not None:
            total = bar * slope if total is None else total + bar * slope
    return total


_MODULUS = Refusal("the Jacobi functions have no derivative rule in `m`", "keep `m` constant")

for _name, _params, _results, _jvp, _vjp, _samples in (
    ("shichi", ("x",), ("shi", "chi"), _shichi, _shichi_bar, ((1.5,), (abs(MATRIX) + 0.5,))),
    ("sici", ("x",), ("si", "ci"), _sici, _sici_bar, ((1.5,), (abs(MATRIX) + 0.5,))),
    ("fresnel", ("x",), ("s", "c"), _fresnel, _fresnel_bar, ((1.5,), (MATRIX / 3,))),
    ("airy", ("x",), ("ai", "aip", "bi", "bip"), _airy, _airy_bar, ((-1.5,), (MATRIX / 3,))),
    ("ellipj", ("u", "m"), ("sn", "cn", "dn", "ph"), _ellipj, _ellipj_bar,
     ((1.5, 0.25), (VECTOR / 3, 0.5))),
):  # fmt: skip
    _thing = getattr(special, _name)
    register(
        Primitive(
            f"scipy.special.{_name}", _thing, _several(_thing), Call(f"scipy.special.{_name}"),
            _params, raises=infer.clashes, results=_results,
        ),
        Linear(
            {_params[0]: _jvp}, {_params[0]: _vjp}, dense=True, results=_results,
            samples=_samples, refuses={"m": _MODULUS} if _name == "ellipj" else {},
        ),
        _thing,
    )  # fmt: skip
