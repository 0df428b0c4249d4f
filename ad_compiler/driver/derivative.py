"""A derivative as a callable: finds, or makes, the program for the arguments of each call."""

from __future__ import annotations

import copy
import functools
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

from ad_compiler.driver import manifest
from ad_compiler.driver.collector import paused
from ad_compiler.driver.kept import PROGRAMS
from ad_compiler.driver.program import Options, Program, Question, converted
from ad_compiler.driver.refused import by_numba, is_of_numba
from ad_compiler.driver.roots import Root, defaulted, root_of
from ad_compiler.driver.signature import kinds_of
from ad_compiler.errors import UsageError
from ad_compiler.frontend.binding import arguments_of, bound_arguments, signature_of
from ad_compiler.frontend.verbs import WRAPPERS, Wrapped
from ad_compiler.transform.request import Request

if TYPE_CHECKING:
    from ad_compiler.frontend.lower import Lowered

EXTRA = frozenset(
    {"jvp", "vjp", "value_and_vjp", "hvp", "compressed_jacobian", "compressed_hessian"}
)
"""The kinds of derivatives whose functions take tangents or cotangents after the arguments."""

Argnums = SupportsIndex | str | Sequence[SupportsIndex | str]


class Arguments(NamedTuple):
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
        if isinstance(function, Derivative):
            root = function.given._replace(function=function)
        else:
            root = root_of(function)
        if root.function is None:
            raise UsageError(
                f"{kind} of {function!r}: pass a Python function, or a derivative of one"
            )
        self.original = function
        self.function = root.function
        self.given = root
        self.kind = kind
        self.argnums = argnums
        self.options = options or Options()
        self.options.check()
        self.outputs = outputs
        self.asked = checked(root.function, argnums)
        self.request = Request(
            kind,
            shifted(root, self.asked),
            isinstance(argnums, list | tuple),
            has_aux,
            mode,
            self.options.memory,
        )
        self._programs: dict[Any, list[Program]] = {}
        self._scalar: dict[tuple[type, ...], Program] = {}
        self._by_kinds: dict[tuple[Any, ...], Program] = {}
        self._defaulted = defaulted(root)
        functools.update_wrapper(self, function, updated=())
        self.__name__ = f"{self.function.__name__}_{kind}"
        self.__qualname__ = self.__name__
        self.__doc__ = f"{kind} of `{self.function.__name__}`, compiled by ad_compiler."

    def __repr__(self) -> str:
        return f"<{self.kind} of {self.function.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        request = self.request
        return _again, (
            self.original, self.kind, self.argnums, request.has_aux, request.mode, self.options,
            self.outputs,
        )  # fmt: skip

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            program = self._scalar.get(tuple(map(type, args)))
            if program is not None:
                inputs = program.inputs()
                if inputs is not None:
                    return program.direct(*args, *inputs)
            elif self._by_kinds:
                whole, named = self.filled(args)
                values = (*whole, *named.values()) if named else whole
                program = self._by_kinds.get(kinds_of(values))
                if program is not None and program.holds(values):
                    inputs = program.inputs()
                    if inputs is not None:
                        return program.direct(*whole, *inputs, **named)
        return self._call(args, kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        if isinstance(self.original, FunctionType | Derivative):
            return signature_of(self.original)
        return inspect.signature(self.original)

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
        try:
            value = program.direct(*positional, *extra, *inputs, **named)
        except Exception as error:
            if program.compiled and is_of_numba(error):
                raise by_numba(error, self.question().root) from error
            raise
        if not (extra or kwargs):
            self.remember(program, args, positional, named)
        return value

    def filled(self, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional arguments with the defaults of now behind them; those to be named."""
        if self._defaulted is None:
            return args, {}
        count, function = self._defaulted
        missing, defaults = count - len(args), function.__defaults__
        if missing > 0 and defaults is not None and missing <= len(defaults):
            args = (*args, *defaults[-missing:])
        return args, function.__kwdefaults__ or {}

    def remember(
        self, program: Program, args: tuple[Any, ...], positional: list[Any], named: dict[str, Any]
    ) -> None:
        """Find the program at once for other arguments of these kinds, which it takes as they are.

        For floats their types say all.
        """
        whole, filled = self.filled(args)
        as_they_are = list(map(id, positional)) == list(map(id, whole))
        if not as_they_are or named.keys() != filled.keys():
            return
        types = tuple(map(type, args))
        if set(types) == {float} and not named and len(whole) == len(args):
            self._scalar[types] = program
        else:
            self._by_kinds[kinds_of((*whole, *filled.values()))] = program

    def found(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Program, list[Any], Arguments]:
        """The program for a call, the captured values, and the arguments as it takes them."""
        arguments = self.arguments(args, kwargs)
        key = kinds_of(arguments.bound.arguments.values())
        programs = self._programs.setdefault(key, [])
        for program in programs:
            if program.holds(arguments.bound.arguments.values()):
                inputs = program.inputs()
                if inputs is not None:
                    return program, inputs, arguments
        program = self._made(arguments)
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
        given = self.given
        own, kwargs = (*given.args, *own), {**given.keywords, **kwargs}
        try:
            return Arguments(bound_arguments(self.function, own, kwargs), extra)
        except UsageError as error:
            if count:
                error.add_note(f"{self!r} takes {count} (co)tangent(s) after the arguments")
            raise

    def extra_count(self) -> int:
        """How many (co)tangents follow the arguments."""
        if self.kind not in EXTRA:
            return 0
        return 1 if self.kind in ("vjp", "value_and_vjp") else len(self.request.argnums)

    def question(self) -> Question:
        """What is asked: the function at the bottom, and the derivatives of it."""
        if isinstance(self.function, Derivative):
            inner = self.function.question()
            return inner._replace(requests=(*inner.requests, self.request))
        assert isinstance(self.function, FunctionType)
        return Question(self.function, self.outputs, (self.request,))

    def lowered(self, arguments: Arguments) -> Lowered:
        """The derived program for some arguments."""
        from ad_compiler.driver.build import derived

        return derived(self.question(), arguments.bound)

    def _made(self, arguments: Arguments) -> Program:
        """The compiled program for some arguments: kept, on disk, or else from the compiler."""
        question, bound = self.question(), arguments.bound
        values = tuple(bound.arguments.values())
        program = PROGRAMS.recall(question, values, self.options)
        if program is not None:
            return program
        key = manifest.key_of(question, bound, self.options)
        with paused():
            program = manifest.recall(key, question.root) if key is not None else None
            if program is None or not program.holds(values):
                program = self._compiled(arguments, key)
        PROGRAMS.remember(program, program.serves, question, values, self.options)
        return program

    def _compiled(self, arguments: Arguments, key: str | None) -> Program:
        """The program for some arguments, by the compiler; kept on disk under the key."""
        from ad_compiler.driver.build import build

        lowered = self.lowered(arguments)
        program = build(lowered, self.options, len(arguments.extra))
        if key is not None:
            manifest.remember(key, program, lowered.trail)
        return program

    def _checked(self, program: Program, extra: tuple[Any, ...]) -> list[Any]:
        """The (co)tangents, in the dtype of what they belong to."""
        return [
            converted(spec, value, name)
            for (name, spec), value in zip(program.extra, extra, strict=True)
        ]

    # -- looking inside -----------------------------------------------------------------------

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The text of the module that computes the derivative for such arguments.

        Without arguments, for such as are annotated, or else floats.
        """
        from ad_compiler.backend import format_black
        from ad_compiler.driver.build import as_declared, pretty

        if not args and not kwargs and self.needs_arguments():
            return pretty(as_declared(self.question()), self.options)
        return format_black(self.program(*args, **kwargs).text)

    def needs_arguments(self) -> bool:
        """Whether the function cannot be called without arguments."""
        if isinstance(self.function, Derivative):
            return self.function.needs_arguments()
        if self.given.args or self.given.keywords:
            return False  # the others cannot be declared alone
        return any(
            p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            for p in signature_of(self.function).parameters.values()
        )

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The compiled program for such arguments; (co)tangents may be left out."""
        missing = self.extra_count()
        if isinstance(self.function, Derivative):
            missing += self.function.extra_count()
        return self.found((*args, *(None,) * missing), kwargs)[0]

    def direct(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The bare compiled function for such arguments; captured values come last.

        With the Numba backend, a function that other compiled functions may call. It takes and
        returns tuples where there are lists and dicts, and has no parameters for constants.
        """
        return self.program(*args, **kwargs).bare


def split(arguments: Arguments) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of the function as the program takes them: positional ones, named ones."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for argument in arguments_of(arguments.bound):
        if argument.spec.kind is argument.spec.KEYWORD_ONLY:
            named[argument.name] = argument.value
        else:
            positional.append(argument.value)
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


def checked(function: Callable[..., Any], argnums: Argnums) -> tuple[int | str, ...]:
    """The positions and names of arguments, as a tuple."""
    many = tuple(argnums) if isinstance(argnums, list | tuple) else (argnums,)
    if not many:
        raise UsageError("argnums is empty: name at least one argument")
    while isinstance(function, Derivative):
        function = function.function
    specs = signature_of(function).parameters
    return tuple(_argnum(function, specs, argnum) for argnum in many)


def _argnum(
    function: Callable[..., Any], specs: Mapping[str, inspect.Parameter], argnum: Any
) -> int | str:
    if not isinstance(argnum, str):
        if isinstance(argnum, bool) or not hasattr(type(argnum), "__index__"):
            raise UsageError(f"argnums must be integers or names, not {argnum!r}")
        return operator.index(argnum)
    if argnum not in specs:
        raise UsageError(
            f"argnums={argnum!r}: `{function.__name__}` has no such argument; "
            f"it has {', '.join(specs)}"
        )
    if specs[argnum].kind is inspect.Parameter.VAR_POSITIONAL:
        raise UsageError(f"argnums={argnum!r}: give the positions of items of `*{argnum}`")
    return argnum


def shifted(root: Root, argnums: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Positions among all arguments, those that are given already included."""
    by = len(root.args)
    return tuple(n + by if isinstance(n, int) and n >= 0 else n for n in argnums)


def _taken_apart(derivative: Derivative) -> Wrapped:
    """A derivative that is called by a function that is differentiated itself."""
    if derivative.outputs:
        raise UsageError("outputs: not inside a function that is differentiated itself")
    asked = derivative.request
    return Wrapped(
        derivative.original, asked.kind, derivative.asked, asked.as_tuple, asked.has_aux,
        asked.mode,
    )  # fmt: skip


WRAPPERS[Derivative] = _taken_apart
