"""Derivatives of Python functions, as readable Python source. Right or refused."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ad_compiler.api import (
        elementwise_grad,
        grad,
        hessian,
        hvp,
        jacfwd,
        jacobian,
        jacrev,
        jvp,
        value_and_grad,
        vjp,
    )
    from ad_compiler.errors import AdCompilerError, InternalError, Unsupported, UsageError
    from ad_compiler.inspection import GradientError, check_grads, compare, graph, source, trace
    from ad_compiler.ir.custom import custom_rule
    from ad_compiler.ir.marks import checkpoint, stop_gradient
    from ad_compiler.marking import differentiable, install_import_hook

_HOMES = {
    "api": "elementwise_grad grad hessian hvp jacfwd jacobian jacrev jvp value_and_grad vjp",
    "errors": "AdCompilerError InternalError Unsupported UsageError",
    "ir.custom": "custom_rule",
    "ir.marks": "checkpoint stop_gradient",
    "inspection": "GradientError check_grads compare graph source trace",
    "marking": "differentiable install_import_hook",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AdCompilerError", "GradientError", "InternalError", "Unsupported", "UsageError",
    "check_grads", "checkpoint", "compare", "custom_rule",
    "differentiable", "elementwise_grad", "grad", "graph", "hessian",
    "hvp", "install_import_hook", "jacfwd", "jacobian", "jacrev", "jvp", "source", "stop_gradient",
    "trace", "value_and_grad", "vjp",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `import ad_compiler` stays quick."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
