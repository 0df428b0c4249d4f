"""A run of a program on sets of inputs in place of real numbers.

Integers and truth values are computed where they are known; where real numbers decide which way a
program goes, it goes all ways. So what is found holds for all real numbers, and for these shapes,
integers and truth values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

import numpy as np

from ad_compiler.analysis.dependence.lengths import Lengths
from ad_compiler.analysis.dependence.operations import Operation, operation
from ad_compiler.analysis.dependence.values import (
    Hidden,
    Known,
    Real,
    Shape,
    Unbound,
    Value,
    joined,
    known,
    nothing,
    same,
    sets_of,
    shape_of,
)
from ad_compiler.errors import Unsupported
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
)
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import is_differentiable

AT_ONCE = 1 << 14
"""How many inputs a walk follows: sets of so many bits."""

Entries = tuple[Any, Any, Shape]
"""Rows and columns, sorted, and the shape of the result."""


def entries_of(function: Function, arguments: Sequence[Any], seeds: int) -> Entries:
    """Which element of the result may depend on which element of the argument number `seeds`.

    Elements are counted in C order. Raises Unsupported where that cannot be told without real
    numbers.
    """
    count = int(np.size(arguments[seeds]))
    chunks = [range(low, min(low + AT_ONCE, count)) for low in range(0, max(count, 1), AT_ONCE)]
    with np.errstate(all="ignore"):
        found = [_entries(function, arguments, seeds, chunk) for chunk in chunks]
    rows, columns = (np.concatenate([part[k] for part in found]) for k in (0, 1))
    order = np.lexsort((columns, rows))
    return rows[order], columns[order], found[0][2]


def _entries(function: Function, arguments: Sequence[Any], seeds: int, inputs: range) -> Entries:
    """The entries in some of the columns."""
    values = [_argument(p, value) for p, value in zip(function.params, arguments, strict=True)]
    own = nothing(np.shape(arguments[seeds]))
    own.reshape(-1)[inputs.start : inputs.stop] = [1 << k for k in range(len(inputs))]
    values[seeds] = Real(own)
    (result,) = Walk().block(function.block, values)
    rows: list[Any] = [np.zeros(0, int)]
    columns: list[Any] = [np.zeros(0, int)]
    for row, found in enumerate(np.ravel(sets_of(result))):
        if found:
            places = _bits(found) + inputs.start
            rows.append(np.full(len(places), row))
            columns.append(places)
    return np.concatenate(rows), np.concatenate(columns), shape_of(result)


def _bits(found: int) -> Any:
    """The places of the ones of a binary number."""
    raw = np.frombuffer(found.to_bytes((found.bit_length() + 7) // 8, "little"), np.uint8)
    return np.flatnonzero(np.unpackbits(raw, bitorder="little"))


def _argument(parameter: Var, value: Any) -> Value:
    """What is known of an argument: its shape, and what is no real number."""
    if is_differentiable(parameter.type):
        return Real(nothing(np.shape(value)))
    return known(value)


class Walk:
    """One run, which knows the values of all variables so far."""

    def __init__(self) -> None:
        self.values: dict[Var, Value] = {}
        self.lengths = Lengths()
        self.operations: dict[int, Operation] = {}
        """What operations do, by the identity of their statement."""

    def block(self, block: Block, arguments: Sequence[Value]) -> list[Value]:
        """The results of a block."""
        for param, value in zip(block.params, arguments, strict=True):
            self.bind(param, value)
        for stmt in block.body:
            try:
                self.run(stmt)
            except TypeRefusal as refusal:
                reason = f"sparsity: {refusal.reason}"
                raise Unsupported(reason, stmt.at, refusal.remedy) from None
        return self.all(block.results)

    def bind(self, var: Var, value: Value) -> None:
        self.values[var] = value
        self.lengths.learn(var.type, value)

    def run(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                found = self.let(stmt)
            case Effect():
                return  # what it may raise, the program itself will
            case If():
                found = self.branch(stmt)
            case For():
                found = self.loop(stmt)
            case While():
                found = self.while_loop(stmt)
            case _:
                assert_never(stmt)
        targets = () if isinstance(stmt, Effect) else stmt.targets
        for target, value in zip(targets, found, strict=True):
            self.bind(target, value)

    def let(self, stmt: Let) -> Sequence[Value]:
        apply = self.operations.get(id(stmt))
        if apply is None:
            apply = self.operations[id(stmt)] = operation(stmt, self.lengths)
        return apply(self.all(stmt.args))

    def branch(self, stmt: If) -> Sequence[Value]:
        test = self.get(stmt.test)
        if isinstance(test, Known):
            return self.block(stmt.then if test.value else stmt.orelse, ())
        return joined(self.block(stmt.then, ()), self.block(stmt.orelse, ()))

    def loop(self, stmt: For) -> Sequence[Value]:
        bounds = self.all((stmt.start, stmt.stop, stmt.step))
        carried = self.all(stmt.inits)
        if not all(isinstance(bound, Known) for bound in bounds):
            return self.settled(stmt.body, carried, (Hidden(),))
        trips: Any = range(*(bound.value for bound in bounds if isinstance(bound, Known)))
        left: list[Value] = [Unbound()] * len(carried)
        for index in reversed(trips) if stmt.descending else trips:
            carried = self.block(stmt.body, (Known(index), *carried))
            stop = self.stops(stmt.body)
            if isinstance(stop, Hidden):
                left = joined(left, carried)
            elif stop.value:
                break
        return joined(left, carried)

    def while_loop(self, stmt: While) -> Sequence[Value]:
        carried = self.all(stmt.inits)
        while True:
            (test,) = self.block(stmt.cond, carried)
            if isinstance(test, Known) and not test.value:
                return carried
            after = self.block(stmt.body, carried)
            stop = self.stops(stmt.body)
            if isinstance(test, Hidden) or isinstance(stop, Hidden):
                return self.settled(stmt.body, joined(carried, after))
            carried = after
            if stop.value:
                return carried

    def settled(
        self, body: Block, carried: list[Value], index: tuple[Value, ...] = ()
    ) -> list[Value]:
        """What is carried after any number of trips."""
        while True:
            after = joined(carried, self.block(body, (*index, *carried)))
            if all(map(same, carried, after)):
                return carried
            carried = after

    def stops(self, body: Block) -> Known | Hidden:
        """Whether the trip that just ended was the last one."""
        stop = Known(False) if body.stop is None else self.get(body.stop)
        return stop if isinstance(stop, Known) else Hidden()

    def all(self, atoms: Sequence[Atom]) -> list[Value]:
        return [self.get(atom) for atom in atoms]

    def get(self, atom: Atom) -> Value:
        match atom:
            case Var():
                return self.values[atom]
            case Const():
                return known(atom.value)
            case Undef():
                return Unbound()
            case _:
                assert_never(atom)
