"""Which tapes can be arrays, and how long they are.

A tape is as long as its loop has trips; its elements must have lengths that are known before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    If,
    Let,
    Stmt,
    Var,
    While,
    const,
    defined_by,
)
from ad_compiler.ir.types import (
    Array,
    Bool,
    Dim,
    Int,
    Sym,
    Tape,
    Trim,
    Type,
    dims_of,
    dtype_of,
    is_number,
)
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.webs import Webs


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables that can be read, and an array and axis for each length that is known."""

    known: frozenset[Var]
    lengths: Mapping[Dim, tuple[Var, int]]

    @staticmethod
    def of(variables: tuple[Var, ...]) -> Scope:
        return Scope(frozenset(), {}).with_(variables)

    def with_(self, variables: tuple[Var, ...]) -> Scope:
        lengths = {
            dim: (var, axis)
            for var in reversed(variables)
            for axis, dim in enumerate(dims_of(var.type))
        }
        return Scope(self.known | set(variables), {**lengths, **self.lengths})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a tape is made: the loop it is for, and what is known there."""

    loop: For | None
    scope: Scope


@dataclass(slots=True)
class Planner:
    """Finds where each tape is made, and which classes of tapes become arrays of which type."""

    webs: Webs
    origins: dict[Var, Origin] = field(default_factory=dict[Var, Origin])
    loops: dict[Dim, For] = field(default_factory=dict[Dim, For])
    """The loop whose trips a length of ours counts."""
    plans: dict[Var, Array | None] = field(default_factory=dict[Var, "Array | None"])

    def block(self, block: Block, scope: Scope) -> None:
        scope = scope.with_(block.params)
        for position, stmt in enumerate(block.body):
            match stmt:
                case Let(targets=(tape,), prim=prim) if prim.name == "tape_new":
                    loop = _user(tape, block.body[position + 1 :])
                    self.origins[tape] = Origin(loop, scope)
                case If(then=then, orelse=orelse):
                    self.block(then, scope)
                    self.block(orelse, scope)
                case For(inits=inits, body=body):
                    for tape in inits:
                        if isinstance(tape, Var) and tape in self.origins:
                            self.origins[tape] = Origin(stmt, scope)
                    self.block(body, scope)
                case While(cond=cond, body=body):
                    self.block(cond, scope)
                    self.block(body, scope)
                case _:
                    pass
            scope = scope.with_(defined_by(stmt))

    def settled(self) -> dict[Var, Array]:
        """The array type of each class of tapes that becomes arrays, by its representative."""
        for tape in self.origins:
            self.plan(self.webs.find(tape))
        return {root: type_ for root, type_ in self.plans.items() if type_ is not None}

    def plan(self, root: Var) -> Array | None:
        if root not in self.plans:
            self.plans[root] = None
            self.plans[root] = self._planned(root)
        return self.plans[root]

    def _planned(self, root: Var) -> Array | None:
        origins = [o for tape, o in self.origins.items() if self.webs.find(tape) is root]
        if not origins or self.webs.is_strange(root):
            return None
        if any(o.loop is None or o.loop.body.stop is not None for o in origins):
            return None
        element = self._element(root)
        if element is None:
            return None
        dtype, dims = element
        if any(not self.available(dim, o.scope) for o in origins for dim in dims):
            return None
        length = Sym(f"trips({root!r})")
        if len(origins) == 1 and origins[0].loop is not None:
            self.loops[length] = origins[0].loop
        return Array(dtype, (length, *dims))

    def _element(self, root: Var) -> tuple[str, tuple[Dim, ...]] | None:
        assert isinstance(root.type, Tape)
        match root.type.element:
            case Array(dtype, dims):
                return dtype, dims
            case Tape():
                inner = self.webs.elements.get(root)
                plan = None if inner is None else self.plan(self.webs.find(inner))
                return None if plan is None else (plan.dtype, plan.dims)
            case element if is_number(element):
                return _dtype(element), ()
            case _:
                return None

    def available(self, dim: Dim, scope: Scope) -> bool:
        """Whether a length can be computed in a scope."""
        if isinstance(dim, int) or dim in scope.lengths:
            return True
        if isinstance(dim, Trim):
            return self.available(dim.base, scope)
        loop = self.loops.get(dim)
        bounds = () if loop is None else (loop.start, loop.stop, loop.step)
        return bool(bounds) and all(not isinstance(b, Var) or b in scope.known for b in bounds)

    def length(self, builder: Builder, dim: Dim, scope: Scope) -> Atom:
        """The statements that compute a length in a scope."""
        if isinstance(dim, int):
            return const(dim)
        if dim in scope.lengths:
            array, axis = scope.lengths[dim]
            return builder.emit(PRIMITIVES["dim"], array, const(axis))
        if isinstance(dim, Trim):
            base = self.length(builder, dim.base, scope)
            return natural(builder, builder.emit(OPERATORS["-"], base, const(dim.by)))
        return trips(builder, self.loops[dim])


def _user(tape: Var, rest: tuple[Stmt, ...]) -> For | None:
    """The loop that writes a tape, if nothing else reads it before."""
    for stmt in rest:
        match stmt:
            case For(inits=inits) if tape in inits:
                return stmt
            case Let(prim=prim) if prim.name in ("tape_new", "identity", "copy"):
                continue
            case Let(args=args) if tape not in args:
                continue
            case _:
                return None
    return None


def _dtype(element: Type) -> str:
    match element:
        case Bool():
            return "bool"
        case Int():
            return dtype_of(element) or "i64"
        case _:
            return dtype_of(element) or "f64"


def natural(builder: Builder, n: Atom) -> Atom:
    """A length, which is never negative."""
    return builder.emit(PRIMITIVES["max"], n, const(0))


def trips(builder: Builder, loop: For) -> Atom:
    """How often a loop runs."""
    one = const(1)
    span = loop.stop
    if loop.start != const(0):
        span = builder.emit(OPERATORS["-"], loop.stop, loop.start)
    if loop.step != one:
        up = isinstance(loop.step, Const) and loop.step.value > 0
        if loop.step == const(-1):
            span = builder.emit(OPERATORS["-"], loop.start, loop.stop)
        elif up and isinstance(loop.step, Const):
            more = builder.emit(OPERATORS["+"], span, const(loop.step.value - 1))
            span = builder.emit(OPERATORS["//"], more, loop.step)
        else:
            return _counted(builder, loop, span)
    if isinstance(span, Const) or (isinstance(span.type, Int) and span.type.length is not None):
        return span
    return natural(builder, span)


def _counted(builder: Builder, loop: For, span: Atom) -> Atom:
    """The trips of a loop whose step may be negative: the span in steps, rounded up."""
    back = builder.emit(OPERATORS["neg"], span)
    steps = builder.emit(OPERATORS["//"], back, loop.step)
    return natural(builder, builder.emit(OPERATORS["neg"], steps))
