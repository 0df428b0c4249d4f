"""The functions of `scipy.special`, a line of mathematics each.

This file is read when a program first uses SciPy, which the compiler itself does not need.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer, quadrature
from ad_compiler.rules.forms import announce, flat, rule
from ad_compiler.rules.registry import MEANINGS, REFUSED, Partials, Refusal, means, register


def _enter(primal: str, *partials: str | None, **rest: Any) -> None:
    """Enter a function of SciPy; an operand without a partial is one that must not vary."""
    name, _, operands = primal.rstrip(")").partition("(")
    refuses = {
        operand: Refusal(
            f"the derivative of scipy.special.{name} in `{operand}` has no closed form",
            f"differentiate with respect to other arguments, or keep `{operand}` constant",
        )
        for operand, text in zip(operands.split(", "), partials, strict=True)
        if text is None
    }
    thing = getattr(special, name)
    rule(primal, *partials, objects=(thing,), package="scipy.special", refuses=refuses, **rest)


# -- error functions, logistic functions, normal distribution -------------------------------------

_enter("erf(x)", "2 / sqrt(pi) * exp(-x * x)")
_enter("erfc(x)", "-2 / sqrt(pi) * exp(-x * x)")
_enter("erfcx(x)", "2 * x * z - 2 / sqrt(pi)")
_enter("erfi(x)", "2 / sqrt(pi) * exp(x * x)")
_enter("dawsn(x)", "1 - 2 * x * z")
_enter("erfinv(x)", "sqrt(pi) / 2 * exp(z * z)", domain="unit")
_enter("erfcinv(x)", "-sqrt(pi) / 2 * exp(z * z)", domain="fraction")
_enter("expit(x)", "z * expit(-x)")
_enter("logit(x)", "quiet_div(1, x * (1 - x))", domain="fraction")
_enter("log_expit(x)", "expit(-x)")
_enter("ndtr(x)", "exp(-x * x / 2) / sqrt(2 * pi)")
_enter("log_ndtr(x)", "exp(-x * x / 2 - z) / sqrt(2 * pi)")
_enter("ndtri(x)", "sqrt(2 * pi) * exp(z * z / 2)", domain="fraction")
_enter("ndtri_exp(x)", "sqrt(2 * pi) * exp(x + z * z / 2)", domain="negative")
_enter(
    "owens_t(h, a)",
    "-exp(-h * h / 2) * erf(a * h / sqrt(2)) / sqrt(8 * pi)",
    "exp(-h * h * (1 + a * a) / 2) / (2 * pi * (1 + a * a))",
)

# -- gamma and beta functions ---------------------------------------------------------------------

_enter("gamma(x)", "z * digamma(x)", domain="positive")
_enter("gammaln(x)", "digamma(x)", domain="positive")
_enter("loggamma(x)", "digamma(x)", domain="positive")
_enter("rgamma(x)", "-z * digamma(x)", domain="positive")
_enter("digamma(x)", "polygamma(1, x)", domain="positive")
_enter("beta(a, b)", "z * (digamma(a) - digamma(a + b))", "z * (digamma(b) - digamma(a + b))",
       domain="positive")  # fmt: skip
_enter("betaln(a, b)", "digamma(a) - digamma(a + b)", "digamma(b) - digamma(a + b)",
       domain="positive")  # fmt: skip
_enter("poch(x, m)", "z * (digamma(x + m) - digamma(x))", "z * digamma(x + m)", domain="positive")
_enter(
    "binom(n, k)",
    "z * (digamma(n + 1) - digamma(n - k + 1))",
    "z * (digamma(n - k + 1) - digamma(k + 1))",
    domain="descending",
)
_enter("gammainc(a, x)", None, "exp(xlogy(a - 1, x) - x - gammaln(a))", domain="positive")
_enter("gammaincc(a, x)", None, "-exp(xlogy(a - 1, x) - x - gammaln(a))", domain="positive")
_enter("gammaincinv(a, y)", None, "exp(z + gammaln(a) - xlogy(a - 1, z))", domain="shape")
_enter("gammainccinv(a, y)", None, "-exp(z + gammaln(a) - xlogy(a - 1, z))", domain="shape")
_enter(
    "betainc(a, b, x)", None, None,
    "exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))", domain="shape",
)  # fmt: skip
_enter(
    "betaincc(a, b, x)", None, None,
    "-exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))", domain="shape",
)  # fmt: skip
_enter(
    "betaincinv(a, b, y)", None, None,
    "exp(betaln(a, b) - xlogy(a - 1, z) - xlog1py(b - 1, -z))", domain="shape",
)  # fmt: skip
flat("gammasgn(x)", objects=(special.gammasgn,), package="scipy.special")


def _doubles(args: Sequence[Atom]) -> Type:
    infer.numeric(args)
    return Array("f64", infer.broadcast_dims(infer.types_of(args)))


def _function(name: str, params: tuple[str, ...], type_: infer.Infer, **more: Any) -> Primitive:
    """A primitive for a function of SciPy that is no ufunc."""
    path = f"scipy.special.{name}"
    thing = getattr(special, name)
    return Primitive(path, thing, type_, Call(path), params, raises=infer.clashes, **more)


_ORDER = Refusal("polygamma has no derivative in its order", "keep the order constant")
POLYGAMMA = register(
    _function("polygamma", ("n", "x"), _doubles),
    Partials(
        ("n", "x"), "polygamma(n, x)", (None, "polygamma(n + 1, x)"), domain="order",
        refuses={"n": _ORDER},
    ),
    special.polygamma,
)  # fmt: skip
announce("polygamma", POLYGAMMA)
ZETA = register(
    _function("zeta", ("x", "q"), infer.elementwise(special.betaln)),
    Partials(
        ("x", "q"), "zeta(x, q)", (None, "-x * zeta(x + 1, q)"), domain="above_one",
        refuses={"x": Refusal("zeta has no derivative in its exponent", "keep it constant")},
    ),
    special.zeta,
)  # fmt: skip
announce("zeta", ZETA)


def _factorial_type(args: Sequence[Atom]) -> Type:
    """That of arrays is always in double precision."""
    (type_,) = infer.numeric(args)
    if isinstance(type_, Array):
        return Array("f64", type_.dims)
    made = infer.elementwise(special.gamma)(args)
    assert not isinstance(made, tuple)
    return made


_enter(
    "factorial(n)", "where(n < 0, 0, z * digamma(n + 1))", domain="positive",
    infer=_factorial_type,
)  # fmt: skip
FACTORIAL, BINOMIAL = MEANINGS.pop(special.factorial), MEANINGS[special.binom]


@means(special.factorial, samples=((2.5,), (np.array([0.5, 4.0]),)))
def _factorial(n: Any, exact: bool = False) -> Any:
    return math.factorial(n) if exact else FACTORIAL(n)


@means(special.comb, samples=((5.25, 2.0), (5.5, np.array([2.0, 1.5, 7.0]))))
def _comb(N: Any, k: Any, *, exact: bool = False) -> Any:  # noqa: N803
    if exact:
        return math.comb(N, k) if 0 <= k <= N else 0
    if np.ndim(N) == 0 and np.ndim(k) == 0:
        return BINOMIAL(N, k) if 0 <= k <= N else np.float64(0.0)
    whole, part = np.asarray(N), np.asarray(k)
    return np.where((k <= N) & (N >= 0) & (k >= 0), BINOMIAL(whole, part), 0.0)


for _roots in (
    "legendre", "hermite", "hermitenorm", "laguerre", "chebyt", "chebyu",
):  # fmt: skip
    quadrature.enter(getattr(special, f"roots_{_roots}"), f"scipy.special.roots_{_roots}")

# -- entropies, transformations and losses --------------------------------------------------------

_AT_ZERO = "where(x == 0, 0, quiet_div(x, {}))"
_enter("xlogy(x, y)", "xlogy(1, y)", _AT_ZERO.format("y"), domain="positive")
_enter("xlog1py(x, y)", "xlog1py(1, y)", _AT_ZERO.format("1 + y"), domain="positive")
_enter("entr(x)", "-xlogy(1, x) - 1", domain="positive")
_enter(
    "rel_entr(x, y)", "xlogy(1, quiet_div(x, y)) + 1", "-quiet_div(x, y)", domain="positive",
)  # fmt: skip
_enter("kl_div(x, y)", "xlogy(1, quiet_div(x, y))", "1 - quiet_div(x, y)", domain="positive")
_enter("boxcox(x, lmbda)", "x ** (lmbda - 1)", None, domain="positive")
_enter("boxcox1p(x, lmbda)", "(1 + x) ** (lmbda - 1)", None, domain="positive")
_enter("inv_boxcox(y, lmbda)", "z ** (1 - lmbda)", None, domain="positive")
_enter("inv_boxcox1p(y, lmbda)", "(1 + z) ** (1 - lmbda)", None, domain="positive")
_enter(
    "huber(delta, r)",
    "where(abs(r) <= delta, 0, abs(r) - delta)",
    "where(abs(r) <= delta, r, delta * sign(r))",
    domain="positive",
)
_enter(
    "pseudo_huber(delta, r)",
    "quiet_div(2 * z, delta) - quiet_div(r, delta) * r / hypot(1, quiet_div(r, delta))",
    "r / hypot(1, quiet_div(r, delta))",
    domain="positive",
)

# -- Bessel functions -----------------------------------------------------------------------------

_enter("j0(x)", "-j1(x)")
_enter("j1(x)", "(j0(x) - jv(2, x)) / 2")
_enter("y0(x)", "-y1(x)", domain="positive")
_enter("y1(x)", "(y0(x) - yv(2, x)) / 2", domain="positive")
_enter("jv(v, x)", None, "(jv(v - 1, x) - jv(v + 1, x)) / 2", domain="order")
_enter("yv(v, x)", None, "(yv(v - 1, x) - yv(v + 1, x)) / 2", domain="order")
_enter("yn(n, x)", None, "(yv(n - 1, x) - yv(n + 1, x)) / 2", domain="order")
_enter("iv(v, x)", None, "(iv(v - 1, x) + iv(v + 1, x)) / 2", domain="order")
_enter("kv(v, x)", None, "-(kv(v - 1, x) + kv(v + 1, x)) / 2", domain="order")
_enter("kn(n, x)", None, "-(kv(n - 1, x) + kv(n + 1, x)) / 2", domain="order")
_enter("ive(v, x)", None, "(ive(v - 1, x) + ive(v + 1, x)) / 2 - sign(x) * z", domain="order")
_enter("kve(v, x)", None, "z - (kve(v - 1, x) + kve(v + 1, x)) / 2", domain="order")
_enter("i0(x)", "i1(x)")
_enter("i1(x)", "(i0(x) + iv(2, x)) / 2")
_enter("i0e(x)", "i1e(x) - sign(x) * z", convention="0 at 0", domain="nonzero")
_enter("i1e(x)", "(i0e(x) + ive(2, x)) / 2 - sign(x) * z", domain="nonzero")
_enter("k0(x)", "-k1(x)", domain="positive")
_enter("k1(x)", "-(k0(x) + kv(2, x)) / 2", domain="positive")
_enter("k0e(x)", "z - k1e(x)", domain="positive")
_enter("k1e(x)", "z - (k0e(x) + kve(2, x)) / 2", domain="positive")
_enter("struve(v, x)", None, "struve(v - 1, x) - quiet_div(v * z, x)", domain="order")
_enter("modstruve(v, x)", None, "modstruve(v - 1, x) - quiet_div(v * z, x)", domain="order")

# -- hypergeometric functions, orthogonal polynomials ----------------------------------------------

_enter("hyp1f1(a, b, x)", None, None, "a / b * hyp1f1(a + 1, b + 1, x)", domain="shape")
_enter(
    "hyp2f1(a, b, c, x)", None, None, None, "a * b / c * hyp2f1(a + 1, b + 1, c + 1, x)",
    domain="shape",
)  # fmt: skip
_enter("hyperu(a, b, x)", None, None, "-a * hyperu(a + 1, b + 1, x)", domain="order")
_enter("eval_legendre(n, x)", None, "(n + 1) / 2 * eval_jacobi(n - 1, 1, 1, x)", domain="order")
_enter(
    "eval_jacobi(n, alpha, beta, x)", None, None, None,
    "(n + alpha + beta + 1) / 2 * eval_jacobi(n - 1, alpha + 1, beta + 1, x)", domain="order",
)  # fmt: skip
_enter("eval_chebyt(n, x)", None, "n * eval_chebyu(n - 1, x)", domain="order")
_enter("eval_chebyu(n, x)", None, "2 * eval_gegenbauer(n - 1, 2, x)", domain="order")
_enter(
    "eval_gegenbauer(n, alpha, x)", None, None,
    "2 * alpha * eval_gegenbauer(n - 1, alpha + 1, x)", domain="order",
)  # fmt: skip
_enter("eval_laguerre(n, x)", None, "-eval_genlaguerre(n - 1, 1, x)", domain="order")
_enter(
    "eval_genlaguerre(n, alpha, x)", None, None, "-eval_genlaguerre(n - 1, alpha + 1, x)",
    domain="order",
)  # fmt: skip
_enter(
    "eval_hermite(n, x)", None, "where(n == 0, 0, 2 * n * eval_hermite(n - 1, x))", domain="order"
)
_enter(
    "eval_hermitenorm(n, x)", None, "where(n == 0, 0, n * eval_hermitenorm(n - 1, x))",
    domain="order",
)  # fmt: skip

# -- distributions --------------------------------------------------------------------------------

_enter(
    "stdtr(df, t)", None,
    "exp(-(df + 1) / 2 * log1p(t * t / df) - betaln(df / 2, 1 / 2)) / sqrt(df)", domain="order",
)  # fmt: skip
_HALF = "exp(xlogy(v / 2 - 1, x / 2) - x / 2 - gammaln(v / 2)) / 2"
_enter("chdtr(v, x)", None, _HALF, domain="order")
_enter("chdtrc(v, x)", None, f"-{_HALF}", domain="order")
_SHAPED = "exp(xlogy(b - 1, a * x) - a * x - gammaln(b))"
_enter("gdtr(a, b, x)", f"x * {_SHAPED}", None, f"a * {_SHAPED}", domain="positive")
_enter("gdtrc(a, b, x)", f"-x * {_SHAPED}", None, f"-a * {_SHAPED}", domain="positive")
_enter("pdtr(k, m)", None, "-exp(xlogy(k, m) - m - gammaln(k + 1))", domain="order")
_enter("pdtrc(k, m)", None, "exp(xlogy(k, m) - m - gammaln(k + 1))", domain="order")
_RATIO = (
    "quiet_div(exp(xlogy(dfn / 2, dfn * x) + xlogy(dfd / 2, dfd)"
    " - xlogy((dfn + dfd) / 2, dfn * x + dfd) - betaln(dfn / 2, dfd / 2)), x)"
)
_enter("fdtr(dfn, dfd, x)", None, None, _RATIO, domain="order")
_enter("fdtrc(dfn, dfd, x)", None, None, f"-{_RATIO}", domain="order")

# -- elementary functions, integrals --------------------------------------------------------------

_enter("exp10(x)", "ln10 * z")
_enter("exp2(x)", "ln2 * z")
_enter("expm1(x)", "z + 1")
_enter("wrightomega(x)", "z / (1 + z)")
_enter("log1p(x)", "quiet_div(1, 1 + x)", domain="positive")
_enter("cosm1(x)", "-sin(x)")
_enter("cbrt(x)", "quiet_div(1, 3 * z * z)", domain="nonzero")
_enter("sindg(x)", "pi / 180 * cosdg(x)")
_enter("cosdg(x)", "-pi / 180 * sindg(x)")
_enter("tandg(x)", "pi / 180 * (1 + z * z)")
_enter("expi(x)", "quiet_div(exp(x), x)", domain="nonzero")
_enter("exp1(x)", "-quiet_div(exp(-x), x)", domain="positive")
_enter(
    "expn(n, x)", None,
    "where(n == 0, -quiet_div((1 + x) * exp(-x), x * x), -expn(n - 1, x))",
    domain="order",
)  # fmt: skip
_SMALL = "where(abs({}) < 0.01, {}, {})"
_LOG_SERIES = "-1 + (x - 1) / 2" + "".join(
    f" {'-+'[k % 2]} (x - 1) ** {k} / {k + 1}" for k in range(2, 8)
)
_enter(
    "spence(x)",
    _SMALL.format("x - 1", _LOG_SERIES, "quiet_div(log(x), 1 - x)"),
    domain="positive",
)
_enter(
    "exprel(x)",
    _SMALL.format(
        "x", "1 / 2 + x / 3 + x ** 2 / 8 + x ** 3 / 30 + x ** 4 / 144 + x ** 5 / 840",
        "quiet_div(exp(x) - z, x)",
    ),
)  # fmt: skip
_enter(
    "ellipk(m)",
    _SMALL.format(
        "m",
        "pi * (1 / 8 + 9 / 64 * m + 75 / 512 * m ** 2 + 1225 / 8192 * m ** 3"
        " + 19845 / 131072 * m ** 4 + 160083 / 1048576 * m ** 5)",
        "quiet_div(quiet_div(ellipe(m), 1 - m) - z, 2 * m)",
    ),
    domain="fraction",
)
_enter(
    "ellipe(m)",
    _SMALL.format(
        "m",
        "-pi * (1 / 8 + 3 / 64 * m + 15 / 512 * m ** 2 + 175 / 8192 * m ** 3"
        " + 2205 / 131072 * m ** 4 + 14553 / 1048576 * m ** 5)",
        "quiet_div(z - ellipk(m), 2 * m)",
    ),
    domain="fraction",
)
_enter("ellipkinc(phi, m)", "1 / sqrt(1 - m * sin(phi) ** 2)", None, domain="fraction")
_enter("ellipeinc(phi, m)", "sqrt(1 - m * sin(phi) ** 2)", None, domain="fraction")

for _complex in (special.lambertw, special.wofz):
    REFUSED[_complex] = (
        f"scipy.special.{_complex.__name__} gives complex numbers, which are not supported",
        "use a real function, or Newton's method for the real branch",
    )
