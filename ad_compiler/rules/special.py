"""The error function and the gamma function with its relatives."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import Float, Type
from ad_compiler.rules import infer
from ad_compiler.rules.forms import rule
from ad_compiler.rules.registry import FUNCTIONS, Partials, register

rule("erf(x)", "2 / sqrt(pi) * exp(-x * x)", objects=(math.erf,), total=True)
rule("erfc(x)", "-2 / sqrt(pi) * exp(-x * x)", objects=(math.erfc,), total=True)
rule("gamma(x)", "z * float(digamma(x))", objects=(math.gamma,), domain="positive")
rule("lgamma(x)", "float(digamma(x))", objects=(math.lgamma,), domain="positive")


def _scipy(name: str) -> Any:
    """A function of SciPy that is imported when it is first evaluated."""

    def evaluate(*args: Any) -> Any:
        return getattr(importlib.import_module("scipy.special"), name)(*args)

    return evaluate


def _numpy_number(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "a polygamma function", "index an element")
    return Float("f64")


def _derivative_of_gamma(name: str, params: tuple[str, ...], *partials: str | None) -> None:
    """Enter a function of SciPy that only derivatives use; they take `float` of its value."""
    path = f"scipy.special.{name}"
    made = Primitive(path, _scipy(name), _numpy_number, Call(path), params, noun=name)
    primal = f"{name}({', '.join(params)})"
    register(made, Partials(params, primal, partials, domain="positive"))
    FUNCTIONS[name] = (made, made)


_derivative_of_gamma("digamma", ("x",), "float(polygamma(1, x))")
_derivative_of_gamma("polygamma", ("n", "x"), None, "float(polygamma(n + 1, x))")
