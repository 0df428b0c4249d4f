"""Looking inside: source, graph, trace, comparison with symbolic derivatives, checks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ad_compiler.api import grad, is_real, jvp, vjp
from ad_compiler.backend import emit
from ad_compiler.driver.derivative import Derivative
from ad_compiler.driver.load import load
from ad_compiler.errors import AdCompilerError
from ad_compiler.frontend.binding import arguments_of, bound_arguments
from ad_compiler.frontend.lower import Lowered, lower
from ad_compiler.frontend.signature import parameters_from_values, values_in
from ad_compiler.ir.nodes import Const, Function, leaves
from ad_compiler.symbolic.compare import Comparison
from ad_compiler.symbolic.compare import compare as compare_programs
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.rebuild import rebuild
from ad_compiler.viz.graph import Graph, graph_of
from ad_compiler.viz.trace import Trace, trace_table


class GradientError(AdCompilerError, AssertionError):
    """A derivative that finite differences contradict."""


def source(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The text of the module that runs for such arguments; for a plain function, its gradient's."""
    derivative = f if isinstance(f, Derivative) else grad(f)
    return derivative.source(*args, **kwargs)


def graph(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """The computation graph of a function for such arguments: `.mermaid`, `.dot`, and in notebooks.

    Raises Unsupported for a function outside the accepted language.
    """
    return graph_of(_lowered(f, args, kwargs).function)


def trace(f: Callable[..., Any], *args: Any) -> Trace:
    """Each step of a function of numbers at a point, with its value and its adjoint."""
    lowered = _lowered(f, args, {})
    return trace_table(lowered.function, _values(f, lowered, args))


def compare(f: Callable[..., Any], *point: Any) -> Comparison:
    """Symbolic, automatic (both modes) and numerical derivatives of f at a point, side by side.

    f must return one number. Where SymPy cannot follow, the comparison says so.
    """
    lowered = _lowered(f, point, {})
    return compare_programs(lowered.function, _values(f, lowered, point), run)


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    *,
    rtol: float = 1e-5,
    seed: int = 0,
) -> None:
    """Compare the derivatives of f, in both modes, with differences along random directions.

    f returns one number. Higher orders check the derivative of the gradient's product with a
    direction. Raises GradientError where they differ.
    """
    rng = np.random.default_rng(seed)
    moving = [k for k, value in enumerate(args) if is_real(value)]
    dots: list[Any] = [_direction(a, rng) if k in moving else 0 for k, a in enumerate(args)]
    value, pullback = vjp(f, *args)
    _, tangent = jvp(f, tuple(args), tuple(dots))
    back = pullback(np.float64(1.0) if isinstance(value, np.generic) else 1.0)
    reverse = sum(_inner(back[k], dots[k]) for k in moving)
    _agree("reverse and forward mode", reverse, float(tangent), rtol * 1e-3)

    def shifted(step: float) -> list[Any]:
        return [_moved(a, d, step) if k in moving else a for k, (a, d) in enumerate(pairs)]

    pairs = list(zip(args, dots, strict=True))
    slope = _slope(lambda step: float(f(*shifted(step))))
    _agree("the derivative and differences", float(tangent), slope, rtol)
    if order > 1:
        gradient = grad(f, tuple(moving))
        _, second = jvp(gradient, tuple(args), tuple(dots))
        along = sum(_inner(s, dots[k]) for s, k in zip(second, moving, strict=True))
        slope = _slope(
            lambda step: sum(
                _inner(g, dots[k]) for g, k in zip(gradient(*shifted(step)), moving, strict=True)
            )
        )
        _agree("the second derivative and differences", along, slope, rtol * 10)


def run(function: Function) -> Callable[..., Any]:
    """A program as a callable."""
    return load(emit(finish(rebuild(function))), function.name)


def _lowered(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Lowered:
    if isinstance(f, Derivative):
        return f.lowered(f.arguments(tuple(args), kwargs))
    parameters, values = parameters_from_values(f, args, kwargs)
    return lower(f, parameters, values)


def _bound(f: Callable[..., Any], args: Sequence[Any]) -> inspect.BoundArguments:
    return (
        f.arguments(tuple(args), {}).bound
        if isinstance(f, Derivative)
        else bound_arguments(f, args, {})
    )


def _values(f: Callable[..., Any], lowered: Lowered, args: Sequence[Any]) -> list[Any]:
    """The values of the leaves of the parameters, the captured ones last."""
    given = [argument.value for argument in arguments_of(_bound(f, args))]
    visible = [p for p in lowered.function.parameters if not p.hidden]
    values = [
        value
        for parameter, arg in zip(visible, given, strict=False)
        for leaf, value in zip(leaves(parameter.tree), values_in(parameter.tree, arg), strict=True)
        if not isinstance(leaf, Const)
    ]
    return [*values, *(capture.read() for capture in lowered.captures)]


def _direction(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, dict):
        return {key: _direction(item, rng) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_direction(item, rng) for item in value)
    if isinstance(value, np.ndarray):
        return rng.normal(size=value.shape).astype(value.dtype)
    return float(rng.normal())


def _moved(value: Any, dot: Any, step: float) -> Any:
    if isinstance(value, dict):
        return {key: _moved(item, dot[key], step) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_moved(v, d, step) for v, d in zip(value, dot, strict=True))
    return value + step * dot


def _inner(one: Any, other: Any) -> float:
    if isinstance(one, dict):
        return sum(_inner(item, other[key]) for key, item in one.items())
    if isinstance(one, tuple | list):
        return sum(_inner(a, b) for a, b in zip(one, other, strict=True))
    return float(np.sum(np.asarray(one) * np.asarray(other)))


def _slope(along: Callable[[float], float]) -> float:
    """A central difference, extrapolated (Richardson 1911)."""

    def central(step: float) -> float:
        return (along(step) - along(-step)) / (2 * step)

    return (4 * central(5e-5) - central(1e-4)) / 3


def _agree(what: str, one: float, other: float, rtol: float) -> None:
    if not abs(one - other) <= rtol * max(1.0, abs(one), abs(other)):
        raise GradientError(f"{what} differ: {one!r} and {other!r}")
