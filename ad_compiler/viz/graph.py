"""The computation graph of a program, as DOT and as Mermaid text.

Nodes are inputs, operations and results under the user's names; edges are the data that flows;
loops and branches are boxes around their operations. The text is the same for the same program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
)
from ad_compiler.ir.types import shown
from ad_compiler.viz.labels import Names, header, let_text, operation


@dataclass(frozen=True, slots=True)
class Node:
    """A box: `kind` is `input`, `operation`, `join`, `constant` or `result`."""

    key: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Data that flows; `back` where it goes into the next trip of a loop."""

    source: str
    target: str
    back: bool = False


@dataclass(slots=True)
class Cluster:
    """A frame around nodes: the program itself, a loop, a branch."""

    key: str
    label: str
    parts: list[Node | Cluster] = field(default_factory=list["Node | Cluster"])


@dataclass(frozen=True, slots=True)
class Graph:
    """A computation graph. Notebooks draw it; `dot` and `mermaid` are its text."""

    root: Cluster
    edges: tuple[Edge, ...]

    @property
    def dot(self) -> str:
        """Text for Graphviz."""
        lines = [f"digraph {_quoted(self.root.label)} {{"]
        lines += ["  rankdir=TB;", '  node [fontname="Helvetica", fontsize=11];']
        lines += [line for part in self.root.parts for line in _dot_part(part, "  ")]
        for edge in self.edges:
            style = " [style=dashed, constraint=false]" if edge.back else ""
            lines.append(f"  {edge.source} -> {edge.target}{style};")
        return "\n".join([*lines, "}", ""])

    @property
    def mermaid(self) -> str:
        """Text for Mermaid, which many Markdown viewers draw."""
        lines = ["flowchart TD"]
        lines += [line for part in self.root.parts for line in _mermaid_part(part, "  ")]
        for edge in self.edges:
            lines.append(f"  {edge.source} {'-.->' if edge.back else '-->'} {edge.target}")
        return "\n".join([*lines, ""])

    def __str__(self) -> str:
        return self.dot

    def _repr_mimebundle_(self, **_choice: object) -> dict[str, str]:
        return {
            "text/plain": self.dot,
            "text/vnd.mermaid": self.mermaid,
            "text/markdown": f"```mermaid\n{self.mermaid}```\n",
        }


SHAPES = {
    "input": "shape=ellipse, style=filled, fillcolor=lightblue",
    "operation": "shape=box",
    "join": "shape=diamond",
    "constant": "shape=plaintext",
    "result": "shape=box, style=rounded, peripheries=2",
}
BRACKETS = {
    "input": ('(["', '"])'),
    "operation": ('["', '"]'),
    "join": ('{{"', '"}}'),
    "constant": ('("', '")'),
    "result": ('[["', '"]]'),
}


def _dot_part(part: Node | Cluster, indent: str) -> list[str]:
    if isinstance(part, Node):
        return [f"{indent}{part.key} [label={_quoted(part.label)}, {SHAPES[part.kind]}];"]
    inner = [line for piece in part.parts for line in _dot_part(piece, indent + "  ")]
    return [
        f"{indent}subgraph cluster_{part.key} {{",
        f"{indent}  label={_quoted(part.label)};",
        *inner,
        f"{indent}}}",
    ]


def _quoted(text: str) -> str:
    """A DOT string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _mermaid_part(part: Node | Cluster, indent: str) -> list[str]:
    if isinstance(part, Node):
        left, right = BRACKETS[part.kind]
        return [f"{indent}{part.key}{left}{_entities(part.label)}{right}"]
    inner = [line for piece in part.parts for line in _mermaid_part(piece, indent + "  ")]
    return [f'{indent}subgraph {part.key}["{_entities(part.label)}"]', *inner, f"{indent}end"]


def _entities(text: str) -> str:
    """Text in which Mermaid and HTML see no markup, as Mermaid's numeric entities."""
    plain = set(" .,:=+-/()|_")
    return "".join(c if c.isalnum() or c in plain else f"#{ord(c)};" for c in text)


