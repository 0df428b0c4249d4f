"""Python's operators, and NumPy's ufuncs of the same meaning.

An operator on Python numbers follows Python (`1 / 0.0` raises, `True + True` is 2); on anything
else it is the ufunc.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Operator, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import MIXED, PY_BOOL, PY_FLOAT, PY_INT, Bool, Complex, Float, Type
from ad_compiler.rules import counts, infer
from ad_compiler.rules.forms import Raises, flat, rule, ufunc_raises
from ad_compiler.rules.registry import OPERATORS, Flat, Partials, Rule, register

# How tightly Python's operators bind.
NOT, COMPARISON, OR, XOR, AND, SHIFT, SUM, PRODUCT, UNARY = range(3, 12)


XY = ("x", "y")


def arithmetic(types: Sequence[Type]) -> Type:
    """The type of `+ - * // %` on Python numbers."""
    result: Type = PY_INT
    for type_ in types:
        if isinstance(type_, Complex):
            return Complex()
        if isinstance(type_, Float):
            result = PY_FLOAT
    return result


def _quotient(types: Sequence[Type]) -> Type:
    return Complex() if any(isinstance(t, Complex) for t in types) else PY_FLOAT


def _bits(types: Sequence[Type]) -> Type:
    """The type of `& | ^` on Python numbers."""
    if any(isinstance(t, Float) for t in types):
        raise TypeRefusal(
            "bitwise operators do not take floats", "use them on integers and truth values"
        )
    return PY_BOOL if all(isinstance(t, Bool) for t in types) else PY_INT


def _shift(types: Sequence[Type]) -> Type:
    _bits(types)
    return PY_INT


def _enter(
    symbol: str,
    name: str,
    precedence: int,
    python: infer.PythonRule,
    ufunc: np.ufunc,
    *,
    typed: infer.Infer | None = None,
    line: Rule,
    raises: Raises | None = None,
    noun: str = "value",
) -> None:
    """Enter an operator that is a ufunc wherever NumPy is involved."""
    function = getattr(operator, name, None) or getattr(operator, f"{name}_")
    shown = {"neg": "-", "pos": "+"}.get(symbol, symbol)
    OPERATORS[symbol] = register(
        Primitive(
            name,
            evaluate=function,
            infer=typed or infer.python_or_ufunc(ufunc, python),
            spelling=Operator(shown, precedence),
            params=XY[: ufunc.nin],
            raises=raises or ufunc_raises(ufunc),
            noun=noun,
        ),
        line,
        function,
    )


def divides(ufunc: np.ufunc) -> Raises:
    """The `raises` of a division: on Python numbers unless the divisor is a constant not 0."""
    numpy_raises = ufunc_raises(ufunc)

    def raises(args: Sequence[Atom]) -> bool:
        divisor = args[1]
        safe = isinstance(divisor, Const) and divisor.value != 0
        python = all(infer.may_be_python(arg.type) for arg in args)
        return (python and not safe) or numpy_raises(args)

    return raises


def _partials(primal: str, *partials: str, **rest: Any) -> Partials:
    params = ("x", "y")[: len(partials)]
    return Partials(params, primal, partials, **rest)


def _sum(ufunc: np.ufunc, sign: int) -> infer.Infer:
    """The type rule of `+` and `-`, which knows lengths and a little more or less."""
    plain = infer.python_or_ufunc(ufunc, arithmetic)
    return lambda args: counts.sum_type(args, sign) or plain(args)


_WHOLE = "the quotient is taken as constant: its jumps have no derivative"
_BINARY = (
    ("+", "add", SUM, np.add, ("1", "1"), "total", _sum(np.add, 1)),
    ("-", "sub", SUM, np.subtract, ("1", "-1"), "difference", _sum(np.subtract, -1)),
    ("*", "mul", PRODUCT, np.multiply, ("y", "x"), "product", None),
)
for _symbol, _name, _level, _ufunc, _texts, _noun, _typed in _BINARY:
    _line = _partials(f"x {_symbol} y", *_texts)
    _enter(_symbol, _name, _level, arithmetic, _ufunc, typed=_typed, line=_line, noun=_noun)

_enter(
    "/", "truediv", PRODUCT, _quotient, np.true_divide,
    line=_partials("x / y", "1 / y", "-z / y", domain="nonzero"),
    raises=divides(np.true_divide), noun="quotient",
)  # fmt: skip
RATIO = register(
    Primitive(
        "ratio", np.true_divide, infer.elementwise(np.true_divide), Special(), XY,
        raises=ufunc_raises(np.true_divide), noun="quotient",
    ),
    _partials("x / y", "1 / y", "-z / y", domain="nonzero"),
)  # fmt: skip
"""The quotient as NumPy has it, of Python's numbers too; only derivatives use it."""
_enter(
    "%", "mod", PRODUCT, arithmetic, np.remainder,
    line=_partials("x % y", "1", "-(x // y)", domain="quotient", convention=_WHOLE),
    raises=divides(np.remainder), noun="remainder",
)  # fmt: skip
_enter(
    "//", "floordiv", PRODUCT, arithmetic, np.floor_divide, line=Flat(domain="nonzero"),
    raises=divides(np.floor_divide), noun="quotient",
)  # fmt: skip
_enter("neg", "neg", UNARY, arithmetic, np.negative, line=_partials("-x", "-1"), noun="negative")
_enter("pos", "pos", UNARY, arithmetic, np.positive, line=_partials("+x", "1"))

