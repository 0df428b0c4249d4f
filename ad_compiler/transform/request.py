"""What derivative is asked for."""

from __future__ import annotations

from typing import NamedTuple


class Request(NamedTuple):
    """Which derivative, with respect to which parameters.

    kind: `primal grad value_and_grad jvp vjp value_and_vjp jacobian hessian hvp
    elementwise_grad compressed_jacobian compressed_hessian`. argnums count the visible
    parameters, or name them; `as_tuple`: they were given as a tuple, so the answer is one. mode
    (of a Jacobian): `auto`, `fwd` or `rev`. memory (of what a backward sweep needs): `store`,
    `auto` or `recompute`.
    """

    kind: str
    argnums: tuple[int | str, ...] = (0,)
    as_tuple: bool = False
    has_aux: bool = False
    mode: str = "auto"
    memory: str = "auto"

    @property
    def keeps_value(self) -> bool:
        """Whether the value of the function is computed too."""
        return self.kind in ("primal", "value_and_grad", "jvp", "value_and_vjp")
