"""Arrays that are written through `a.reshape(-1)[k]` lie in memory row by row.

    a_bar = zeros_like x                            a_bar = np.zeros n m
    a_bar2 = store a_bar (reshape…) 0.0 …    ⇒      a_bar2 = store a_bar (reshape…) 0.0 …

`np.zeros_like(x)` lies as x does. Where that is column by column, a reshape is a copy, and what is
written to it is lost. The arrays of the program itself are known to lie so; their cotangents and
tangents are made to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ad_compiler.analysis.layout import by_rows
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    blocks_of,
    const,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import NUMPY_NAMES, Array, Int, Static, rank
from ad_compiler.rules.registry import PRIMITIVES

MADE = {
    "zeros_like": "np.zeros", "ones_like": "np.ones", "empty_like": "np.empty",
    "full_like": "np.full",
}  # fmt: skip
"""What makes an array row by row, instead of as another lies."""


def lay_by_rows(function: Function) -> Function:
    """Make what is written through a reshape so that it can be."""
    bases = [base for stmt in walk(function.block) for base in _flat(stmt)]
    if not bases:
        return function
    plain = by_rows(function.block)
    wanted = [a for a in bases if isinstance(a, Var) and rank(a.type) > 1 and a not in plain]
    if not wanted:
        return function
    chains = _Chains()
    chains.note(function.block)
    chain = chains.leading_to(wanted)
    return function.with_block(_Rewrite(chain, frozenset(function.params)).block(function.block))


def _flat(stmt: Stmt) -> Iterator[Atom]:
    """The array that a statement changes in place through a reshape of it, if it does."""
    match stmt:
        case Let(prim=prim, args=(base, Const(value=tuple() as pattern), *_)) if prim.in_place == 0:
            if any(isinstance(item, str) and item.startswith("reshape") for item in pattern):
                yield base
        case _:
            pass


@dataclass
class _Chains:
    """What each array is, if it is not new: the same memory under another name."""

    before: dict[Var, list[Atom]] = field(default_factory=dict[Var, "list[Atom]"])

    def note(self, block: Block) -> None:
        for stmt in block.body:
            match stmt:
                case Let(targets=(target, *_), prim=prim, args=args) if prim.in_place is not None:
                    self.join(target, args[prim.in_place])
                case If(targets=targets, then=then, orelse=orelse):
                    for target, *ends in zip(targets, then.results, orelse.results, strict=True):
                        self.join(target, *ends)
                case For(targets=targets, inits=inits, body=body):
                    self.loop(targets, inits, (body.params[1:],), body.results)
                case While(targets=targets, inits=inits, cond=cond, body=body):
                    self.loop(targets, inits, (cond.params, body.params), body.results)
                case _:
                    pass
            for inner in blocks_of(stmt):
                self.note(inner)

    def loop(
        self,
        targets: Sequence[Var],
        inits: Sequence[Atom],
        params: Sequence[Sequence[Var]],
        results: Sequence[Atom],
    ) -> None:
        for k, ends in enumerate(zip(inits, results, strict=True)):
            for var in (targets[k], *(group[k] for group in params)):
                self.join(var, *ends)

    def join(self, var: Var, *atoms: Atom) -> None:
        self.before.setdefault(var, []).extend(atoms)

    def leading_to(self, arrays: list[Var]) -> set[Var]:
        """The arrays, and all that they were before."""
        found, rest = set[Var](), list(arrays)
        while rest:
            var = rest.pop()
            if var not in found:
                found.add(var)
                rest.extend(a for a in self.before.get(var, ()) if isinstance(a, Var))
        return found


@dataclass(frozen=True)
class _Rewrite:
    """Makes the arrays of a chain anew where they come into being."""

    chain: set[Var]
    given: frozenset[Var]
    """The parameters of the function: theirs is a copy."""

    def block(self, block: Block) -> Block:
        body = [new for stmt in block.body for new in self.statement(stmt)]
        results = tuple([self.own(atom, body) for atom in block.results])
        return replace(block, body=tuple(body), results=results)

    def statement(self, stmt: Stmt) -> Iterator[Stmt]:
        before: list[Stmt] = []
        match stmt:
            case Let(targets=(target, *_), prim=prim) if prim.in_place is not None:
                if target in self.chain:
                    args = [*stmt.args]
                    args[prim.in_place] = self.own(args[prim.in_place], before)
                    stmt = replace(stmt, args=tuple(args))
                yield from (*before, stmt)
            case Let(targets=targets) if not self.chain.isdisjoint(targets):
                yield from self.made(stmt)
            case For() | While():
                inits = self.own_of(stmt.targets, stmt.inits, before)
                yield from (*before, replace(with_blocks(stmt, self.block), inits=inits))
            case _:
                yield with_blocks(stmt, self.block)

    def own_of(
        self, targets: Sequence[Var], atoms: Sequence[Atom], before: list[Stmt]
    ) -> tuple[Atom, ...]:
        pairs = zip(targets, atoms, strict=True)
        return tuple(self.own(a, before) if t in self.chain else a for t, a in pairs)

    def own(self, atom: Atom, before: list[Stmt]) -> Atom:
        """A parameter in a chain as a copy of it."""
        if not isinstance(atom, Var) or atom not in self.given or atom not in self.chain:
            return atom
        copied = Var(atom.name, atom.type)
        before.append(Let((copied,), PRIMITIVES["copy"], (atom,)))
        return copied

    def made(self, let: Let) -> Iterator[Let]:
        """An operation whose result lies row by row."""
        target, name = let.targets[0], MADE.get(let.prim.name)
        if name is None:
            made = {t: Var(t.name, t.type, temp=True) for t in let.targets if t in self.chain}
            yield replace(let, targets=tuple(made.get(t, t) for t in let.targets))
            for own, before in made.items():
                yield Let((own,), PRIMITIVES["copy"], (before,), let.at)
            return
        assert isinstance(target.type, Array)
        like, *value = let.args
        lengths = [Var("n", Int(), temp=True) for _ in target.type.dims]
        for axis, length in enumerate(lengths):
            yield Let((length,), PRIMITIVES["dim"], (like, const(axis)), let.at)
        dtype = Const(NUMPY_NAMES[target.type.dtype], Static())
        yield Let((target,), PRIMITIVES[name], (*lengths, *value, dtype), let.at)
