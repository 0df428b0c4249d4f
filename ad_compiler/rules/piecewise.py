"""Functions with kinks and jumps. Each line states the derivative that holds at the kink.

A zero that comes from choosing something else is written `where(c, p, 0)`, so that it stays a zero
however infinite the derivative of what was not chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Method, Primitive, TypeRefusal
from ad_compiler.ir.types import (
    F64,
    PY_BOOL,
    PY_INT,
    Array,
    Bool,
    Static,
    Type,
    broadcast,
    dims_of,
    dtype_of,
    shown,
)
from ad_compiler.rules import infer
from ad_compiler.rules.forms import announce, flat, integer_function, kink, rule
from ad_compiler.rules.registry import METHODS, Flat, Partials, means, register

_SIGN = "1 if x > 0 else (-1 if x < 0 else 0)"
kink(
    "abs(x)", "sign(x)", numbers=(_SIGN,), at="0 at 0",
    objects=(np.absolute,), noun="magnitude",
)  # fmt: skip
kink(
    "fabs(x)", "sign(x)", numbers=(_SIGN,), at="0 at 0",
    objects=(math.fabs, np.fabs), total=True, noun="magnitude",
)  # fmt: skip
kink(
    "copysign(x, y)", "where(x != 0, copysign(1, x) * copysign(1, y), 0)", None, at="0 at x = 0",
    objects=(math.copysign, np.copysign), total=True,
)  # fmt: skip
kink(
    "maximum(x, y)",
    "where(x >= y, where(x == y, 0.5, 1), 0)",
    "where(y >= x, where(x == y, 0.5, 1), 0)",
    at="half each where x == y",
    objects=(np.maximum,),
    noun="largest",
)
kink(
    "minimum(x, y)",
    "where(x <= y, where(x == y, 0.5, 1), 0)",
    "where(y <= x, where(x == y, 0.5, 1), 0)",
    at="half each where x == y",
    objects=(np.minimum,),
    noun="smallest",
)
for _ufunc, _noun in ((np.fmax, "largest"), (np.fmin, "smallest")):
    kink(
        f"{_ufunc.__name__}(x, y)",
        "where(x == z, where(x == y, 0.5, 1), 0)",
        "where(y == z, where(x == y, 0.5, 1), 0)",
        at="half each where x == y",
        objects=(_ufunc,),
        noun=_noun,
    )
# What `%` leaves is x minus a whole number of y; (x - z) / y is that whole number.
_WHOLE = "the quotient is taken as constant: its jumps have no derivative"
kink(
    "fmod(x, y)", "1", "(z - x) / y", at=_WHOLE,
    objects=(np.fmod,), domain="quotient", noun="remainder",
)  # fmt: skip
kink(
    "fmod(x, y)", "1", "quiet_div(z - x, y)", at=_WHOLE,
    objects=(math.fmod,), domain="quotient", noun="remainder",
)  # fmt: skip
kink(
    "remainder(x, y)", "1", "quiet_div(z - x, y)", at=_WHOLE,
    objects=(math.remainder,), domain="quotient",
)  # fmt: skip
kink(
    "heaviside(x, y)", None, "where(x == 0, 1, 0)", at="0 at 0 in x",
    objects=(np.heaviside,), noun="step",
)  # fmt: skip

for _name in ("floor", "ceil"):
    flat(
        f"{_name}(x)",
        objects=(getattr(math, _name), getattr(np, _name)),
        result=PY_INT,
        noun="whole",
    )


def _trunc(args: Sequence[Atom]) -> Type:
    """The type of `math.trunc`, which knows Python's numbers and their subclass np.float64."""
    (type_,) = infer.numbers(args, "math.trunc", "use np.trunc")
    if not (infer.is_python(type_) or type_ == F64):
        raise TypeRefusal(f"math.trunc does not take a {shown(type_)}", "use np.trunc, or int(...)")
    return PY_INT


flat("trunc(x)", objects=(math.trunc,), infer=_trunc, noun="whole")
flat("trunc(x)", objects=(np.trunc,), noun="whole")
flat("rint(x)", objects=(np.rint,), noun="rounded")
flat("sign(x)", objects=(np.sign,))
for _name in ("isnan", "isinf", "isfinite"):
    flat(
        f"{_name}(x)",
        "a truth value",
        objects=(getattr(math, _name), getattr(np, _name)),
        result=PY_BOOL,
        total=True,
        noun="test",
    )
flat("signbit(x)", "a truth value", objects=(np.signbit,), noun="test")
for _ufunc in (np.gcd, np.lcm):
    flat(f"{_ufunc.__name__}(n, k)", "counts", "integer", objects=(_ufunc,), noun="count")
for _name, _params in (
    ("factorial", "n"),
    ("isqrt", "n"),
    ("comb", "n, k"),
    ("gcd", "n, k"),
    ("lcm", "n, k"),
):
    flat(
        f"{_name}({_params})",
        "counts",
        "integer",
        objects=(getattr(math, _name),),
        infer=integer_function(f"math.{_name}"),
        noun="count",
    )


