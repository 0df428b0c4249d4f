"""Code for Numba, run by Python: what the passes did to it can be seen without compiling it."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Collection, Sequence
from typing import Any
from unittest.mock import patch

from ad_compiler.backend import emit_module
from ad_compiler.driver.derivative import Derivative
from ad_compiler.transform.pipeline import finish


def emitted(
    function: Callable[..., Any],
    args: Sequence[Any],
    argnums: Any = 0,
    without: Collection[str] = (),
    kind: str = "value_and_grad",
) -> str:
    """The text of a derivative for Numba, without some passes."""
    derivative = Derivative(function, kind, argnums)
    lowered = derivative.lowered(derivative.arguments(tuple(args), {}))
    return emit_module([finish(lowered.function, arrays=True, without=without)], dialect="numba")


def run(text: str, args: Sequence[Any]) -> Any:
    """What the last function of a module gives; nothing is compiled."""

    def njit(**_options: Any) -> Callable[[Any], Any]:
        return lambda function: function

    numba = types.SimpleNamespace(njit=njit)
    scope: dict[str, Any] = {}
    with patch.dict(sys.modules, {"numba": numba}):
        exec(text, scope)
    *_, last = (f for f in scope.values() if isinstance(f, types.FunctionType))
    return last(*args)
