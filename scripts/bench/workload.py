"""What is timed: a program, its gradient by hand, and how the peers say it."""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numba

from ad_compiler import grad

STYLES = {"python": "Python/NumPy", "numba": "Numba"}

Function = Callable[..., Any]


def same(value: Any) -> Any:
    """The value itself."""
    return value


@dataclass(frozen=True)
class Form:
    """A program in one style, with its arguments, and its adjoint by hand."""

    program: Function
    args: tuple[Any, ...]
    argnums: int | tuple[int, ...]
    by_hand: Function
    ours: Function | None = None
    """Our gradient, where it is more than `grad` of the program; made when it is called."""
    primal: Function | None = None
    """What the gradient is compared with, where it is more than the program."""
    normal: Function = same
    """What all gradients of a workload have in common."""

    def gradient(self, style: str) -> Function:
        """Our gradient."""
        if self.ours is not None:
            return self.ours()
        return grad(self.program, self.argnums, backend=style).direct(*self.args)

    def value(self, style: str) -> Function:
        """The program."""
        if self.primal is not None:
            return self.primal
        return compiled(self.program) if style == "numba" else self.program


@dataclass(frozen=True)
class Workload:
    """The forms of a program, by style, and how the peers say its gradient."""

    name: str
    forms: Mapping[str, Form]
    autograd: Callable[[], Function]
    """Imports autograd, and gives the gradient as a function of the arguments."""
    jax: Callable[[], Function]
    """The same for JAX, compiled and waited for."""

    @property
    def shared(self) -> Form:
        """The form whose arguments the peers take."""
        return self.forms.get("python") or self.forms["numba"]


def compiled(function: Function) -> Function:
    """A function that Numba compiles when it is called; division as NumPy has it."""
    return numba.njit(error_model="numpy")(function)


def peer(name: str) -> tuple[Any, Any]:
    """A peer, and its NumPy."""
    return importlib.import_module(name), importlib.import_module(f"{name}.numpy")


def with_numpy(function: Function, numpy: Any, **others: Any) -> Function:
    """A function that sees another module under the name of NumPy."""
    scope = {**function.__globals__, "np": numpy, **others}
    return types.FunctionType(function.__code__, scope, function.__name__)


def by_autograd(function: Function, argnums: Any) -> Callable[[], Function]:
    """The gradient of a function of arrays by autograd."""

    def made() -> Function:
        autograd, anp = peer("autograd")
        return autograd.grad(with_numpy(function, anp), argnums)

    return made


def by_jax(
    function: Function, argnums: Any, static: tuple[int, ...] = ()
) -> Callable[[], Function]:
    """The gradient of a function of arrays by JAX; `static` arguments are Python's."""

    def made() -> Function:
        jax, jnp = peer("jax")
        own = with_numpy(function, jnp, jax=jax)
        return finished(jax.jit(jax.grad(own, argnums), static_argnums=static))

    return made


def finished(function: Function) -> Function:
    """A function of JAX that is waited for."""
    jax, _ = peer("jax")

    @functools.wraps(function)
    def waited(*args: Any) -> Any:
        return jax.block_until_ready(function(*args))

    return waited
