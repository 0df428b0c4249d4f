"""Integers as linear forms of loop indices, and what they are at least.

for k in range(n):                      i - k   ≥   1
    for i in range(k + 1, n): …         k       ≥   0
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Protocol

from ad_compiler.frozen import frozen
from ad_compiler.ir.nodes import Atom, Const, Let, Var
from ad_compiler.ir.types import PY_INT, Int

NEVER_NEGATIVE = frozenset({"dim", "size", "np.argmax", "np.argmin"})
EXACT = ("py", "i64")
"""Kinds of integers that are computed with as if they had no end."""


@frozen
class Linear:
    """`constant + Σ coefficient · variable`."""

    terms: tuple[tuple[Var, int], ...] = ()
    constant: int = 0

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """self + factor · other."""
        terms = dict(self.terms)
        for var, coefficient in other.terms:
            terms[var] = terms.get(var, 0) + factor * coefficient
        kept = tuple((var, c) for var, c in terms.items() if c)
        return Linear(kept, self.constant + factor * other.constant)

    def without(self, var: Var) -> Linear:
        """The other terms."""
        return Linear(tuple(t for t in self.terms if t[0] is not var), self.constant)


class Counts(Protocol):
    """What a loop runs over."""

    @property
    def start(self) -> Atom: ...

    @property
    def stop(self) -> Atom: ...

    @property
    def step(self) -> Atom: ...


Bounds = tuple[Linear | None, Linear | None]
"""The least and the greatest value of a variable, as far as they are known."""


class Forms:
    """Reads integers of a program as linear forms, and knows the bounds of loop indices."""

    def __init__(self, lets: Mapping[Var, Let]) -> None:
        self.lets = lets
        self.bounds: dict[Var, Bounds] = {}
        self.age = count()
        self.order: dict[Var, int] = {}
        """Inner indices are bounded by outer ones, so they have higher numbers."""

    def enter(self, loop: Counts, env: Mapping[Var, Linear | None], index: Var) -> None:
        """Note the bounds of a loop's index; `env` says what outer variables are."""
        start, stop = self.form(loop.start, env), self.form(loop.stop, env)
        step = loop.step.value if isinstance(loop.step, Const) else None
        one = Linear((), 1)
        if step is None:
            self.note(index, (None, None))
        elif step > 0:
            self.note(index, (start, stop and stop.plus(one, -1)))
        else:
            self.note(index, (stop and stop.plus(one), start))

    def note(self, var: Var, bounds: Bounds) -> None:
        """Note the bounds of a variable."""
        self.bounds[var] = bounds
        self.order[var] = next(self.age)

    def some(self, least: Linear | None, greatest: Linear | None = None) -> Linear:
        """An integer of which nothing is known but its bounds."""
        var = Var("some", PY_INT, temp=True)
        self.note(var, (least, greatest))
        return Linear(((var, 1),))

    def form(self, atom: Atom, env: Mapping[Var, Linear | None]) -> Linear | None:
        """An integer as a linear form; None for what cannot be told.

        `env` has the variables that mean something else than where they are defined: None for
        those of which nothing is known.
        """
        if isinstance(atom, Const):
            whole = isinstance(atom.value, int) and not isinstance(atom.value, bool)
            return Linear((), atom.value) if whole else None
        if not isinstance(atom, Var) or not (
            isinstance(atom.type, Int) and atom.type.kind in EXACT
        ):
            return None
        let = self.lets.get(atom)
        made = self.computed(let, env) if let is not None else None
        if made is not None:
            return made
        if atom not in env:
            if let is not None and let.prim.name in NEVER_NEGATIVE and atom not in self.bounds:
                self.bounds[atom] = (Linear(), None)  # after all indices, whose bounds it may be
            return Linear(((atom, 1),))
        known = env[atom]
        if known is None and let is not None and let.prim.name in NEVER_NEGATIVE:
            return self.some(Linear())
        return known

    def computed(self, let: Let, env: Mapping[Var, Linear | None]) -> Linear | None:
        """What an operation on integers gives."""
        name = let.prim.name
        if name not in ("add", "sub", "mul", "neg"):
            return None
        parts = [self.form(arg, env) for arg in let.args]
        forms = [part for part in parts if part is not None]
        if len(forms) < len(parts):
            return None
        match name, forms:
            case "add", [one, other]:
                return one.plus(other)
            case "sub", [one, other]:
                return one.plus(other, -1)
            case "neg", [one]:
                return Linear().plus(one, -1)
            case "mul", [Linear(terms=()) as one, other] | [other, Linear(terms=()) as one]:
                return Linear().plus(other, one.constant)
            case _:
                return None

    def least(self, form: Linear) -> int | None:
        """What a form is at least, None if that depends on what is not bounded."""
        while form.terms:
            var, coefficient = max(form.terms, key=lambda term: self.order.get(term[0], -1))
            least, greatest = self.bounds.get(var, (None, None))
            bound = least if coefficient > 0 else greatest
            if bound is None:
                return None
            form = form.without(var).plus(bound, coefficient)
        return form.constant

    def at_least(self, form: Linear | None, least: int) -> bool:
        """Whether a form is surely no less than a number."""
        if form is None:
            return False
        found = self.least(form)
        return found is not None and found >= least
