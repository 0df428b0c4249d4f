"""Decide what happens in place, by making every copy that this needs an operation of its own.

    u2 = store u i v                    u1 = copy u
    return u2             ⇒             u2 = store u1 i v       (u is the caller's)
                                        return u2

Afterwards every operation with an `in_place` operand may run on the storage of that operand, and
the results share memory with nothing: not with arguments, not with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import assert_never

from ad_compiler.analysis.edges import edges_of, has_storage, leaving, missing_on_some_path
from ad_compiler.analysis.layout import by_rows
from ad_compiler.analysis.ownership import KEEPING, Decisions, is_read_only, ownership, viewed
from ad_compiler.errors import Span
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Tree,
    Undef,
    Var,
    While,
    sweep_of,
    walk,
    with_blocks,
)
from ad_compiler.ir.primitive import Primitive, Special
from ad_compiler.ir.types import Array, Tape, rank
from ad_compiler.rules.likeness import COPY_IF_THERE
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES, RULES, Linear

ADJOINTS = ("_bar", "_dot")


def bufferise(function: Function) -> Function:
    """The same program with copies, so that whatever can work in place safely does."""
    decisions = ownership(function, frozenset(_sums(function.block)))
    missing = missing_on_some_path(function) if decisions.copied_puts else frozenset[Atom]()
    block = _Rewrite(decisions, missing).block(function.block)
    return _with_plain_copies(_separate_results(function.with_block(block), decisions))


INTO: dict[Primitive, Primitive] = {
    OPERATORS[symbol]: replace(OPERATORS[symbol], name=name, spelling=Special(), in_place=0)
    for symbol, name in (("+", "add_into"), ("-", "sub_into"))
}
"""`a + b` and `a - b` of arrays, as operations that overwrite a."""


def _sums(block: Block) -> Iterator[int]:
    """The sums that accumulate an adjoint or tangent: `x_bar = x_bar + c`, on arrays.

    Not the user's own sums: overwriting keeps the memory layout of an operand, on which the
    order of a later `np.sum`, and so its last bit, may depend. Nor those of a temporary that is
    better read as part of one expression.
    """
    terms: set[Var] = set()
    for stmt in walk(block):
        match stmt:
            case Let((target,), prim, (Var() as first, other)) if prim in INTO:
                terms.update({target} if target.temp else ())
                accumulates = first.name == target.name and target.name.endswith(ADJOINTS)
                accumulates = accumulates and first not in terms
                fits = isinstance(target.type, Array) and first.type == target.type
                if accumulates and fits and other is not first:
                    yield id(stmt)
            case Let((target,), prim) if target.temp and prim.in_place is None:
                terms.add(target)
            case _:
                pass


@dataclass(slots=True)
class _Rewrite:
    """Carries out the decisions.

    A view that is copied is still what sums and products read before the array changes: their
    last bits depend on how an array lies in memory.
    """

    decisions: Decisions
    missing: Set[Atom]
    copies: dict[Var, Var] = field(default_factory=dict[Var, Var])
    """For a copy, the view, as long as that holds the same."""
    roots: dict[Var, Atom] = field(default_factory=dict[Var, Atom])
    """In whose memory a view is, or a changed array."""

    def block(self, block: Block) -> Block:
        body = tuple(new for stmt in block.body for new in self._exactly(stmt))
        return replace(block, body=body)

    def _exactly(self, stmt: Stmt) -> Iterator[Stmt]:
        """What becomes of a statement, which reads views where their copies would not do."""
        if self.copies and isinstance(stmt, Let | Effect):
            if stmt.prim.in_place is not None:
                changed = self._root(stmt.args[stmt.prim.in_place])
                self._forget(lambda view: self._root(view) is changed)
            elif not sweep_of(stmt) and _depends_on_layout(stmt):
                args = (self.copies.get(a, a) if isinstance(a, Var) else a for a in stmt.args)
                stmt = replace(stmt, args=tuple(args))
        elif self.copies and any(map(_changes, walk(Block((), (stmt,), ())))):
            self._forget(lambda _: True)
        if isinstance(stmt, Let):
            source = viewed(stmt)
            if stmt.prim.in_place is not None:
                self.roots[stmt.targets[0]] = self._root(stmt.args[stmt.prim.in_place])
            elif source is not None:
                self.roots[stmt.targets[0]] = self._root(source)
        yield from self._statement(stmt)

    def _root(self, atom: Atom) -> Atom:
        return self.roots.get(atom, atom) if isinstance(atom, Var) else atom

    def _forget(self, changed: Callable[[Var], bool]) -> None:
        """Views of what changes are no longer what was copied."""
        self.copies = {copy: view for copy, view in self.copies.items() if not changed(view)}

    def _statement(self, stmt: Stmt) -> Iterator[Stmt]:
        match stmt:
            case Let():
                yield from self._let(stmt)
            case Effect():
                yield stmt
            case If():
                yield replace(stmt, then=self.block(stmt.then), orelse=self.block(stmt.orelse))
            case For():
                inits = yield from self._inits(stmt, stmt.body.params[1:])
                yield replace(stmt, inits=inits, body=self.block(stmt.body))
            case While():
                inits = yield from self._inits(stmt, stmt.body.params)
                cond, body = self.block(stmt.cond), self.block(stmt.body)
                yield replace(stmt, inits=inits, cond=cond, body=body)
            case _:
                assert_never(stmt)

    def _inits(
        self, loop: For | While, params: Sequence[Var]
    ) -> Generator[Stmt, None, tuple[Atom, ...]]:
        """Copy the initial values of a loop that cannot move into it."""
        own: list[Atom] = []
        for init, param in zip(loop.inits, params, strict=True):
            if param in self.decisions.copied_inits:
                copied = copy_of(init, param.name, loop.at)
                yield copied
                own.append(copied.targets[0])
            else:
                own.append(init)
        return tuple(own)

    def _let(self, stmt: Let) -> Iterator[Stmt]:
        decisions = self.decisions
        if id(stmt) in decisions.sums:
            yield replace(stmt, prim=INTO[stmt.prim])
        elif id(stmt) in decisions.copied_operands:
            assert stmt.prim.in_place is not None
            yield from _with_copy(stmt, stmt.prim.in_place, temp=False)
        elif id(stmt) in decisions.copied_puts:
            copied, put = _with_copy(stmt, len(stmt.args) - 1, temp=True)
            if isinstance(copied, Let) and copied.args[0] in self.missing:
                copied = replace(copied, prim=COPY_IF_THERE)
            yield from (copied, put)
        elif stmt.targets[0] in decisions.copied_views:
            (target,) = stmt.targets
            view = Var(target.name, target.type, temp=True)
            self.roots[view] = self.roots.pop(target, target)
            self.copies[target] = view
            yield replace(stmt, targets=(view,))
            yield replace(copy_of(view, target.name, stmt.at), targets=(target,))
        else:
            yield stmt


def _changes(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and stmt.prim.in_place is not None


def _depends_on_layout(stmt: Let | Effect) -> bool:
    """Whether the last bits of a result depend on how operands lie: what sums does."""
    if not isinstance(stmt, Let) or stmt.prim.name in KEEPING:
        return False
    return isinstance(RULES.get(stmt.prim), Linear) and viewed(stmt) is None


def copy_of(atom: Atom, name: str, at: Span | None, temp: bool = False) -> Let:
    """A statement that copies an array or tape.

    What the user computes with keeps its memory layout, on which the last bit of a sum depends.
    """
    if isinstance(atom.type, Tape) and isinstance(atom.type.element, Tape):
        return Let((Var(name, atom.type, temp=temp),), PRIMITIVES["list_copy_rows"], (atom,), at)
    keeps = rank(atom.type) > 1 and not name.endswith(ADJOINTS)
    prim = PRIMITIVES["duplicate" if keeps else "copy"]
    return Let((Var(name, atom.type, temp=temp),), prim, (atom,), at)


def _with_copy(stmt: Let, position: int, temp: bool) -> Iterator[Stmt]:
    """A statement that works on a copy of one operand."""
    atom = stmt.args[position]
    changed = position == stmt.prim.in_place
    name = stmt.targets[0].name if changed or not isinstance(atom, Var) else atom.name
    copied = copy_of(atom, name, stmt.at, temp)
    yield copied
    args = (*stmt.args[:position], copied.targets[0], *stmt.args[position + 1 :])
    yield replace(stmt, args=args)


def _with_plain_copies(function: Function) -> Function:
    """Where an array lies row by row, keeping its layout is what `copy()` does."""
    duplicate = PRIMITIVES["duplicate"]
    if not any(isinstance(s, Let) and s.prim is duplicate for s in walk(function.block)):
        return function
    plain = by_rows(function.block)

    def inside(block: Block) -> Block:
        return replace(block, body=tuple(map(one, block.body)))

    def one(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let) and stmt.prim is duplicate and stmt.args[0] in plain:
            return replace(stmt, prim=PRIMITIVES["copy"])
        return with_blocks(stmt, inside)

    return function.with_block(inside(function.block))


# -- results ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Memory:
    """Values that may share memory, as classes."""

    parent: dict[Var, Var] = field(default_factory=dict[Var, Var])
    foreign: set[Var] = field(default_factory=set[Var])
    """Classes that may hold memory of the caller or of a constant, or what cannot be written to."""

    def find(self, var: Var) -> Var:
        while var in self.parent:
            if self.parent[var] in self.parent:
                self.parent[var] = self.parent[self.parent[var]]
            var = self.parent[var]
        return var

    def join(self, source: Atom, target: Var) -> None:
        a = self.find(target)
        if not isinstance(source, Var):
            if not isinstance(source, Undef):
                self.foreign.add(a)
            return
        b = self.find(source)
        if a is not b:
            self.parent[b] = a
            if b in self.foreign:
                self.foreign.add(a)


def memory_of(function: Function) -> Memory:
    """Which arrays of a bufferised program may share memory."""
    memory = Memory(foreign={p for p in function.params if has_storage(p)})
    for stmt in walk(function.block):
        for group in (*edges_of(stmt), leaving(stmt)):
            for source, target in group:
                memory.join(source, target)
        if isinstance(stmt, Let):
            _join_operands(memory, stmt)
    return memory


DIAGONALS = ("np.diag", "np.diagonal")
"""Of a matrix, these are views through which NumPy does not let one write."""


def _join_operands(memory: Memory, stmt: Let) -> None:
    source = viewed(stmt)
    if is_read_only(stmt):
        memory.foreign.add(memory.find(stmt.targets[0]))
    if source is not None:
        memory.join(source, stmt.targets[0])
        if stmt.prim.name in DIAGONALS and rank(source.type) > 1:
            memory.foreign.add(memory.find(source))
    if stmt.prim.in_place is not None:
        memory.join(stmt.args[stmt.prim.in_place], stmt.targets[0])
    if stmt.prim.name in KEEPING and has_storage(stmt.args[-1]):
        memory.join(stmt.args[-1], stmt.targets[0])


def _separate_results(function: Function, decisions: Decisions) -> Function:
    """Copy results that share memory with an argument, a constant or another result."""
    memory = memory_of(function)
    copies: list[Stmt] = []
    results = list(function.results)
    seen: set[Var] = set()
    used: set[int] = set()

    def leaf(tree: Tree) -> Tree:
        if isinstance(tree, Branch):
            return replace(tree, children=tuple(leaf(child) for child in tree.children))
        if not isinstance(tree, int) or not has_storage(results[tree]):
            return tree
        atom, again = results[tree], tree in used
        used.add(tree)
        if isinstance(atom, Undef) or (not again and _is_separate(atom, memory, seen, decisions)):
            return tree
        name = atom.name if isinstance(atom, Var) else "value"
        copied = copy_of(atom, name, None, temp=True)
        copies.append(copied)
        if again:
            results.append(copied.targets[0])
            return len(results) - 1
        results[tree] = copied.targets[0]
        return tree

    output = leaf(function.output)
    block = function.block
    block = Block(block.params, (*block.body, *copies), tuple(results))
    return replace(function, block=block, output=output)


def _is_separate(atom: Const | Var, memory: Memory, seen: set[Var], decisions: Decisions) -> bool:
    """Whether a result shares memory with nothing that came before it; notes its class."""
    if not isinstance(atom, Var):
        return False
    if atom in decisions.moved_results:
        return True
    root = memory.find(atom)
    separate = root not in memory.foreign and root not in seen
    seen.add(root)
    return separate
