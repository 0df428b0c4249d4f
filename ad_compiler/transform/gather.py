"""Each element gathers what its neighbours give, rather than they give it one by one.

                                            a_tape = np.zeros((n + 2, m + 2))
    for i in range(1, n - 1):               for i in range(1, n - 1):
        for j in range(1, m - 1):               for j in range(1, m - 1):
            a = …                   ⇒               a_tape[i + 1, j + 1] = …
            u_bar[i - 1, j] += a            for i in range(n):
            u_bar[i + 1, j] += a                for j in range(m):
            u_bar[i, j - 1] += a                    u_bar[i, j] += (a_tape[i, j + 1] +
            u_bar[i, j + 1] += a                        a_tape[i + 2, j + 1] + …)

A compiler of numbers makes vectors of this: no two trips write the same place. Around what is
given, the array is zero; it is allocated outside of all loops, since each trip of those writes
the same part of it. Sums come out in another order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ad_compiler.analysis.final import Index
from ad_compiler.analysis.scatter import Addition, Scatter, scatters
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.frames import Frame
from ad_compiler.ir.linear import Forms, Linear
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
    const,
    defined_by,
    substitute,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import PY_INT, Array, Sym, dtype_of
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.lengths import natural
from ad_compiler.transform.shapes import zeros
from ad_compiler.transform.tapes import plural


@dataclass(frozen=True, slots=True)
class Buffer:
    """An array of what is given, before and after the statements so far."""

    first: Var
    last: Var
    scatter: Scatter

    def bounds(self) -> set[Atom]:
        return {bound for loop in self.scatter.nest for bound in (loop.start, loop.stop)}


def gather(function: Function) -> Function:
    """Let the elements of arrays gather what loops add to them."""
    if not any(isinstance(s, Let) and s.prim.name == "add_at" for s in walk(function.block)):
        return function
    gatherer = _Gatherer(Forms(Index(function.block).lets))
    block, waiting = gatherer.block(function.block)
    assert not waiting
    return function.with_block(block)


@dataclass(slots=True)
class _Gatherer:
    forms: Forms
    builder: Builder = field(default_factory=Builder)

    def block(self, block: Block, *, carried: bool = False) -> tuple[Block, list[Buffer]]:
        """The block, and the buffers that whoever holds it must carry."""
        body: list[Stmt] = []
        waiting: list[Buffer] = []
        env: dict[Var, Atom] = {}
        inside = set(block.params)
        for stmt in block.body:
            new, buffers = self.statement(stmt)
            for buffer in buffers:
                if carried and inside.isdisjoint(buffer.bounds()):
                    waiting.append(buffer)
                else:
                    body += self.allocated(buffer)
            body += new
            inside.update(defined_by(stmt))
        return substitute(replace(block, body=tuple(body)), env), waiting

    def statement(self, stmt: Stmt) -> tuple[list[Stmt], list[Buffer]]:
        match stmt:
            case For():
                self.forms.enter(stmt, {}, stmt.body.params[0])
                return self.loop(stmt)
            case If() | While():
                return [with_blocks(stmt, lambda inner: self.block(inner)[0])], []
            case _:
                return [stmt], []

    def loop(self, loop: For) -> tuple[list[Stmt], list[Buffer]]:
        self.enter(loop)
        found = scatters(loop, self.forms)
        if found:
            return self.split(loop, found)
        body, buffers = self.block(loop.body, carried=True)
        outer = [Buffer(_like(b.first), _like(b.last), b.scatter) for b in buffers]
        made = replace(
            loop,
            targets=(*loop.targets, *(b.last for b in outer)),
            inits=(*loop.inits, *(b.first for b in outer)),
            body=replace(
                body,
                params=(*body.params, *(b.first for b in buffers)),
                results=(*body.results, *(b.last for b in buffers)),
            ),
        )
        return [made], outer

    def enter(self, loop: For) -> None:
        for inner in walk(loop.body):
            if isinstance(inner, For):
                self.forms.enter(inner, {}, inner.body.params[0])

    def split(self, loop: For, found: list[Scatter]) -> tuple[list[Stmt], list[Buffer]]:
        """The loop that gives, and one for each array that takes."""
        after: list[Stmt] = []
        buffers: list[Buffer] = []
        for scatter in found:
            given = {a.value: self.buffer(scatter, a.value) for a in scatter.moved}
            between = _like(scatter.array)
            loop, lasts = _giving(loop, scatter, [given[v].first for v in given], given)
            targets = tuple(between if t is scatter.array else t for t in loop.targets)
            loop = replace(loop, targets=targets)
            given = {
                v: replace(b, last=last) for (v, b), last in zip(given.items(), lasts, strict=True)
            }
            after += self.taking(scatter, given, between)
            buffers += given.values()
        return [loop, *after], buffers

    def buffer(self, scatter: Scatter, value: Var) -> Buffer:
        array = scatter.array.type
        dtype = dtype_of(array) or "f64"
        dims = tuple(Sym(f"given({value!r}, {k})") for k in range(len(scatter.axes)))
        first = Var(plural(value.name), Array(dtype, dims))
        return Buffer(first, first, scatter)

    def allocated(self, buffer: Buffer) -> list[Stmt]:
        """Zeros for what is given, and around it."""
        scatter = buffer.scatter
        self.builder.frames.append(Frame(is_loop=False))
        lengths = [self.count(scatter, axis, 2) for axis in range(len(scatter.axes))]
        made = zeros(self.builder, lengths, dtype_of(buffer.first.type) or "f64")
        *lets, last = self.builder.frames.pop().stmts
        assert isinstance(last, Let)
        assert last.targets == (made,)
        return [*lets, replace(last, targets=(buffer.first,))]

    def count(self, scatter: Scatter, axis: int, margins: int) -> Atom:
        """The trips along an axis, and some margins as wide as the neighbours are apart."""
        least, greatest = scatter.reach(axis)
        loop = scatter.nest[scatter.axes[axis]]
        start, stop = self.forms.form(loop.start, {}), self.forms.form(loop.stop, {})
        assert start is not None
        assert stop is not None
        return self.sum(stop.plus(start, -1), margins * (greatest - least))

    def sum(self, form: Linear, more: int) -> Atom:
        """`n + 2`, at least 0."""
        more += form.constant
        if not form.terms:
            return const(max(more, 0))
        ((var, _),) = form.terms
        if not more:
            return var
        total = self.builder.emit(OPERATORS["+" if more > 0 else "-"], var, const(abs(more)))
        return total if more > 0 else natural(self.builder, total)

    def taking(self, scatter: Scatter, given: dict[Var, Buffer], between: Var) -> list[Stmt]:
        """Loops over all neighbours, which add up what is given to each."""
        self.builder.frames.append(Frame(is_loop=False))
        counts = [self.count(scatter, axis, 1) for axis in range(len(scatter.axes))]
        before = self.builder.frames.pop().stmts
        indices = [Var(scatter.nest[k].body.params[0].name, PY_INT) for k in scatter.axes]
        order = [scatter.axes.index(k) for k in range(len(scatter.nest))]
        arrays = [between, *(_like(between) for _ in order)]
        self.builder.frames.append(Frame(is_loop=False))
        result = self.taken(scatter, given, arrays[-1], indices)
        body = tuple(self.builder.frames.pop().stmts)
        for depth, axis in reversed(list(enumerate(order))):
            target = scatter.array if not depth else _like(between)
            block = Block((indices[axis], arrays[depth + 1]), body, (result,))
            loop = For((target,), const(0), counts[axis], const(1), (arrays[depth],), block)
            body, result = (loop,), target
        return [*before, *body]

    def taken(
        self, scatter: Scatter, given: dict[Var, Buffer], array: Var, indices: list[Var]
    ) -> Var:
        """What all neighbours give to an element, added to it."""
        pattern = const(("int",) * len(indices))
        total: Atom | None = None
        for addition in sorted(scatter.moved, key=lambda a: a.negative):
            place = [
                self.shifted(index, scatter.reach(axis)[1] - addition.offset[axis])
                for axis, index in enumerate(indices)
            ]
            part = self.builder.emit(
                PRIMITIVES["getitem"], given[addition.value].last, pattern, *place
            )
            if total is None:
                total = self.builder.emit(OPERATORS["neg"], part) if addition.negative else part
            else:
                total = self.builder.emit(OPERATORS["-" if addition.negative else "+"], total, part)
        assert total is not None
        starts = [self.forms.form(scatter.nest[k].start, {}) for k in scatter.axes]
        place = [
            self.shifted(index, (start.constant if start else 0) + scatter.reach(axis)[0])
            for axis, (index, start) in enumerate(zip(indices, starts, strict=True))
        ]
        add = PRIMITIVES["add_at"]
        return self.builder.emit(add, array, pattern, total, *place, name=array.name)

    def shifted(self, index: Atom, by: int) -> Atom:
        return self.builder.emit(OPERATORS["+"], index, const(by)) if by else index


def _like(var: Var) -> Var:
    return Var(var.name, var.type, var.temp)


def _giving(
    loop: For, scatter: Scatter, incoming: list[Var], given: dict[Var, Buffer], depth: int = 0
) -> tuple[For, list[Var]]:
    """The nest of loops, with stores of what is given in place of additions to neighbours."""
    params = [_like(v) for v in incoming]
    results = params
    body: list[Stmt] = []
    if depth + 1 == len(scatter.nest):
        block, results = _stores(loop.body, scatter, dict(zip(given, params, strict=True)))
    else:
        for stmt in loop.body.body:
            new: Stmt = stmt
            if isinstance(stmt, For):
                new, results = _giving(stmt, scatter, params, given, depth + 1)
            body.append(new)
        block = replace(loop.body, body=tuple(body))
    outgoing = [_like(v) for v in incoming]
    block = replace(block, params=(*block.params, *params), results=(*block.results, *results))
    made = replace(
        loop,
        targets=(*loop.targets, *outgoing),
        inits=(*loop.inits, *incoming),
        body=block,
    )
    return made, outgoing


def _stores(block: Block, scatter: Scatter, buffers: dict[Var, Var]) -> tuple[Block, list[Var]]:
    """The innermost body: each value is stored once, at the place that the loops are at."""
    moved = {a.let.targets[0]: a for a in scatter.moved}
    builder = Builder()
    builder.frames.append(Frame(is_loop=False))
    env: dict[Var, Atom] = {}
    stored: dict[Var, Var] = {}
    indices = [scatter.nest[k].body.params[0] for k in scatter.axes]
    for stmt in block.body:
        addition = moved.get(stmt.targets[0]) if isinstance(stmt, Let) else None
        if addition is None:
            builder.append(stmt)
            continue
        array = addition.let.args[0]
        assert isinstance(array, Var)
        env[addition.let.targets[0]] = env.get(array, array)
        if addition.value not in stored:
            stored[addition.value] = _store(builder, scatter, addition, buffers, indices)
    body = tuple(builder.frames.pop().stmts)
    results = [stored[value] for value in buffers]
    return substitute(replace(block, body=body), env), results


def _store(
    builder: Builder,
    scatter: Scatter,
    addition: Addition,
    buffers: dict[Var, Var],
    indices: list[Var],
) -> Var:
    """`buffer[i + margin, j + margin] = value`, counted from where the loops start."""
    place: list[Atom] = []
    for axis, index in enumerate(indices):
        least, greatest = scatter.reach(axis)
        start = scatter.nest[scatter.axes[axis]].start
        assert isinstance(start, Const)
        by = greatest - least - start.value
        sign = OPERATORS["+" if by > 0 else "-"]
        place.append(builder.emit(sign, index, const(abs(by))) if by else index)
    buffer = buffers[addition.value]
    pattern = const(("int",) * len(place))
    store = PRIMITIVES["store"]
    args = (buffer, pattern, addition.value, *place)
    return builder.emit(store, *args, name=buffer.name, at=addition.let.at)
