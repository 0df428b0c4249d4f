"""Distributions of `scipy.stats`: densities and what they integrate to, a line each.

`U` stands for the standardised variable. A density's derivative is that of its logarithm, times it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy import stats

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.types import Type
from ad_compiler.rules import infer
from ad_compiler.rules.forms import rule
from ad_compiler.rules.registry import Refusal

U = "((x - loc) / scale)"
TAIL = f"exp(-{U} * {U} / 2) / sqrt(2 * pi) / scale"
LOG_TAIL = f"exp(-{U} * {U} / 2 - z) / sqrt(2 * pi) / scale"


def _doubles(args: Sequence[Atom]) -> Type:
    infer.numeric(args)
    return infer.of_dtype("f64", infer.broadcast_dims(infer.types_of(args)))


def _enter(distribution: Any, primal: str, *partials: str | None, domain: str) -> None:
    """Enter a function of a distribution; an operand without a partial must not vary."""
    name, _, operands = primal.rstrip(")").partition("(")
    path = f"scipy.stats.{distribution.name}"
    refuses = {
        operand: Refusal(
            f"the derivative of {path}.{name} in `{operand}` is not known", "keep it constant"
        )
        for operand, text in zip(operands.split(", "), partials, strict=True)
        if text is None
    }
    defaults = {p: v for p, v in (("loc", 0), ("scale", 1)) if p in operands.split(", ")}
    rule(
        primal, *partials, objects=(getattr(distribution, name),), infer=_doubles, package=path,
        defaults=defaults, refuses=refuses, domain=domain, noun="density",
    )  # fmt: skip


def _density(distribution: Any, params: str, *slopes: str, domain: str) -> None:
    """The density and its logarithm, by the derivatives of the logarithm within the support."""
    logs = [f"where(isfinite(z), {slope}, 0)" for slope in slopes]
    plain = [f"z * where(z > 0, {slope}, 0)" for slope in slopes]
    _enter(distribution, f"logpdf({params})", *logs, domain=domain)
    _enter(distribution, f"pdf({params})", *plain, domain=domain)


LINE, HALF, UNIT = "located", "located_half", "located_unit"

# -- normal ---------------------------------------------------------------------------------------

P = "x, loc, scale"
_density(stats.norm, P, f"-{U} / scale", f"{U} / scale", f"({U} * {U} - 1) / scale", domain=LINE)
_enter(stats.norm, f"cdf({P})", TAIL, f"-{TAIL}", f"-{U} * {TAIL}", domain=LINE)
_enter(stats.norm, f"sf({P})", f"-{TAIL}", TAIL, f"{U} * {TAIL}", domain=LINE)
_enter(stats.norm, f"logcdf({P})", LOG_TAIL, f"-{LOG_TAIL}", f"-{U} * {LOG_TAIL}", domain=LINE)
_enter(stats.norm, f"logsf({P})", f"-{LOG_TAIL}", LOG_TAIL, f"{U} * {LOG_TAIL}", domain=LINE)
_enter(
    stats.norm, "ppf(q, loc, scale)",
    "scale * sqrt(2 * pi) * exp(square((z - loc) / scale) / 2)", "1", "(z - loc) / scale",
    domain="probability",
)  # fmt: skip

# -- others on the line ---------------------------------------------------------------------------

_density(stats.laplace, P, f"-sign({U}) / scale", f"sign({U}) / scale",
         f"(abs({U}) - 1) / scale", domain=LINE)  # fmt: skip
_density(stats.logistic, P, f"-tanh({U} / 2) / scale", f"tanh({U} / 2) / scale",
         f"({U} * tanh({U} / 2) - 1) / scale", domain=LINE)  # fmt: skip
_density(
    stats.cauchy, P, f"-2 * {U} / (1 + {U} * {U}) / scale", f"2 * {U} / (1 + {U} * {U}) / scale",
    f"(2 * {U} * {U} / (1 + {U} * {U}) - 1) / scale", domain=LINE,
)  # fmt: skip
_PULL = f"(df + 1) * {U} / (df + {U} * {U})"
_density(
    stats.t, "x, df, loc, scale", f"-{_PULL} / scale",
    f"(digamma((df + 1) / 2) - digamma(df / 2) - 1 / df - log1p({U} * {U} / df)"
    f" + {_PULL} * {U} / df) / 2",
    f"{_PULL} / scale", f"({_PULL} * {U} - 1) / scale", domain=LINE,
)  # fmt: skip

# -- on a half line, on an interval ---------------------------------------------------------------

_density(stats.expon, P, "-1 / scale", "1 / scale", f"({U} - 1) / scale", domain=HALF)
_GROWTH = f"((a - 1) / {U} - 1) / scale"
_density(stats.gamma, "x, a, loc, scale", _GROWTH, f"log({U}) - digamma(a)", f"-({_GROWTH})",
         f"({U} - a) / scale", domain=HALF)  # fmt: skip
_SQUARES = f"((df / 2 - 1) / {U} - 0.5) / scale"
_density(
    stats.chi2, "x, df, loc, scale", _SQUARES, f"(log({U} / 2) - digamma(df / 2)) / 2",
    f"-({_SQUARES})", f"({U} - df) / 2 / scale", domain=HALF,
)  # fmt: skip
_SLOPE = f"((a - 1) / {U} - (b - 1) / (1 - {U}))"
_density(
    stats.beta, "x, a, b, loc, scale", f"{_SLOPE} / scale",
    f"log({U}) - digamma(a) + digamma(a + b)", f"log1p(-{U}) - digamma(b) + digamma(a + b)",
    f"-{_SLOPE} / scale", f"-(1 + {U} * {_SLOPE}) / scale", domain=UNIT,
)  # fmt: skip
# -- counts ---------------------------------------------------------------------------------------

_enter(stats.poisson, "logpmf(k, mu, loc)", None, "where(isfinite(z), (k - loc) / mu - 1, 0)",
       None, domain="count")  # fmt: skip
_enter(stats.poisson, "pmf(k, mu, loc)", None, "z * where(z > 0, (k - loc) / mu - 1, 0)", None,
       domain="count")  # fmt: skip
