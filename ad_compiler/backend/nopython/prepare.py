"""A finished program in operations that Numba compiles; what cannot be is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ad_compiler.analysis.positive import is_positive
from ad_compiler.backend.nopython import (
    checks,
    contractions,
    diagonals,
    elementwise,
    indexing,
    linalg,
    lists,
    masked,
    norms,
    orders,
    places,
    powers,
    quadrature,
    quantiles,
    reductions,
    sets,
    shaping,
    slopes,
    vectors,
)
from ad_compiler.backend.nopython.site import Respelling, Site
from ad_compiler.errors import Unsupported
from ad_compiler.ir.index import WHOLE, is_slice
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    Function,
    Let,
    Stmt,
    Var,
    While,
    const,
    sweep_of,
    walk,
    with_blocks,
)
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import PY_BOOL, Array, dtype_of, is_complex, is_number, rank
from ad_compiler.rules.effects import VALUE
from ad_compiler.rules.fits import CHECK_WRITE
from ad_compiler.rules.likeness import BROADCAST_LIKE
from ad_compiler.rules.quadrature import QUADRATURES
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.augment import AUGMENTED
from ad_compiler.transform.bufferise import Memory, memory_of

TABLE: Mapping[str, Respelling] = {
    **reductions.TABLE,
    **contractions.TABLE,
    **shaping.TABLE,
    **indexing.TABLE,
    **elementwise.TABLE,
    **linalg.TABLE,
    **lists.TABLE,
    **diagonals.TABLE,
    **masked.TABLE,
    **quantiles.TABLE,
    **norms.TABLE,
    **orders.TABLE,
    **vectors.TABLE,
    **slopes.TABLE,
    **sets.TABLE,
    **places.TABLE,
    **powers.TABLE,
}
"""The operations that are written in another way, by name."""

OVERLAPPING = "(overlapping)"
"""Ends the name of an operation in place whose operand may be a view of what it changes."""
BY_VIEW = ("add_at", "add_into", "sub_into")


def prepare(function: Function) -> tuple[Function, Mapping[str, str]]:
    """The program as Numba takes it, and the text of its helpers. Raises Unsupported."""
    rewriter = _Rewriter(memory_of(function), raises_in_python(function.block))
    block = powers.with_real_powers(lists.typed(function.block))
    return function.with_block(rewriter.block(block)), rewriter.helpers


@dataclass(slots=True)
class _Rewriter:
    memory: Memory
    strict: bool
    """Whether `/` raises if the divisor is zero; then NumPy's numbers are divided by NumPy."""
    helpers: dict[str, str] = field(default_factory=dict[str, str])

    def block(self, block: Block) -> Block:
        body = tuple(new for stmt in block.body for new in self.statement(stmt))
        return replace(block, body=body)

    def statement(self, stmt: Stmt) -> Iterator[Stmt]:
        match stmt:
            case Let():
                yield from self.let(stmt)
            case Effect(prim=prim) if prim is CHECK_WRITE:
                yield from self.statement(replace(stmt, prim=BROADCAST_LIKE))
            case Effect(prim=prim):
                check = EFFECTS.get(prim.name, refuse_lacking)
                check(stmt)
                self.carry(prim)
                if prim.name in TABLE:  # it may raise, and gives what nobody reads
                    yield from self.let(checked(stmt))
                else:
                    yield stmt
            case While(cond=Block(body=(), results=(cond,))) if cond == const(True):
                yield with_blocks(_while_running(stmt), self.block)
            case _:
                yield with_blocks(stmt, self.block)

    def carry(self, prim: Primitive) -> None:
        """Take the helper along that an operation is."""
        if prim.name in checks.TEXTS:
            self.helpers[prim.name] = checks.TEXTS[prim.name]

    def let(self, let: Let) -> Iterator[Stmt]:
        self.carry(let.prim)
        refuse_lacking(let)
        for one in elementwise.single_precision(let):
            yield from self.respelled(one)

    def respelled(self, let: Let) -> Iterator[Let]:
        """The operation in others, and those again, until all are such as Numba takes."""
        if self.strict and let.prim.name == "truediv" and is_numpy_number(let):
            let = replace(let, prim=PRIMITIVES["np.divide"])
        respell = TABLE.get(let.prim.name)
        if let.prim in QUADRATURES:
            respell = quadrature.respell
        site = Site(let, self.helpers)
        if respell is not None:
            respell(site)
        if not site.made:
            yield from through_view(self.apart(let))
        for made in site.made:
            if made.prim.name == let.prim.name:
                yield from through_view(self.apart(made))
            else:
                yield from self.respelled(made)

    def apart(self, let: Let) -> Let:
        """Numba computes `x[1:] += x[:-1]` element by element: such a thing is said in full."""
        prim = let.prim
        if prim.in_place is None or not (prim.name in BY_VIEW or prim.name.endswith("_part")):
            return let
        target, value = let.args[prim.in_place], let.args[2 if len(let.args) > 2 else 1]
        if not (isinstance(target, Var) and isinstance(value, Var)):
            return let
        if not isinstance(value.type, Array):
            return let
        if self.memory.find(target) is not self.memory.find(value):
            return let
        return replace(let, prim=overlapping(prim))


def _while_running(loop: While) -> While:
    """An endless loop with a condition that Numba does not see through.

    Numba 0.68 takes a variable that is set before the `break` of a `while True`, and set again
    after it, for what it was before the loop.
    """
    name, type_ = "running", PY_BOOL
    target, inner, tested = (Var(name, type_) for _ in range(3))
    cond, body = loop.cond, loop.body
    return replace(
        loop,
        targets=(*loop.targets, target),
        inits=(*loop.inits, const(True)),
        cond=replace(cond, params=(*cond.params, tested), results=(tested,)),
        body=replace(body, params=(*body.params, inner), results=(*body.results, inner)),
    )


