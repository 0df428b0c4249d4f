"""What the verbs of the command line do. Apart from `cli`, so that help is quick."""

from __future__ import annotations

import ast
import importlib.util
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ad_compiler.backend import emit_module
from ad_compiler.cli_output import STDIN
from ad_compiler.driver.build import simplified
from ad_compiler.driver.program import Options
from ad_compiler.errors import UsageError
from ad_compiler.frontend.declared import parameters_from_types
from ad_compiler.frontend.files import lower_file
from ad_compiler.frontend.lower import Lowered, lower
from ad_compiler.frontend.marked import Marked
from ad_compiler.frontend.reading.program import decoded
from ad_compiler.frontend.signature import values_in
from ad_compiler.ir.depth import with_room
from ad_compiler.ir.nodes import Function, Var, leaves
from ad_compiler.ir.types import NUMPY_NAMES, Array, Bool, Float, Int, dtype_of, shown
from ad_compiler.transform.derive import derive
from ad_compiler.transform.pipeline import finish
from ad_compiler.transform.request import Request

MOST_ELEMENTS = 1000
"""How long an array may be that is written into a module."""


def lowered(target: str, types: Mapping[str, str], run_file: bool, stdin_name: str) -> Lowered:
    """The program that `FILE.py:FUNCTION` names."""
    file, colon, name = target.rpartition(":")
    if not colon or not name.isidentifier():
        raise UsageError(f"{target!r} is not of the form FILE.py:FUNCTION")
    if file == STDIN:
        if run_file:
            raise UsageError("--import runs a file, so it does not go with `-`")
        text = decoded(sys.stdin.buffer.read(), stdin_name)
        beside = None if stdin_name == STDIN else Path(stdin_name)
        return lower_file(text, stdin_name, name, types, beside)
    if run_file:
        return _lowered_live(Path(file), name, types)
    return lower_file(decoded(Path(file).read_bytes(), file), file, name, types, Path(file))


def _lowered_live(path: Path, name: str, types: Mapping[str, str]) -> Lowered:
    """The program of a function of a file that is run."""
    function = getattr(_module(path), name, None)
    if isinstance(function, Marked):
        function = function.function
    if not isinstance(function, FunctionType):
        raise UsageError(f"{path} has no function `{name}`")
    made = lower(function, parameters_from_types(function, types), None, inline=True)
    return replace(made, function=replace(made.function, name=name))


def _module(path: Path) -> ModuleType:
    """The module of a file, which is run. Raises UsageError if it raises."""
    path.read_bytes()  # raises what is wrong with the file itself
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's file does
        if isinstance(error, SyntaxError) and error.filename == str(path):
            raise
        frames = traceback.extract_tb(error.__traceback__)
        at = next((f"line {f.lineno}: " for f in reversed(frames) if f.filename == str(path)), "")
        shown = "".join(traceback.format_exception_only(error)).strip()
        raise UsageError(f"{path} raises when it runs: {at}{shown}") from None
    return module


def emitted(
    program: Lowered, kind: str, argnums: str, mode: str, options: Options, mark: str
) -> str:
    """The text of a module with the derivative."""
    request = Request(kind, *_positions(program.function, argnums), False, mode, options.memory)
    at = program.function.at

    def text() -> str:
        simple = simplified(derive(program.function, request), options)
        derived = finish(simple, arrays=options.backend == "numba")
        where = f" from {Path(at.file).name}" if at is not None else ""
        title = f"`{derived.name}`{where}, {mark}."
        constants = constants_of(program)
        return emit_module(
            [derived], title, constants=constants, dialect=options.dialect, black=True
        )

    return with_room(text, at)


def constants_of(program: Lowered) -> dict[str, Any]:
    """The values of what a program captures, by the names of its hidden parameters."""
    hidden = [p.name for p in program.function.parameters if p.hidden]
    values = [capture.read() for capture in program.captures]
    for name, value in zip(hidden, values, strict=True):
        if np.size(value) > MOST_ELEMENTS:
            raise UsageError(
                f"`{name}` has {np.size(value)} elements, too many to be written into a module: "
                "make it an argument"
            )
    return dict(zip(hidden, values, strict=True))


