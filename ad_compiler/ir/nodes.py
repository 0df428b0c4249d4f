"""The IR: structured SSA over pure values.

Few frozen nodes. A block takes parameters, runs statements and yields results; `If`, `For` and
`While` hold blocks and define targets from their results, so there is no phi and no jump, and
every pass is a recursion on structure. Arrays are values like numbers: a store gives a new array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import assert_never

from ad_compiler.errors import Span
from ad_compiler.frozen import frozen
from ad_compiler.ir.atoms import Atom, Const, Undef, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.records import Record

__all__ = [
    "Atom", "Block", "Branch", "Const", "Effect", "For", "Function", "If", "Let", "Parameter",
    "Stmt", "Tree", "Undef", "Var", "While", "atoms_of", "blocks_of", "const", "defined_by",
    "free_vars", "in_order", "leaves", "map_tree", "records_in", "substitute", "sweep_of", "walk",
    "with_blocks",
]  # fmt: skip


@frozen
class Block:
    """`params` in, statements, `results` out.

    The body of a loop may have a `stop`: a truth value that it computes. Where it holds, this
    trip is the last one; the results are those of this trip all the same.
    """

    params: tuple[Var, ...]
    body: tuple[Stmt, ...]
    results: tuple[Atom, ...]
    stop: Atom | None = None

    @property
    def yielded(self) -> tuple[Atom, ...]:
        """All that is read at the end: the results, and `stop`."""
        return self.results if self.stop is None else (*self.results, self.stop)


@frozen
class Let:
    """`targets = prim(*args)`."""

    targets: tuple[Var, ...]
    prim: Primitive
    args: tuple[Atom, ...]
    at: Span | None = None


@frozen
class Effect:
    """`prim(*args)` for what it does (raise, print) or may raise. Kept once, in order."""

    prim: Primitive
    args: tuple[Atom, ...]
    at: Span | None = None


@frozen
class If:
    """`targets = then() if test else orelse()`. The blocks take no parameters."""

    targets: tuple[Var, ...]
    test: Atom
    then: Block
    orelse: Block
    at: Span | None = None


@frozen
class For:
    """`for index in range(start, stop, step)`, backwards over the same trips if `descending`.

    `body.params` is the index, then one parameter a carried value; `inits`, `body.results`
    and `targets` are the carried values before the loop, after a trip, and after the loop.
    `slots`: how many states a backward sweep may keep of `checkpoint(range(…))`; 0: it is none.
    """

    targets: tuple[Var, ...]
    start: Atom
    stop: Atom
    step: Atom
    inits: tuple[Atom, ...]
    body: Block
    descending: bool = False
    at: Span | None = None
    slots: int = 0


@frozen
class While:
    """`while cond(*carried): carried = body(*carried)`.

    `cond` and `body` each take all carried values; `cond` yields one truth value.
    """

    targets: tuple[Var, ...]
    inits: tuple[Atom, ...]
    cond: Block
    body: Block
    at: Span | None = None


Stmt = Let | Effect | If | For | While


@frozen
class Branch:
    """A container as compile-time structure: `kind` is `tuple`, `list`, `dict` or `dataclass`.

    `keys` are the keys of a dict, in order, or the fields of a `record`, which is the class of a
    named tuple or a dataclass; empty for the others.
    """

    kind: str
    keys: tuple[Label, ...]
    children: tuple[Tree, ...]
    record: Record | None = None

    def labels(self) -> tuple[Label, ...]:
        """The key, field or position of each child."""
        named = self.kind == "dict" or self.record is not None
        return self.keys if named else tuple(range(len(self.children)))


Label = str | int | tuple[str | int, ...]
"""The key of a dict, the field of a record, or a position."""

Tree = Branch | Var | Const | int
"""A container of leaves. A parameter's leaves are variables (or constants, for what is static);
a result's leaves are indices into the results of the function's block (or constants)."""


def leaves(tree: Tree) -> Iterator[Var | Const | int]:
    """The leaves of a container, left to right."""
    if isinstance(tree, Branch):
        for child in tree.children:
            yield from leaves(child)
    else:
        yield tree


def records_in(tree: Tree) -> Iterator[Record]:
    """The classes of the named tuples and dataclasses of a container."""
    if isinstance(tree, Branch):
        if tree.record is not None:
            yield tree.record
        for child in tree.children:
            yield from records_in(child)


def map_tree(tree: Tree, change: Callable[[Var | Const | int], Tree]) -> Tree:
    """The same container with each leaf replaced."""
    if isinstance(tree, Branch):
        return replace(tree, children=tuple(map_tree(c, change) for c in tree.children))
    return change(tree)


@frozen
class Parameter:
    """A parameter as the caller sees it: its name, and the variables its leaves arrive in."""

    name: str
    tree: Tree
    default: Const | None = None
    keyword_only: bool = False
    hidden: bool = False
    """A captured value (global or closure) that is passed in by whoever calls."""
    star: str = ""
    """The `*args` that the value is an item of."""


@frozen
class Function:
    """A program: `block.params` are the leaves of `parameters`, in order; `output` says how the
    results of the block make up the returned value.

    `about` is the docstring of the emitted function. `quiet` are the floating-point errors of which
    NumPy does not warn while it runs, by the names that `np.errstate` has for them.
    """

    name: str
    parameters: tuple[Parameter, ...]
    block: Block
    output: Tree
    about: str = ""
    at: Span | None = None
    quiet: tuple[str, ...] = ()

    @property
    def params(self) -> tuple[Var, ...]:
        return self.block.params

    @property
    def results(self) -> tuple[Atom, ...]:
        return self.block.results

    def with_block(self, block: Block) -> Function:
        return replace(self, block=block)


def defined_by(stmt: Stmt) -> tuple[Var, ...]:
    """The variables that a statement defines for the statements after it."""
    match stmt:
        case Let() | If() | For() | While():
            return stmt.targets
        case Effect():
            return ()
        case _:
            assert_never(stmt)


def atoms_of(stmt: Stmt) -> tuple[Atom, ...]:
    """The operands of the statement itself, not those inside its blocks."""
    match stmt:
        case Let() | Effect():
            return stmt.args
        case If():
            return (stmt.test,)
        case For():
            return (stmt.start, stmt.stop, stmt.step, *stmt.inits)
        case While():
            return stmt.inits
        case _:
            assert_never(stmt)


def blocks_of(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks inside a statement, in the order they run."""
    match stmt:
        case Let() | Effect():
            return ()
        case If():
            return (stmt.then, stmt.orelse)
        case For():
            return (stmt.body,)
        case While():
            return (stmt.cond, stmt.body)
        case _:
            assert_never(stmt)


