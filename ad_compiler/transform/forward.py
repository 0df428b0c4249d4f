"""Forward mode: beside each value its tangent.

    y = sin(x)        ⇒        y = sin(x)
                               y_dot = cos(x) * x_dot

Tangents have the full shape of their primals. A tangent that is zero by structure is absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from ad_compiler.analysis.activity import differentiable_operands, operand_label, varied
from ad_compiler.analysis.powers import powers, squares
from ad_compiler.analysis.singular import leading
from ad_compiler.errors import InternalError
from ad_compiler.ir.builder import Builder, Frame
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    const,
)
from ad_compiler.ir.types import Array, Tape, Type, is_number, join
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES, RULES, Flat, Linear, Partials
from ad_compiler.transform.choices import Choices
from ad_compiler.transform.defined import Presence, explicit
from ad_compiler.transform.partials import splice
from ad_compiler.transform.reverse import pushed_by_vjp
from ad_compiler.transform.shapes import Shapes, cast, exact, widen, zero
from ad_compiler.transform.structural import placing, pushed, refuse_unknown


def tangent_name(primal: Var) -> str:
    """`x_dot` for `x`."""
    return f"{primal.name}_dot"


class Forward:
    """One walk over a program, which appends primal and tangent statements to a builder."""

    def __init__(self, builder: Builder, function: Function, tangents: Mapping[Var, Atom]) -> None:
        self.builder = builder
        self.tangents: dict[Var, Atom] = dict(tangents)
        self.varied = varied(function, tangents)
        function, exists = explicit(function)
        self.body = function.block.body
        self.presence = Presence(builder, exists)
        self.shapes = Shapes.of(function.params)
        self.powers, self.squares = powers(function), squares(function)
        self.choices = Choices(builder, self.shapes, leading(function))
        self.sources: dict[Atom, Let] = {}
        """The operations with several results, which may not all have a derivative."""

    def of(self, atom: Atom) -> Atom | None:
        """The tangent of an atom, None if it is zero."""
        if atom in self.sources:
            let = self.sources[atom]
            refuse_unknown(let, (), (let.targets.index(atom),))
        return self.tangents.get(atom) if isinstance(atom, Var) else None

    def full(self, atom: Atom) -> Atom:
        """The tangent of an atom, zero made explicit."""
        tangent = self.of(atom)
        if tangent is not None:
            return tangent
        if not isinstance(atom, Var):
            return const(0.0)
        return self.presence.where(atom, lambda: zero(self.builder, atom, self.shapes))

    def sweep(self) -> None:
        """Append the whole function with its tangents."""
        self.run(self.body)

    def run(self, body: tuple[Stmt, ...]) -> None:
        for stmt in body:
            match stmt:
                case Let():
                    self.builder.append(stmt)
                    if any(t in self.varied for t in stmt.targets):
                        with placing(self.builder, stmt.at):
                            self.let(stmt)
                case Effect():
                    self.builder.append(stmt)
                case If():
                    self.branch(stmt)
                case For():
                    self.loop(stmt)
                case While():
                    self.while_loop(stmt)
                case _:
                    assert_never(stmt)

    def let(self, let: Let) -> None:
        """The tangent of one operation: the sum over its varied operands."""
        square = self.squares.get(let.targets[0])
        let = let if square is None else square.let
        positions = [k for k in differentiable_operands(let) if self.of(let.args[k]) is not None]
        refuse_unknown(let, positions, ())
        rule, power = RULES[let.prim], self.powers.get(let.targets[0])
        if len(let.targets) > 1:
            self.sources.update(dict.fromkeys(let.targets, let))
        if power is not None:
            rule, positions = power.rule, [power.position]
        if square is not None:
            rule = square.rule
        total: list[Atom | None] = [None] * len(let.targets)
        for parts in self.contributions(let, rule, positions):
            for n, part in enumerate(parts):
                total[n] = self.sum(total[n], part)
        self.choices.enter(let, positions)
        for target, value in zip(let.targets, total, strict=True):
            if value is None:
                continue
            fitting = cast(self.builder, value, target.type)
            whole = widen(self.builder, fitting, target, self.shapes)
            self.tangents[target] = self.named(whole, target)

    def sum(self, one: Atom | None, other: Atom | None) -> Atom | None:
        if one is None or other is None:
            return one if other is None else other
        plus = PRIMITIVES["list_sum"] if isinstance(one.type, Tape) else OPERATORS["+"]
        return self.builder.emit(plus, one, other)

    def named(self, value: Atom, primal: Var) -> Atom:
        name = tangent_name(primal)
        if not primal.temp:
            return self.builder.emit(PRIMITIVES["identity"], value, name=name)
        if primal.name.endswith("_dot"):
            return value
        return self.builder.emit(PRIMITIVES["identity"], value, hint=name)

    def contributions(
        self, let: Let, rule: Partials | Flat | Linear, positions: list[int]
    ) -> list[list[Atom | None]]:
        """For each varied operand, what it adds to the tangent of each result."""
        match rule:
            case Partials():
                parts = [
                    splice(self.builder, rule, let, k, self.full(let.args[k])) for k in positions
                ]
                return [
                    [self.choices.partial(let, k, part)]
                    for k, part in zip(positions, parts, strict=True)
                ]
            case Linear():
                if rule.joint:
                    return [[self.joint(let)]]
                return [self.structural(let, rule, k) for k in positions]
            case Flat():
                return []
            case _:
                assert_never(rule)

    def structural(self, let: Let, rule: Linear, position: int) -> list[Atom | None]:
        """What one operand adds: by the rule's forward function, or the transpose of its other."""
        dot = self.full(let.args[position])
        if operand_label(let, position)[0] in rule.jvps:
            return pushed(self.builder, let, rule, position, dot)
        return [pushed_by_vjp(self.builder, let, rule, position, dot, self.shapes)]

    def partial(self, let: Let, rule: Partials, position: int) -> Atom | None:
        """What one operand of an elementwise operation adds to the tangent of its result."""
        part = splice(self.builder, rule, let, position, self.full(let.args[position]))
        return self.choices.partial(let, position, part)

    def joint(self, let: Let) -> Atom:
        """The operation itself on tangents, for one that is linear in all its operands at once."""
        rule = RULES[let.prim]
        assert isinstance(rule, Linear)
        return self.builder.emit(
            let.prim,
            *(
                self.full(a) if operand_label(let, k)[0] in rule.jvps else a
                for k, a in enumerate(let.args)
            ),
        )

    def branch(self, stmt: If) -> None:
        moving = [k for k, t in enumerate(stmt.targets) if t in self.varied]
        with self.presence.assuming(stmt.test, truth=True):
            then = self.arm(stmt.then, moving)
        with self.presence.assuming(stmt.test, truth=False):
            orelse = self.arm(stmt.orelse, moving)
        count = len(stmt.targets)
        types = common(
            like([stmt.targets[k] for k in moving], _types(then.results[count:])),
            _types(orelse.results[count:]),
        )
        extra = self.fresh(stmt.targets, moving, types)
        varying = [
            (k, self.of(then.results[k]) is not None, self.of(orelse.results[k]) is not None)
            for k in moving
        ]
        stmt = replace(stmt, targets=stmt.targets + extra, then=then, orelse=orelse)
        self.builder.append(self.choices.branch(stmt, varying))

    def arm(self, block: Block, moving: list[int], params: tuple[Var, ...] = ()) -> Block:
        """A block that yields its results and the tangents of those that move."""
        self.builder.frames.append(Frame(is_loop=False))
        self.run(block.body)
        tangents = tuple(self.result(block.results[k]) for k in moving)
        frame = self.builder.frames.pop()
        return Block(
            block.params + params, tuple(frame.stmts), block.results + tangents, block.stop
        )

    def result(self, atom: Atom) -> Atom:
        """The tangent of what a block yields: whole, since others meet it there."""
        if isinstance(atom, Undef):
            return Undef(atom.type)
        tangent = self.full(atom)
        if isinstance(atom, Var) and isinstance(atom.type, Array) and is_number(tangent.type):
            return widen(self.builder, tangent, atom, self.shapes)
        return tangent

    def fresh(
        self, primals: tuple[Var, ...], moving: list[int], types: tuple[Type, ...]
    ) -> tuple[Var, ...]:
        """New variables for the tangents of some primals."""
        made = tuple(
            Var(tangent_name(primals[k]), type_) for k, type_ in zip(moving, types, strict=True)
        )
        self.tangents.update(zip((primals[k] for k in moving), made, strict=True))
        return made

    def loop(self, stmt: For) -> None:
        moving, inits, params, body = self.carry(stmt.inits, stmt.body, stmt.body.params[1:])
        targets = stmt.targets + self.after(stmt.targets, moving, params)
        self.builder.append(replace(stmt, targets=targets, inits=stmt.inits + inits, body=body))

    def while_loop(self, stmt: While) -> None:
        moving, inits, params, body = self.carry(stmt.inits, stmt.body, stmt.body.params)
        unused = tuple(Var(p.name, p.type) for p in params)
        cond = replace(stmt.cond, params=stmt.cond.params + unused)
        targets = stmt.targets + self.after(stmt.targets, moving, params)
        self.builder.append(
            replace(stmt, targets=targets, inits=stmt.inits + inits, cond=cond, body=body)
        )

    def after(
        self, targets: tuple[Var, ...], moving: list[int], params: tuple[Var, ...]
    ) -> tuple[Var, ...]:
        """The tangents of what a loop gives: lengths that changed are others after it."""
        types = like([targets[k] for k in moving], _types(params))
        return self.fresh(targets, moving, types)

    def carry(
        self, inits: tuple[Atom, ...], body: Block, carried: tuple[Var, ...]
    ) -> tuple[list[int], tuple[Atom, ...], tuple[Var, ...], Block]:
        """A loop body with tangents carried along; built again until their types hold."""
        moving = [k for k, p in enumerate(carried) if p in self.varied]
        starts = tuple(self.result(inits[k]) for k in moving)
        types = like([carried[k] for k in moving], _types(starts))
        while True:
            params = self.fresh(carried, moving, types)
            block = self.arm(body, moving, params)
            wider = common(types, _types(block.results[len(carried) :]))
            if wider == types:
                return moving, starts, params, block
            types = wider


