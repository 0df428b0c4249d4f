"""The backward sweep of single operations: each by its rule.

z = x * y       ⇒       x_bar += y * z_bar
                        y_bar += x * z_bar
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import assert_never

from ad_compiler.analysis.activity import differentiable_operands, operand_label
from ad_compiler.analysis.powers import Power, Square
from ad_compiler.analysis.singular import CHOOSING, MOVING
from ad_compiler.errors import InternalError
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Let, Var, const
from ad_compiler.ir.types import dims_of, dtype_of, is_number
from ad_compiler.rules import infer
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES, RULES, Flat, Linear, Partials
from ad_compiler.transform.adjoints import Adjoints, Selected
from ad_compiler.transform.partials import Splice, parsed
from ad_compiler.transform.scaling import outside
from ad_compiler.transform.shapes import Shapes, alike, fitted, is_whole, reduce_to
from ad_compiler.transform.storage import SPECIAL
from ad_compiler.transform.structural import pulled, refuse_unknown


class Operations:
    """Appends what an operation adds to the cotangents of its operands."""

    builder: Builder
    adjoints: Adjoints
    shapes: Shapes
    powers: Mapping[Var, Power]
    """Products that are powers."""
    squares: Mapping[Var, Square]
    """Squares that have a derivative of their own."""

    @abstractmethod
    def transposed(
        self, let: Let, rule: Linear, position: int, bars: list[Atom | None]
    ) -> Atom | None:
        """What a structural rule without a transpose of its own adds for an operand."""

    def let(self, let: Let) -> None:
        live, square = self.adjoints.active, self.squares.get(let.targets[0])
        let = let if square is None else square.let
        positions = [k for k in differentiable_operands(let) if let.args[k] in live]
        bars = [self.adjoints.take(t) for t in let.targets]
        if not positions or all(bar is None for bar in bars):
            return
        refuse_unknown(let, positions, [k for k, bar in enumerate(bars) if bar is not None])
        special = SPECIAL.get(let.prim.name)
        if special is not None:
            assert bars[0] is not None
            special(self.adjoints, let, self.adjoints.full(let.targets[0], bars[0]))
            return
        rule, power = RULES[let.prim], self.powers.get(let.targets[0])
        if power is not None:
            rule, positions = power.rule, [power.position]
        if square is not None:
            rule = square.rule
        match rule:
            case Partials():
                assert bars[0] is not None
                bar = bars[0]
                self.contribute(let, positions, lambda k: self.elementwise(let, rule, k, bar))
            case Linear():
                bars = [self.certain(t, bar) for t, bar in zip(let.targets, bars, strict=True)]
                self.contribute(let, positions, lambda k: self.structural(let, rule, k, bars))
            case Flat():
                raise InternalError(f"{let.prim} is flat but has active operands")
            case _:
                assert_never(rule)

    def certain(self, target: Var, bar: Atom | None) -> Atom | None:
        """A cotangent in single precision, where only the program knows what kind it has."""
        if bar is None or dtype_of(target.type) != "f32" or not infer.is_mixed(bar.type):
            return bar
        return self.builder.emit(PRIMITIVES["np.float32"], bar)

    def contribute(
        self, let: Let, positions: Iterable[int], part: Callable[[int], Atom | None]
    ) -> None:
        """Add what an operation adds to the cotangents of its operands; those of one, at once."""
        parts: dict[Var, Atom] = {}
        for k in positions:
            operand, value = let.args[k], part(k)
            if value is not None and isinstance(operand, Var):
                before, plus = parts.get(operand), self.adjoints.plus
                parts[operand] = value if before is None else plus(operand, before, value)
        for operand, value in parts.items():
            self.adjoints.add(operand, value)

    def elementwise(self, let: Let, rule: Partials, position: int, z_bar: Atom) -> Atom | None:
        """Partial times cotangent; a choice of zero goes on the outside, as a mask."""
        operand, z = let.args[position], let.targets[0]
        text = rule.texts(let.args)[position]
        if text is None:
            return None
        splice = Splice(self.builder, rule, let)
        before = self.adjoints.selection(z, z_bar)
        node, mask = splice.selection(parsed(text))
        value = splice.times(node, z_bar if before is None else before.raw)
        if value is None:
            return None
        value = fitted(self.builder, value, operand.type)
        if before is not None:
            mask = before.mask if mask is None else splice.both(before.mask, mask)
        if mask is not None:
            value = self.adjoints.mask(value, mask)
        if dims_of(z.type) != dims_of(operand.type):
            fit = partial(reduce_to, self.builder, z=z, operand=operand, shapes=self.shapes)
            whole = z_bar if is_number(operand.type) else None
            value = outside(self.builder, value, fit, whole) or value
            if mask is not None and operand in self.adjoints.exposed.values:
                anywhere = self.builder.emit(OPERATORS["!="], fit(mask), const(0))
                self.adjoints.selected[value] = Selected(value, anywhere)
        return value

    def structural(
        self, let: Let, rule: Linear, position: int, bars: list[Atom | None]
    ) -> Atom | None:
        """The transpose of a structural rule's forward function, given or derived."""
        operand = let.args[position]
        name, which = operand_label(let, position)
        if rule.dense or name not in rule.vjps:
            bars = [
                bar
                if bar is None or (rule.numbers and name in rule.vjps and is_number(bar.type))
                else self.adjoints.full(t, bar)
                for t, bar in zip(let.targets, bars, strict=True)
            ]
        if name not in rule.vjps:
            value = self.transposed(let, rule, position, bars)
        elif len(bars) == 1 and bars[0] is not None:
            pull = partial(pulled, self.builder, let, rule, name, which)
            value = outside(self.builder, bars[0], lambda bar: pull([bar]))
        else:
            value = pulled(self.builder, let, rule, name, which, bars)
        if value is not None:
            if rule.whole:
                lengths = zip(dims_of(value.type), dims_of(operand.type), strict=True)
                for one, other in lengths:
                    self.builder.equate(one, other)
            value = self.adjoints.recognised(value)
            value = fitted(self.builder, value, operand.type)
            if isinstance(operand, Var) and is_whole(self.builder, value, operand):
                value = alike(self.builder, value, dims_of(operand.type))
            self.move_selection(let, rule, position, bars, value)
        return value

    def move_selection(
        self, let: Let, rule: Linear, position: int, bars: list[Atom | None], value: Atom
    ) -> None:
        """Where elements go, what was selected of them goes too; some operations select."""
        (bar,) = bars if len(bars) == 1 else (None,)
        if let.prim.name not in (*MOVING, *CHOOSING) or bar is None:
            return
        if let.args[position] not in self.adjoints.exposed.values:
            return
        before = self.adjoints.selection(let.targets[0], bar)
        if before is not None:
            chosen = before.mask
        elif let.prim.name in CHOOSING:
            chosen = self.adjoints.everything(let.targets[0])
        else:
            return
        name, which = operand_label(let, position)
        mask = pulled(self.builder, let, rule, name, which, [chosen])
        if mask is not None:
            self.adjoints.selected[value] = Selected(value, mask)
