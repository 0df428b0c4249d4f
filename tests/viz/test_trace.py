import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler.errors import UsageError
from ad_compiler.ir.nodes import Function, Var, const
from ad_compiler.ir.types import Array, Float, Int, Sym
from ad_compiler.viz.trace import trace_table

Program = Callable[..., Function]
FLOAT = Float()


def lecture(make: Any, w: Any, x: Any, b: Any, y: Any) -> tuple[Any, ...]:
    u = make("*", w, x, to="u")
    v = make("+", u, b, to="v")
    p = make("math.exp", v, to="p")
    return (make("**", make("-", p, y), 2, to="l"),)


def test_the_table_of_the_lecture(program: Program) -> None:
    trace = trace_table(program(dict.fromkeys("wxby", FLOAT), lecture), [0.5, 2.0, -1.0, 3.0])
    rows = {row.step.split(" = ")[0]: row for row in trace.rows}
    assert [row.step for row in trace.rows][4:] == [
        "u = w * x",
        "v = u + b",
        "p = math.exp(v)",
        "difference = p - y",
        "l = difference ** 2",
    ]
    values = {name: row.value for name, row in rows.items()}
    assert (values["u"], values["v"], values["p"], values["l"]) == (1.0, 0.0, 1.0, 4.0)
    adjoints = {name: row.adjoint for name, row in rows.items()}
    assert adjoints == {
        "l": 1.0, "difference": -4.0, "p": -4.0, "v": -4.0, "u": -4.0,
        "w": -8.0, "x": -2.0, "b": -4.0, "y": 4.0,
    }  # fmt: skip


def test_text_and_markdown(program: Program) -> None:
    trace = trace_table(program(dict.fromkeys("wxby", FLOAT), lecture), [0.5, 2.0, -1.0, 3.0])
    assert str(trace).splitlines()[0].split() == ["step", "value", "adjoint"]
    assert "u = w * x            1      -4" in str(trace)
    assert trace.markdown.splitlines()[1] == "| --- | --- | --- |"
    assert "| u = w * x | 1 | -4 |" in trace.markdown


def test_loops_and_branches_show_what_ran(program: Program) -> None:
    def build(make: Any, x: Any, n: Any) -> tuple[Any, ...]:
        builder = make.builder
        s = builder.cell("s", x)

        def twice() -> None:
            builder.assign(s, make("*", builder.read(s), 2.0, to="s"))

        def squared() -> None:
            builder.assign(s, make("*", builder.read(s), builder.read(s), to="s"))

        def trip(index: Var) -> None:
            builder.if_(make("<", index, 1), twice, squared)

        builder.for_(const(0), n, const(1), trip)
        return (builder.read(s),)

    trace = trace_table(program({"x": FLOAT, "n": Int()}, build), [3.0, 3])
    steps = [row.step for row in trace.rows if row.step.startswith("s")]
    assert steps == ["s = x * 2.0", "s_2 = s * s", "s_3 = s_2 * s_2"]
    adjoints = [row.adjoint for row in trace.rows if row.step.startswith("s")]
    assert adjoints == [4 * 6.0**3, 2 * 36.0, 1.0]
    assert trace.rows[0].adjoint == 8 * 6.0**3
    tests = [row for row in trace.rows if row.step.startswith("test")]
    assert [row.value for row in tests] == [True, False, False]
    assert all(row.adjoint is None for row in tests)


def test_elementwise_arrays_have_array_adjoints(program: Program) -> None:
    vector = Array("f64", (Sym("n", never=1),))

    def build(make: Any, x: Any) -> tuple[Any, ...]:
        return (make("np.sum", make("np.sin", x), None, False),)

    function = program({"x": vector}, build)
    point = np.array([0.0, 1.0, 2.0])
    trace = trace_table(function, [point])
    np.testing.assert_allclose(trace.rows[0].adjoint, np.cos(point))
    assert trace.rows[-1].adjoint == 1.0
    assert math.isclose(trace.rows[-1].value, float(np.sum(np.sin(point))))


def test_a_function_of_several_results_is_refused(program: Program) -> None:
    def build(make: Any, x: Any) -> tuple[Any, ...]:
        return x, make("neg", x)

    with pytest.raises(UsageError, match="single number"):
        trace_table(program({"x": FLOAT}, build), [1.0])