def _types(atoms: tuple[Atom, ...]) -> tuple[Type, ...]:
    return tuple(atom.type for atom in atoms)


def like(primals: Sequence[Var], types: tuple[Type, ...]) -> tuple[Type, ...]:
    """The types of tangents where paths meet: their lengths are those of the primals."""
    return tuple(_like(p.type, t) for p, t in zip(primals, types, strict=True))


def _like(primal: Type, tangent: Type) -> Type:
    match primal, tangent:
        case Array(_, dims), Array(dtype):
            return Array(dtype, dims)
        case Tape(p), Tape(t):
            return Tape(_like(p, t))
        case _:
            return tangent


def common(one: tuple[Type, ...], other: tuple[Type, ...]) -> tuple[Type, ...]:
    """The joins of types, pair by pair."""
    joined = tuple(_joined(a, b) for a, b in zip(one, other, strict=True))
    if None in joined:
        raise InternalError(f"tangents of types {one} and {other} meet")
    return tuple(t for t in joined if t is not None)


def _joined(one: Type, other: Type) -> Type | None:
    """The join of two types of tangents; lengths are those of the primals, whatever their names."""
    match one, other:
        case Array(), _:
            return one
        case Tape(a), Tape(b):
            element = _joined(a, b)
            return None if element is None else Tape(element)
        case _:
            return join(one, other)


def jvp(function: Function, wrt: tuple[Var, ...], name: str, seeds: tuple[Var, ...]) -> Function:
    """The program that yields the results, and after them their tangents.

    `seeds` are the tangents of the inputs `wrt`; they become parameters behind the others.
    """
    builder = Builder()
    forward = Forward(builder, function, dict(zip(wrt, seeds, strict=True)))
    forward.sweep()
    tangents = tuple(exact(builder, forward.full(r), r.type) for r in function.results)
    block = Block(function.params + seeds, tuple(builder.frame.stmts), function.results + tangents)
    return replace(function, name=name, block=block)
