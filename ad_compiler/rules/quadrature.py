"""Points and weights of Gauss quadrature: numbers by the degree alone, without a derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import length_of
from ad_compiler.rules.registry import Flat, means, register
from ad_compiler.rules.shaping import may_fail

QUADRATURES: set[Primitive] = set()
"""All of them."""


def _rule_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    infer.numbers(args, "a quadrature rule", "give its degree as an integer")
    points = Array("f64", (length_of(args[0]),))
    return points, points


def enter(function: Any, path: str) -> None:
    """A function of the degree that gives points and weights."""
    rule = Primitive(
        f"points({path})", function, _rule_type, Call(path), ("degree",), raises=may_fail,
        results=("points", "weights"),
    )  # fmt: skip
    QUADRATURES.add(register(rule, Flat("numbers by the degree", samples=((3,), (1,)))))

    def points_and_weights(n: int) -> Any:
        return tuple(rule(n))

    means(function, samples=((4,),), inert=True)(points_and_weights)


for _module, _name in (
    (legendre, "leggauss"), (chebyshev, "chebgauss"), (hermite, "hermgauss"),
    (hermite_e, "hermegauss"), (laguerre, "laggauss"),
):  # fmt: skip
    enter(getattr(_module, _name), f"np.polynomial.{_module.__name__.split('.')[-1]}.{_name}")
