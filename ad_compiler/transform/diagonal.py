"""Whether a function is elementwise by structure, so that its Jacobian is diagonal."""

from __future__ import annotations

from ad_compiler.analysis.activity import active, differentiable_operands
from ad_compiler.errors import UsageError
from ad_compiler.ir.nodes import Function, Let, Var, defined_by, walk
from ad_compiler.ir.types import dims_of, same_shape
from ad_compiler.rules.registry import RULES, Partials


def require_diagonal(function: Function, wrt: tuple[Var, ...], index: int) -> None:
    """Refuse unless each element of the result depends on the same element of each input."""
    shape = dims_of(function.results[index].type)
    live = active(function, wrt, (index,))
    for stmt in walk(function.block):
        bad = [v for v in defined_by(stmt) if v in live and not same_shape(dims_of(v.type), shape)]
        if isinstance(stmt, Let) and any(t in live for t in stmt.targets):
            flows = [stmt.args[k] for k in differentiable_operands(stmt) if stmt.args[k] in live]
            elementwise = isinstance(RULES[stmt.prim], Partials)
            if flows and shape and (not elementwise or bad):
                raise UsageError(
                    f"elementwise_grad: `{function.name}` is not elementwise: "
                    f"`{stmt.prim.name}` mixes elements. Use jacobian."
                )
    for v in wrt:
        if v in live and not same_shape(dims_of(v.type), shape):
            raise UsageError(
                f"elementwise_grad: `{v.name}` has another shape than the result of "
                f"`{function.name}`, so the Jacobian is not diagonal. Use jacobian."
            )
