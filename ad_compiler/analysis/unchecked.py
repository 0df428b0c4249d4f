"""The shapes that values have even if no check was made: without what operations see to.

    p = mul c m             p is as long as m, or the operation fails: from here on, types
    y = mul m x             have one name for both lengths

Whether a check can go must not be decided by types that only hold because of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from ad_compiler.ir.nodes import Atom, Block, For, Function, If, Let, Stmt, Undef, Var, While
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Dim, Sym, dims_of


class Unchecked:
    """The operands of operations, typed with the lengths that they have in any case."""

    def __init__(self, function: Function) -> None:
        self._known: dict[Var, Var] = {}
        self._fresh = count()
        for param in function.params:
            if param.name.endswith("_bar"):  # it is as long as a result
                self._known[param] = self._unlike(param)
        self._block(function.block)

    def __call__(self, atoms: Sequence[Atom]) -> tuple[Atom, ...]:
        """The same operands, in these types."""
        return tuple(self._known.get(a, a) if isinstance(a, Var) else a for a in atoms)

    def _unlike(self, var: Var) -> Var:
        """A variable of whose lengths nothing is known."""
        if not isinstance(var.type, Array):
            return var
        dims: list[Dim] = [d if d == 1 else Sym(f"#{next(self._fresh)}") for d in var.type.dims]
        return Var(var.name, Array(var.type.dtype, tuple(dims)))

    def _block(self, block: Block) -> None:
        for stmt in block.body:
            self._statement(stmt)

    def _statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self._let(stmt)
            case If(then=then, orelse=orelse):
                self._block(then)
                self._block(orelse)
                self._join(stmt.targets, then.results, orelse.results)
            case For(body=body):
                self._loop(stmt, body.params[1:])
            case While(cond=cond, body=body):
                self._loop(stmt, body.params)
                self._join(cond.params, body.params)
                self._block(cond)
            case _:
                pass

    def _let(self, let: Let) -> None:
        if not any(isinstance(target.type, Array) for target in let.targets):
            return
        for target in let.targets:
            self._known[target] = self._unlike(target)
        try:
            type_ = let.prim.infer(self(let.args))
        except TypeRefusal:
            return
        (target, *_) = let.targets
        if isinstance(type_, Array) and len(type_.dims) == len(dims_of(target.type)):
            self._known[target] = Var(target.name, type_)

    def _join(self, targets: Sequence[Var], *values: Sequence[Atom]) -> None:
        """Values of which each is one of several: of their lengths, if they agree on them."""
        for target, *several in zip(targets, *map(self, values), strict=True):
            first, *others = several
            agree = all(dims_of(v.type) == dims_of(first.type) for v in others)
            known = isinstance(first, Var) and agree and Undef not in map(type, several)
            self._known[target] = first if known else self._unlike(target)

    def _loop(self, loop: For | While, params: Sequence[Var]) -> None:
        """Values are as long as before the loop, unless a trip makes something else of them."""
        self._join(params, loop.inits)
        open_ = set(params)
        while True:
            self._block(loop.body)
            now = zip(params, self(params), self(loop.body.results), strict=True)
            changed = {p for p, a, b in now if dims_of(a.type) != dims_of(b.type)} & open_
            if not changed:
                break
            open_ -= changed
            self._known.update({p: self._unlike(p) for p in changed})
        self._join(loop.targets, params)
