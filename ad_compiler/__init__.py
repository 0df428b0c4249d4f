"""Derivatives of Python functions, as readable Python source. Right or refused."""

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

__version__ = "0.1.0"

__all__ = [
    "AdCompilerError", "InternalError", "Unsupported", "UsageError", "elementwise_grad", "grad",
    "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "value_and_grad", "vjp",
]  # fmt: skip
