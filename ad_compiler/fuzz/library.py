"""Calls of library functions, made from the table of rules: from domains, and from samples."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.fuzz.generator import FLOAT, ROW, VECTOR, Generator, Row, expressions
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.rules.registry import DEFINITIONS, MEANINGS, RULES, Flat, Linear, Partials

importlib.import_module("ad_compiler.rules")

SHARE = 0.25
"""How often one function of the library is called, beside a row that is written by hand."""

WITHIN: dict[str, tuple[str, ...]] = {
    "real": ("1.5 * {sin}(<X>)",),
    "positive": ("(1.5 + {sin}(<X>))",),
    "unit": ("0.9 * {sin}(<X>)",),
    "above_one": ("(2.25 + {sin}(<X>))",),
    "above_minus_one": ("0.8 * {sin}(<X>)",),
    "nonzero": ("(1.75 + {sin}(<X>))",),
    "quotient": ("(2.0 + {sin}(<X>))",),
    "power": ("(1.5 + {sin}(<X>))", "1.5 * {sin}(<X1>)"),
    "condition": ("<c>", "<X>", "<X1>"),
    "clip": ("<X>", "-0.75", "1.25"),
}
"""Operands within the domain of a rule; the last text serves for all further ones."""

INTEGERS = {"math.factorial", "math.isqrt", "math.comb", "math.gcd"}
BITS = {"np.bitwise_and", "np.bitwise_or", "np.bitwise_xor", "np.invert", "np.left_shift",
        "np.right_shift"}  # fmt: skip
BY_HAND = {
    *INTEGERS, *BITS, "np.where", "np.argpartition", "np.argsort", "np.searchsorted",
    "np.linalg.matrix_rank", "np.empty_like", "np.float32",
}  # fmt: skip
"""What is called elsewhere, with operands of its own."""


FIXED = {"np.nanquantile", "np.nanpercentile"}
"""Functions that have a derivative in their first operand alone."""


HOMES: dict[str, Any] = {"np": np, "math": math, "sum": sum, "max": max, "min": min}
"""What the names of functions begin with; rules for other packages may be there or not."""


def spelled(primitive: Primitive) -> str:
    """The dotted path that a primitive is called by, empty if it is no call."""
    return primitive.spelling.path if isinstance(primitive.spelling, Call) else ""


def _operands(domain: str, count: int, hole: str, sin: str) -> list[str]:
    texts = WITHIN[domain]
    found = [texts[min(k, len(texts) - 1)].format(sin=sin) for k in range(count)]
    if domain not in ("condition", "clip"):
        found = [t.replace("<X1>", "<X>").replace("<X>", f"<X{k}>") for k, t in enumerate(found)]
    return [t.replace("<X", f"<{hole}") for t in found]


def elementwise(type_: str) -> list[Row]:
    """A row for each elementwise function that takes numbers, or arrays, of a type."""
    hole, sin = {FLOAT: ("F", "math.sin"), VECTOR: ("V", "np.sin"), ROW: ("R", "np.sin")}[type_]
    rows: list[Row] = []
    for primitive in dict.fromkeys(MEANINGS.values()):
        rule, path = RULES[primitive], spelled(primitive)
        if not isinstance(rule, Partials | Flat) or path in BY_HAND:
            continue
        if not path.startswith("math." if type_ == FLOAT else "np.") or rule.domain not in WITHIN:
            continue
        if any(name.startswith("*") for name in primitive.params):
            continue
        if isinstance(rule, Flat) and type_ != FLOAT and not isinstance(_function(path), np.ufunc):
            continue  # it asks for a length, or for a kind
        given = [n for n in primitive.params if n not in primitive.defaults]
        call = f"{path}({', '.join(_operands(rule.domain, len(given), hole, sin))})"
        if isinstance(rule, Flat):
            call = f"({call} * <{hole}9>)"
        rows += expressions(call, weight=SHARE)
    return rows


Variant = Callable[[Generator, int], str]


def sampled() -> list[Row]:
    """A row for each function that has samples: its operands vary a little with a number."""
    found: dict[str, list[Variant]] = {}
    for primitive in dict.fromkeys(MEANINGS.values()):
        rule, path = RULES[primitive], spelled(primitive)
        if isinstance(rule, Linear) and path.split(".")[0] in HOMES:
            for sample in rule.samples:
                found.setdefault(path, []).extend(_variants(path, *split(primitive, sample)))
    for thing, definition in DEFINITIONS.items():
        path = _path(thing)
        for sample in definition.samples if path else ():
            keywords = sample[-1] if isinstance(sample[-1], dict) else {}
            args = sample[: len(sample) - bool(keywords)]
            found.setdefault(path, []).extend(_variants(path, args, keywords))
    return [Row(f"{path} of arrays", _one_of(made), SHARE) for path, made in found.items() if made]


def _one_of(variants: Sequence[Variant]) -> Variant:
    return lambda g, depth: g.rng.choice(variants)(g, depth)


def split(primitive: Primitive, sample: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The operands of a primitive as arguments of a call: those that are left out, left out."""
    names = list(primitive.params)
    if any(name.startswith("*") for name in names):
        return list(sample), {}
    args: list[Any] = []
    keywords: dict[str, Any] = {}
    for name, value in zip(names, sample, strict=True):
        if name not in primitive.defaults:
            args.append(value)
        elif isinstance(value, np.ndarray) or value != primitive.defaults[name]:
            keywords[name] = value
    return args, keywords


