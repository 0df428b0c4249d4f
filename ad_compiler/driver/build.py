"""From a function to a compiled derivative, by way of all stages of the compiler.

Only loaded when a program is not on disk.
"""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from inspect import BoundArguments
from typing import Any

from ad_compiler.backend import emit, format_black
from ad_compiler.driver.kept import Kept
from ad_compiler.driver.load import load
from ad_compiler.driver.program import (
    RECORD,
    Options,
    Program,
    Question,
    Spec,
    has_values,
    inputs_now,
)
from ad_compiler.driver.signature import holds_twice, kinds_of
from ad_compiler.errors import UsageError
from ad_compiler.frontend.declared import parameters_from_types
from ad_compiler.frontend.lower import Lowered, lower
from ad_compiler.frontend.signature import parameters_from_values
from ad_compiler.ir.depth import with_room
from ad_compiler.ir.nodes import Branch, Function, Tree, Var
from ad_compiler.ir.types import NUMPY_NAMES, Array, dtype_of
from ad_compiler.ir.verify import verify
from ad_compiler.rules.custom import WATCHERS
from ad_compiler.symbolic.simplify import simplify
from ad_compiler.transform.derive import derive
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.rebuild import rebuild
from ad_compiler.transform.request import Request

LOWERED: Kept[Lowered] = Kept(8)
"""Programs that other derivatives may begin with."""


def derived(question: Question, bound: BoundArguments) -> Lowered:
    """The program of a function, differentiated as it is asked."""
    values, requests = tuple(bound.arguments.values()), question.requests
    for count in reversed(range(len(requests) + 1)):
        begun = question._replace(requests=requests[:count])
        lowered = LOWERED.recall(begun, values)
        if lowered is not None:
            break
    else:
        parameters, found = parameters_from_values(question.root, bound.args, bound.kwargs)
        lowered, count = lower(question.root, parameters, found, outputs=question.outputs), 0
        if lowered.changes and holds_twice(values):
            raise UsageError(
                f"`{question.root.__name__}` changes a list, dict or dataclass, and is given one "
                "twice: pass a copy"
            )
        _remember(lowered, question._replace(requests=()), values)
    for k in range(count, len(requests)):
        lowered = _step(lowered, requests[k])
        _remember(lowered, question._replace(requests=requests[: k + 1]), values)
    return lowered


def _remember(lowered: Lowered, question: Question, values: tuple[Any, ...]) -> None:
    reads = [capture.read for capture in lowered.captures]
    captured = kinds_of(read() for read in reads)

    def holds(arguments: tuple[Any, ...]) -> bool:
        now = inputs_now(lowered.guards, reads, captured)
        return now is not None and has_values(arguments, lowered.fixed)

    LOWERED.remember(lowered, holds, question, values)


def as_declared(question: Question) -> Lowered:
    """The same for arguments that are not there: as annotated, like their defaults, or floats."""
    parameters = parameters_from_types(question.root, {})
    lowered = lower(question.root, parameters, outputs=question.outputs)
    return functools.reduce(_step, question.requests, lowered)


def pretty(lowered: Lowered, options: Options) -> str:
    """The text of a derived program, as people read it."""
    return format_black(build(lowered, options).text)


def _step(lowered: Lowered, request: Request) -> Lowered:
    """A program that is differentiated once more."""
    function = lowered.function
    WATCHERS.append([])
    try:
        function = with_room(lambda: derive(lowered.function, request), function.at)
    finally:
        watched = WATCHERS.pop()
    return replace(lowered, function=function, guards=(*lowered.guards, *watched))


def build(lowered: Lowered, options: Options, extra: int = 0) -> Program:
    """Optimise, emit and compile a derived program that takes some (co)tangents."""
    return with_room(lambda: _built(lowered, options, extra), lowered.function.at)


def _built(lowered: Lowered, options: Options, extra: int) -> Program:
    function = lowered.function
    handed: dict[str, Any] = {}
    text = _text(function, options, handed)
    captures = tuple(capture.read for capture in lowered.captures)
    plain = [p for p in function.parameters if not (p.hidden or p.keyword_only)]
    return Program(
        text,
        function.name,
        load(text, function.name, handed, compiled=options.backend == "numba"),
        captures,
        kinds_of(read() for read in captures),
        lowered.guards,
        lowered.fixed,
        tuple((p.name, spec_of(p.tree)) for p in plain[len(plain) - extra :]),
        options.backend == "numba",
    )


def _text(function: Function, options: Options, handed: dict[str, Any]) -> str:
    """The text of the module of a derived program; `handed` gets what it must be handed."""
    finished = finish(simplified(function, options), arrays=options.backend == "numba")
    if os.environ.get("AD_COMPILER_VERIFY"):  # for whoever changes a pass
        verify(function)
        verify(finished)
    return emit(finished, dialect=options.dialect, handed=handed)


def simplified(function: Function, options: Options) -> Function:
    """The program with its straight-line regions simplified, if that was asked for."""
    if options.simplify is None:
        return function
    return rebuild(simplify(function))


def spec_of(tree: Tree) -> Spec:
    """What a parameter must be given."""
    match tree:
        case Branch(kind, keys, children, record):
            own = kind if record is None else RECORD
            return [own, list(keys), [spec_of(child) for child in children]]
        case Var(type=Array(dtype, dims)):
            return ["array", NUMPY_NAMES[dtype], len(dims)]
        case Var(type=type_):
            dtype = dtype_of(type_)
            return ["number", dtype and NUMPY_NAMES[dtype]]
        case _:
            return None
