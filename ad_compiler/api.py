"""The public functions: JAX's names and argument order.

Each takes a Python function and gives one that computes the derivative. They compose to any
order: `grad(grad(f))`, `jvp(grad(f), …)`. `backend="numba"` gives code that Numba compiles.
`fastmath=True` lets LLVM reorder sums and products there, and change nothing else.
`memory` says where a backward sweep has values of the forward sweep from: they are stored
(`"store"`), computed again where that is possible (`"recompute"`), or whatever takes the least
storage and repeats only cheap arithmetic (`"auto"`). The results are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from ad_compiler.driver.derivative import Argnums, Derivative
from ad_compiler.driver.program import Options
from ad_compiler.driver.sparse import SparseDerivative
from ad_compiler.errors import UsageError
from ad_compiler.frontend.verbs import VERBS
from ad_compiler.ir.records import items_of, label_of, record_of

Function = Callable[..., Any]
Outputs = str | tuple[str, ...]


def grad(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    simplify: str | None = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative:
    """The gradient of a function that returns one number.

    The gradient has the structure, shapes and dtypes of the argument that `argnums` names (an
    int, a name, or a tuple of them). With `has_aux`, f returns a pair (value, aux), and the
    gradient function (gradient, aux). Raises UsageError for integer arguments and for results
    that are no number.
    """
    return Derivative(
        f, "grad", argnums, has_aux=has_aux, options=Options(simplify, backend, memory, fastmath)
    )


def value_and_grad(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    simplify: str | None = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative:
    """The value and the gradient: (value, gradient), or ((value, aux), gradient)."""
    return Derivative(
        f,
        "value_and_grad",
        argnums,
        has_aux=has_aux,
        options=Options(simplify, backend, memory, fastmath),
    )


def jacfwd(
    f: Function, argnums: Argnums = 0, *, backend: str = "python", fastmath: bool = False
) -> Derivative:
    """The Jacobian by forward mode: shape `result.shape + argument.shape`."""
    return Derivative(
        f, "jacobian", argnums, mode="fwd", options=Options(backend=backend, fastmath=fastmath)
    )


def jacrev(
    f: Function,
    argnums: Argnums = 0,
    *,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative:
    """The Jacobian by reverse mode: shape `result.shape + argument.shape`."""
    return Derivative(
        f, "jacobian", argnums, mode="rev", options=Options(None, backend, memory, fastmath)
    )


@overload
def jacobian(
    f: Function,
    argnums: Argnums = 0,
    *,
    sparsity: None = None,
    simplify: str | None = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative: ...
@overload
def jacobian(
    f: Function,
    argnums: Argnums = 0,
    *,
    sparsity: Any,
    simplify: str | None = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> SparseDerivative: ...
def jacobian(
    f: Function,
    argnums: Argnums = 0,
    *,
    sparsity: Any = None,
    simplify: str | None = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative | SparseDerivative:
    """The Jacobian, by the mode that suits the number of inputs and results.

    With `sparsity`, a `scipy.sparse` matrix in CSR format, from a few products of the Jacobian:
    "auto" finds from the program which entries can be other than zero, and a boolean array or a
    sparse matrix says it. Rows and columns are the elements of the result and of the argument.
    """
    options = Options(simplify, backend, memory, fastmath)
    if sparsity is not None:
        return SparseDerivative(f, "jacobian", argnums, sparsity, options)
    return Derivative(f, "jacobian", argnums, options=options)


@overload
def hessian(
    f: Function,
    argnums: Argnums = 0,
    *,
    sparsity: None = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative: ...
@overload
def hessian(
    f: Function,
    argnums: Argnums = 0,
    *,
    sparsity: Any,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> SparseDerivative: ...
def hessian(
    f: Function,
    argnums: Argnums = 0,
    *,
    sparsity: Any = None,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative | SparseDerivative:
    """All second derivatives, by forward over reverse mode; `sparsity` as for `jacobian`."""
    options = Options(None, backend, memory, fastmath)
    if sparsity is not None:
        return SparseDerivative(f, "hessian", argnums, sparsity, options)
    return Derivative(f, "hessian", argnums, options=options)


def hvp(
    f: Function,
    argnums: Argnums = 0,
    *,
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> Derivative:
    """The Hessian times a vector: `hvp(f)(x, v)`, at the cost of a few gradients."""
    return Derivative(f, "hvp", argnums, options=Options(None, backend, memory, fastmath))


def elementwise_grad(
    f: Function, argnums: Argnums = 0, *, backend: str = "python", fastmath: bool = False
) -> Derivative:
    """The derivative of each element of the result by the same element of the argument.

    Refuses a function whose Jacobian is not diagonal by structure.
    """
    return Derivative(
        f, "elementwise_grad", argnums, options=Options(backend=backend, fastmath=fastmath)
    )


def jvp(
    f: Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    outputs: Outputs = (),
    backend: str = "python",
    fastmath: bool = False,
) -> tuple[Any, Any]:
    """The value of f, and its derivative along the tangents (forward mode).

    One tangent for each primal; 0 or None for one that does not vary: an int, or an array. With
    `outputs`, the name of an argument or a tuple of names, the value is what f leaves in these
    arrays, as for a function that writes its result into an argument and returns None.
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise UsageError("jvp takes tuples: jvp(f, (x, y), (x_dot, y_dot))")
    if len(primals) != len(tangents):
        raise UsageError(f"{len(primals)} primals, but {len(tangents)} tangents")
    moving = tuple(k for k, t in enumerate(tangents) if not is_nothing(t, primals[k]))
    if not moving:
        raise UsageError("jvp needs at least one tangent that is not 0 or None")
    for k in moving:
        require_same(f"the tangent of argument {k}", tangents[k], primals[k])
    pushed = _derivative(f, "jvp", moving, outputs, Options(None, backend, fastmath=fastmath))
    return pushed(*primals, *(tangents[k] for k in moving))


