"""What derived functions are called, and what their docstrings say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from ad_compiler.ir.nodes import Function, Parameter
from ad_compiler.transform.request import Request

TITLES = {
    "grad": "Gradient",
    "value_and_grad": "Value and gradient",
    "jvp": "Value and directional derivative (forward mode)",
    "vjp": "Vector-Jacobian product (reverse mode)",
    "value_and_vjp": "Value and vector-Jacobian product (reverse mode)",
    "jacobian": "Jacobian",
    "hessian": "Hessian",
    "hvp": "Hessian-vector product",
    "elementwise_grad": "Elementwise derivative",
    "compressed_jacobian": "Jacobian",
    "compressed_hessian": "Hessian",
}


def renamed(
    derived: Function, function: Function, request: Request, chosen: Sequence[Parameter]
) -> Function:
    """The derived function under its own name, saying what it is."""
    where = (
        "" if function.at is None else f" ({PurePath(function.at.file).name}:{function.at.line})"
    )
    names = ", ".join(p.name for p in chosen)
    title = TITLES[request.kind]
    about = f"{title} of `{function.name}`{where} with respect to {names}."
    if request.kind.startswith("compressed"):
        way = "weighted by" if request.mode == "rev" else "along"
        about = f"{about[:-1]}, {way} each of the seeds."
    return replace(derived, name=numbered(function.name, request.kind), about=about)


def numbered(name: str, kind: str) -> str:
    """`f_grad` for f, `f_grad2` for that, and so on."""
    again = re.fullmatch(rf"(.*_{kind})(\d*)", name)
    return f"{again[1]}{int(again[2] or 1) + 1}" if again else f"{name}_{kind}"
