"""The forms in which elementwise primitives are entered: a line of mathematics each.

    rule("tanh(x)", "1 - z * z", objects=(math.tanh, np.tanh), total=True)
    flat("floor(x)", objects=(np.floor,))

One line makes a primitive for each object: `math`'s for numbers, NumPy's for anything. The name in
the line becomes known to the text of other partials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Infer, Primitive, TypeRefusal, never
from ad_compiler.ir.types import PY_FLOAT, PY_INT, Bool, Float, Int, Number, Type, dtype_of
from ad_compiler.rules import infer
from ad_compiler.rules.registry import FUNCTIONS, Flat, Partials, Refusal, Rule, register

Raises = Callable[[Sequence[Atom]], bool]
Choose = Callable[[Sequence[Atom]], tuple[str | None, ...]]

_NUMPY_SPELLINGS = {"absolute": "abs", "remainder": "mod"}
"""Where a ufunc has two names, the one that people write."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a line does not say about the primitives it makes; None: as the object's kind has it."""

    objects: tuple[Any, ...]
    infer: Infer | None = None
    raises: Raises | None = None
    noun: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    result: Number | None = None
    """What `math`'s function gives, if not a float."""
    package: str = "np"
    """Where the functions are from that are not `math`'s."""
    total: bool = False
    """Whether `math`'s function is defined everywhere and never overflows."""


def rule(
    primal: str,
    *partials: str | None,
    numbers: tuple[str | None, ...] = (),
    choose: Choose | None = None,
    convention: str = "",
    domain: str = "real",
    refuses: Mapping[str, Refusal] | None = None,
    **signature: Any,
) -> None:
    """Enter a function by its partial derivatives; `z` in their text is the value."""
    name, params = _parse(primal)
    assert len(params) == len(partials), primal
    line = Partials(params, primal, partials, convention, domain, numbers, choose, refuses or {})
    _enter(name, params, line, Signature(**signature))


def kink(primal: str, *partials: str | None, at: str, **rest: Any) -> None:
    """Enter a function with kinks; `at` says where they are and which derivative holds there."""
    rule(primal, *partials, convention=at, **rest)


def flat(
    primal: str, why: str = "piecewise constant", domain: str = "real", **signature: Any
) -> None:
    """Enter a function whose derivative is zero almost everywhere, or that gives no real number."""
    name, params = _parse(primal)
    _enter(name, params, Flat(why, domain), Signature(**signature))


def _parse(primal: str) -> tuple[str, tuple[str, ...]]:
    """The name and the parameters of `f(x, y)`."""
    name, _, params = primal.removesuffix(")").partition("(")
    return name, tuple(params.split(", "))


def _enter(name: str, params: tuple[str, ...], line: Rule, signature: Signature) -> None:
    for thing in signature.objects:
        made = _primitive(thing, name, params, signature)
        register(made, line, thing)
        announce(name, made)


def announce(name: str, primitive: Primitive) -> None:
    """Let the text of partials use a primitive by a bare name."""
    python, numpy = FUNCTIONS.get(name, (None, None))
    if primitive.name.startswith("np."):
        FUNCTIONS[name] = (python, primitive)
    elif primitive.name.startswith("scipy."):
        FUNCTIONS[name] = (python, numpy or primitive)
    else:
        FUNCTIONS[name] = (primitive, numpy)


def _primitive(thing: Any, name: str, params: tuple[str, ...], signature: Signature) -> Primitive:
    own = thing.__name__
    if getattr(thing, "__module__", None) == "math":
        path = f"math.{own}"
        own_infer = math_function(path, signature.result or PY_FLOAT)
        own_raises = never if signature.total else always
    else:
        spelling = _NUMPY_SPELLINGS.get(own, own) if signature.package == "np" else name
        path = f"{signature.package}.{spelling}"
        own_infer = infer.elementwise(thing) if isinstance(thing, np.ufunc) else None
        own_raises = ufunc_raises(thing) if isinstance(thing, np.ufunc) else infer.clashes
    chosen = signature.infer or own_infer
    assert chosen is not None, path
    return Primitive(
        path,
        evaluate=thing,
        infer=chosen,
        spelling=Call(path),
        params=params,
        defaults=signature.defaults,
        raises=signature.raises or own_raises,
        noun=signature.noun or name,
    )


def always(_args: Sequence[Atom]) -> bool:
    """The `raises` of a function of Python numbers with a domain or a range to leave."""
    return True


def math_function(path: str, result: Number) -> Infer:
    """The type rule of a function of `math`: numbers of any kind in, a Python number out."""

    def rule(args: Sequence[Atom]) -> Type:
        infer.numbers(args, path, f"use NumPy's function, or index an element, instead of {path}")
        return result

    return rule


def integer_function(path: str) -> Infer:
    """The type rule of a function of `math` that counts."""

    def rule(args: Sequence[Atom]) -> Type:
        types = infer.numbers(args, path, "index an element")
        if any(isinstance(t, Float) or t == Bool("np") for t in types):
            raise TypeRefusal(f"{path} takes integers", "convert the operands with int(...)")
        return PY_INT

    return rule


def ufunc_raises(ufunc: np.ufunc) -> Raises:
    """The `raises` of a ufunc: shapes that clash, and Python integers that a dtype cannot hold."""
    power = ufunc is np.power

    def raises(args: Sequence[Atom]) -> bool:
        numpy = not all(infer.is_python(arg.type) for arg in args)
        if numpy and (infer.clashes(args) or weak_overflow(args)):
            return True
        return power and integer_power(args)

    return raises


def weak_overflow(args: Sequence[Atom]) -> bool:
    """Whether a Python integer may not fit into the small integers it is combined with."""
    dtypes = {d for arg in args if (d := dtype_of(arg.type)) is not None}
    narrow = dtypes - {"i64"}
    if not narrow or any(d[0] not in "iu" for d in narrow):
        return False
    limits = np.iinfo(infer.numpy_dtype(infer.promote(a.type for a in args if dtype_of(a.type))))
    return any(
        not (isinstance(arg, Const) and limits.min <= arg.value <= limits.max)
        for arg in args
        if isinstance(arg.type, Int) and infer.may_be_python(arg.type)
    )


def integer_power(args: Sequence[Atom]) -> bool:
    """Whether NumPy may be asked for a negative power of integers, which raises."""
    if any(dtype_of(arg.type) in ("f64", "f32") for arg in args):
        return False
    exponent = args[1]
    return not (isinstance(exponent, Const) and exponent.value >= 0)
