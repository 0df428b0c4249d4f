"""What temporaries are called: after what they are, from the names of their operands.

    product = mul 2 x         twice_x = mul 2 x
    item = getitem u 1:   ⇒   u_tail = getitem u 1:
    exp = exp x               exp_x = exp x

A name is made only from operands that have a telling name themselves, and stays short; what is
left over is called by the noun of its operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ad_compiler.ir.index import is_slice, slice_bounds, split_operands
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Int, rank
from ad_compiler.rules.registry import PRIMITIVES

LONGEST = 16
"""How long a made-up name may be."""
WORDS = 3
"""How many words it may have; a name that a person gave counts as one."""
ADJOINTS = ("_bar", "_dot")
COUNTED = {1: "one", 2: "two", 3: "three", 0.5: "half"}
SCALED = {2: "twice", 3: "thrice", 0.5: "half"}
ORDINALS = {0: "first", -1: "last"}
INDICES = frozenset("ijk")
NEXT = frozenset(f"{letter}_plus_one" for letter in "ijkt")
COMPARED = {
    "lt": ("below", "is_negative"), "le": ("at_most", "is_at_most_0"),
    "gt": ("above", "is_positive"), "ge": ("at_least", "is_at_least_0"),
    "eq": ("equals", "is_zero"), "ne": ("differs", "is_nonzero"),
}  # fmt: skip
PREFIXES = {
    "abs": "abs", "np.abs": "abs", "math.fabs": "abs", "np.fabs": "abs", "neg": "minus",
    "np.sum": "sum", "sum": "sum", "np.max": "max", "np.min": "min", "np.reciprocal": "inverse",
    "np.prod": "prod", "np.any": "any", "np.all": "all", "not": "not", "np.logical_not": "not",
}  # fmt: skip
"""How the name of a function's value begins, where it is not the noun of the function."""
PLAIN = frozenset(
    {"exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh",
     "tanh", "asin", "acos", "atan", "root", "erf", "erfc", "sign", "mean", "norm", "var", "std",
     "whole", "rounded"}
)  # fmt: skip
"""The nouns of functions of one operand that may begin a name: `sin_x`."""


def described(prim: Primitive, args: Sequence[Atom]) -> str:
    """A name for the result of an operation."""
    make = MAKERS.get(prim.name)
    if make is not None:
        made = make(args)
    elif prim.name in PREFIXES or prim.noun in PLAIN:
        made = _applied(PREFIXES.get(prim.name, prim.noun), args[0])
    else:
        made = None
    if made is None or len(made) > LONGEST:
        return prim.noun
    given = sum(a.name.count("_") for a in {*args} if isinstance(a, Var) and not a.temp)
    return made if made.count("_") - given < WORDS else prim.noun


def is_telling(var: Var) -> bool:
    """Whether the name of a variable says more than which operation it comes from."""
    return not (var.temp and var.name in _nouns())


def _nouns() -> frozenset[str]:
    if not _NOUNS:
        _NOUNS.append(frozenset(prim.noun for prim in PRIMITIVES.values()))
    return _NOUNS[0]


_NOUNS: list[frozenset[str]] = []


def _stem(atom: Atom) -> str | None:
    """An operand's part in a name; none for constants, adjoints and long or general names."""
    if not isinstance(atom, Var) or not is_telling(atom):
        return None
    name = atom.name
    return None if name.endswith(ADJOINTS) or name.startswith("_") else name


def _applied(prefix: str, atom: Atom) -> str | None:
    stem = _stem(atom)
    return None if stem is None else f"{prefix}_{stem}"


def _number(atom: Atom, words: Mapping[float, str]) -> str | None:
    if isinstance(atom, Const) and type(atom.value) in (int, float):
        return words.get(atom.value)
    return None


def _joined(word: str) -> Callable[[Sequence[Atom]], str | None]:
    """`a_plus_b`, `one_minus_a`."""

    def make(args: Sequence[Atom]) -> str | None:
        if word == "minus" and args[1] == const(1) and isinstance(args[0].type, Int):
            return "before" if _stem(args[0]) in INDICES else "last"  # index of n items
        parts = [_stem(a) or _number(a, COUNTED) for a in args]
        return f"{parts[0]}_{word}_{parts[1]}" if all(parts) else None

    return make


def _product(args: Sequence[Atom]) -> str | None:
    """`twice_x`, `x_sq`, `x_y`."""
    x, y = args
    for number, other in ((x, y), (y, x)):
        word = _number(number, SCALED)
        if word is not None:
            return _applied(word, other)
    if x is y:
        return _suffixed(x, "sq")
    parts = [_stem(x), _stem(y)]
    return f"{parts[0]}_{parts[1]}" if all(parts) else None


def _matmul(args: Sequence[Atom]) -> str | None:
    x, y = args
    return _suffixed(x, "norm_sq") if x is y and rank(x.type) == 1 else _product(args)


def _quotient(args: Sequence[Atom]) -> str | None:
    x, y = args
    if isinstance(x, Const) and x.value == 1:
        return _applied("inverse", y)
    return _joined("over")(args)


def _power(args: Sequence[Atom]) -> str | None:
    exponent = args[1]
    if isinstance(exponent, Const) and exponent.value in (2, 3, -1):
        if exponent.value == -1:
            return _applied("inverse", args[0])
        return _suffixed(args[0], {2: "sq", 3: "cubed"}[exponent.value])
    return None


def _suffixed(atom: Atom, suffix: str) -> str | None:
    stem = _stem(atom)
    return None if stem is None else f"{stem}_{suffix}"


def _compared(name: str) -> Callable[[Sequence[Atom]], str | None]:
    general, with_zero = COMPARED[name]

    def make(args: Sequence[Atom]) -> str | None:
        zero = isinstance(args[1], Const) and args[1].value == 0
        return with_zero if zero else general

    return make


def _part(args: Sequence[Atom]) -> str | None:
    """`x_tail` for `x[1:]`, `x_i` for `x[i]`, `x_first` for `x[0]`."""
    array, pattern, *operands = args
    assert isinstance(pattern, Const)
    words = {
        _item(item, own)
        for item, own in split_operands(pattern.value, operands)
        if item not in (":", "new", "...")
    }
    if len(words) != 1 or None in words:
        return None
    return _suffixed(array, words.pop() or "")


def _item(item: str, operands: Sequence[Atom]) -> str | None:
    if is_slice(item):
        return _slice(item, operands)
    operand = operands[0] if operands else None
    if isinstance(operand, Var):
        stem = _stem(operand)
        return "next" if stem in NEXT else stem
    if isinstance(operand, Const) and type(operand.value) is int:
        index = operand.value
        return ORDINALS.get(index, str(index) if index >= 0 else None)
    return None


def _slice(item: str, operands: Sequence[Atom]) -> str | None:
    """What part a slice takes: `1:` the tail, `:-1` the head, `1:-1` the inner part."""
    start, stop, step = slice_bounds(item, operands)
    if step is not None:
        return None
    negative = isinstance(stop, Const) and stop.value < 0
    match start, stop:
        case None, _:
            return "head"
        case _, None:
            return "tail"
        case _:
            return "inner" if negative else "part"


MAKERS: Mapping[str, Callable[[Sequence[Atom]], str | None]] = {
    "add": _joined("plus"),
    "sub": _joined("minus"),
    "mul": _product,
    "matmul": _matmul,
    "np.dot": _matmul,
    "truediv": _quotient,
    "pow": _power,
    "getitem": _part,
    **{name: _compared(name) for name in COMPARED},
}
"""How the results of some primitives are named."""
