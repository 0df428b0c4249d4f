"""Shapes are taken off values that are there anyhow, not off values made for their shape alone.

    t = pow r 2                     g = mul 2 r
    n = size t              ⇒       n = size r
    g = mul 2 r

What gave `t` its shape has the same one; `t` is not computed then. Where nothing has, but the
lengths are those of inputs, an array is made of lengths: `np.zeros(x.shape[0])`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Function,
    Let,
    Stmt,
    Var,
    atoms_of,
    blocks_of,
    const,
    sweep_of,
    walk,
    with_blocks,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import NUMPY_NAMES, Array, dims_of
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES, RULES, Partials
from ad_compiler.transform.dead import dead_code
from ad_compiler.transform.shapes import Shapes

MODELS = {"size": 0, "dim": 0, "unbroadcast": 1, "broadcast_like": 1}
"""The operand whose lengths alone an operation reads."""

LIKE = {"zeros_like": 0, "ones_like": 0, "full_like": 0, "empty_like": 0}
"""The operand that gives an array its dtype and layout, too: cotangents may lie otherwise."""

OF_LENGTHS = {"zeros_like": "np.zeros", "ones_like": "np.ones", "full_like": "np.full"}
"""The same, given the lengths."""


def bare_shapes(function: Function) -> Function:
    """Read lengths off operands of elementwise operations that are needed for nothing else."""
    lets = {t: s for s in walk(function.block) if isinstance(s, Let) for t in s.targets}
    models = {let.args[k] for let in lets.values() if (k := _place(let)) is not None}
    if not models:
        return function
    needed = _needed(function, lets)
    if needed.issuperset(models):
        return function
    shapes = Shapes.of(function.params)
    return dead_code(function.with_block(_Models(lets, needed, shapes).block(function.block)))


def _place(let: Let) -> int | None:
    """Where an operation has a model; only a backward sweep makes arrays like values freely."""
    place = MODELS.get(let.prim.name)
    return LIKE.get(let.prim.name) if place is None and sweep_of(let) else place


def _needed(function: Function, lets: dict[Var, Let]) -> set[Atom]:
    """The values that are read for more than their shape."""
    front = [*function.results, *(a for s in walk(function.block) for a in _read(s))]
    needed: set[Atom] = set(function.params)
    while front:
        atom = front.pop()
        if atom in needed or not isinstance(atom, Var):
            continue
        needed.add(atom)
        if atom in lets:
            front += _besides_model(lets[atom])
    return needed


def _read(stmt: Stmt) -> Iterator[Atom]:
    """What a statement reads for others than its targets."""
    if not isinstance(stmt, Let):
        yield from atoms_of(stmt)
        for block in blocks_of(stmt):
            yield from block.yielded


def _besides_model(let: Let) -> list[Atom]:
    place = _place(let)
    return [arg for k, arg in enumerate(let.args) if k != place]


class _Models:
    """Replaces models."""

    def __init__(self, lets: dict[Var, Let], needed: set[Atom], shapes: Shapes) -> None:
        self.lets = lets
        self.needed = needed
        self.shapes = shapes

    def block(self, block: Block) -> Block:
        """A block with other models."""
        return replace(block, body=tuple(new for stmt in block.body for new in self.made(stmt)))

    def made(self, stmt: Stmt) -> Iterator[Stmt]:
        """A statement with another model, or with such statements in it."""
        if not isinstance(stmt, Let):
            yield with_blocks(stmt, self.block)
            return
        place = _place(stmt)
        if place is None or stmt.args[place] in self.needed:
            yield stmt
            return
        model = self.origin(stmt.args[place], same_type=stmt.prim.name in LIKE)
        lengths = self.lengths(model)
        if lengths is not None and stmt.prim.name in OF_LENGTHS:
            yield from lengths
            yield _of_lengths(stmt, [let.targets[0] for let in lengths])
        elif lengths and stmt.prim.name == "size":
            yield from lengths
            yield from _product(stmt, [let.targets[0] for let in lengths])
        else:
            yield replace(stmt, args=(*stmt.args[:place], model, *stmt.args[place + 1 :]))

    def origin(self, model: Atom, *, same_type: bool) -> Atom:
        """What gave a value its shape: something that is needed, or else the first of all."""
        while isinstance(model, Var) and model not in self.needed:
            let = self.lets.get(model)
            if let is None or not isinstance(RULES.get(let.prim), Partials):
                break
            alike = [a for a in let.args if _alike(a, model, same_type=same_type)]
            if not alike:
                break
            model = next((a for a in alike if a in self.needed), alike[0])
        return model

    def lengths(self, model: Atom) -> list[Let] | None:
        """The lengths of a value that is needed for nothing else, if inputs have the same ones."""
        let = self.lets.get(model) if isinstance(model, Var) else None
        known = all(dim in self.shapes.lengths for dim in dims_of(model.type))
        if let is None or model in self.needed or not _is_new(let) or not known:
            return None
        axes = (self.shapes.lengths[dim] for dim in dims_of(model.type))
        return [_let(PRIMITIVES["dim"], (array, const(axis)), let) for array, axis in axes]


def _is_new(let: Let) -> bool:
    """Whether an operation makes an array, unlike a view."""
    pattern = let.args[1] if let.prim.name == "getitem" else None
    return let.prim.fresh or (isinstance(pattern, Const) and "array" in pattern.value)


def _let(prim: Primitive, args: tuple[Atom, ...], beside: Let) -> Let:
    type_ = prim.infer(args)
    assert not isinstance(type_, tuple)
    return Let((Var(prim.noun, type_, temp=True),), prim, args, beside.at)


def _of_lengths(let: Let, lengths: list[Var]) -> Let:
    """An array like a value, made of its lengths."""
    type_ = let.targets[0].type
    assert isinstance(type_, Array)
    dtype: Const = const(NUMPY_NAMES[type_.dtype])
    return replace(
        let, prim=PRIMITIVES[OF_LENGTHS[let.prim.name]], args=(*lengths, *let.args[1:], dtype)
    )


def _product(size: Let, lengths: list[Var]) -> Iterator[Let]:
    """The number of elements."""
    product, *others = lengths
    if not others:
        yield replace(size, prim=PRIMITIVES["identity"], args=(product,))
    for k, length in enumerate(others):
        let = _let(OPERATORS["*"], (product, length), size)
        yield let if k < len(others) - 1 else replace(let, targets=size.targets)
        product = let.targets[0]


def _alike(one: Atom, other: Var, *, same_type: bool) -> bool:
    if not isinstance(one, Var) or not isinstance(one.type, Array):
        return False
    return one.type == other.type if same_type else dims_of(one.type) == dims_of(other.type)