_BITS = Flat("works on bits", domain="integer")
for _symbol, _name, _level, _ufunc in (
    ("&", "and", AND, np.bitwise_and),
    ("|", "or", OR, np.bitwise_or),
    ("^", "xor", XOR, np.bitwise_xor),
):
    _enter(_symbol, _name, _level, _bits, _ufunc, line=_BITS, noun="bits")


def _negative_shift(args: Sequence[Atom]) -> bool:
    by = args[1]
    return not (isinstance(by, Const) and by.value >= 0)


for _symbol, _name, _ufunc in (("<<", "lshift", np.left_shift), (">>", "rshift", np.right_shift)):
    _enter(_symbol, _name, SHIFT, _shift, _ufunc, line=_BITS, raises=_negative_shift, noun="bits")
_enter("~", "invert", UNARY, _shift, np.invert, line=_BITS, noun="bits")


def _compare(args: Sequence[Atom]) -> Type:
    """The type of a comparison: Python's bool only where both sides are Python's."""
    types = infer.numeric(args)
    if all(map(infer.is_python, types)):
        return PY_BOOL
    if all(map(infer.may_be_python, types)):
        return Bool(MIXED)
    return infer.of_dtype("bool", infer.broadcast_dims(types))


def _truth(args: Sequence[Atom]) -> Type:
    """The type of `np.less` and its like: never Python's bool."""
    return infer.of_dtype("bool", infer.broadcast_dims(infer.numeric(args)))


for _symbol, _name in (
    ("<", "lt"),
    ("<=", "le"),
    (">", "gt"),
    (">=", "ge"),
    ("==", "eq"),
    ("!=", "ne"),
):
    _function = getattr(operator, _name)
    OPERATORS[_symbol] = register(
        Primitive(
            _name, _function, _compare, Operator(_symbol, COMPARISON), XY,
            raises=infer.clashes, noun="test",
        ),
        Flat("a truth value"),
        _function,
    )  # fmt: skip


def _not(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "the truth value", "use np.logical_not, np.any or np.all")
    return PY_BOOL


OPERATORS["not"] = register(
    Primitive("not", operator.not_, _not, Operator("not ", NOT), ("x",), noun="test"),
    Flat("a truth value"),
    operator.not_,
)

rule("add(x, y)", "1", "1", objects=(np.add,), noun="total")
rule("subtract(x, y)", "1", "-1", objects=(np.subtract,), noun="difference")
rule("multiply(x, y)", "y", "x", objects=(np.multiply,), noun="product")
rule("divide(x, y)", "1 / y", "-z / y", objects=(np.divide,), domain="nonzero", noun="quotient")
rule(
    "mod(x, y)", "1", "-(x // y)",
    objects=(np.mod,), domain="quotient", convention=_WHOLE, noun="remainder",
)  # fmt: skip
rule("negative(x)", "-1", objects=(np.negative,))
rule("positive(x)", "1", objects=(np.positive,))
flat("floor_divide(x, y)", objects=(np.floor_divide,), domain="nonzero", noun="quotient")
for _ufunc in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal):
    flat(
        f"{_ufunc.__name__}(x, y)", "a truth value",
        objects=(_ufunc,), infer=_truth, raises=infer.clashes, noun="test",
    )  # fmt: skip
for _ufunc in (np.logical_and, np.logical_or, np.logical_xor):
    flat(f"{_ufunc.__name__}(x, y)", "a truth value", objects=(_ufunc,), noun="test")
flat("logical_not(x)", "a truth value", objects=(np.logical_not,), noun="test")
for _ufunc in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift):
    flat(f"{_ufunc.__name__}(x, y)", "works on bits", "integer", objects=(_ufunc,), noun="bits")
flat("invert(x)", "works on bits", "integer", objects=(np.invert,), noun="bits")
