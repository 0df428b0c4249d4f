from collections.abc import Callable
from typing import Any

from ad_compiler.ir.nodes import Function, const
from ad_compiler.ir.types import Float, Int
from ad_compiler.viz.graph import graph_of, to_dot, to_mermaid

Program = Callable[..., Function]
FLOAT = Float()


def only(name: str) -> Callable[..., tuple[Any, ...]]:
    """A program of one operation on its parameters."""

    def build(make: Any, *params: Any) -> tuple[Any, ...]:
        return (make(name, *params),)

    return build


def lecture(make: Any, w: Any, x: Any, b: Any, y: Any) -> tuple[Any, ...]:
    u = make("*", w, x, to="u")
    v = make("+", u, b, to="v")
    p = make("math.exp", v, to="p")
    return (make("**", make("-", p, y), 2, to="l"),)


def branching(make: Any, x: Any, n: Any) -> tuple[Any, ...]:
    builder = make.builder
    s = builder.cell("s", const(0.0))

    def body(i: Any) -> None:
        builder.if_(
            make("<", i, 2),
            lambda: builder.assign(s, make("+", builder.read(s), make("*", x, i))),
            lambda: builder.assign(s, make("-", builder.read(s), x)),
        )

    builder.for_(const(0), n, const(1), body)
    return (builder.read(s),)


def test_dot_of_the_lecture(program: Program) -> None:
    dot = to_dot(program(dict.fromkeys("wxby", FLOAT), lecture))
    assert dot.splitlines()[:4] == [
        'digraph "f" {',
        "  rankdir=TB;",
        '  node [fontname="Helvetica", fontsize=11];',
        '  n1 [label="w: float", shape=ellipse, style=filled, fillcolor=lightblue];',
    ]
    for label in ("u = w * x", "v = u + b", "p = math.exp(v)", "l = difference ** 2", "return l"):
        assert f'label="{label}"' in dot
    assert "  n1 -> n5;" in dot


def test_mermaid_of_the_lecture(program: Program) -> None:
    lines = to_mermaid(program(dict.fromkeys("wxby", FLOAT), lecture)).splitlines()
    assert lines[0] == "flowchart TD"
    assert '  n1(["w: float"])' in lines
    assert '  n5["u = w #42; x"]' in lines
    assert "  n1 --> n5" in lines


def test_loops_and_branches_are_frames(program: Program) -> None:
    graph = graph_of(program({"x": FLOAT, "n": Int()}, branching))
    assert 'label="for i in range(n)";' in graph.dot
    assert 'label="then";' in graph.dot
    assert "[style=dashed, constraint=false]" in graph.dot
    assert '["for i in range(n)"]' in graph.mermaid
    assert " -.-> " in graph.mermaid
    assert graph.mermaid.count("subgraph") == graph.mermaid.count("\n    end") + (
        graph.mermaid.count("\n  end") + graph.mermaid.count("\n      end")
    )


def test_same_text_each_time(program: Program) -> None:
    """Serial numbers of variables never show."""
    texts = {to_dot(program({"x": FLOAT, "n": Int()}, branching)) for _ in range(3)}
    assert len(texts) == 1


def test_labels_cannot_break_out(program: Program) -> None:
    graph = graph_of(program({'x"];evil': FLOAT}, only("math.sin")))
    assert '\\"];evil' in graph.dot
    assert '"];evil' not in graph.mermaid


def test_notebooks_draw_it(program: Program) -> None:
    graph = graph_of(program(dict.fromkeys("wxby", FLOAT), lecture))
    bundle = vars(type(graph))["_repr_mimebundle_"](graph, include=None, exclude=None)
    assert bundle["text/vnd.mermaid"] == graph.mermaid
    assert str(graph) == graph.dot