def with_blocks(stmt: Stmt, change: Callable[[Block], Block]) -> Stmt:
    """The same statement with each block in it replaced; itself, if none changes."""
    match stmt:
        case Let() | Effect():
            return stmt
        case If(then=then, orelse=orelse):
            new = change(then), change(orelse)
            same = new[0] is then and new[1] is orelse
            return stmt if same else replace(stmt, then=new[0], orelse=new[1])
        case For(body=body):
            inner = change(body)
            return stmt if inner is body else replace(stmt, body=inner)
        case While(cond=cond, body=body):
            new = change(cond), change(body)
            same = new[0] is cond and new[1] is body
            return stmt if same else replace(stmt, cond=new[0], body=new[1])
        case _:
            assert_never(stmt)


def readings(block: Block) -> Iterator[Var]:
    """All readings of variables in a block and the blocks inside it, once for each."""
    for stmt in walk(block):
        yield from (a for a in atoms_of(stmt) if isinstance(a, Var))
        for inner in blocks_of(stmt):
            yield from (a for a in inner.yielded if isinstance(a, Var))
    yield from (a for a in block.yielded if isinstance(a, Var))


def free_vars(block: Block) -> set[Var]:
    """The variables a block reads but does not define."""
    defined: set[Var] = set()
    read: set[Var] = set()
    _collect(block, defined, read)
    return read - defined


def _collect(block: Block, defined: set[Var], read: set[Var]) -> None:
    defined.update(block.params)
    for stmt in block.body:
        read.update([a for a in atoms_of(stmt) if isinstance(a, Var)])
        if not isinstance(stmt, Let):
            for inner in blocks_of(stmt):
                _collect(inner, defined, read)
        defined.update(defined_by(stmt))
    read.update(a for a in block.yielded if isinstance(a, Var))


def read_by(stmt: Stmt) -> set[Var]:
    """The variables that a statement reads, in its blocks too."""
    own = {a for a in atoms_of(stmt) if isinstance(a, Var)}
    return own.union(*map(free_vars, blocks_of(stmt)))


def sweep_of(stmt: Stmt) -> int:
    """Which backward sweep a statement belongs to. Those never raise where the first one ran."""
    return 0 if stmt.at is None else stmt.at.sweep


def in_order(variables: Iterable[Var]) -> list[Var]:
    """A set of variables in the order in which they were made."""
    return sorted(variables, key=lambda var: var.serial)


def walk(block: Block) -> Iterator[Stmt]:
    """All statements, inner ones after the statement that holds them."""
    for stmt in block.body:
        yield stmt
        if not isinstance(stmt, Let):
            for inner in blocks_of(stmt):
                yield from walk(inner)


def substitute(block: Block, env: Mapping[Var, Atom]) -> Block:
    """Replace variables that the block reads. Definitions stay as they are."""
    if not env:
        return block

    def get(atom: Atom) -> Atom:
        return env.get(atom, atom) if isinstance(atom, Var) else atom

    def many(atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        return tuple(map(get, atoms))

    def go(inner: Block) -> Block:
        stop = None if inner.stop is None else get(inner.stop)
        return Block(inner.params, tuple(map(one, inner.body)), many(inner.results), stop)

    def one(stmt: Stmt) -> Stmt:
        match stmt:
            case Let() | Effect():
                return replace(stmt, args=many(stmt.args))
            case If():
                return replace(
                    stmt, test=get(stmt.test), then=go(stmt.then), orelse=go(stmt.orelse)
                )
            case For():
                start, stop, step = get(stmt.start), get(stmt.stop), get(stmt.step)
                return replace(
                    stmt, start=start, stop=stop, step=step,
                    inits=many(stmt.inits), body=go(stmt.body),
                )  # fmt: skip
            case While():
                return replace(stmt, inits=many(stmt.inits), cond=go(stmt.cond), body=go(stmt.body))
            case _:
                assert_never(stmt)

    return go(block)