def _where(args: Sequence[Atom]) -> Type:
    """The type of `np.where(c, x, y)`: always an array, of rank 0 for numbers."""
    types = infer.numeric(args)
    dims = broadcast(*map(dims_of, types))
    return Array(infer.promote(types[1:]), dims)


rule(
    "where(condition, x, y)",
    None,
    "where(condition, 1, 0)",
    "where(condition, 0, 1)",
    objects=(np.where,),
    infer=_where,
    domain="condition",
    noun="chosen",
)


def _clip(args: Sequence[Atom]) -> Type:
    """The type of `np.clip(x, low, high)`, where a bound may be None."""
    given = [arg for arg in args if not _is_none(arg)]
    if len(given) < 2:
        raise TypeRefusal("clip has no bounds", "give a lower or an upper bound")
    x, *bounds = infer.numeric(given)
    types = (infer.strong(x), *bounds)
    return infer.of_dtype(infer.promote(types), broadcast(*map(dims_of, types)))


def _is_none(arg: Atom) -> bool:
    return isinstance(arg, Const) and arg.value is None


def _clip_raises(args: Sequence[Atom]) -> bool:
    return infer.clashes([arg for arg in args if not isinstance(arg.type, Static)])


def _clip_rule(a: str, low: str, high: str) -> Partials:
    """1 on the closed interval, then the bound's."""
    both = (
        f"where({low} <= {a}, where({a} <= {high}, 1, 0), 0)",
        f"where({a} < {low}, where({low} <= {high}, 1, 0), 0)",
        f"where(maximum({a}, {low}) > {high}, 1, 0)",
    )
    lower = f"where({low} <= {a}, 1, 0)", f"where({a} < {low}, 1, 0)", None
    upper = f"where({a} <= {high}, 1, 0)", None, f"where({a} > {high}, 1, 0)"

    def choose(args: Sequence[Atom]) -> tuple[str | None, ...]:
        if _is_none(args[1]):
            return upper
        return lower if _is_none(args[2]) else both

    return Partials(
        (a, low, high),
        f"clip({a}, {low}, {high})",
        both,
        convention="1 to x on the closed interval, beyond it 1 to the bound",
        domain="clip",
        choose=choose,
    )


def _clip_method(a: Any, low: Any, high: Any) -> Any:
    return np.clip(a, low, high)


CLIP = register(
    Primitive(
        "np.clip", np.clip, _clip, Call("np.clip"), ("a", "a_min", "a_max"),
        raises=_clip_raises, noun="clipped",
    ),
    _clip_rule("a", "a_min", "a_max"),
)  # fmt: skip


@means(
    np.clip,
    samples=(
        (np.arange(4.0), 0.5, 2.5),
        (np.arange(4.0), None, np.full(4, 1.5)),
        (np.arange(4.0), {"min": 1.5}),
    ),
)
def _np_clip(
    a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    return CLIP(a, min if a_min is None else a_min, max if a_max is None else a_max)


METHODS["clip"] = register(
    Primitive(
        "array.clip", _clip_method, _clip, Method("clip"), ("a", "min", "max"),
        defaults={"min": None, "max": None}, raises=_clip_raises, noun="clipped",
    ),
    _clip_rule("a", "min", "max"),
)  # fmt: skip


def _round(args: Sequence[Atom]) -> Type:
    """The type of `np.round(a, decimals)`."""
    (a,) = infer.numeric(args[:1])
    if dtype_of(a) == "bool" or isinstance(a, Bool):
        raise TypeRefusal("NumPy rounds truth values to float16", "convert them to floats first")
    return infer.of_dtype(infer.promote([a]), dims_of(a))


for _path, _spelling, _objects in (
    ("np.round", Call("np.round"), (np.round, np.around)),
    ("array.round", Method("round"), ()),
):
    _rounded = register(
        Primitive(
            _path, np.round, _round, _spelling, ("a", "decimals"),
            defaults={"decimals": 0}, noun="rounded",
        ),
        Flat(),
        *_objects,
    )  # fmt: skip
    METHODS["round"] = _rounded


def _nan_to_num(args: Sequence[Atom]) -> Type:
    """The type of `np.nan_to_num(x, copy, nan, posinf, neginf)`."""
    if infer.static(args[1], "copy") is not True:
        raise TypeRefusal("np.nan_to_num with copy=False writes into its argument", "drop `copy`")
    for arg, name in zip(args[2:], ("nan", "posinf", "neginf"), strict=True):
        infer.static(arg, name)
    (x,) = infer.numeric(args[:1])
    return infer.of_dtype(infer.promote([x]), dims_of(x))


announce(
    "nan_to_num",
    register(
        Primitive(
            "np.nan_to_num", np.nan_to_num, _nan_to_num, Call("np.nan_to_num"),
            ("x", "copy", "nan", "posinf", "neginf"),
            defaults={"copy": True, "nan": 0.0, "posinf": None, "neginf": None},
            noun="finite", keyword_only=("nan", "posinf", "neginf"),
        ),
        Partials(
            ("x", "copy", "nan", "posinf", "neginf"), "nan_to_num(x)",
            ("where(isfinite(x), 1, 0)", None, None, None, None),
            convention="0 where the number was replaced",
        ),
        np.nan_to_num,
    ),
)  # fmt: skip
