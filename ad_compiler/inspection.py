"""Looking inside: source, graph, trace, comparison with symbolic derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ad_compiler.api import grad
from ad_compiler.backend import emit
from ad_compiler.driver.build import as_declared, derived
from ad_compiler.driver.derivative import Derivative
from ad_compiler.driver.load import load
from ad_compiler.driver.program import Question
from ad_compiler.frontend.binding import arguments_of
from ad_compiler.frontend.lower import Lowered
from ad_compiler.frontend.signature import values_in
from ad_compiler.inspection_checks import GradientError, check_grads
from ad_compiler.ir.nodes import Const, Function, leaves
from ad_compiler.symbolic.compare import Comparison
from ad_compiler.symbolic.compare import compare as compare_programs
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.rebuild import rebuild
from ad_compiler.viz.graph import Graph, graph_of
from ad_compiler.viz.trace import Trace, trace_table


def source(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The text of the module that runs for such arguments; for a plain function, its gradient's.

    Without arguments, for such as are annotated, or else floats.
    """
    derivative = f if isinstance(f, Derivative) else grad(f)
    return derivative.source(*args, **kwargs)


def graph(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """The computation graph of a function for such arguments: `.mermaid`, `.dot`, and in notebooks.

    Without arguments, for such as are annotated, or else floats. Raises Unsupported for a function
    outside the accepted language.
    """
    derivative = f if isinstance(f, Derivative) else Derivative(f, "primal")
    if not args and not kwargs and derivative.needs_arguments():
        return graph_of(as_declared(_question(f, derivative)).function)
    return graph_of(_at_point(f, args, kwargs)[0].function)


def trace(f: Callable[..., Any], *args: Any) -> Trace:
    """Each step of a function of numbers at a point, with its value and its adjoint."""
    lowered, values = _at_point(f, args, {})
    return trace_table(lowered.function, values)


def compare(f: Callable[..., Any], *point: Any) -> Comparison:
    """Symbolic, automatic (both modes) and numerical derivatives of f at a point, side by side.

    f must return one number. Where SymPy cannot follow, the comparison says so.
    """
    lowered, values = _at_point(f, point, {})
    return compare_programs(lowered.function, values, run)


def run(function: Function) -> Callable[..., Any]:
    """A program as a callable."""
    handed: dict[str, Any] = {}
    text = emit(finish(rebuild(function)), handed=handed)
    return load(text, function.name, handed)


def _question(f: Callable[..., Any], derivative: Derivative) -> Question:
    question = derivative.question()
    return question if f is derivative else question._replace(requests=())


def _at_point(
    f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Lowered, list[Any]]:
    """The program of a function, or of a derivative, and the values of all its variables."""
    derivative = f if isinstance(f, Derivative) else Derivative(f, "primal")
    arguments = derivative.arguments(tuple(args), kwargs)
    lowered = derived(_question(f, derivative), arguments.bound)
    given = [*(a.value for a in arguments_of(arguments.bound)), *arguments.extra]
    visible = [p for p in lowered.function.parameters if not p.hidden]
    values = [
        value
        for parameter, whole in zip(visible, given, strict=True)
        for leaf, value in zip(
            leaves(parameter.tree), values_in(parameter.tree, whole), strict=True
        )
        if not isinstance(leaf, Const)
    ]
    return lowered, [*values, *(capture.read() for capture in lowered.captures)]


__all__ = ["GradientError", "check_grads", "compare", "graph", "run", "source", "trace"]
