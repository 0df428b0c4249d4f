"""Splices the text of a partial derivative into a program.

    rule("x / y", "1 / y", "-z / y"), times g      g / y        -(z * g) / y

The (co)tangent g enters where a person would write it: a quotient `a / b` gives `a * g / b`, a
negation stays outside, a choice is made for each arm, and all else is `partial * g`, where
constants meet (`2 * x` times `0.5 * w` is `x * w`) and `1 / b` becomes a divisor.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cache

from ad_compiler.errors import InternalError
from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import Atom, Const, Let, const
from ad_compiler.ir.types import Array, dtype_of, is_number
from ad_compiler.rules.infer import is_python, may_be_python
from ad_compiler.rules.registry import CONSTANTS, OPERATORS, PRIMITIVES, Partials, function
from ad_compiler.transform.scaling import scaled

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Mod: "%",
    ast.FloorDiv: "//",
}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
QUIET = {*COMPARE.values(), "neg"}
"""Operators that never warn, so that a NumPy number is as good as a Python number."""
ZERO = const(0.0)
RAISING = {"/": "ratio", "//": "np.floor_divide", "%": "np.mod", "**": "np.power"}
"""What does as NumPy does, on Python's numbers too, where their own operators may raise."""


@cache
def parsed(text: str) -> ast.expr:
    """The syntax tree of a partial."""
    return ast.parse(text, mode="eval").body


