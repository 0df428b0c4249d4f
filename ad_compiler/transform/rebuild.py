"""Builds a program anew, simpler: one walk forward, one backward.

    t = mul x 1.0                   y = sin x
    y = identity (sin t)     ⇒      z = add y y
    z = add (sin x) y

Forward: copies are propagated and names settled, constants folded, exact identities applied,
equal operations merged (numbering values), lengths read off inputs, constant branches taken, loop
parameters that never change replaced by their initial value. Backward: what nobody reads goes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import is_
from typing import assert_never

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
    const,
    defined_by,
    walk,
)
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import PY_BOOL, Array, Type
from ad_compiler.rules.describe import ADJOINTS, described
from ad_compiler.rules.effects import ENDS
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.carried import (
    Key,
    alike,
    atom_key,
    lengths_made,
    narrowed,
    no_trips,
    picked,
    same_flags,
    settled,
    stays,
    value_key,
)
from ad_compiler.transform.dead import dead_code
from ad_compiler.transform.identities import Form, folded, rewriting
from ad_compiler.transform.leading import without_leading
from ad_compiler.transform.multiples import of_multiples
from ad_compiler.transform.names import given_names
from ad_compiler.transform.shapes import Shapes


def rebuild(function: Function) -> Function:
    """Simplify a program without changing any result by a bit."""
    return dead_code(function.with_block(Rebuild(function.params).block(function.block)))


def normalise(function: Function) -> Function:
    """Simplify a program that computes something twice, or where loops and stores may hide that.

    Cotangents of one value meet in one sum. Nothing is removed, so that what may raise is still
    there to be kept.
    """
    if not _repeats(function.block) and not any(map(_is_structured, walk(function.block))):
        return function
    return function.with_block(Rebuild(function.params).block(function.block))


def _is_structured(stmt: Stmt) -> bool:
    return isinstance(stmt, For | While) or (
        isinstance(stmt, Let) and stmt.prim.in_place is not None
    )


def _repeats(block: Block) -> bool:
    """Whether an operation stands twice in a block."""
    seen: set[Key] = set()
    lets = [stmt for stmt in block.body if isinstance(stmt, Let)]
    seen.update((let.prim, *map(atom_key, let.args)) for let in lets)
    return len(seen) < len(lets)


class Rebuild:
    """The forward walk."""

    def __init__(self, params: Sequence[Var]) -> None:
        self.inputs = self.shapes = Shapes.of(params)
        self.env: dict[Var, Atom] = {}
        self.defs: dict[Var, Let] = {}
        self.tables: list[dict[Key, tuple[Var, ...]]] = []
        self.out: list[Stmt] = []

    def get(self, atom: Atom) -> Atom:
        return self.env.get(atom, atom) if isinstance(atom, Var) else atom

    def many(self, atoms: Sequence[Atom]) -> tuple[Atom, ...]:
        return tuple([self.env.get(a, a) if isinstance(a, Var) else a for a in atoms])

    def block(self, block: Block) -> Block:
        """A block in a scope of its own, with the same parameters."""
        outer, self.out = self.out, []
        self.tables.append({})
        self.run(block.body)
        self.tables.pop()
        body, self.out = tuple(self.out), outer
        stop = None if block.stop is None else self.get(block.stop)
        return Block(block.params, body, self.many(block.results), stop)

    @contextmanager
    def reading(self, shapes: Shapes) -> Generator[None]:
        """Lengths are read off other arrays meanwhile."""
        outside, self.shapes = self.shapes, shapes
        yield
        self.shapes = outside

    def staying(self, block: Block) -> Block:
        """A block out of which nothing moves: what is read of an array there keeps it alive."""
        with self.reading(self.inputs):
            return self.block(block)

    def run(self, body: tuple[Stmt, ...]) -> None:
        names = given_names(body)
        for position, stmt in enumerate(body):
            match stmt:
                case Let():
                    self.let(stmt, names)
                case Effect(prim=prim):
                    args = self.many(stmt.args)
                    if not any(isinstance(arg, Undef) for arg in args):
                        self.out.append(replace(stmt, args=args))
                    if prim in ENDS:  # what comes after it is never reached
                        behind = [t for later in body[position:] for t in defined_by(later)]
                        self.env.update({target: Undef(target.type) for target in behind})
                        return
                case If():
                    self.branch(stmt)
                case For():
                    self.for_(stmt)
                case While():
                    self.while_(stmt)
                case _:
                    assert_never(stmt)

    # -- operations ---------------------------------------------------------------------------

    def let(self, let: Let, names: dict[Var, Var]) -> None:
        args = self.many(let.args)
        if let.prim.name == "identity":
            self.env[let.targets[0]] = args[0]
            return
        if Undef in map(type, args):  # it is never reached
            self.env.update({target: Undef(target.type) for target in let.targets})
            return
        if let.prim.name == "dim":
            args = self.shapes.place(*args)
        original, *others = let.targets
        if others:
            self.env.update(zip(let.targets, self.several(let, args, names), strict=True))
            return
        target = names.get(original, original)
        if retyped(target.type, args, let.args):
            type_ = inferred(let.prim, args, target.type)
            if type_ != target.type:
                target = Var(target.name, type_, target.temp)
        self.env[original] = self.simplest(Let((target,), let.prim, args, let.at))

    def several(self, let: Let, args: tuple[Atom, ...], names: dict[Var, Var]) -> tuple[Var, ...]:
        """An operation with several results: merged with an equal one, or appended."""
        key = (let.prim, *map(atom_key, args))
        known = self.lookup(key)
        if known is None:
            known = tuple(names.get(target, target) for target in let.targets)
            self.tables[-1][key] = known
            self.out.append(replace(let, targets=known, args=args))
        return known

    def simplest(self, let: Let) -> Atom:
        """The value of an operation: a constant, a known value, or a new statement."""
        constant = folded(let)
        if constant is not None:
            return constant
        let = without_leading(let, self.defs)
        type_ = let.targets[0].type
        for rewrite in (rewriting(let), of_multiples(let)):
            found = None if rewrite is None else rewrite(let.args, self.defs, type_)
            if isinstance(found, Form):
                return self.made(found, let)
            if found is not None:
                return found
        return self.numbered(let)

    def made(self, form: Form, let: Let) -> Atom:
        """The value of a rewritten operation, under the name of the original one."""
        args = tuple(self.made(a, unnamed(let)) if isinstance(a, Form) else a for a in form.args)
        prim = PRIMITIVES[form.name]
        old = let.targets[0]
        type_ = inferred(prim, args, old.type)
        name = old.name if not old.temp or old.name.endswith(ADJOINTS) else prim.noun
        return self.simplest(Let((Var(name, type_, old.temp),), prim, args, let.at))

    def numbered(self, let: Let) -> Atom:
        """An equal earlier value, or a new statement."""
        if let.prim.allocates:
            self.tables[-1].update(lengths_made(let))
            return self.append(let)
        key = value_key(let)
        known = self.lookup(key)
        if known is not None:
            return known[0]
        target = self.append(let)
        self.tables[-1][key] = (target,)
        return target

    def append(self, let: Let) -> Var:
        """Append a statement; a target that nobody named is called after what it is."""
        target = let.targets[0]
        if target.temp and target.name == let.prim.noun:
            target = Var(described(let.prim, let.args), target.type, temp=True)
            let = Let((target,), let.prim, let.args, let.at)
        self.defs[target] = let
        self.out.append(let)
        return target

    def lookup(self, key: Key) -> tuple[Var, ...] | None:
        for table in reversed(self.tables):
            if key in table:
                return table[key]
        return None

    def forget(self, variables: Sequence[Var]) -> None:
        """Drop what an earlier attempt at the enclosing loop found out about variables."""
        for var in variables:
            self.env.pop(var, None)

    # -- structure ----------------------------------------------------------------------------

    def branch(self, stmt: If) -> None:
        test = self.get(stmt.test)
        if isinstance(test, Const):
            arm = stmt.then if test.value else stmt.orelse
            self.run(arm.body)
            self.env.update(zip(stmt.targets, self.many(arm.results), strict=True))
            return
        self.forget(stmt.targets)
        then, orelse = self.staying(stmt.then), self.staying(stmt.orelse)
        then, orelse = settled(then, test, True), settled(orelse, test, False)
        kept: list[int] = []
        known: dict[Key, Var] = {}
        for k, target in enumerate(stmt.targets):
            one, other = then.results[k], orelse.results[k]
            key = (atom_key(one), atom_key(other), target.type)
            if one == other and not isinstance(one, Undef) and one.type == target.type:
                self.env[target] = one
            elif key in known:
                self.env[target] = known[key]
            else:
                known[key] = target
                kept.append(k)
        if not kept and not then.body and not orelse.body:
            return
        targets = picked(stmt.targets, kept)
        self.out.append(If(targets, test, narrowed(then, kept), narrowed(orelse, kept), stmt.at))

    def for_(self, stmt: For) -> None:
        bounds = self.many((stmt.start, stmt.stop, stmt.step))
        inits = self.many(stmt.inits)
        if no_trips(bounds):
            self.env.update(zip(stmt.targets, inits, strict=True))
            return
        index, *params = stmt.body.params
        kept, built = self.settle(stmt.body, params, inits, stmt.targets)
        body = narrowed(built, kept, (index, *picked(params, kept)))
        targets, carried = picked(stmt.targets, kept), picked(inits, kept)
        start, stop, step = bounds
        new = replace(
            stmt, targets=targets, start=start, stop=stop, step=step, inits=carried, body=body
        )
        self.out.append(new)
        self.constant_ends(new)

    def while_(self, stmt: While) -> None:
        inits = self.many(stmt.inits)
        params = stmt.body.params
        kept, built = self.settle(stmt.body, params, inits, stmt.targets)
        self.forget(stmt.cond.params)
        within = dict(zip(params, stmt.cond.params, strict=True))
        for k, param in enumerate(stmt.cond.params):
            if k not in kept:
                same = self.env[params[k]]  # the initial value, or a parameter that is equal
                self.env[param] = within.get(same, same) if isinstance(same, Var) else same
        cond = replace(self.staying(stmt.cond), params=picked(stmt.cond.params, kept))
        body = narrowed(built, kept, picked(params, kept))
        targets = picked(stmt.targets, kept)
        new = While(targets, picked(inits, kept), cond, body, stmt.at)
        self.out.append(new)
        if cond.results == (const(True),):
            self.constant_ends(new)

    def constant_ends(self, loop: For | While) -> None:
        """What every trip sets to the same constant, is that after a loop that has trips.

        A flag that says whether there was a trip is read off the range.
        """
        runs: Atom = const(True)
        if isinstance(loop, For):
            runs = self.has_trips(loop)
        for target, init, result in zip(loop.targets, loop.inits, loop.body.results, strict=True):
            if isinstance(loop, While) and result is loop.body.stop:
                self.env[target] = const(True)  # nothing else ends it
            elif runs == const(True) and isinstance(result, Const) and result.type == target.type:
                self.env[target] = result
            elif (init, result) == (const(False), const(True)) and runs != const(False):
                self.env[target] = runs

    def has_trips(self, loop: For) -> Atom:
        """Whether a loop runs at all; False where that takes more than a comparison."""
        bounds = (loop.start, loop.stop, loop.step)
        if all(isinstance(bound, Const) for bound in bounds):
            return const(True)  # those that do not run are gone
        if not isinstance(loop.step, Const):
            return const(False)
        one, other = bounds[:2] if loop.step.value < 0 else bounds[1::-1]
        target = Var("runs", PY_BOOL, temp=True)
        return self.simplest(Let((target,), OPERATORS[">"], (one, other), loop.at))

    def settle(
        self,
        body: Block,
        params: Sequence[Var],
        inits: tuple[Atom, ...],
        targets: tuple[Var, ...],
    ) -> tuple[list[int], Block]:
        """Build a loop body; parameters that no trip changes are their initial values.

        Of flags that begin and go on alike, one is enough.
        """
        self.forget((*params, *targets))
        kept = list(range(len(params)))
        twins = same_flags(params, inits)
        while True:
            for k, first in twins.items():
                self.env[params[k]] = params[first]
            with self.reading(self.shapes.within(params, inits)):
                built = self.block(body)
            differ = [k for k, j in twins.items() if built.results[k] != built.results[j]]
            for k in differ:
                del twins[k], self.env[params[k]]
            fixed = [k for k in kept if stays(params[k], inits[k], built.results[k])]
            fixed += [k for k, j in twins.items() if j in fixed]
            for k in fixed:
                self.env[params[k]] = self.env[targets[k]] = inits[k]
                twins.pop(k, None)
            kept = [k for k in kept if k not in fixed]
            if not (differ or fixed):
                for k, first in twins.items():
                    self.env[targets[k]] = targets[first]
                return [k for k in kept if k not in twins], built


def unnamed(let: Let) -> Let:
    """The same statement with a target that nobody named."""
    target = Var(let.prim.noun, let.targets[0].type, temp=True)
    return Let((target,), let.prim, let.args, let.at)


def inferred(prim: Primitive, args: tuple[Atom, ...], default: Type) -> Type:
    """The type of an operation on other operands."""
    try:
        type_ = prim.infer(args)
    except TypeRefusal:
        return default
    return default if isinstance(type_, tuple) else type_


def retyped(type_: Type, args: Sequence[Atom], before: Sequence[Atom]) -> bool:
    """Whether operands that are others now may give another type, or name its lengths anew."""
    if all(map(is_, args, before)):
        return False
    return isinstance(type_, Array) or not all(map(alike, args, before))
