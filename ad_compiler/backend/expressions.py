"""Expressions: operands, operators and calls, with no parentheses but those that are needed.

The text evaluates the very tree of the program: `a + (b + c)` keeps its parentheses, since
floating-point addition is not associative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from ad_compiler.backend.text import (
    ATOM,
    BINARY,
    COMPARE,
    CONDITIONAL,
    NOT,
    POWER,
    UNARY,
    Resolve,
    Text,
    Viewed,
    literal,
    name,
)
from ad_compiler.errors import InternalError
from ad_compiler.ir.index import (
    Pattern,
    axes_order,
    is_slice,
    segments,
    slice_bounds,
    split_operands,
)
from ad_compiler.ir.nodes import Atom, Const, If, Let, Undef, Var, const
from ad_compiler.ir.primitive import Call, Method, Operator, Primitive, Special
from ad_compiler.ir.types import PY_BOOL, Type, is_differentiable

TRUE, FALSE = const(True), const(False)

Printer = Callable[["Renderer", Sequence[Atom]], Text]


@dataclass(frozen=True, slots=True)
class Renderer:
    """Turns atoms into text: names, literals, and what was folded into their place.

    `printers` spell the special primitives; `resolve` gives the module's name of a dotted path;
    `undefined` writes a value of a type that nobody reads, `viewed` a view by its name.
    """

    names: Mapping[Var, str]
    folded: Mapping[Var, Let | If]
    inline: Mapping[Var, str]
    resolve: Resolve
    printers: Mapping[str, Printer]
    undefined: Callable[[Type, Resolve], Text]
    viewed: Viewed

    def atom(self, atom: Atom) -> Text:
        """The expression for an operand."""
        match atom:
            case Var():
                return self._variable(atom)
            case Const(value=value, spelling=spelling):
                return self._constant(value, spelling)
            case Undef(type=type_):
                return self.undefined(type_, self.resolve)
            case _:
                assert_never(atom)

    def _variable(self, var: Var) -> Text:
        if var in self.folded:
            return self.statement(self.folded[var])
        if var in self.inline:
            return Text(self.inline[var])
        return name(self.names[var])

    def _constant(self, value: Any, spelling: str | None) -> Text:
        if spelling is None:
            return literal(value, self.resolve)
        sign = "-" if spelling.startswith("-") else ""
        text = sign + self.resolve(spelling.removeprefix("-"))
        return Text(text, UNARY if sign else ATOM, simple=True)

    def statement(self, stmt: Let | If) -> Text:
        """The right side of a statement."""
        if isinstance(stmt, Let):
            return self.call(stmt.prim, stmt.args)
        return self.conditional(stmt.test, stmt.then.results[0], stmt.orelse.results[0])

    def conditional(self, test: Atom, one: Atom, other: Atom) -> Text:
        """`one if test else other`."""
        if test.type == PY_BOOL and (one, other) == (TRUE, FALSE):
            return self.atom(test)
        if test.type == PY_BOOL:
            for known, symbol, rest in ((other == FALSE, "and", one), (one == TRUE, "or", other)):
                if known:
                    return operator(symbol, [self.atom(test), self.atom(rest)])
        return conditional(self.atom(test), self.atom(one), self.atom(other))

    def call(self, prim: Primitive, args: Sequence[Atom]) -> Text:
        """An operation as its printer or its spelling says."""
        if prim.name in self.printers:
            return self.printers[prim.name](self, args)
        if prim.name == "neg" and (opposite := self._opposite(args[0])) is not None:
            return opposite
        match prim.spelling:
            case Operator(symbol=symbol):
                return operator(symbol.strip(), [self.atom(a) for a in args])
            case Call(path=path):
                return Text(f"{self.resolve(path)}({self.arguments(prim, args, 0)})")
            case Method(name=method):
                receiver = self.receiver(args[0])
                return Text(f"{receiver}.{method}({self.arguments(prim, args, 1)})")
            case Special():
                raise InternalError(f"no printer for the primitive {prim.name}")
            case _:
                assert_never(prim.spelling)

    def _opposite(self, atom: Atom) -> Text | None:
        """`-a * b` for a folded product: the same, to the sign of a zero."""
        product = self.folded.get(atom) if isinstance(atom, Var) else None
        if not isinstance(product, Let) or product.prim.name not in ("mul", "truediv"):
            return None
        first, second = product.args
        if not is_differentiable(first.type):
            if not isinstance(first, Const) or first.spelling is not None or not first.value:
                return None
            head = literal(-first.value, self.resolve)
        else:
            head = self._opposite(first) or _unary("-", self.atom(first))
        spelling = product.prim.spelling
        assert isinstance(spelling, Operator)
        return operator(spelling.symbol, [head, self.atom(second)])

    def receiver(self, atom: Atom) -> str:
        """An operand in front of a dot or an index; a number needs parentheses there."""
        text = self.atom(atom)
        if isinstance(atom, Const) and atom.spelling is None:
            return f"({text.text})"
        return text.at_least(ATOM)

    def arguments(self, prim: Primitive, args: Sequence[Atom], first: int) -> str:
        """The arguments of a call from number `first` on, without those that are defaults."""
        texts: list[str] = []
        gap = False
        params = [p for p in prim.params if not p.startswith("*")]
        for position, atom in enumerate(args):
            if position < first:
                continue
            key = params[position] if position < len(params) else None
            text = self.dtype(atom) if key == "dtype" else self.atom(atom).text
            if key is not None and _is_default(prim, key, atom):
                gap = True
            elif key is not None and (gap or key in prim.keyword_only):
                texts.append(f"{key}={text}")
            else:
                texts.append(text)
        return ", ".join(texts)

    def dtype(self, atom: Atom) -> str:
        """A dtype, which the program holds by its name."""
        if isinstance(atom, Const) and isinstance(atom.value, str):
            return self.resolve(f"np.{atom.value}")
        return self.atom(atom).text

    def part(self, array: str, pattern: Pattern, operands: Sequence[Atom]) -> str:
        """`x[1:-1].T[k]`: the part of an array that a chain of views leads to."""
        for items, own in segments(pattern, operands):
            match items:
                case ("T",):
                    array += ".T"
                case (str(item),) if item.startswith("transpose"):
                    axes = [str(axis) for axis in axes_order(item)]
                    array = self.viewed(self.resolve, array, "transpose", axes)
                case (str(item),) if item.startswith("reshape"):
                    lengths = [self.atom(a).text for a in own]
                    array = self.viewed(self.resolve, array, "reshape", lengths)
                case _:
                    array += f"[{self.index(items, own)}]"
        return array

    def index(self, pattern: Pattern, operands: Sequence[Atom]) -> str:
        """What stands between the brackets of `x[i, 1:n]`."""
        items = [self._item(item, own) for item, own in split_operands(pattern, operands)]
        return ", ".join(items) if items else "()"

    def _item(self, item: str, operands: list[Atom]) -> str:
        if is_slice(item):
            return self._slice(item, operands)
        if item == "new":
            return self.resolve("np.newaxis")
        if item == "...":
            return "..."
        return self.atom(operands[0]).text

    def _slice(self, item: str, operands: list[Atom]) -> str:
        """A slice as Black spaces it: `x[1:n]`, but `x[i + 1 : n]`."""
        bounds = [None if b is None else self.atom(b) for b in slice_bounds(item, operands)]
        if all(b is None or b.simple for b in bounds):
            start, stop, step = ("" if b is None else b.text for b in bounds)
            return f"{start}:{stop}" + (f":{step}" if step else "")
        start, stop, step = ("" if b is None else b.at_least(CONDITIONAL + 1) for b in bounds)
        text = (f"{start} " if start else "") + ":"
        if step:
            text += f" {stop} : {step}" if stop else f": {step}"
        elif stop:
            text += f" {stop}"
        return text


def _is_default(prim: Primitive, key: str, atom: Atom) -> bool:
    return (
        key in prim.defaults
        and isinstance(atom, Const)
        and type(atom.value) is type(prim.defaults[key])
        and atom.value == prim.defaults[key]
    )


def operator(symbol: str, operands: Sequence[Text]) -> Text:
    """A unary or binary operator applied to texts."""
    if len(operands) == 1:
        return _unary(symbol, operands[0])
    left, right = operands
    if symbol == "**":
        return _power(left, right)
    level = BINARY[symbol]
    lowest = level + 1 if level == COMPARE else level
    return Text(f"{left.at_least(lowest)} {symbol} {right.at_least(level + 1)}", level)


def _unary(symbol: str, operand: Text) -> Text:
    if symbol == "not":
        return Text(f"not {operand.at_least(NOT)}", NOT)
    # Black writes -(x**2) too, and --x is no way to say anything.
    inner = operand.at_least(ATOM)
    return Text(f"{symbol}{inner}", UNARY, simple=operand.simple and operand.level == ATOM)


def _power(left: Text, right: Text) -> Text:
    base, exponent = left.at_least(POWER + 1), right.at_least(UNARY)
    hug = left.simple and left.level == ATOM and right.simple
    return Text(f"{base}**{exponent}" if hug else f"{base} ** {exponent}", POWER)


def conditional(test: Text, one: Text, other: Text) -> Text:
    """`one if test else other`; `other if test else one` rather than with `not`."""
    if test.level == NOT:
        test, one, other = negated(test), other, one
    above = CONDITIONAL + 1
    text = f"{one.at_least(above)} if {test.at_least(above)} else {other.text}"
    return Text(text, CONDITIONAL)


def negated(test: Text) -> Text:
    """The opposite of a test: never `a >= b` for `not a < b`, which differ on NaN."""
    if test.level == NOT and test.text.startswith("not "):
        return Text(test.text.removeprefix("not "), NOT)
    return _unary("not", test)
