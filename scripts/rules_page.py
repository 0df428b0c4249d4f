"""Writes docs/rules.md from the rules: every primitive, its derivative, and what holds at kinks.

python scripts/rules_page.py            write the page
python scripts/rules_page.py --check    fail if the page is not current
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Atom, Block, Function, Let, Parameter, Var, const
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Float, Sym, Type
from ad_compiler.rules.catalogue import (
    definition_text,
    linear_in,
    path_of,
    sources_of,
    spelled,
    texts_of,
)
from ad_compiler.rules.registry import (
    DEFINITIONS,
    LATER,
    MEANINGS,
    OPERATORS,
    RULES,
    Definition,
    Flat,
    Linear,
    Partials,
    Rule,
    read_later,
)
from ad_compiler.transform.derive import derive
from ad_compiler.transform.request import Request

read_later(LATER)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rules.md"

INTRO = """\
# Rules

Every operation that the compiler knows, with its derivative. This page is made from the rules
themselves by `scripts/rules_page.py`; the tests check that it is current.

In a derivative, `z` is the result of the operation. `quiet_div(a, b)` is a division that gives
`inf` or `nan` where Python would raise; `where(c, a, b)` only uses the derivative of what it
chooses.
"""


def page() -> str:
    """The text of docs/rules.md."""
    parts = [INTRO, *elementwise(), *structural(), *definitions(), *zero(), *conventions()]
    return "\n".join(parts).rstrip() + "\n"


def grouped(kind: type[Rule]) -> dict[object, list[Primitive]]:
    """Primitives whose rules read alike, in the order of registration."""
    groups: dict[object, list[Primitive]] = {}
    for primitive, rule in RULES.items():
        if isinstance(rule, kind):
            groups.setdefault(likeness(rule), []).append(primitive)
    return groups


def likeness(rule: Rule) -> object:
    """Equal for rules that the page shows as one."""
    match rule:
        case Partials():
            return (rule.params, rule.partials, rule.numbers, rule.convention, *rule.refuses)
        case _:
            return id(rule)


def code(text: str) -> str:
    """Inline code in a cell of a table."""
    return "`" + text.replace("|", "\\|") + "`"


def elementwise() -> Iterator[str]:
    """The table of elementwise functions."""
    yield "## Elementwise operations\n"
    yield "| operation | derivative | at kinks and singular points |"
    yield "| --- | --- | --- |"
    for primitives in grouped(Partials).values():
        rule = RULES[primitives[0]]
        assert isinstance(rule, Partials)
        names = ", ".join(code(spelled(p)) for p in primitives)
        yield f"| {names} | {partials(rule)} | {rule.convention.replace('|', '/')} |"
    yield ""


def partials(rule: Partials) -> str:
    """The partial derivatives of a rule, one line each."""
    given = texts_of(rule)
    return "<br>".join(
        f"in {operand}: refused" if text is None
        else f"in {operand}: {code(text)}" if len(given) > 1 else code(text)
        for operand, text in given
    )  # fmt: skip


def structural() -> Iterator[str]:
    """The functions whose derivative is a program, linear in the tangent."""
    groups = grouped(Linear)
    if not groups:
        return
    yield "## Structural operations\n"
    yield "Each has a forward derivative, linear in the tangent `<operand>_dot` (the operation"
    yield "itself, where it is said to be linear in an operand); a reverse one,"
    yield "where it is written out, is checked against it by the tests.\n"
    for primitives in groups.values():
        rule = RULES[primitives[0]]
        assert isinstance(rule, Linear)
        yield "### " + ", ".join(f"`{spelled(p)}`" for p in primitives) + "\n"
        if rule.convention:
            yield f"{rule.convention[0].upper()}{rule.convention[1:]}.\n"
        yield from sources(rule)


def sources(rule: Linear) -> Iterator[str]:
    """The derivative functions of a rule, as they are written."""
    if linear_in(rule):
        yield linear_in(rule) + "\n"
    if sources_of(rule):
        yield "```python\n" + "\n\n\n".join(sources_of(rule)) + "\n```\n"


def definitions() -> Iterator[str]:
    """The functions that are written with others."""
    yield "## Functions defined by others\n"
    yield "They compute the very same bits as NumPy's, and need no derivative of their own.\n"
    groups: dict[Any, list[str]] = {}
    for thing, definition in DEFINITIONS.items():
        groups.setdefault(definition.function, []).append(code(path_of(thing)))
    for function, names in groups.items():
        yield f"### {', '.join(names)}\n"
        yield "```python\n" + definition_text(Definition(function, ())) + "\n```\n"


def zero() -> Iterator[str]:
    """The operations that cut the derivative."""
    yield "## Operations without a derivative\n"
    yield "They are zero almost everywhere, or give no real number; nothing flows through them.\n"
    reasons: dict[str, list[str]] = {}
    for primitive, rule in RULES.items():
        if isinstance(rule, Flat):
            reasons.setdefault(rule.why, []).append(code(spelled(primitive)))
    for why in sorted(reasons):
        yield f"* {why}: {', '.join(reasons[why])}"
    yield ""


@dataclass(frozen=True, slots=True)
class Corner:
    """A point where mathematics leaves the derivative open: an operation, and its operands."""

    text: str
    operation: Any
    args: tuple[Any, ...]
    wrt: int = 0


ZERO, ONE, TWO = np.float64(0), np.float64(1), np.float64(2)
INF = np.float64(np.inf)
PLAIN_POWER = "**"
CORNERS = (
    Corner("`abs(x)` at 0", abs, (0.0,)),
    Corner("`np.abs(x)` at 0", np.abs, (ZERO,)),
    Corner("`max(x, 0.0)` at 0", max, (0.0, 0.0)),
    Corner("`max(0.0, x)` at 0", max, (0.0, 0.0), 1),
    Corner("`np.maximum(x, y)` at a tie, in either", np.maximum, (ONE, ONE)),
    Corner("`np.max(x)` at a tie of two", np.max, (np.array([2.0, 1.0, 2.0]),)),
    Corner("`np.clip(x, 0, 1)` at 1, in x", np.clip, (ONE, ZERO, ONE)),
    Corner("`np.clip(x, 0, 1)` at 1, in the bound", np.clip, (ONE, ZERO, ONE), 2),
    Corner("`math.sqrt(x)` at 0", math.sqrt, (0.0,)),
    Corner("`np.linalg.norm(x)` at 0", np.linalg.norm, (np.zeros(2),)),
    Corner("`np.std(x)` of equal numbers", np.std, (np.ones(2),)),
    Corner("`x**0.0` at 0", PLAIN_POWER, (0.0, 0.0)),
    Corner("`x**1.0` at 0", PLAIN_POWER, (0.0, 1.0)),
    Corner("`x**2.0` at 0", PLAIN_POWER, (0.0, 2.0)),
    Corner("`0.0**p` at p = 2, in p", PLAIN_POWER, (0.0, 2.0), 1),
    Corner("`0.0**p` at p = 0, in p", PLAIN_POWER, (0.0, 0.0), 1),
    Corner("`(-2.0)**p` at p = 3, in the base", PLAIN_POWER, (-2.0, 3.0)),
    Corner("`(-2.0)**p` at p = 3, in p", PLAIN_POWER, (-2.0, 3.0), 1),
    Corner("`np.prod(x)` with one zero", np.prod, (np.array([0.0, 2.0, 3.0]),)),
    Corner("`np.prod(x)` with two zeros", np.prod, (np.array([0.0, 0.0, 3.0]),)),
    Corner("`np.linalg.det(x)`, singular", np.linalg.det, (np.array([[1.0, 2.0], [2.0, 4.0]]),)),
    Corner("`np.logaddexp(x, y)` at (-inf, -inf)", np.logaddexp, (-INF, -INF)),
    Corner("`math.hypot(x, y)` at the origin", math.hypot, (0.0, 0.0)),
    Corner("`math.atan2(y, x)` at the origin", math.atan2, (0.0, 0.0)),
    Corner("`np.sinc(x)` at 0", np.sinc, (ZERO,)),
)


def conventions() -> Iterator[str]:
    """The derivatives at corners, as compiled code gives them."""
    yield "## Conventions\n"
    yield "Where mathematics leaves a choice, this is the derivative; the numbers are what compiled"
    yield "code gives.\n"
    yield "| point | derivative |"
    yield "| --- | --- |"
    for corner in CORNERS:
        primitive = OPERATORS[PLAIN_POWER]
        if corner.operation != PLAIN_POWER:
            if corner.operation not in MEANINGS:
                continue
            primitive = MEANINGS[corner.operation]
        yield f"| {corner.text} | {shown(slope(primitive, corner))} |"
    yield ""


def slope(primitive: Primitive, corner: Corner) -> Any:
    """The derivative of an operation at a corner, by the compiler."""
    variables = [Var(f"x{k}", type_of(value)) for k, value in enumerate(corner.args)]
    missing = primitive.params[len(variables) :]
    args: list[Atom] = [*variables, *(const(primitive.defaults[p]) for p in missing)]
    type_ = primitive.infer(args)
    assert not isinstance(type_, tuple)
    result = Var("z", type_)
    block = Block(tuple(variables), (Let((result,), primitive, tuple(args)),), (result,))
    parameters = tuple(Parameter(v.name, v) for v in variables)
    function = Function("corner", parameters, block, 0)
    return evaluate(derive(function, Request("grad", (corner.wrt,))), corner.args)[0]


def type_of(value: Any) -> Type:
    """The type of a sample operand."""
    if isinstance(value, np.ndarray):
        return Array("f64", tuple(Sym(f"n{k}", never=1) for k in range(value.ndim)))
    return Float("f64") if isinstance(value, np.float64) else Float()


def shown(value: Any) -> str:
    """A derivative in a cell: short numbers."""
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(shown(v) for v in value) + "]"
    return f"{round(float(value), 12) + 0.0:g}"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or check it."""
    text = page()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        if not current:
            print("docs/rules.md is not current: run python scripts/rules_page.py", file=sys.stderr)
        return 0 if current else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
