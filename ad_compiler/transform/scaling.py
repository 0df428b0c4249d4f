"""Products of a partial derivative and a (co)tangent, as a person would write them.

    (2 * x) * (0.5 * g)    x * g             p * (1 / b)    p / b
    (2 * x) * 100.0        200.0 * x         p * (-g)       -(p * g)

This chooses how a derivative is evaluated; it never changes what the program itself computes.
Constants meet only where their product is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import Complex, Float, dims_of, is_number
from ad_compiler.rules.registry import OPERATORS

ONE = const(1)


def scaled(builder: Builder, factor: Const | None, partial: Atom, g: Atom) -> Atom:
    """`factor * partial * g`."""
    emit = builder.emit
    if isinstance(partial, Const) and factor is None:
        factor, partial = partial, ONE
    g = behind_names(builder, g)
    inverse = _inverse(builder, g)
    if inverse is not None:
        return emit(inverse.prim, _times(builder, factor or ONE, partial), inverse.args[1])
    number, rest = _split(g) if factor is None else _split_product(builder, g)
    product = number if factor is None else exact_product(factor, number)
    if product is None:
        product, rest = factor or ONE, g
    if rest == ONE:
        return _times(builder, product, partial)
    if partial == ONE:
        return _times(builder, product, rest)
    return emit(OPERATORS["*"], _times(builder, product, partial), rest)


def _times(builder: Builder, number: Const, atom: Atom) -> Atom:
    """A multiple of a value; the value itself, if it is a float already."""
    if atom == ONE:
        return number
    is_float = isinstance(atom.type, Float | Complex) or dims_of(
        atom.type
    )  # a 0-d array becomes a number
    if number == ONE or (number.value == 1 and is_float):
        return atom
    return builder.emit(OPERATORS["*"], number, atom)


def _split(g: Atom) -> tuple[Const, Atom]:
    """A (co)tangent as a constant times the rest, where it is a constant."""
    return (g, ONE) if isinstance(g, Const) and g.spelling is None else (ONE, g)


def _split_product(builder: Builder, g: Atom) -> tuple[Const, Atom]:
    """The same, also where it is a multiple of something."""
    let = definition(builder, g)
    if let is not None and let.prim.name == "mul":
        number, rest = let.args
        if isinstance(number, Const) and number.spelling is None:
            return number, rest
    return _split(g)


DIVISIONS = ("truediv", "ratio")


def _inverse(builder: Builder, g: Atom) -> Let | None:
    """The statement that made g, if g is 1 / b."""
    let = definition(builder, g)
    if let is None or let.prim.name not in DIVISIONS:
        return None
    top = behind_names(builder, let.args[0])
    return let if isinstance(top, Const) and top.value == 1 else None


def exact_product(a: Const, b: Const) -> Const | None:
    """The product of two constants, if floating point gives it exactly."""
    if a.spelling is not None or not all(type(c.value) in (int, float) for c in (a, b)):
        return None
    if b.value == 1:
        return a
    product = a.value * b.value
    if not all(isfinite(v) for v in (a.value, b.value, product)):
        return None
    return const(product) if Fraction(a.value) * Fraction(b.value) == product else None


def behind_names(builder: Builder, atom: Atom) -> Atom:
    """What a temporary is that was only given a name."""
    while isinstance(atom, Var) and atom.temp:
        let = builder.made.get(atom)
        if let is None or let.prim.name != "identity":
            break
        atom = let.args[0]
    return atom


def definition(builder: Builder, atom: Atom) -> Let | None:
    """The statement that made a temporary of the sweep."""
    atom = behind_names(builder, atom)
    return builder.made.get(atom) if isinstance(atom, Var) and atom.temp else None


def outside(
    builder: Builder, value: Atom, linear: Callable[[Atom], Atom | None], whole: Atom | None = None
) -> Atom | None:
    """A linear function of a value, with its sign taken outside.

    Divisors that are numbers are taken outside too, but not those of `whole`, which is needed
    anyway.
    """
    let = definition(builder, value)
    if let is None:
        return linear(value)
    if let.prim.name == "neg":
        inner = outside(builder, let.args[0], linear, whole)
        return None if inner is None else builder.emit(OPERATORS["neg"], inner)
    if whole is not None and value is not whole and let.prim.name in DIVISIONS:
        top, divisor = let.args
        if is_number(divisor.type) and not is_number(top.type):
            inner = outside(builder, top, linear, whole)
            return None if inner is None else builder.emit(let.prim, inner, divisor)
    return linear(value)