def vjp(
    f: Function,
    *primals: Any,
    outputs: Outputs = (),
    backend: str = "python",
    memory: str = "auto",
    fastmath: bool = False,
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f, and its pullback (reverse mode).

    The pullback takes a cotangent of the value, in its structure, and gives a tuple with one
    entry for each primal: 0 for those that cannot vary. It may be called many times. `outputs`
    as for `jvp`.
    """
    moving = tuple(k for k, value in enumerate(primals) if has_real(value))
    if not moving:
        raise UsageError("vjp needs at least one argument of real numbers")
    value = _derivative(f, "primal", 0, outputs, Options(None, backend, fastmath=fastmath))(
        *primals
    )
    pulled = _derivative(f, "vjp", moving, outputs, Options(None, backend, memory, fastmath)).at(
        *primals
    )

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        require_same("the cotangent", cotangent, value)
        found = iter(pulled(cotangent))
        return tuple(next(found) if k in moving else 0 for k in range(len(primals)))

    return value, pullback


def is_nothing(tangent: Any, primal: Any) -> bool:
    """Whether a tangent says that its primal does not vary."""
    if tangent is None:
        return True
    is_zero = type(tangent) in (int, float) and tangent == 0
    whole = isinstance(primal, tuple | list) or np.ndim(primal) > 0
    return is_zero and (whole or not is_real(primal))


def has_real(value: Any) -> bool:
    """Whether a value holds a real number, which can vary."""
    items = items_of(value)
    return is_real(value) if items is None else any(has_real(item) for _, item in items)


def is_real(value: Any) -> bool:
    """Whether a value is made of real numbers, all of which can vary."""
    items = items_of(value)
    if items is not None:
        return bool(items) and all(is_real(item) for _, item in items)
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    return isinstance(value, float)


def require_same(what: str, value: Any, model: Any) -> None:
    """Refuse a (co)tangent that is not in the structure and shapes of its model."""
    items = items_of(model)
    if items is not None:
        own = _alike(what, value, model)
        for key, item in items:
            require_same(f"{what}{label_of(model, key)}", own[key], item)
    elif is_real(model) and np.shape(value) != np.shape(model):
        raise UsageError(
            f"{what} has shape {np.shape(value)}, what it belongs to has {np.shape(model)}"
        )


def _alike(what: str, value: Any, model: Any) -> dict[Any, Any]:
    """The items of a container that must be of the kind of another, with its keys or length."""
    if isinstance(model, dict):
        if not isinstance(value, dict) or value.keys() != model.keys():
            raise UsageError(f"{what} must be a dict with the keys {', '.join(map(str, model))}")
        return value
    if record_of(type(model)) is not None:
        if type(value) is not type(model):
            raise UsageError(f"{what} must be a {type(model).__name__}, not {value!r}")
        return dict(items_of(value) or ())
    if not isinstance(value, tuple | list) or len(value) != len(model):
        raise UsageError(f"{what} must be a {type(model).__name__} of {len(model)}")
    return dict(enumerate(value))


_MADE: dict[tuple[int, str, Any, Outputs, Options], Derivative] = {}


def _derivative(
    f: Function,
    kind: str,
    argnums: Any,
    outputs: Outputs,
    options: Options,
) -> Derivative:
    """The derivative of a function, the same object each time; it keeps the function alive."""
    key = (id(f), kind, argnums, outputs, options)
    made = _MADE.get(key)
    if made is None or made.function is not f:
        made = _MADE[key] = Derivative(f, kind, argnums, outputs=outputs, options=options)
    return made


VERBS.update(
    {
        grad: ("grad", "auto"),
        value_and_grad: ("value_and_grad", "auto"),
        jvp: ("jvp", "auto"),
        vjp: ("vjp", "auto"),
        jacfwd: ("jacobian", "fwd"),
        jacrev: ("jacobian", "rev"),
        jacobian: ("jacobian", "auto"),
        hessian: ("hessian", "auto"),
        hvp: ("hvp", "auto"),
        elementwise_grad: ("elementwise_grad", "auto"),
    }
)
