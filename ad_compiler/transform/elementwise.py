"""Elementwise operations on arrays, one after the other, become one loop over the elements.

                                        z = np.empty(n)
    t = np.tanh(x)                      for i in range(n):
    u = 1 - t * t           ⇒               t = np.tanh(x[i])
    z = u * y                               u = 1 - t * t
                                            z[i] = u * y[i]

For a compiler of numbers: no temporary arrays are made, and loops take it less time to compile.
Only where all arrays have the same shape for certain, and nothing may raise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.frames import Frame
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    For,
    Function,
    Let,
    Stmt,
    Var,
    const,
    readings,
    sweep_of,
    with_blocks,
)
from ad_compiler.ir.types import NUMPY_NAMES, PY_INT, Array, dims_of, is_number
from ad_compiler.rules.registry import PRIMITIVES

ELEMENTWISE = frozenset(
    {"add", "sub", "mul", "truediv", "neg"}
    | {f"np.{f}" for f in ("exp", "log", "sin", "cos", "tanh", "sqrt", "abs", "arctan", "expm1")}
)
FEWEST = 3
"""Arrays that a loop must spare at the least: one that is used once is none, in an expression."""
INDICES = "ijkl"


def loop_over_elements(function: Function) -> Function:
    """Join neighbouring elementwise operations on arrays of one shape."""
    uses = Counter[Atom](readings(function.block))
    return function.with_block(_block(function.block, uses))


def _block(block: Block, uses: Counter[Atom]) -> Block:
    body: list[Stmt] = []
    run: list[Let] = []
    for stmt in block.body:
        if isinstance(stmt, Let) and _joins(stmt, run):
            run.append(stmt)
            continue
        body += _written(run, uses)
        run = []
        if isinstance(stmt, Let) and _joins(stmt, run):
            run.append(stmt)
        else:
            body.append(with_blocks(stmt, lambda inner: _block(inner, uses)))
    body += _written(run, uses)
    return Block(block.params, tuple(body), block.results, block.stop)


def _joins(let: Let, run: Sequence[Let]) -> bool:
    """Whether an operation is elementwise, on arrays of the shape that the run has."""
    type_ = let.targets[0].type
    if let.prim.name not in ELEMENTWISE or not isinstance(type_, Array) or type_.dtype != "f64":
        return False
    if not dims_of(type_) or len(type_.dims) > len(INDICES):
        return False
    if not sweep_of(let) and let.prim.raises(let.args):
        return False
    shape = run[0].targets[0].type if run else type_
    return type_ == shape and all(a.type == shape or is_number(a.type) for a in let.args)


def _written(run: list[Let], uses: Counter[Atom]) -> list[Stmt]:
    """The loop for some operations, or those themselves where that gains nothing."""
    inside = Counter[Atom](arg for let in run for arg in let.args)
    made = [let.targets[0] for let in run]
    results = [t for t in made if uses[t] > inside[t]]
    arrays = [a for a in inside if isinstance(a.type, Array) and a not in made]
    spared = [t for t in made if t not in results and inside[t] > 1]
    if len(spared) < FEWEST or not arrays:
        return list(run)
    return _Loop(run, results, arrays).statements()


@dataclass(slots=True)
class _Loop:
    run: list[Let]
    results: list[Var]
    arrays: list[Atom]
    builder: Builder = field(default_factory=Builder)

    def statements(self) -> list[Stmt]:
        """Allocations, and a nest of loops that fills what they make."""
        type_ = self.results[0].type
        assert isinstance(type_, Array)
        self.builder.frames.append(Frame(is_loop=False))
        dim, empty = PRIMITIVES["dim"], PRIMITIVES["np.empty"]
        lengths = [self.builder.emit(dim, self.arrays[0], const(k)) for k in range(len(type_.dims))]
        dtype = const(NUMPY_NAMES[type_.dtype])
        fresh = [Var(r.name, r.type, r.temp) for r in self.results]
        for target in fresh:
            self.builder.append(Let((target,), empty, (*lengths, dtype)))
        self.builder.append(self.nest(lengths, fresh))
        return self.builder.frames.pop().stmts

    def nest(self, lengths: Sequence[Atom], fresh: Sequence[Var]) -> For:
        indices = [Var(INDICES[k], PY_INT) for k in range(len(lengths))]
        levels = [[Var(r.name, r.type) for r in self.results] for _ in indices]
        self.builder.frames.append(Frame(is_loop=False))
        ends = self.element(indices, levels[-1])
        body = tuple(self.builder.frames.pop().stmts)
        for depth in reversed(range(len(indices))):
            inits = levels[depth - 1] if depth else fresh
            targets = [Var(r.name, r.type) for r in self.results] if depth else self.results
            block = Block((indices[depth], *levels[depth]), body, tuple(ends))
            loop = For(tuple(targets), const(0), lengths[depth], const(1), tuple(inits), block)
            body, ends = (loop,), targets
        (loop,) = body
        assert isinstance(loop, For)
        return loop

    def element(self, indices: Sequence[Var], outputs: Sequence[Var]) -> list[Var]:
        """The operations on one element, and the arrays with what they give."""
        emit = self.builder.emit
        pattern = const(("int",) * len(indices))
        env: dict[Atom, Atom] = {}
        for array in self.arrays:
            env[array] = emit(PRIMITIVES["getitem"], array, pattern, *indices)
        for let in self.run:
            (target,) = let.targets
            args = [env.get(a, a) for a in let.args]
            name = "" if target.temp else target.name
            env[target] = emit(let.prim, *args, name=name, hint=target.name, at=let.at)
        return [
            emit(PRIMITIVES["store"], out, pattern, env[result], *indices, name=out.name)
            for out, result in zip(outputs, self.results, strict=True)
        ]
