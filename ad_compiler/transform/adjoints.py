"""The cotangents of a reverse sweep: one cell a value, contributions added as they come.

An absent cotangent is zero. A cotangent that is zero in places because another element was
*selected* there (`where`, `maximum`, `clip`) also remembers its unmasked form, so that the next
partial is applied before the mask: a selected zero times an infinite slope is 0, as it should be.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ad_compiler.analysis.singular import Exposed
from ad_compiler.ir.builder import Builder, Cell, Frame
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import Array, Tape, rank
from ad_compiler.rules.registry import FUNCTIONS, OPERATORS, PRIMITIVES
from ad_compiler.transform.defined import Presence
from ad_compiler.transform.shapes import Shapes, chosen_or_zero, is_whole, widen, zero, zeros


@dataclass(frozen=True, slots=True)
class Selected:
    """`where(mask, raw, 0)`, taken apart."""

    raw: Atom
    mask: Atom


@dataclass(slots=True)
class Adjoints:
    """The cotangent cells of a function under differentiation."""

    builder: Builder
    shapes: Shapes
    active: set[Var]
    presence: Presence
    home: dict[Var, Frame] = field(default_factory=dict[Var, Frame])
    cells: dict[Var, Cell] = field(default_factory=dict[Var, Cell])
    selected: dict[Atom, Selected] = field(default_factory=dict[Atom, Selected])
    exposed: Exposed = field(default_factory=Exposed)
    """Arrays of which it counts where their cotangent is zero because nobody took an element."""
    distinct: frozenset[Var] = frozenset()
    """Vectors of integers that hold none twice."""
    taken: dict[Var, Cell] = field(default_factory=dict[Var, Cell])
    parts: dict[Var, Let] = field(default_factory=dict[Var, Let])
    """Rows that the block in hand reads; what is taken of one is an element of the whole array."""

    def enter(self, primals: tuple[Var, ...]) -> None:
        """The cotangents of these values start absent, and live in the current frame."""
        for primal in primals:
            self.home[primal] = self.builder.frame
            self.cells.pop(primal, None)
            self.taken.pop(primal, None)

    def cell(self, primal: Var) -> Cell:
        """The cell of a primal's cotangent."""
        cell = self.cells.get(primal)
        if cell is None:
            home = self.home[primal]
            cell = Cell(adjoint_name(primal), home, lambda _: self.zero(primal))
            self.cells[primal] = cell
        return cell

    def add(self, primal: Atom, value: Atom) -> None:
        """Add a contribution to the cotangent of a value."""
        if not isinstance(primal, Var) or primal not in self.active:
            return
        cell = self.cell(primal)
        inside = self.builder.frame is not cell.home
        if inside:
            value = self.widen(primal, value)
        before = self.builder.read_or_zero(cell)
        if before is not None:
            value = self.presence.where(primal, lambda: self.plus(primal, before, value))
        if inside and isinstance(primal.type, Array) and not primal.type.dims:
            # the sum of two arrays of no axes is a number
            value = self.widen(primal, value)
        self.builder.assign(cell, value)

    def plus(self, primal: Var, one: Atom, other: Atom) -> Atom:
        """The sum of two cotangents of a value; two with the same mask stay masked."""
        a, b = self.selected.get(one), self.selected.get(other)
        if a is not None and b is not None and a.mask == b.mask:
            return self.mask(self.builder.emit(OPERATORS["+"], a.raw, b.raw), a.mask)
        if _is_zero(one):
            return other
        if isinstance(one.type, Tape):
            return self.builder.emit(PRIMITIVES["list_sum"], one, other)
        return self.builder.emit(OPERATORS["+"], one, other, hint=adjoint_name(primal))

    def mask(self, raw: Atom, mask: Atom) -> Atom:
        """`raw` where the mask holds, zero elsewhere."""
        if isinstance(mask.type, Array) or isinstance(raw.type, Array):
            where = FUNCTIONS["where"][1]
            assert where is not None
            value = self.builder.emit(where, mask, raw, const(0.0))
        else:
            value = chosen_or_zero(self.builder, mask, raw)
        self.selected[value] = Selected(raw, mask)
        return value

    def recognised(self, value: Atom) -> Atom:
        """A contribution that a rule wrote as `np.where(mask, raw, 0)` is a selection."""
        last = self.builder.frame.stmts[-1] if self.builder.frame.stmts else None
        if isinstance(last, Let) and last.targets[0] is value and last.prim.name == "np.where":
            mask, raw, other = last.args
            if isinstance(other, Const) and other.value == 0:
                return self.mask(raw, mask)
        return value

    def mark_taken(self, z: Var, x: Var, pattern: Const, operands: list[Atom], bar: Atom) -> None:
        """Record that elements of x were taken, if their cotangent meets an infinite slope."""
        if x not in self.exposed.watched:
            return
        if x not in self.taken:
            name = f"{x.name}_taken"
            self.taken[x] = Cell(name, self.home[x], lambda b: self.nothing_taken(x))
        cell = self.taken[x]
        before = self.builder.read_or_zero(cell) or self.nothing_taken(x)
        part = self.selection(z, bar)
        if part is None:
            prim, mask = PRIMITIVES["store"], const(True)
        else:
            prim, mask = PRIMITIVES["add_at"], part.mask
        taken = self.builder.emit(prim, before, pattern, mask, *operands, hint=cell.name)
        self.builder.assign(cell, taken)

    def seed(self, primal: Atom, value: Atom, *, unit: bool = False) -> None:
        """Give a result its cotangent; but for one element, a unit vector is zero by choice."""
        if unit and primal in self.exposed.values and isinstance(value.type, Array):
            mask = self.builder.emit(OPERATORS["!="], value, const(0.0))
            self.selected[value] = Selected(value, mask)
        self.add(primal, value)

    def nothing_taken(self, x: Var) -> Atom:
        width = range(rank(x.type))
        lengths = [self.shapes.length(self.builder, x, axis) for axis in width]
        return zeros(self.builder, lengths, "bool")

    def everything(self, x: Var) -> Atom:
        """A mask that holds for all elements."""
        lengths = [self.shapes.length(self.builder, x, axis) for axis in range(rank(x.type))]
        return self.builder.emit(PRIMITIVES["np.ones"], *lengths, const("bool"))

    def selection(self, primal: Var, value: Atom) -> Selected | None:
        """The unmasked form of a cotangent, and where it holds."""
        if primal in self.taken:
            mask = self.builder.read(self.taken[primal])
            if mask is not None:
                return Selected(value, mask)
        return self.selected.get(value)

    def read(self, primal: Var) -> Atom | None:
        """The cotangent so far; None if it is zero."""
        if primal not in self.active or primal not in self.home:
            return None
        return self.builder.read(self.cell(primal))

    def take(self, primal: Var) -> Atom | None:
        """The finished cotangent of a value, under its own name."""
        value = self.read(primal)
        if value is None:
            return None
        name = adjoint_name(primal)
        named = self.builder.emit(
            PRIMITIVES["identity"], value, name="" if primal.temp else name, hint=name
        )
        if value in self.selected:
            self.selected[named] = self.selected[value]
        return named

    def full(self, primal: Var, value: Atom | None) -> Atom:
        """A cotangent in the primal's full shape, zero made explicit."""
        return self.zero(primal) if value is None else self.widen(primal, value)

    def zero(self, primal: Var) -> Atom:
        """The zero of a cotangent."""
        return self.presence.where(primal, lambda: zero(self.builder, primal, self.shapes))

    def widen(self, primal: Var, value: Atom) -> Atom:
        """A cotangent in the primal's full shape."""
        if is_whole(self.builder, value, primal):
            return widen(self.builder, value, primal, self.shapes)
        return self.presence.where(primal, lambda: widen(self.builder, value, primal, self.shapes))


def adjoint_name(primal: Var) -> str:
    """`x_bar` for `x`."""
    return f"{primal.name}_bar"


def _is_zero(atom: Atom) -> bool:
    return atom == const(0.0)