def _positions(function: Function, text: str) -> tuple[tuple[int, ...], bool]:
    """The parameters that `--argnums` names, and whether they are several."""
    names = [p.name for p in function.parameters if not p.hidden]
    found: list[int] = []
    for part in (p.strip() for p in text.split(",") if p.strip()):
        if part in names:
            found.append(names.index(part))
        elif part.lstrip("-").isdigit() and -len(names) <= int(part) < len(names):
            found.append(int(part) % len(names))
        else:
            raise UsageError(
                f"--argnums {part}: `{function.name}` has no such argument; "
                f"it has {', '.join(names) or 'none'}"
            )
    if not found:
        raise UsageError("--argnums is empty: name at least one argument")
    return tuple(found), "," in text


def parse_point(text: str) -> dict[str, Any]:
    """`x=1.5,y=[1, 2]` as values: floats, and arrays for lists. Raises UsageError."""
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        assert not call.args
        assert all(k.arg is not None for k in call.keywords)
        values = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
        assert len(values) == len(call.keywords)
    except (SyntaxError, ValueError, AssertionError):
        raise UsageError(f"--at {text!r} is not of the form x=1.5,y=[1, 2]") from None
    return {name: _number_at(name, value) for name, value in values.items()}


def _number_at(name: str, value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    try:
        assert isinstance(value, list | tuple)
        return np.array(value, dtype=float)
    except (AssertionError, TypeError, ValueError):
        raise UsageError(f"--at {name}={value!r}: give numbers, or lists of equal length") from None


def _at_point(
    target: str, types: dict[str, str], run_file: bool, stdin_name: str, text: str
) -> tuple[Function, list[Any]]:
    """A program typed by a point, and the values of its variables."""
    point = parse_point(text)
    for name, value in point.items():
        if name not in types and isinstance(value, np.ndarray):
            types[name] = f"float64[{','.join(':' * value.ndim)}]"
    program = lowered(target, types, run_file, stdin_name)
    function, values = program.function, list[Any]()
    for parameter in function.parameters:
        if parameter.hidden:
            continue
        if parameter.name not in point and parameter.default is None:
            raise UsageError(f"--at gives no value for `{parameter.name}`")
        default = None if parameter.default is None else parameter.default.value
        value = point.pop(parameter.name, default)
        variables = [leaf for leaf in leaves(parameter.tree) if isinstance(leaf, Var)]
        if not variables and value is not default:
            raise UsageError(f"--at {parameter.name}: it is a constant here")
        parts = values_in(parameter.tree, value)
        pairs = zip(leaves(parameter.tree), parts, strict=True)
        values += [_of_type(leaf, part) for leaf, part in pairs if isinstance(leaf, Var)]
    if point:
        raise UsageError(f"`{function.name}` has no parameter `{next(iter(point))}`")
    return function, [*values, *(capture.read() for capture in program.captures)]


def _of_type(variable: Var, value: Any) -> Any:
    """A value as the type of its parameter says. Raises UsageError if it cannot be."""
    match variable.type:
        case Array(dtype, dims) if np.ndim(value) == len(dims):
            return np.asarray(value, dtype=NUMPY_NAMES[dtype])
        case Float() | Int() | Bool() as type_ if not np.ndim(value):
            dtype = dtype_of(type_)
            if dtype is not None:
                return np.dtype(NUMPY_NAMES[dtype]).type(value)
            kind = {Float: float, Int: int, Bool: bool}[type(type_)]
            if kind is float or kind(value) == value:
                return kind(value)
        case _:
            pass
    raise UsageError(f"--at {variable.name}={value!r}: it is {shown(variable.type)}")


def compared(
    target: str, types: dict[str, str], run_file: bool, stdin_name: str, text: str
) -> tuple[str, bool]:
    """The table of `compare`, and whether all agree."""
    from ad_compiler.inspection import run
    from ad_compiler.symbolic.compare import compare

    function, values = _at_point(target, types, run_file, stdin_name, text)
    comparison = compare(function, values, run)
    return str(comparison), all(row.agrees is not False for row in comparison.rows)


def traced(target: str, types: dict[str, str], run_file: bool, stdin_name: str, text: str) -> str:
    """The table of `trace`."""
    from ad_compiler.viz.trace import trace_table

    return str(trace_table(*_at_point(target, types, run_file, stdin_name, text)))


def drawn(program: Lowered, form: str) -> str:
    """The computation graph as text."""
    from ad_compiler.viz.graph import graph_of

    graph = graph_of(program.function)
    return graph.dot if form == "dot" else graph.mermaid
