"""Every identity holds to the bit for each class of floats, the signs of zeros included."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import pytest

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Atom, Block, Function, Parameter, Var, const, walk
from ad_compiler.ir.types import Float
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.rebuild import rebuild

CLASSES = [
    0.0, -0.0, 1.5, -1.5, 3.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 2.5e-323, 1.1e-308,
    -3.3e-308, 1.7e308, -1.7e308, 0.1, 1e16 + 2, 2.0**-1022,
]  # fmt: skip

FORMS = {
    "x * 1": "(mul x 1)", "x * -1": "(mul x -1)", "-x * y": "(mul (neg x) y)",
    "x * -y": "(mul x (neg y))", "x / 1": "(truediv x 1)", "-x / y": "(truediv (neg x) y)",
    "x / -y": "(truediv x (neg y))", "x + -y": "(add x (neg y))", "-x + y": "(add (neg x) y)",
    "x + -2": "(add x -2)", "x - -y": "(sub x (neg y))", "--x": "(neg (neg x))",
    "x + x": "(add x x)", "2 * (3 * x)": "(mul 2 (mul 3 x))", "4 * (7 * x)": "(mul 4 (mul 7 x))",
    "8 * (3.0 * x)": "(mul 8.0 (mul 3.0 x))", "x ** 1": "(pow x 1)",
}  # fmt: skip
"""Each left side, as the primitives it is made of."""

LEFT_ALONE = {
    "x + 0": "(add x 0)", "x * 0": "(mul x 0)", "x - x": "(sub x x)", "0 - x": "(sub 0 x)",
    "0.5 * (2 * x)": "(mul 0.5 (mul 2 x))", "2 * (0.5 * x)": "(mul 2 (mul 0.5 x))",
    "3 * (2 * x)": "(mul 3 (mul 2 x))", "2 * (1.5 * x)": "(mul 2 (mul 1.5 x))",
    "x / 3": "(truediv x 3)", "-(x - y)": "(neg (sub x y))",
}  # fmt: skip
"""What looks like an identity, and is none."""

NAMES = {primitive.name: primitive for primitive in OPERATORS.values()}


def built(form: str) -> Function:
    """The program `return form` of x and y."""
    builder = Builder()
    params = {name: Var(name, Float()) for name in "xy"}
    tokens = form.replace("(", " ( ").replace(")", " ) ").split()

    def atom() -> Atom:
        token = tokens.pop(0)
        if token != "(":
            number = float(token) if "." in token else None
            return params[token] if token in params else const(number or int(token))
        primitive = NAMES[tokens.pop(0)]
        operands: list[Atom] = []
        while tokens[0] != ")":
            operands.append(atom())
        tokens.pop(0)
        return builder.emit(primitive, *operands)

    result = atom()
    block = Block(tuple(params.values()), tuple(builder.frame.stmts), (result,))
    return Function("f", tuple(Parameter(n, v) for n, v in params.items()), block, 0)


def outcome(function: Function, x: float, y: float) -> bytes | str:
    try:
        with np.errstate(all="ignore"):
            (value,) = evaluate(function, [x, y])
    except ZeroDivisionError:
        return "ZeroDivisionError"
    return "nan" if value != value else struct.pack("d", value)


@pytest.mark.parametrize("name", FORMS)
def test_an_identity_changes_no_bit(name: str) -> None:
    plain = built(FORMS[name])
    simple = rebuild(plain)
    assert list(map(repr, walk(simple.block))) != list(map(repr, walk(plain.block)))
    for x, y in itertools.product(CLASSES, repeat=2):
        assert outcome(simple, x, y) == outcome(plain, x, y), (x, y)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_rounds_or_flips_a_zero_stays(name: str) -> None:
    plain = built(LEFT_ALONE[name])
    primitives = [stmt.prim for stmt in plain.block.body]  # type: ignore[union-attr]
    assert [stmt.prim for stmt in rebuild(plain).block.body] == primitives  # type: ignore[union-attr]
