"""Programs survive their text form, and stay well formed through every pass."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from ad_compiler.errors import InternalError, Unsupported
from ad_compiler.frontend.lower import lower
from ad_compiler.frontend.signature import parameters_from_values
from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.subject import Subject, load
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Block, Effect, For, Function, If, Let, Parameter, Var, const
from ad_compiler.ir.parse import ParseError, parse
from ad_compiler.ir.text import to_text
from ad_compiler.ir.types import Bool, Float, Int
from ad_compiler.ir.verify import verify
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.augment import AUGMENTED
from ad_compiler.transform.bufferise import INTO
from ad_compiler.transform.derive import derive
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.request import Request
from tests.depth import spread

CHANGES = {p.name: p for p in (*INTO.values(), *AUGMENTED.values())}


def lowered(subject: Subject) -> Function:
    parameters, values = parameters_from_values(subject.number, subject.args, {})
    return lower(subject.number, parameters, values).function


def accepted(seed: int) -> tuple[Subject, Function]:
    """A random program that is not refused, which a few in a hundred are."""
    for attempt in range(10):
        subject = load(program(seed + 1000 * attempt).text, f"text{seed}_{attempt}")
        with suppress(Unsupported):
            return subject, lowered(subject)
    raise AssertionError("all programs are refused")


@pytest.mark.parametrize("seed", spread(range(110, 122), 3))
def test_programs_are_well_formed_and_survive_their_text(seed: int) -> None:
    subject, start = accepted(seed)
    wrt = Request("grad", subject.wrt, True)
    derived = [derive(start, wrt._replace(kind=kind)) for kind in ("grad", "jvp")]
    for function in (start, *derived, *map(finish, derived)):
        verify(function)
        text = to_text(function)
        again = parse(text, PRIMITIVES | CHANGES)  # SciPy's are known once they are used
        verify(again)
        assert to_text(again) == text


@pytest.mark.parametrize(
    "text",
    ["", "1", "function(", "function('f', [], 0, '', block([], [], [v7]))", "__import__('os')",
     "function('f', [], 0, '', block([], [let('nope', [], [])], []))"],
)  # fmt: skip
def test_what_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse(text, PRIMITIVES)


def test_constants_that_are_no_data_have_no_text() -> None:
    x = Var("x", Float())
    let = Let((Var("y", Float()),), OPERATORS["+"], (x, const(len)))
    with pytest.raises(InternalError, match="text form"):
        to_text(Function("f", (Parameter("x", x),), Block((x,), (let,), ()), 0))


x, n, t = Var("x", Float()), Var("n", Int()), Var("t", Bool())
NOTHING = Block((), (), ())


def add(*args: Any, to: Var | None = None) -> Let:
    return Let((to or Var("y", Float()),), OPERATORS["+"], args)


other, index = Var("other", Float()), Var("i", Int())
BROKEN: list[tuple[str, list[Any]]] = [
    ("not defined", [add(other, x)]),
    ("defined twice", [add(x, x, to=other), add(x, x, to=other)]),
    ("are given", [add(x)]),
    ("results", [Let((), OPERATORS["+"], (x, x))]),
    ("gives", [Let((Var("y", Float()),), PRIMITIVES["zeros_like"], (x,))]),
    ("are given", [Effect(PRIMITIVES["check_length"], (x,))]),
    ("the bound", [For((), const(0), x, const(1), (), Block((index,), (), ()))]),
    ("no index", [For((), const(0), n, const(1), (), NOTHING)]),
    ("for 1 places", [If((other,), t, NOTHING, NOTHING)]),
    ("takes parameters", [If((), t, Block((other,), (), ()), NOTHING)]),
]


@pytest.mark.parametrize(("problem", "body"), BROKEN)
def test_the_verifier_finds(problem: str, body: list[Any]) -> None:
    parameters = tuple(Parameter(v.name, v) for v in (x, n, t))
    function = Function("f", parameters, Block((x, n, t), tuple(body), (x,)), 0)
    with pytest.raises(InternalError, match=problem):
        verify(function)


def test_a_loop_widens_what_it_carries() -> None:
    builder, trips = Builder(), Var("n", Int())
    total = builder.cell("s", const(0))

    def trip(_index: Var) -> None:
        before = builder.read(total)
        assert before is not None
        builder.assign(total, builder.emit(OPERATORS["+"], before, const(0.5)))

    builder.for_(const(0), trips, const(1), trip)
    end = builder.read(total)
    assert isinstance(end, Var)
    assert end.type == Float("py", (Int(),))
    block = Block((trips,), tuple(builder.frame.stmts), (end,))
    verify(Function("f", (Parameter("n", trips),), block, 0))
