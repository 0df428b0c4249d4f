"""The inputs and the result that a request names, and whether the question makes sense."""

from __future__ import annotations

from collections.abc import Sequence

from ad_compiler.errors import UsageError
from ad_compiler.ir.nodes import (
    Branch,
    Const,
    Function,
    Parameter,
    Tree,
    Var,
    const,
    leaves,
    records_in,
)
from ad_compiler.ir.types import Array, Float, is_differentiable, shown
from ad_compiler.transform.request import Request


def wrt_parameters(function: Function, request: Request) -> list[Parameter]:
    """The parameters to differentiate with respect to; all their leaves must be real numbers."""
    visible = [p for p in function.parameters if not p.hidden]
    names = [p.name for p in visible]
    chosen: list[Parameter] = []
    for argnum in request.argnums:
        k = names.index(argnum) if isinstance(argnum, str) else argnum
        if not -len(visible) <= k < len(visible):
            raise UsageError(f"argnums={k}, but `{function.name}` takes {len(visible)} argument(s)")
        chosen.append(visible[k])
        for record in records_in(visible[k].tree):
            if record.rebuilt:
                raise UsageError(
                    f"`{function.name}` cannot be differentiated with respect to "
                    f"`{visible[k].name}`: {record.rebuilt}, so that no gradient can be made in "
                    "its class. Pass the fields as arguments of their own, or in a named tuple."
                )
        for leaf in leaves(visible[k].tree):
            if not is_differentiable(getattr(leaf, "type", const(None).type)):
                raise UsageError(
                    f"`{function.name}` cannot be differentiated with respect to "
                    f"`{visible[k].name}`: {describe(leaf)} is not a real number. "
                    "Pass a float (1.0) or an array of floats, or leave it out of argnums."
                )
    return chosen


def describe(leaf: Var | Const | int) -> str:
    """A leaf of a parameter in an error message."""
    return f"`{leaf.name}`, of type {shown(leaf.type)}," if isinstance(leaf, Var) else f"{leaf!r}"


def variables(parameters: Sequence[Parameter]) -> tuple[Var, ...]:
    """The variables of some parameters, in order."""
    return tuple(v for p in parameters for v in leaves(p.tree) if isinstance(v, Var))


def scalar_result(function: Function, request: Request) -> tuple[int, Tree | None]:
    """The index of the result to differentiate, and the auxiliary output."""
    value, aux = function.output, None
    if request.has_aux:
        if not (isinstance(value, Branch) and value.kind == "tuple" and len(value.children) == 2):
            raise UsageError(f"has_aux: `{function.name}` must return a pair (value, aux)")
        value, aux = value.children
    if isinstance(value, int):
        type_ = function.results[value].type
        if isinstance(type_, Float) or (isinstance(type_, Array) and type_.dims == ()):
            return value, aux
        if is_differentiable(type_):
            raise UsageError(
                f"the gradient of `{function.name}` needs a number, but it returns {shown(type_)}. "
                "Use jacobian, or vjp with a cotangent; elementwise_grad for elementwise functions."
            )
        raise UsageError(f"`{function.name}` returns {shown(type_)}, which has no derivative")
    raise UsageError(
        f"the gradient of `{function.name}` needs a single number, but it returns a container "
        "or a constant. Use has_aux for (value, aux) pairs, jacobian or vjp for several results."
    )


def one_array(
    function: Function, chosen: Sequence[Parameter], *, second: bool = False
) -> tuple[Var, int]:
    """The array that is differentiated by, and the index of the array that is the result.

    `second`: it is a second derivative that is asked for, whose function returns a number.
    """
    if len(chosen) > 1:
        raise UsageError("sparsity: name one argument, argnums=0 or argnums='x'")
    (parameter,) = chosen
    wrt, result = parameter.tree, function.output
    if not isinstance(wrt, Var) or not isinstance(wrt.type, Array):
        held = shown(wrt.type) if isinstance(wrt, Var) else "a container"
        raise UsageError(
            f"sparsity: `{parameter.name}` of `{function.name}` is {held}, not an array: a sparse "
            "matrix has the elements of one array for its columns. Leave sparsity out"
        )
    if second:
        return wrt, 0
    if not isinstance(result, int) or not isinstance(function.results[result].type, Array):
        held = shown(function.results[result].type) if isinstance(result, int) else "a container"
        raise UsageError(
            f"sparsity: `{function.name}` returns {held}, not an array: a sparse matrix has the "
            "elements of one array for its rows. Leave sparsity out, or use hessian or grad"
        )
    if not is_differentiable(function.results[result].type):
        raise UsageError(f"`{function.name}` returns nothing that has a derivative")
    return wrt, result
