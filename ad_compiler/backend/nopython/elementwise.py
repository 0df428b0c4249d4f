"""Functions of numbers that Numba spells differently, and single precision as NumPy keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ad_compiler.backend.nopython.site import Respelling, Site, function_called, function_text
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import NUMBERS, PY, Array, Float, Int, dtype_of, is_number, rank
from ad_compiler.rules.registry import PRIMITIVES, RULES, Partials

CAST = PRIMITIVES["np.float32"]
WIDE = PRIMITIVES["np.float64"]
CONVERSIONS = ("np.float32", "np.float64", "astype", "float", "int", "bool", "identity")


def single_precision(let: Let) -> Iterator[Let]:
    """Numba takes Python numbers for float64; beside a float32 they are float32 in NumPy.

    So they are said to be. Functions of `math`, on the other hand, give Python floats.
    """
    if not isinstance(RULES.get(let.prim), Partials) or let.prim.name in CONVERSIONS:
        yield let
        return
    result = let.targets[0].type
    if dtype_of(result) == "f32":
        casts = [_single(a) for a in let.args]
    elif is_number(result) and dtype_of(result) is None:
        casts = [_double(a) for a in let.args]
    else:
        casts = [None] * len(let.args)
    args: list[Atom] = []
    for atom, made in zip(let.args, casts, strict=True):
        if isinstance(made, Let):
            yield made
            args.append(made.targets[0])
        else:
            args.append(atom if made is None else made)
    yield replace(let, args=tuple(args))


def _single(atom: Atom) -> Const | Let | None:
    """A Python number as a float32; None for what is one, or is no number."""
    if not isinstance(atom.type, Float | Int) or dtype_of(atom.type) is not None:
        return None
    if isinstance(atom, Const):
        return Const(np.float32(atom.value), Float("f32"))
    if isinstance(atom, Var):
        target = Var(atom.name, Float("f32"), temp=True)
        return Let((target,), CAST, (atom,))
    return None


def _double(atom: Atom) -> Let | None:
    """A float32 as the float64 that a function of `math` makes of it."""
    if isinstance(atom, Var) and isinstance(atom.type, Float) and dtype_of(atom.type) == "f32":
        target = Var(atom.name, Float("f64"), temp=True)
        return Let((target,), WIDE, (atom,))
    return None


def _called(path: str) -> Respelling:
    """The same function under another path."""

    def respell(site: Site) -> None:
        site.say(function_called(path, raises=site.let.prim.raises(site.args)), *site.args)

    return respell


def _where(site: Site) -> None:
    if not any(isinstance(a.type, Array) and rank(a.type) for a in site.args):
        site.say("select", *site.args)


def _abs(site: Site) -> None:
    if isinstance(site.type, Array):
        site.say("np.abs", *site.args)


def _item(site: Site) -> None:
    x = site.args[0]
    if not isinstance(x.type, Array):
        site.say("identity", x)


def _clip(site: Site) -> None:
    """`x.clip(low, high)`, each bound perhaps absent."""
    x, low, high = site.args
    if isinstance(x.type, NUMBERS) and rank(x.type) == 0:
        for prim, bound in (("np.maximum", low), ("np.minimum", high)):
            if not _absent(bound):
                x = site.temp(prim, site.type, x, bound)
        site.say("identity", x)
        return
    site.say("np.clip", x, low, high)


def _absent(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.value is None


MATH = {
    "math.cbrt": "np.cbrt",
    "math.fmod": "np.fmod",
    "np.fabs": "np.fabs",
}

LOG = function_called("math.log", raises=True)


def _hypot(site: Site) -> None:
    """`math.hypot` of any number of coordinates."""
    first, *rest = site.args
    if not rest:
        site.say("np.abs", first)
        return
    for k, coordinate in enumerate(rest):
        if k == len(rest) - 1:
            site.say("math.hypot", first, coordinate)
        else:
            first = site.temp("math.hypot", Float(PY), first, coordinate)


def _log(site: Site) -> None:
    """`math.log(x, base)`, as Python has it."""
    if len(site.args) == 2 and not _absent(site.args[1]):
        one, other = (site.temp(LOG, Float(PY), a) for a in site.args)
        site.say("truediv", one, other)


def _heaviside(site: Site) -> None:
    """A step; what stands at 0 is given."""
    number = is_number(site.type)
    step = "0.5 * (np.sign(x) + 1.0)"
    line = f"h if x == 0 else {step}" if number else f"np.where(x == 0, h, {step})"
    name = "step" if number else "steps"
    text = function_text(f"{name}(x, h)", "np.heaviside(x, h).", [f"return {line}"])
    site.call(name, text, *site.args)


def _conversion(site: Site) -> None:
    """`np.float32(x)` of an array."""
    if isinstance(site.args[0].type, Array):
        site.say("astype", site.args[0], const(site.let.prim.name.removeprefix("np.")))


def _remainder(site: Site) -> None:
    body = ["n = np.rint(x / y)", "return x - n * y"]
    text = function_text("remainder(x, y)", "math.remainder(x, y).", body)
    site.call("remainder", text, *site.args)


def _extreme_index(site: Site) -> None:
    """Where Python's `max(x)` finds its item."""
    kind = site.let.prim.name.removesuffix("_index")
    sign = {"max": ">", "min": "<"}[kind]
    body = [
        "if not x.size:",
        f'    raise ValueError("{kind}() iterable argument is empty")',
        "best = 0",
        "for k in range(1, x.size):",
        f"    if x[k] {sign} x[best]:",
        "        best = k",
        "return best",
    ]
    name = f"{kind}_index"
    text = function_text(f"{name}(x)", f"Where {kind}(x) finds its item.", body)
    site.call(name, text, *site.args)


def _astype(site: Site) -> None:
    """A number is converted by a call."""
    x, dtype = site.args
    assert isinstance(dtype, Const)
    if is_number(x.type):
        site.say(function_called(f"np.{dtype.value}"), x)


def _clip_number(site: Site) -> None:
    """Numba clips arrays only."""
    if is_number(site.type):
        x, low, high = site.args
        above, below = (
            ("max", "min") if isinstance(site.type, Int) else ("np.maximum", "np.minimum")
        )
        site.say(below, site.temp(above, site.type, x, low), high)


def _interp(site: Site) -> None:
    if not all(_absent(site.operand(name)) for name in ("left", "right")):
        site.refuse("np.interp with left or right", "choose with np.where")
    site.say(function_called("np.interp", raises=True), *site.args[:3])


def _lacking(site: Site) -> None:
    site.refuse(
        site.let.prim.name.partition("(")[0], "write it as a loop, or use the Python backend"
    )


LACKING = (
    "math.factorial", "math.isqrt", "math.comb", "math.modf", "math.dist", "math.fsum",
    "math.fsum(items)", "np.modf", "np.frexp", "np.choose", "np.linspace(arrays)",
    "np.lexsort", "np.array_equiv",
)  # fmt: skip
"""Functions that Numba does not know."""

TABLE: dict[str, Respelling] = {
    **dict.fromkeys(LACKING, _lacking),
    **{name: _called(path) for name, path in MATH.items()},
    "np.where": _where,
    "item": _item,
    "astype": _astype,
    "np.clip": _clip_number,
    "np.interp": _interp,
    "array.clip": _clip,
    "abs": _abs,
    "math.log": _log,
    "np.heaviside": _heaviside,
    **dict.fromkeys(("np.float32", "np.float64"), _conversion),
    "math.hypot(any)": _hypot,
    "math.remainder": _remainder,
    "max_index": _extreme_index,
    "min_index": _extreme_index,
}
