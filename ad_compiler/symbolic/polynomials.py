"""Arithmetic statements as polynomials, and other ways to write them.

Results of functions (`t = tanh(x)`), inputs and everything else that is no arithmetic are the
unknowns. A division by a value `d` multiplies by one more unknown, its reciprocal; so a
rewritten program divides by nothing that the original did not divide by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ad_compiler.ir.nodes import Atom, Const, Let, Var
from ad_compiler.symbolic.regions import arithmetic, small_power
from ad_compiler.symbolic.tables import Expr, fraction, sympy

MAX_UNKNOWNS = 10
"""Beyond so many unknowns a value becomes one itself."""
MAX_TERMS = 80
"""Beyond so many terms a value becomes an unknown."""
MAX_SPELLED_TERMS = 40
"""Longer polynomials are not worth another spelling."""

Poly = Any
"""An element of SymPy's sparse polynomial ring over the rationals."""


@dataclass(slots=True)
class Algebra:
    """The values of a block as polynomials."""

    values: dict[Var, Poly] = field(default_factory=dict[Var, Poly])
    unknowns: dict[Var, Expr] = field(default_factory=dict[Var, Expr])
    reciprocals: dict[Var, Expr] = field(default_factory=dict[Var, Expr])
    cuts: set[Var] = field(default_factory=set[Var])
    """Arithmetic values that are unknowns all the same: too large, or divided by."""
    ring: Any = None
    gens: dict[Expr, Poly] = field(default_factory=dict[Expr, Poly])


def algebra_of(lets: Iterable[Let], free: set[Var]) -> Algebra:
    """Write arithmetic statements as polynomials, in the order of the program."""
    lets = list(lets)
    out = Algebra(cuts=_cuts(lets, free))
    for atom in (a for let in lets for a in let.args if isinstance(a, Var)):
        _unknown(out, lets, atom)
    for let in lets:
        if arithmetic(let) == "/" and isinstance(let.args[1], Var):
            divisor = let.args[1]
            out.reciprocals.setdefault(divisor, _symbol("r", len(out.reciprocals)))
        if let.targets[0] in out.cuts:
            out.unknowns.setdefault(let.targets[0], _symbol("v", len(out.unknowns)))
    _fill(out, lets)
    return out


def _symbol(letter: str, k: int) -> Expr:
    return sympy().Symbol(f"{letter}{k:03}", real=True)


def _unknown(algebra: Algebra, lets: list[Let], var: Var) -> None:
    defined = {let.targets[0] for let in lets}
    if var not in defined:
        algebra.unknowns.setdefault(var, _symbol("v", len(algebra.unknowns)))


def _cuts(lets: list[Let], free: set[Var]) -> set[Var]:
    """Values that depend on too many unknowns, and free values that are divided by."""
    cuts = {
        let.args[1]
        for let in lets
        if arithmetic(let) == "/" and isinstance(let.args[1], Var) and let.args[1] in free
    }
    reach: dict[Var, frozenset[Var]] = {}
    for let in lets:
        parts = [reach.get(a, frozenset((a,))) for a in let.args if isinstance(a, Var)]
        union = frozenset[Var]().union(*parts)
        if len(union) > MAX_UNKNOWNS or let.targets[0] in cuts:
            cuts.add(let.targets[0])
            union = frozenset(let.targets)
        reach[let.targets[0]] = union
    return cuts


def _fill(algebra: Algebra, lets: list[Let]) -> None:
    """Compute the polynomials; one that grows too long becomes an unknown, and we start again."""
    from sympy.polys.rings import ring

    symbols = [*algebra.unknowns.values(), *algebra.reciprocals.values()]
    algebra.ring, *gens = ring(symbols, sympy().QQ)
    algebra.gens = dict(zip(symbols, gens, strict=True))
    for let in lets:
        target = let.targets[0]
        value = _polynomial(algebra, let)
        if target in algebra.cuts:
            continue
        if value is None or len(value) > MAX_TERMS:
            algebra.cuts.add(target)
            algebra.unknowns[target] = _symbol("v", len(algebra.unknowns))
            _fill(algebra, lets)
            return
        algebra.values[target] = value


def _polynomial(algebra: Algebra, let: Let) -> Poly | None:
    """One statement as a polynomial; None where it would be too long to write down."""
    args = [_operand(algebra, a) for a in let.args]
    match arithmetic(let), args:
        case "+", [a, b]:
            return a + b
        case "-", [a, b]:
            return a - b
        case "neg", [a]:
            return -a
        case "*", [a, b]:
            return None if len(a) * len(b) > 4 * MAX_TERMS else a * b
        case "square", [a]:
            return None if len(a) > MAX_TERMS // 8 else a**2
        case "**", [a, _]:
            power = small_power(let.args[1]) or 0
            return None if len(a) > 1 and len(a) ** power > 4 * MAX_TERMS else a**power
        case "/", [a, _]:
            return a * _reciprocal(algebra, let.args[1])
        case _:
            raise AssertionError("not arithmetic")


