"""What is kept on disk about a function: which text belongs to it, and what was looked up for it.

A manifest is found by what a call says without being compiled: the code of the function, the
kinds of the arguments, the derivatives that are asked for. All else that the program depends on
is looked up again by the steps that lowering took; if anything differs, or a step cannot be taken
or recorded exactly, the manifest does not count.
"""

from __future__ import annotations

import ast
import inspect
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.driver import store
from ad_compiler.driver.load import foreign_in, load
from ad_compiler.driver.program import Options, Program, Question
from ad_compiler.driver.signature import holds_twice, kinds_of
from ad_compiler.frontend.lookups import (
    SPELLINGS,
    Guard,
    Lookup,
    Trail,
    digest_of,
    kind_text,
    replayed,
    skeleton_of,
)
from ad_compiler.ir.records import items_of

SUFFIX = ".txt"


def key_of(question: Question, bound: inspect.BoundArguments, options: Options) -> str | None:
    """The key of a call; None for arguments whose kinds have no exact text, or do not say all."""
    kinds = [f"{name} {kind_text(value)}" for name, value in bound.arguments.items()]
    values = bound.arguments.values()
    if any(kind_text(value) is None for value in values) or holds_twice(values):
        return None
    parameters = [
        f"{p.name} {p.kind.name} {_default_text(p.default)}"
        for p in bound.signature.parameters.values()
    ]
    asked = (question.outputs, question.requests, options)
    code = digest_of(question.root.__code__)
    return store.key_of(code, repr(parameters), repr(kinds), repr(asked))


def _default_text(default: Any) -> str:
    plain = type(default) in (bool, int, float, str, type(None))
    return f"{type(default).__name__} {default!r}" if plain else type(default).__name__


def recall(key: str, root: FunctionType) -> Program | None:
    """The program of a call, if it is on disk and still the one for the function."""
    raw = store.load(key, SUFFIX)
    if raw is None:
        return None
    try:
        return _program(key, ast.literal_eval(raw), root)
    except Exception:
        # Whatever is wrong with an entry, or with looking things up for it: it does not count.
        return None


def _program(key: str, said: dict[str, Any], root: FunctionType) -> Program | None:
    found = replayed(root, said["steps"])
    text = store.load(said["text"])
    if found is None or text is None or store.key_of(key, text) != said["text"]:
        return None
    tree = ast.parse(text)
    if foreign_in(tree) is not None:
        return None
    constant = {path: constant for path, constant, _ in said["steps"]}
    guards = tuple(
        _guard(lookup, thing, constant[path])
        for path, (lookup, thing) in found.items()
        if path and path not in said["captures"]
    )
    captures = tuple(found[path][0] for path in said["captures"])
    return Program(
        text,
        said["name"],
        load(text, said["name"], compiled=said["compiled"], tree=tree),
        captures,
        kinds_of(read() for read in captures),
        guards,
        said["fixed"],
        said["extra"],
        said["compiled"],
    )


def _is_input(thing: Any) -> bool:
    """Whether a value is read anew at each call, rather than guarded."""
    numeric = isinstance(thing, (bool, int, float, np.generic, np.ndarray))
    return numeric and id(thing) not in SPELLINGS


def _guard(lookup: Lookup, thing: Any, constant: bool) -> Guard:
    """What must stay as it is; of a number that the program does not read, the kind."""
    if not constant and _is_input(thing):
        return Guard(lookup, thing, kind_text)
    if items_of(thing) is not None:
        return Guard(lookup, thing, skeleton_of)
    return Guard(lookup, thing)


def remember(key: str, program: Program, trail: Trail) -> None:
    """Keep a program's text and what it depends on, if all of that can be looked up again."""
    plain = all(type(value) in (bool, int) for _, value in program.fixed)
    if not trail.complete or not plain:
        return
    text_key = store.key_of(key, program.text)
    store.save(text_key, program.text)
    said = {
        "text": text_key,
        "name": program.name,
        "compiled": program.compiled,
        "fixed": program.fixed,
        "extra": program.extra,
        "captures": [lookup.path for lookup in program.captures],
        "steps": trail.steps,
    }
    store.save(key, repr(said), SUFFIX)