def _path(thing: Any) -> str:
    """What a function is called in the text of a program; empty if it has no name there."""
    name, owner = thing.__name__, getattr(thing, "__self__", None)
    names = [f"math.{name}", f"np.{name}", f"np.linalg.{name}"]
    if isinstance(owner, np.ufunc):
        names = [f"np.{owner.__name__}.{name}"]
    return next((path for path in names if _function(path) == thing), "")


def _function(path: str) -> Callable[..., Any]:
    home, *names = path.split(".")
    found: Any = HOMES[home]
    for name in names:
        found = getattr(found, name, None)
    return found


def _variants(path: str, args: Sequence[Any], keywords: dict[str, Any]) -> list[Variant]:
    """The calls at one sample: one for each of its results."""
    if not all(map(written, [*args, *keywords.values()])):
        return []
    with np.errstate(all="ignore"):
        value = _function(path)(*args, **keywords)
    parts = [f"[{k}]" for k in range(len(value))] if isinstance(value, tuple | list) else [""]
    whole = [value] if parts == [""] else list(value)
    kinds = [np.asarray(one).dtype.kind for one in whole]
    number = {part: NUMBERS.get(kind) for part, kind in zip(parts, kinds, strict=False)}
    if path == "np.linalg.svd" and keywords.get("full_matrices") is not False:
        parts = parts[1:2]  # singular vectors beyond the smaller side have no derivative
    if path == "np.linalg.lstsq":
        parts = parts[:1]
    return [_maker(path, tuple(args), keywords, part, number[part]) for part in parts]


NUMBERS = {"f": "np.sum(np.cos({}))", "c": "np.sum(np.cos(np.real((1 - 2j) * {})))"}
"""The number that is made of real or complex results; of others, a multiple of their sum."""


def written(value: Any) -> bool:
    """Whether the text of a program can give a value; functions and types it cannot."""
    if isinstance(value, list | tuple):
        return all(map(written, value))
    if isinstance(value, np.ndarray):
        return value.dtype.name in ("float64", "float32", "int64", "bool")
    return value is None or isinstance(value, str | bool | int | float)


def _maker(
    path: str, args: Sequence[Any], keywords: dict[str, Any], part: str, number: str | None
) -> Variant:
    def make(g: Generator, depth: int) -> str:
        moving = args[:1] if path in FIXED else args
        texts = [_operand(g, a, max(1, depth)) for a in moving]
        texts += [_constant_operand(g, a) for a in args[len(moving) :]]
        texts += [f"{k}={_constant_operand(g, v)}" for k, v in keywords.items()]
        call = f"{path}({', '.join(texts)}){part}"
        return f"np.sum({call} * {g.atom(FLOAT)})" if number is None else number.format(call)

    return make


def _operand(g: Generator, value: Any, depth: int) -> str:
    """A value near the one of the sample; what does not vary stays as it is."""
    match value:
        case np.ndarray() if value.dtype.kind == "f" and np.isfinite(value).all():
            return f"near({_constant(g, value)}, {g.expression(FLOAT, depth)})"
        case np.ndarray():
            return _constant(g, value)
        case float() if depth:
            return f"near({value!r}, {g.expression(FLOAT, 0)})"
        case list():
            return f"[{', '.join(_operand(g, item, depth) for item in value)}]"
        case tuple():
            return f"({', '.join(_operand(g, item, depth) for item in value)},)"
        case _:
            return repr(value)


def _constant_operand(g: Generator, value: Any) -> str:
    """An argument that does not vary."""
    if isinstance(value, float) and not math.isfinite(value):
        return "math.nan" if math.isnan(value) else f"{'-' * (value < 0)}math.inf"
    return _constant(g, value) if isinstance(value, np.ndarray) else repr(value)


def _constant(g: Generator, value: Any) -> str:
    """The name of an array of the module."""
    text = np.array2string(value, separator=", ", floatmode="unique", threshold=10**6)
    text = f"np.array({text.replace('nan', 'np.nan')}, dtype=np.{value.dtype.name})"
    name = next((n for n, t in g.constants.items() if t == text), f"K{len(g.constants)}")
    g.constants[name] = text
    return name