NARROW = frozenset(["i8", "i16", "u8", "u16", "u32", "u64"])
"""The integers of which NumPy's arithmetic leaves the range before long."""
WRAPPING = {
    "add": "`+`", "sub": "`-`", "mul": "`*`", "neg": "`-`", "pow": "`**`", "lshift": "`<<`",
}  # fmt: skip


def refuse_lacking(stmt: Let | Effect) -> None:
    """Refuse whole packages, methods of ufuncs and complex numbers."""
    name, spelling = stmt.prim.name, stmt.prim.spelling
    if name.startswith(("scipy.", "np.fft.")) and name not in TABLE:
        raise Unsupported(
            f"{name} cannot be compiled by Numba", stmt.at,
            "use the Python backend, or write it with math and NumPy",
        )  # fmt: skip
    if isinstance(spelling, Call) and _is_method(spelling.path):
        raise Unsupported(
            f"{spelling.path} cannot be compiled by Numba", stmt.at,
            "write it as a loop, or use the Python backend",
        )  # fmt: skip
    made = stmt.targets if isinstance(stmt, Let) else ()
    if name in WRAPPING and any(dtype_of(atom.type) in NARROW for atom in made):
        raise Unsupported(
            f"{WRAPPING[name]} of small integers wraps around in NumPy, and not where Numba "
            "compiles it", stmt.at, "convert them with .astype(np.int64) first",
        )  # fmt: skip
    if any(is_complex(atom.type) for atom in (*made, *stmt.args)):
        raise Unsupported(
            f"{name} of complex numbers is not compiled by Numba", stmt.at,
            "use the Python backend",
        )  # fmt: skip


def _is_method(path: str) -> bool:
    """Whether a function is one of a ufunc, which Numba lacks: `np.maximum.accumulate`."""
    module, _, rest = path.partition(".")
    owner = getattr(np, rest.partition(".")[0], None) if module == "np" else None
    return isinstance(owner, np.ufunc) and "." in rest


def checked(effect: Effect) -> Let:
    """An operation that is run for what it may raise, as one with a result."""
    type_ = effect.prim.infer(effect.args)
    assert not isinstance(type_, tuple)
    return Let((Var("checked", type_),), effect.prim, effect.args, effect.at)


def _may(_args: Sequence[Atom]) -> bool:
    return True


THROUGH_VIEW = {
    name: replace(
        PRIMITIVES["add_at"],
        name=f"{name}(view)",
        params=("a", "view", "value"),
        raises=_may,
    )
    for name in ("add_at", *(prim.name for prim in AUGMENTED.values()))
}
"""What changes a part of an array, as what changes a view of it."""


def through_view(let: Let) -> Iterator[Let]:
    """`v = x[1:]; v += y` takes Numba a fifth of the time to compile that `x[1:] += y` does."""
    prim = THROUGH_VIEW.get(let.prim.name)
    pattern = let.args[1] if prim is not None else None
    if prim is None or not isinstance(pattern, Const) or not _is_view(let.args[0], pattern.value):
        yield let
        return
    array, _, value, *place = let.args
    getitem, args = PRIMITIVES["getitem"], (array, pattern, *place)
    type_ = getitem.infer(args)
    assert not isinstance(type_, tuple)
    view = Var("part", type_)
    yield Let((view,), getitem, args, let.at)
    yield replace(let, prim=prim, args=(array, view, value))


def _is_view(array: Atom, pattern: tuple[str, ...]) -> bool:
    """Whether an index leads to a part of an array with axes, in the array's own memory."""
    plain = all(item in ("int", "...") or is_slice(item) for item in pattern)
    return plain and pattern != WHOLE and pattern.count("int") < rank(array.type)


def is_numpy_number(let: Let) -> bool:
    """Whether the result is a number of NumPy."""
    result = let.targets[0].type
    return is_number(result) and dtype_of(result) is not None


def overlapping(prim: Primitive) -> Primitive:
    """The operation, said so that what it reads is read before anything is written."""
    return replace(prim, name=prim.name + OVERLAPPING)


# -- effects --------------------------------------------------------------------------------------


def _shown(effect: Effect, position: int) -> None:
    """What a message holds: texts and values, but no format specifications."""
    templates = getattr(effect.args[position], "value", ())
    for template in templates:
        if template == VALUE:
            continue
        for piece in template:
            if not isinstance(piece, str) and any(piece):
                _refuse(effect, "a format specification in an f-string", "print the value itself")


def _refuse(effect: Effect, what: str, remedy: str) -> None:
    raise Unsupported(f"{what} cannot be compiled by Numba", effect.at, remedy)


def _print(effect: Effect) -> None:
    if any(getattr(a, "value", None) is not None for a in effect.args[:2]):
        _refuse(effect, "print with sep or end", "print without them")
    _shown(effect, 2)


EFFECTS: Mapping[str, Callable[[Effect], None]] = {
    "raise": lambda effect: _shown(effect, 1),
    "fail": lambda effect: _shown(effect, 0),
    "print": _print,
}


def raises_in_python(function_block: Block) -> bool:
    """Whether a division of Python numbers may raise, as it does under Numba by default.

    Those of backward sweeps do not where the first sweep ran.
    """
    lets = {t: s for s in walk(function_block) if isinstance(s, Let) for t in s.targets}
    return any(
        isinstance(stmt, Let)
        and not sweep_of(stmt)
        and stmt.prim.name in ("truediv", "floordiv", "mod")
        and is_number(stmt.targets[0].type)
        and dtype_of(stmt.targets[0].type) is None
        and stmt.prim.raises(stmt.args)
        and not is_positive(stmt.args[1], lets)
        for stmt in walk(function_block)
    )