def _operand(algebra: Algebra, atom: Atom) -> Poly:
    if isinstance(atom, Const):
        exact = fraction(atom.value)
        return algebra.ring.ground_new(sympy().QQ(exact.numerator, exact.denominator))
    assert isinstance(atom, Var)
    if atom in algebra.unknowns:
        return algebra.gens[algebra.unknowns[atom]]
    return algebra.values[atom]


def _reciprocal(algebra: Algebra, divisor: Atom) -> Poly:
    if isinstance(divisor, Const):
        exact = fraction(divisor.value)
        return algebra.ring.ground_new(sympy().QQ(exact.denominator, exact.numerator))
    assert isinstance(divisor, Var)
    return algebra.gens[algebra.reciprocals[divisor]]


# -- other ways to write a polynomial -------------------------------------------------------------


def spellings(value: Poly) -> Iterator[Expr]:
    """Expressions equal to a polynomial: factored, nested, and expanded."""
    if len(value) > MAX_SPELLED_TERMS:
        return
    sp = sympy()
    expanded = value.as_expr()
    factored = sp.factor(expanded)
    yield factored
    yield _nested(factored)
    yield sp.horner(expanded) if expanded.is_Add else expanded
    yield expanded


def _nested(factored: Expr) -> Expr:
    """A product of factors, each in nested (Horner) form."""
    sp = sympy()
    if factored.is_Add:
        return sp.horner(factored)
    if factored.is_Mul:
        return sp.Mul(*(_nested(factor) for factor in factored.args))
    if factored.is_Pow and factored.exp.is_Integer:
        return _nested(factored.base) ** factored.exp
    return factored


def with_divisors(algebra: Algebra, value: Poly) -> tuple[Poly, dict[Expr, int]]:
    """A polynomial with its reciprocals taken out: a numerator, and powers of divisors.

    The divisors are named by the unknowns that stand for their reciprocals. Factors common to
    the numerator and a divisor cancel.
    """
    powers: dict[Expr, int] = {}
    for divisor, reciprocal in algebra.reciprocals.items():
        place = list(algebra.gens).index(reciprocal)
        highest = max((monomial[place] for monomial in value), default=0)
        if highest == 0:
            continue
        below = _operand(algebra, divisor)
        if len(below) ** highest * len(value) > 4 * MAX_TERMS:
            continue
        value, powers[reciprocal] = _cancelled(
            _raised(value, place, highest, below), below, highest
        )
    return value, {r: n for r, n in powers.items() if n}


def _raised(value: Poly, place: int, highest: int, below: Poly) -> Poly:
    """value * below**highest, with the reciprocal of `below` at `place` cancelled."""
    ring = value.ring
    total = ring.zero
    for monomial, coefficient in value.items():
        rest = list(monomial)
        rest[place] = 0
        term = ring({tuple(rest): coefficient})
        total = total + term * below ** (highest - monomial[place])
    return total


def _cancelled(value: Poly, below: Poly, power: int) -> tuple[Poly, int]:
    """Divide out common factors `below`."""
    while power:
        (quotient,), rest = value.div([below])
        if rest:
            break
        value, power = quotient, power - 1
    return value, power


def quotient(numerator: Expr, divisors: Mapping[Expr, int]) -> Expr:
    """A numerator over divisors, each the reciprocal symbol's."""
    sp = sympy()
    return sp.Mul(numerator, *(symbol**n for symbol, n in divisors.items()))


# -- relations between the results of functions ----------------------------------------------------

SQUARES = (("sin", "cos", 1), ("cosh", "sinh", -1))
"""first**2 + sign * second**2 is 1."""


def relations(algebra: Algebra, kernels: Mapping[Var, Let]) -> list[Poly]:
    """Polynomials that are zero: sin(u)**2 + cos(u)**2 - 1, sqrt(u)**2 - u."""
    found: dict[tuple[str, Atom], Poly] = {}
    for var, let in kernels.items():
        if var in algebra.unknowns and len(let.args) == 1:
            name = let.prim.name.removeprefix("np.").removeprefix("math.")
            found[name, let.args[0]] = algebra.gens[algebra.unknowns[var]]
    out: list[Poly] = []
    for (name, arg), gen in found.items():
        if name == "sqrt" and isinstance(arg, Var) and _has_value(algebra, arg):
            out.append(gen**2 - _operand(algebra, arg))
        for first, second, sign in SQUARES:
            other = found.get((second, arg))
            if name == first and other is not None:
                out.append(gen**2 + sign * other**2 - 1)
    return out


def _has_value(algebra: Algebra, var: Var) -> bool:
    return var in algebra.unknowns or var in algebra.values