class Splice:
    """One use of a rule: its operands' names bound to atoms, in a builder."""

    def __init__(self, builder: Builder, rule: Partials, let: Let) -> None:
        self.builder = builder
        self.env: dict[str, Atom] = dict(zip(rule.params, let.args, strict=False))
        self.env["z"] = let.targets[0]
        self.is_python = let.prim.name.startswith("math.")
        """Whether the statement computes with Python's numbers, whatever its operands are."""
        self.is_numpy = not (self.is_python or is_python(let.targets[0].type))
        """Whether the statement computes as NumPy does, which never raises."""

    def times(self, node: ast.expr, g: Atom) -> Atom | None:
        """The partial times g; None for a partial that is zero."""
        match node:
            case ast.Name():
                return scaled(self.builder, None, self.value(node), g)
            case ast.Constant(value=0 | 0.0):
                return None
            case ast.Constant(value=1 | 1.0):
                return g
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                product = self.times(inner, g)
                return None if product is None else self.op("neg", product)
            case ast.BinOp(
                left=ast.UnaryOp(op=ast.USub(), operand=inner),
                op=(ast.Mult() | ast.Div()) as op,  # a sum would change sign in one term only
                right=right,
            ):
                product = self.times(ast.BinOp(inner, op, right), g)
                return None if product is None else self.op("neg", product)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                top = self.times(left, g)
                return None if top is None else self.op("/", top, self.value(right))
            case ast.Call(func=ast.Name(id="quiet_div"), args=[left, right]):
                top = self.times(left, g)
                return None if top is None else self.call("quiet_div", top, self.value(right))
            case ast.IfExp(test=test, body=one, orelse=other):
                arms = lambda: self.times(one, g), lambda: self.times(other, g)
                return self.choose(test, *arms, branches=True)
            case ast.Call(func=ast.Name(id="where"), args=[test, one, other]):
                arms = lambda: self.times(one, g), lambda: self.times(other, g)
                return self.choose(test, *arms, branches=False)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                one = self.value(left)
                if isinstance(one, Const):
                    return scaled(self.builder, one, self.value(right), g)
                return scaled(self.builder, None, self.op("*", one, self.value(right)), g)
            case _:
                return scaled(self.builder, None, self.value(node), g)

    def value(self, node: ast.expr) -> Atom:
        """The value of a partial's subexpression."""
        match node:
            case ast.Name(id=name):
                return self.env[name] if name in self.env else CONSTANTS[name]
            case ast.Constant(value=bool() | int() | float() as value):
                return const(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return const(-value)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.op("neg", self.value(inner))
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self.negate(self.value(inner))
            case ast.BinOp(left=left, op=op, right=right):
                return self.op(BINARY[type(op)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.op(COMPARE[type(op)], self.value(left), self.value(right))
            case ast.IfExp(test=test, body=one, orelse=other):
                return self.choose_value(test, one, other, branches=True)
            case ast.Call(func=ast.Name(id="where"), args=[test, one, other]):
                return self.choose_value(test, one, other, branches=False)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(name, *map(self.value, args))
            case _:
                raise InternalError(f"a partial cannot say {ast.unparse(node)!r}")

    def op(self, symbol: str, *args: Atom) -> Atom:
        if all(isinstance(a, Const) for a in args):
            folded = fold_int(symbol, args)
            if folded is not None:
                return folded
        if symbol == "**" and isinstance(args[1], Const) and args[1].value == 1:
            return args[0]
        if self.is_python and symbol not in QUIET:
            args = tuple(map(self.as_python, args))
        elif self.is_numpy and symbol in RAISING and may_raise(args):
            return self.builder.emit(PRIMITIVES[RAISING[symbol]], *args)
        return self.builder.emit(OPERATORS[symbol], *args)

    def as_python(self, atom: Atom) -> Atom:
        """A number as `math`'s functions take it, so that it overflows without a warning."""
        if not is_number(atom.type) or is_python(atom.type):
            return atom
        return self.builder.emit(PRIMITIVES["float"], atom)

    def call(self, name: str, *args: Atom) -> Atom:
        plain, numpy = function(name)
        wants_numpy = plain is None or (not self.is_python and needs_numpy(args))
        if self.is_numpy and plain is not None and plain.raises(args):
            wants_numpy = True
        primitive = (numpy or plain) if wants_numpy else plain
        assert primitive is not None, name
        rest = primitive.params[len(args) :]
        return self.builder.emit(primitive, *args, *(const(primitive.defaults[p]) for p in rest))

    def selection(self, node: ast.expr) -> tuple[ast.expr, Atom | None]:
        """Take `where(c, p, 0)` apart into p and the mask c; a node that is no selection stays.

        On numbers only a constant p is taken out, since p may be safe only where c holds.
        """
        match node:
            case ast.IfExp(test=test, body=one, orelse=other):
                pass
            case ast.Call(func=ast.Name(id="where"), args=[test, one, other]):
                pass
            case _:
                return node, None
        zeros = [isinstance(arm, ast.Constant) and arm.value == 0 for arm in (one, other)]
        if zeros[0] == zeros[1]:
            return node, None
        kept = other if zeros[0] else one
        condition = self.value(test)
        arrays = any(isinstance(a.type, Array) for a in (condition, *self.env.values()))
        if isinstance(condition, Const) or not (arrays or isinstance(kept, ast.Constant)):
            return node, None
        return kept, self.negate(condition) if zeros[0] else condition

    def both(self, one: Atom, other: Atom) -> Atom:
        """Both masks hold."""
        if one is other:
            return one
        if isinstance(one.type, Array) or isinstance(other.type, Array):
            return self.call("logical_and", one, other)
        cell = self.builder.cell("both")
        self.builder.if_(
            one,
            lambda: self.builder.assign(cell, other),
            lambda: self.builder.assign(cell, const(False)),
        )
        value = self.builder.read(cell)
        assert value is not None
        return value

    def either(self, one: Atom, other: Atom) -> Atom:
        """One of the masks holds."""
        if isinstance(one.type, Array) or isinstance(other.type, Array):
            return self.call("logical_or", one, other)
        return self.negate(self.both(self.negate(one), self.negate(other)))

    def negate(self, test: Atom) -> Atom:
        if isinstance(test.type, Array):
            return self.call("logical_not", test)
        return self.builder.emit(OPERATORS["not"], test)

    def choose_value(self, test: ast.expr, one: ast.expr, other: ast.expr, branches: bool) -> Atom:
        chosen = self.choose(test, lambda: self.value(one), lambda: self.value(other), branches)
        assert chosen is not None
        return chosen

    def choose(
        self,
        test: ast.expr,
        one: Callable[[], Atom | None],
        other: Callable[[], Atom | None],
        branches: bool,
    ) -> Atom | None:
        """Elementwise choice on arrays; on numbers only the chosen arm is evaluated.

        `branches`: also where a number chooses between arrays.
        """
        condition = self.value(test)
        if isinstance(condition, Const):
            return one() if condition.value else other()
        arrays = any(isinstance(a.type, Array) for a in self.env.values())
        if isinstance(condition.type, Array) or (arrays and not branches):
            a, b = one(), other()
            if a is None and b is None:
                return None
            return self.call("where", condition, a or ZERO, b or ZERO)
        cell = Cell("slope", self.builder.frame, temp=True)
        self.builder.if_(
            condition,
            lambda: self.builder.assign(cell, self.filled(one())),
            lambda: self.builder.assign(cell, self.filled(other())),
        )
        return self.builder.read(cell)

    def filled(self, arm: Atom | None) -> Atom:
        """What one arm of a branch gives: an array, where the other may."""
        value, z = arm or ZERO, self.env["z"]
        if isinstance(value.type, Array) or not isinstance(z.type, Array):
            return value
        return self.builder.emit(PRIMITIVES["full_like"], z, value)


def fold_int(symbol: str, args: Sequence[Atom]) -> Const | None:
    """Arithmetic of the integers in a partial, like the `y - 1` of `x ** (y - 1)`."""
    values = [a.value for a in args if isinstance(a, Const)]
    if not all(isinstance(v, int | float) for v in values):
        return None
    match symbol, values:
        case "+", [a, b]:
            return const(a + b)
        case "-", [a, b]:
            return const(a - b)
        case "neg", [a]:
            return const(-a)
        case (("<" | "<=" | ">" | ">=" | "==" | "!="), [a, b]):
            compared = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b}
            return const(compared.get(symbol, a != b))
        case _:
            return None


def may_raise(args: Sequence[Atom]) -> bool:
    """Whether a division or a power may be left to Python, and fail there."""
    divisor = args[1]
    is_safe = isinstance(divisor, Const) and divisor.value != 0
    return not is_safe and all(may_be_python(a.type) for a in args)


def needs_numpy(args: Sequence[Atom]) -> bool:
    """Whether a function must be NumPy's: an operand is an array or a NumPy number."""
    return any(isinstance(a.type, Array) or dtype_of(a.type) is not None for a in args)


def splice(builder: Builder, rule: Partials, let: Let, position: int, g: Atom) -> Atom | None:
    """`dz/d(operand) * g` for an elementwise statement; None where it is zero."""
    text = rule.texts(let.args)[position]
    if text is None:
        return None
    return Splice(builder, rule, let).times(parsed(text), g)
