"""A derivative as a callable: finds, or makes, the program for the arguments of each call."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.driver.build import Options, Program, build, flat_values
from ad_compiler.driver.signature import kind_of, kinds_of
from ad_compiler.errors import UsageError
from ad_compiler.frontend.lower import Lowered, lower
from ad_compiler.frontend.signature import bound_arguments, parameters_from_values
from ad_compiler.ir.nodes import Branch, Parameter, Tree, Var
from ad_compiler.ir.types import NUMPY_NAMES, Array, Float, Type, dtype_of
from ad_compiler.transform.derive import derive
from ad_compiler.transform.request import Request

EXTRA = frozenset({"jvp", "vjp", "value_and_vjp", "hvp"})
"""The kinds of derivatives whose functions take tangents or a cotangent after the arguments."""

Argnums = int | str | Sequence[int | str]


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call: those of the function, and the (co)tangents behind them."""

    bound: inspect.BoundArguments
    extra: tuple[Any, ...]


class Derivative:
    """`kind` of `function`, compiled for the types of the arguments when it is called.

    The function may be a derivative itself. Raises Unsupported for a function outside the
    accepted language, and UsageError (a TypeError) for a call that cannot be meant.
    """

    __wrapped__: Any

    def __init__(
        self,
        function: Callable[..., Any],
        kind: str,
        argnums: Argnums = 0,
        *,
        has_aux: bool = False,
        mode: str = "auto",
        options: Options | None = None,
        outputs: tuple[str, ...] | str = (),
    ) -> None:
        if outputs and isinstance(function, Derivative):
            raise UsageError("outputs: a derivative does not write into its arguments")
        if not isinstance(function, FunctionType | Derivative):
            raise UsageError(
                f"{kind} of {function!r}: pass a Python function, or a derivative of one"
            )
        self.function = function
        self.kind = kind
        self.argnums = argnums
        self.options = options or Options()
        self.outputs = outputs
        self.request = Request(
            kind, positions(function, argnums), isinstance(argnums, list | tuple), has_aux, mode
        )
        self._programs: dict[Any, list[Program]] = {}
        self._scalar: dict[tuple[type, ...], Program] = {}
        functools.update_wrapper(self, function, updated=())
        self.__name__ = f"{function.__name__}_{kind}"
        self.__qualname__ = self.__name__
        self.__doc__ = f"{kind} of `{function.__name__}`, compiled by ad_compiler."

    def __repr__(self) -> str:
        return f"<{self.kind} of {self.function.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        request = self.request
        return _again, (
            self.function, self.kind, self.argnums, request.has_aux, request.mode, self.options,
            self.outputs,
        )  # fmt: skip

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            program = self._scalar.get(tuple(map(type, args)))
            if program is not None:
                inputs = program.inputs()
                if inputs is not None:
                    return program.direct(*args, *inputs)
        return self._call(args, kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    # -- programs -----------------------------------------------------------------------------

    def at(self, *args: Any) -> Callable[..., Any]:
        """The derivative at a point, as a function of the (co)tangents alone.

        Arguments and captured values are copied: what becomes of them later does not matter.
        """
        nothing = (None,) * self.extra_count()
        program, inputs, arguments = self.found((*copy.deepcopy(args), *nothing), {})
        inputs = copy.deepcopy(inputs)
        positional, named = split(arguments)
        return lambda *extra: program.direct(
            *positional, *self._checked(program, extra), *inputs, **named
        )

    def _call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        program, inputs, arguments = self.found(args, kwargs)
        positional, named = split(arguments)
        extra = self._checked(program, arguments.extra)
        kinds = tuple(map(type, args))
        if len(positional) == len(args) and not extra and set(kinds) == {float}:
            self._scalar[kinds] = program  # needs no look at the values
        return program.direct(*positional, *extra, *inputs, **named)

    def found(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Program, list[Any], Arguments]:
        """The program for a call, the captured values, and the arguments as it takes them."""
        arguments = self.arguments(args, kwargs)
        key = kinds_of(arguments.bound.arguments.values())
        programs = self._programs.setdefault(key, [])
        for program in programs:
            if holds(program, arguments):
                inputs = program.inputs()
                if inputs is not None:
                    return program, inputs, arguments
        program = build(self.lowered(arguments), self.options)
        programs.insert(0, program)
        inputs = program.inputs()
        assert inputs is not None, "a program does not hold for what it was made from"
        return program, inputs, arguments

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
        """Split and bind the arguments of a call."""
        count = self.extra_count()
        if count > len(args):
            raise UsageError(f"{self!r} takes {count} (co)tangent(s) after the arguments")
        own, extra = args[: len(args) - count], args[len(args) - count :]
        if isinstance(self.function, Derivative):
            inner = self.function.arguments(own, kwargs)
            return Arguments(inner.bound, (*inner.extra, *extra))
        return Arguments(bound_arguments(self.function, own, kwargs), extra)

    def extra_count(self) -> int:
        """How many (co)tangents follow the arguments."""
        if self.kind not in EXTRA:
            return 0
        return 1 if self.kind in ("vjp", "value_and_vjp") else len(self.request.argnums)

    def lowered(self, arguments: Arguments) -> Lowered:
        """The derived program for some arguments."""
        if isinstance(self.function, Derivative):
            inner = self.function.lowered(arguments)
        else:
            bound = arguments.bound
            parameters, values = parameters_from_values(self.function, bound.args, bound.kwargs)
            inner = lower(self.function, parameters, values, outputs=self.outputs)
        return replace(inner, function=derive(inner.function, self.request))

    def _checked(self, program: Program, extra: tuple[Any, ...]) -> list[Any]:
        """The (co)tangents, in the dtype of what they belong to."""
        if not extra:
            return []
        plain = [p for p in program.lowered.function.parameters if not p.hidden]
        plain = [p for p in plain if not p.keyword_only]
        return [
            converted(parameter.tree, value, parameter.name)
            for parameter, value in zip(plain[len(plain) - len(extra) :], extra, strict=True)
        ]

    # -- looking inside -----------------------------------------------------------------------

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The text of the module that computes the derivative for such arguments."""
        return self.program(*args, **kwargs).pretty

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The compiled program for such arguments; (co)tangents may be left out."""
        missing = self.extra_count()
        if isinstance(self.function, Derivative):
            missing += self.function.extra_count()
        return self.found((*args, *(None,) * missing), kwargs)[0]

    def direct(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The bare compiled function for such arguments; captured values come last."""
        return self.program(*args, **kwargs).direct


def split(arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of the function as the program takes them: positional ones, named ones."""
    signature = arguments.bound.signature.parameters
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in arguments.bound.arguments.items():
        spec = signature[name]
        if spec.kind is spec.KEYWORD_ONLY:
            named[name] = value
        elif spec.kind not in (spec.VAR_KEYWORD, spec.VAR_POSITIONAL) or value:
            positional.append(value)
    return positional, named


def _again(
    function: Any,
    kind: str,
    argnums: Argnums,
    has_aux: bool,
    mode: str,
    options: Options,
    outputs: tuple[str, ...] | str,
) -> Derivative:
    return Derivative(
        function, kind, argnums, has_aux=has_aux, mode=mode, options=options, outputs=outputs
    )


def holds(program: Program, arguments: Arguments) -> bool:
    """Whether a program that is made for certain values of arguments is the one for these."""
    if not program.lowered.fixed:
        return True
    parameters = program.lowered.function.parameters
    trees = {p.name: p.tree for p in parameters}
    values = [
        leaf
        for name, value in arguments.bound.arguments.items()
        if name in trees
        for leaf in flat_values(trees[name], value)
    ]
    return all(values[k] == expected for k, expected in program.lowered.fixed)


def positions(function: Callable[..., Any], argnums: Argnums) -> tuple[int, ...]:
    """The positions of arguments that are given by position or name."""
    names = list(inspect.signature(function).parameters)

    def position(argnum: int | str) -> int:
        if isinstance(argnum, str):
            if argnum not in names:
                raise UsageError(
                    f"argnums={argnum!r}: `{function.__name__}` has no such argument; "
                    f"it has {', '.join(names)}"
                )
            return names.index(argnum)
        if type(argnum) is not int:
            raise UsageError(f"argnums must be integers or names, not {argnum!r}")
        return argnum

    many = argnums if isinstance(argnums, list | tuple) else (argnums,)
    if not many:
        raise UsageError("argnums is empty: name at least one argument")
    return tuple(map(position, many))  # type: ignore[arg-type]


def converted(tree: Tree, value: Any, name: str) -> Any:
    """A (co)tangent in the structure, shapes and dtypes of a parameter."""
    match tree:
        case Branch(kind, keys, children):
            expected = {"tuple": tuple, "list": list, "dict": dict}[kind]
            if not isinstance(value, expected) or len(value) != len(children):
                raise UsageError(f"{name} must be a {kind} of {len(children)}, not {value!r}")
            labels: Any = keys if kind == "dict" else range(len(children))
            items = [
                converted(c, value[k], f"{name}[{k!r}]")
                for k, c in zip(labels, children, strict=True)
            ]
            return dict(zip(keys, items, strict=True)) if kind == "dict" else expected(items)
        case Var(type=type_):
            return leaf_of(type_, value, name)
        case _:
            return None


def leaf_of(type_: Type, value: Any, name: str) -> Any:
    """A (co)tangent of one array or number."""
    if isinstance(value, bool | str) or value is None:
        raise UsageError(f"{name} must be a number or an array, not {value!r}")
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{name} must be real, not {array.dtype}")
    if not isinstance(type_, Array):
        if array.ndim:
            raise UsageError(f"{name} must be a number, but it has shape {array.shape}")
        assert isinstance(type_, Float)
        dtype = dtype_of(type_)
        return array.astype(NUMPY_NAMES[dtype])[()] if dtype else float(array)
    if array.ndim != len(type_.dims):
        raise UsageError(f"{name} has {array.ndim} axes instead of {len(type_.dims)}")
    return array.astype(NUMPY_NAMES[type_.dtype], copy=False)


def same_shapes(parameter: Parameter, value: Any, model: Any) -> None:
    """Refuse a (co)tangent whose arrays have other shapes than the values they belong to."""
    tree = parameter.tree
    for one, other in zip(flat_values(tree, value), flat_values(tree, model), strict=True):
        if np.shape(one) != np.shape(other):
            raise UsageError(
                f"{parameter.name} has shape {np.shape(one)}, what it belongs to has "
                f"{np.shape(other)}"
            )


__all__ = ["Argnums", "Derivative", "kind_of", "same_shapes"]
