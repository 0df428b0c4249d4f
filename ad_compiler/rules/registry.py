"""The table of primitives and their derivatives, and the few forms that a derivative takes.

* `Partials`: elementwise; one partial derivative an operand, as text.
* `Flat`: zero almost everywhere (or no number at all): cuts the derivative.
* `Linear`: structural; for each operand that carries a derivative, a forward function linear in
  the tangent, and optionally its transpose.

The files beside this one fill the tables when `ad_compiler.rules` is imported.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import PY_FLOAT, is_number

Variant = Callable[[Sequence[Atom]], tuple[Primitive, tuple[Atom, ...]] | None]

PRIMITIVES: dict[str, Primitive] = {}
"""Every primitive by name."""

RULES: dict[Primitive, Rule] = {}
"""The derivative of every primitive."""

MEANINGS: dict[Any, Primitive] = {}
"""The primitive that a Python object stands for: `np.sin`, `math.sin`, `abs`."""

OPERATORS: dict[str, Primitive] = {}
"""Primitives by Python operator: `+ - * / // % ** @ < <= > >= == !=`, `neg`, `pos`, `not`."""

FUNCTIONS: dict[str, tuple[Primitive | None, Primitive | None]] = {}
"""What a bare function name in the text of a partial means: (for Python numbers, for NumPy's)."""

CONSTANTS: dict[str, Const] = {
    "inf": Const(math.inf, PY_FLOAT, "math.inf"),
    "nan": Const(math.nan, PY_FLOAT, "math.nan"),
    "pi": Const(math.pi, PY_FLOAT, "math.pi"),
    "ln2": Const(math.log(2), PY_FLOAT, "math.log(2)"),
    "ln10": Const(math.log(10), PY_FLOAT, "math.log(10)"),
}
"""What a bare name in the text of a partial means that is neither an operand nor `z`."""

VARIANTS: dict[Primitive, Variant] = {}
"""Another primitive that says the same, and its operands, for some operands of a primitive."""

NAMED_TUPLES = frozenset(f"np.linalg.{name}" for name in ("eigh", "qr", "slogdet", "svd"))
"""What gives several results by name, too: those of other operations are plain tuples."""

SHAPE_ONLY = frozenset({"dim", "size", "zeros_like"})
"""The operations, by name, that read the shape of their operand and no element."""

REFUSED: dict[Any, tuple[str, str]] = {}
"""Why a function has no rule, and what to write instead."""

LATER: dict[str, tuple[str, ...]] = {}
"""Modules of other packages, and the files of rules that are read once they are in use."""

METHODS: dict[str, Primitive | FunctionType] = {}
"""Array methods: `x.sum(axis=0)` is METHODS["sum"] applied to x first."""

WRITERS: dict[str, FunctionType] = {}
"""Methods that change the array they are called on."""

ATTRIBUTES: dict[str, Primitive | FunctionType] = {}
"""Array attributes: `x.T`."""

DEFINITIONS: dict[Any, Definition] = {}
"""NumPy functions that are others rearranged."""

WIDER: dict[Primitive, Primitive] = {}
"""For a primitive, another for the same objects that takes arguments which it lacks."""


def _same() -> None:
    """Stands for a jvp that is the operation itself, the tangent in the operand's place."""


SAME = cast(FunctionType, _same)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Stands for a derivative that is not known: a program that needs it is refused."""

    reason: str
    remedy: str


def nothing_undefined(_args: Sequence[Atom]) -> dict[int, Refusal]:
    """All results have a derivative."""
    return {}


@dataclass(frozen=True, slots=True)
class Partials:
    """Elementwise. `partials[k]` is the text of dz/d(params[k]); `z` is the result.

    None: no derivative in that operand. The text is an expression of the operands' names and `z`
    with `+ - * / // **`, comparisons, `a if c else b`, and calls of functions by their bare name
    (`cos`, `log`, `where`, `sign`, …), which are `math`'s for Python numbers and NumPy's else.
    """

    params: tuple[str, ...]
    primal: str
    partials: tuple[str | None, ...]
    convention: str = ""
    """What the derivative is at kinks and singular points, for the docs."""
    domain: str = "real"
    """A key of the sampler in the tests: where random test points are drawn."""
    numbers: tuple[str | None, ...] = ()
    """Texts for operands that are all numbers, where only the chosen arm of a conditional runs."""
    choose: Callable[[Sequence[Atom]], tuple[str | None, ...]] | None = None
    """Picks the texts where constant operands or their kinds call for simpler ones."""
    refuses: Mapping[str, Refusal] = field(default_factory=dict[str, Refusal])
    """The operands in which the derivative is not known, and why."""

    def texts(self, args: Sequence[Atom]) -> tuple[str | None, ...]:
        """The partial derivatives to use for these operands."""
        if self.choose is not None:
            return self.choose(args)
        if self.numbers and all(is_number(arg.type) for arg in args):
            return self.numbers
        return self.partials


@dataclass(frozen=True, slots=True)
class Flat:
    """Zero almost everywhere, or not a real number at all."""

    why: str = "piecewise constant"
    domain: str = "real"
    samples: tuple[tuple[Any, ...], ...] = ()
    """Argument tuples for the tests, where random numbers would not do."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Structural. `jvps[name]` gives the tangent of z from that of operand `name`.

    A jvp takes the primitive's operands, and keyword-only `z` and `<name>_dot`; it must be linear
    in the tangent. A vjp takes the operands, and keyword-only `z` and `z_bar`, and gives the
    cotangent of the operand: anything that broadcasts to the operand's shape. `z_bar` itself is
    only known to broadcast to the shape of z, unless `dense` asks for its full shape. Where there
    are several `results`, a jvp gives a tangent for each, None for zero, and a vjp takes a
    cotangent `<result>_bar` of each, None for one that is absent. Both are plain Python functions
    in the language that the compiler accepts; what depends on static operands alone is evaluated
    at compile time. A missing vjp is derived by transposition. `SAME` for a jvp: the operation is
    linear in the operand.
    """

    jvps: dict[str, FunctionType] = field(default_factory=dict[str, FunctionType])
    vjps: dict[str, FunctionType] = field(default_factory=dict[str, FunctionType])
    joint: bool = False
    """Whether the operation is linear in all its differentiable operands at once, as a sum is."""
    dense: bool = False
    whole: bool = False
    """Whether what the vjps give has the operand's full shape, however its lengths are called."""
    inert: tuple[str, ...] = ()
    """Operands without a derivative that may be any floats: only their shape counts, say."""
    numbers: bool = False
    """Whether the vjps take a number for a cotangent that is the same everywhere, though dense."""
    convention: str = ""
    samples: tuple[tuple[Any, ...], ...] = ()
    """Argument tuples for the tests."""
    results: tuple[str, ...] = ("z",)
    """What the functions call the results."""
    undefined: Callable[[Sequence[Atom]], dict[int, Refusal]] = nothing_undefined
    """The results that have no derivative, by number, and why."""
    refuses: Mapping[str, Refusal] = field(default_factory=dict[str, Refusal])
    """The operands in which the derivative is not known, and why."""


Rule = Partials | Flat | Linear


def register(primitive: Primitive, rule: Rule, *objects: Any) -> Primitive:
    """Enter a primitive, its derivative, and the Python objects that mean it."""
    assert primitive.name not in PRIMITIVES, f"{primitive.name} is registered twice"
    PRIMITIVES[primitive.name] = primitive
    RULES[primitive] = rule
    for thing in objects:
        MEANINGS[thing] = primitive
    return primitive


@dataclass(frozen=True, slots=True)
class Definition:
    """A Python function that does what a function of NumPy does, with the very same bits.

    It takes the arguments as that one does. `samples` are arguments for the tests; a dict at the
    end is keywords. `inert`: what it gives has no derivative. `writes`: it gives nothing, but
    changes its first argument.
    """

    function: Any
    samples: tuple[tuple[Any, ...], ...]
    inert: bool = False
    writes: bool = False


def means(
    *objects: Any, samples: tuple[tuple[Any, ...], ...], method: str = "", inert: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a Python function as the definition of what these objects do."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        definition = Definition(cast(FunctionType, function), samples, inert)
        DEFINITIONS.update(dict.fromkeys(objects, definition))
        if method:
            METHODS[method] = cast(FunctionType, function)
        return function

    return enter


def writes(thing: Any, method: str = "") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Enter a Python function as the definition of what changes an array."""

    def enter(function: Callable[..., None]) -> Callable[..., None]:
        DEFINITIONS[thing] = Definition(cast(FunctionType, function), (), writes=True)
        if method:
            WRITERS[method] = cast(FunctionType, function)
        return function

    return enter


def refuse(why: str, remedy: str, *objects: Any) -> None:
    """Say why some functions have no rule, and what to write instead."""
    REFUSED.update(dict.fromkeys(objects, (why, remedy)))


def widen(narrow: Primitive, wide: Primitive, rule: Rule) -> Primitive:
    """Enter a primitive that takes over where `narrow` lacks an argument."""
    WIDER[narrow] = register(wide, rule)
    return wide


def meaning(thing: Any) -> Primitive | None:
    """The primitive that a Python object stands for, by identity, never by spelling."""
    try:
        if thing in MEANINGS:
            return MEANINGS[thing]
    except TypeError:  # unhashable: an array, a list
        return None
    return MEANINGS.get(thing) if read_later(sys.modules) else None


def function(name: str) -> tuple[Primitive | None, Primitive | None]:
    """What a bare function name in the text of a partial means."""
    for module in list(LATER):
        if name in FUNCTIONS:
            break  # no more is read than is needed: SciPy takes its time
        try:
            read_later((module,))
        except ImportError as error:
            reason = f"a derivative here needs SciPy's function {name}"
            raise TypeRefusal(reason, "install SciPy") from error
    return FUNCTIONS[name]


def read_later(modules: Container[str]) -> bool:
    """Read the rules for other packages' modules, of those given; whether there were any."""
    wanted = [module for module in LATER if module in modules]
    for module in wanted:
        files = LATER.pop(module)
        try:
            for file in files:
                import_module(f"ad_compiler.rules.{file}")
        except ImportError:
            LATER[module] = files  # who asks again is told the same
            raise
    return bool(wanted)


def definition_of(thing: Any) -> FunctionType | None:
    """The Python function that says what an object does, by identity."""
    try:
        definition = DEFINITIONS.get(thing)
        if definition is None and thing not in MEANINGS and read_later(sys.modules):
            definition = DEFINITIONS.get(thing)
    except TypeError:
        return None
    return None if definition is None else definition.function


P = ParamSpec("P")
T = TypeVar("T")


def of_types(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function that rules call on operands, and the frontend on the operands' types."""
    function.__ad_of_types__ = True  # type: ignore[attr-defined]
    return function


def compile_time(function: Callable[P, T]) -> Callable[P, T]:
    """Mark a function that rules call on static operands; the frontend just calls it."""
    function.__ad_compile_time__ = True  # type: ignore[attr-defined]
    return function