class Drawing:
    """Collects the nodes and edges of a program."""

    def __init__(self, function: Function) -> None:
        self.names = Names()
        self.places: dict[Var, str] = {}
        self.edges: list[Edge] = []
        self.count = 0
        self.root = Cluster("program", function.name)
        self.stack = [self.root]

    def key(self, letter: str) -> str:
        """A new name for a node or a frame."""
        self.count += 1
        return f"{letter}{self.count}"

    def node(self, label: str, kind: str, sources: Iterable[Atom], defines: Iterable[Var]) -> str:
        """A node, the edges into it, and the values that come out of it."""
        key = self.key("n")
        self.stack[-1].parts.append(Node(key, label, kind))
        for source in dict.fromkeys(a for a in sources if isinstance(a, Var)):
            self.edge(source, key)
        self.places.update(dict.fromkeys(defines, key))
        return key

    def edge(self, source: Atom, target: str, back: bool = False) -> None:
        """Let a value flow into a node."""
        if isinstance(source, Var):
            self.edges.append(Edge(self.places[source], target, back))

    def open(self, label: str) -> None:
        """Start a frame."""
        cluster = Cluster(self.key("c"), label)
        self.stack[-1].parts.append(cluster)
        self.stack.append(cluster)

    def close(self) -> None:
        """End the innermost frame."""
        self.stack.pop()

    def block(self, block: Block) -> None:
        """Draw the statements of a block."""
        for stmt in block.body:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        """Draw one statement."""
        match stmt:
            case Let():
                self.node(let_text(stmt, self.names), "operation", stmt.args, stmt.targets)
            case Effect():
                label = operation(stmt.prim, stmt.args, self.names)
                self.node(label, "operation", stmt.args, ())
            case If():
                self.branch(stmt)
            case For() | While():
                self.loop(stmt)
            case _:
                assert_never(stmt)

    def branch(self, stmt: If) -> None:
        """Both arms, each in its frame, and a join for each value they yield."""
        self.open(header(stmt, self.names))
        test = self.node(f"{self.names.atom(stmt.test)}?", "join", (stmt.test,), ())
        for label, arm in (("then", stmt.then), ("else", stmt.orelse)):
            self.open(label)
            self.block(arm)
            self.close()
        values = zip(stmt.targets, stmt.then.results, stmt.orelse.results, strict=True)
        for target, one, other in values:
            yes, no = self.names.all((one, other))
            label = f"{self.names.of(target)} = {yes} or {no}"
            key = self.node(label, "join", (one, other), (target,))
            self.edges.append(Edge(test, key))
        self.close()

    def loop(self, stmt: For | While) -> None:
        """The body in a frame; carried values enter above, and go back up dashed."""
        self.open(header(stmt, self.names))
        if isinstance(stmt, For):
            index, *carried = stmt.body.params
            bounds = (stmt.start, stmt.stop, stmt.step)
            self.node(self.names.of(index), "input", bounds, (index,))
        else:
            carried = list(stmt.body.params)
        keys = [
            self.node(self.names.of(param), "join", (init,), (param,))
            for param, init in zip(carried, stmt.inits, strict=True)
        ]
        if isinstance(stmt, While):
            self.places.update(zip(stmt.cond.params, keys, strict=True))
            for own, param in zip(stmt.cond.params, carried, strict=True):
                self.names.same(own, param)
            self.block(stmt.cond)
            self.node(f"{self.names.atom(stmt.cond.results[0])}?", "join", stmt.cond.results, ())
        self.block(stmt.body)
        for key, result in zip(keys, stmt.body.results, strict=True):
            self.edge(result, key, back=True)
        if stmt.body.stop is not None:
            stop = stmt.body.stop
            self.node(f"stop: {self.names.atom(stop)}", "join", (stop,), ())
        self.places.update(zip(stmt.targets, keys, strict=True))
        for target, param in zip(stmt.targets, carried, strict=True):
            self.names.same(target, param)
        self.close()

    def results(self, results: Sequence[Atom]) -> None:
        """Draw what the program returns."""
        for k, atom in enumerate(results):
            label = "return" if len(results) == 1 else f"return [{k}]"
            self.node(f"{label} {self.names.atom(atom)}", "result", (atom,), ())


def graph_of(function: Function) -> Graph:
    """The computation graph of a program."""
    drawing = Drawing(function)
    for param in function.params:
        drawing.node(f"{drawing.names.of(param)}: {shown(param.type)}", "input", (), (param,))
    drawing.block(function.block)
    drawing.results(function.results)
    return Graph(drawing.root, tuple(drawing.edges))


def to_dot(function: Function) -> str:
    """The computation graph as text for Graphviz."""
    return graph_of(function).dot


def to_mermaid(function: Function) -> str:
    """The computation graph as text for Mermaid."""
    return graph_of(function).mermaid
