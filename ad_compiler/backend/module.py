"""A whole module: imports, helper functions, and functions with their containers taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ad_compiler.analysis.ownership import KEEPING
from ad_compiler.backend.dialect import PYTHON, Dialect
from ad_compiler.backend.expressions import Renderer
from ad_compiler.backend.fixed import checks, spelled
from ad_compiler.backend.fold import Folds, fold
from ad_compiler.backend.names import choose_names
from ad_compiler.backend.nopython.dialect import FASTMATH, NUMBA
from ad_compiler.backend.output import Output
from ad_compiler.backend.ranges import live_ranges
from ad_compiler.backend.records import inside
from ad_compiler.backend.spelling import Spelling, reserved_names
from ad_compiler.backend.statements import Lines, Printer, indented
from ad_compiler.backend.text import literal
from ad_compiler.backend.wrapper import Inline, is_plain, kernel, passing
from ad_compiler.errors import UsageError
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    For,
    Function,
    If,
    Let,
    Stmt,
    Tree,
    Undef,
    Var,
    While,
    free_vars,
    substitute,
    walk,
)
from ad_compiler.ir.types import is_number
from ad_compiler.rules.custom import MARK

DIALECTS = {dialect.name: dialect for dialect in (PYTHON, NUMBA, FASTMATH)}


def emit(
    function: Function,
    *,
    dialect: str = "python",
    black: bool = False,
    handed: dict[str, Any] | None = None,
) -> str:
    """The text of a module with one function.

    `handed` gets the functions that the module must be handed, by their names there.
    """
    return emit_module([function], dialect=dialect, black=black, handed=handed)


def emit_module(
    functions: Sequence[Function],
    title: str = "",
    *,
    constants: Mapping[str, Any] | None = None,
    dialect: str = "python",
    black: bool = False,
    handed: dict[str, Any] | None = None,
) -> str:
    """The text of a module with these functions; `title` is its docstring.

    `constants` are the values of hidden parameters, which become constants of the module. It is
    then meant for people, and refuses other arguments than those that it was made for.
    """
    spoken = DIALECTS[dialect]
    prepared = [spoken.prepare(function) for function in functions]
    texts = {name: text for _, own in prepared for name, text in own.items()}
    functions = [function for function, _ in prepared]
    fixed = {p.name for f in functions for p in f.parameters} | {f.name for f in functions}
    spelling = Spelling(frozenset(fixed), frozenset(texts), handed=handed)
    values = constants or {}
    bodies = [_definition(function, spelling, constants, spoken) for function in functions]
    if spoken.compiled and any(path.startswith(MARK) for path in spelling.known):
        raise UsageError(
            "backend='numba': a function whose derivative a custom_rule states is called by "
            "Python, and Numba does not compile it; use the Python backend"
        )
    helpers = [_helper(texts[path], path, spelling) for path in sorted(spelling.called)]
    used = {v for f in functions for v in free_vars(Block((), f.block.body, f.results))}
    hidden = [p for f in functions for p in f.parameters if p.hidden and p.tree in used]
    named = {p.name: values[p.name] for p in hidden if p.name in values}
    lines = [f"{name} = {literal(value, spelling).text}" for name, value in named.items()]
    head = [_docstring(title)] if title else []
    if spelling.imports:
        head.append("\n".join(spelling.import_lines()))
    if lines:
        head.append("\n".join(lines))
    parts = ["\n\n".join(head)] if head else []
    text = "\n\n\n".join([*parts, *helpers, *bodies]) + "\n"
    return format_black(text) if black else text


def format_black(text: str) -> str:
    """The text as Black formats it."""
    import black

    return black.format_str(text, mode=black.Mode())


def _helper(source: str, path: str, spelling: Spelling) -> str:
    """The source of a helper function, with NumPy as this module calls it."""
    for root in ("np.", "math.", "numba."):
        if root in source:
            source = source.replace(root, spelling(root))
    return source.replace(f"def {path}(", f"def {spelling.called[path]}(")


def _docstring(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if escaped.endswith('"'):
        escaped = f'{escaped[:-1]}\\"'
    return f'"""{escaped}"""'


def _definition(
    function: Function, spelling: Spelling, constants: Mapping[str, Any] | None, dialect: Dialect
) -> str:
    """A function, with one around it where the dialect cannot take what the function takes."""
    if dialect.containers or is_plain(function):
        return _function(function, spelling, constants, dialect)
    inner = kernel(function)
    outer = _wrapper(function, inner.name, spelling, constants, dialect)
    return f"{_function(inner, spelling, None, dialect)}\n\n\n{outer}"


def _wrapper(
    function: Function,
    inner: str,
    spelling: Spelling,
    constants: Mapping[str, Any] | None,
    dialect: Dialect,
) -> str:
    """The function that takes containers apart for the kernel, and puts its results together."""

    def returned(outer: Function, inline: Inline) -> str:
        to = Renderer(
            {}, {}, inline, spelling, dialect.printers, dialect.undefined, dialect.viewed
        )  # fmt: skip
        return Output(outer, to).text(outer.output, top=True)

    lines = [
        *(_docstring(function.about).split("\n") if function.about else []),
        *(checks(function, spelling) if constants is not None else ()),
        *passing(function, inner, returned),
    ]
    head = f"def {function.name}({_signature(function, spelling, constants or {})}):"
    return "\n".join([head, *(line.rstrip() for line in indented(lines))])


def _function(
    function: Function,
    spelling: Spelling,
    constants: Mapping[str, Any] | None,
    dialect: Dialect,
) -> str:
    function = function.with_block(_shared_parameters(function.block))
    folds = fold(function, _paths_in_dicts(function))
    ranges = live_ranges(function, folds)
    containers = {p.name for p in function.parameters if isinstance(p.tree, Branch)}
    reserved = reserved_names(function, spelling, dialect.paths) | containers
    names = choose_names(function, ranges, reserved, dialect.kind)
    to = Renderer(
        names, folds.folded, folds.inline, spelling, dialect.printers, dialect.undefined,
        dialect.viewed,
    )  # fmt: skip
    copied = _copied(function.block, names)
    if dialect.compiled:
        copied |= _lacking(function.block, names)
    printer = Printer(
        to, ranges, folds.conditionals, folds.exits, copied, dialect.changes, dialect.warns,
        dialect.reversible, "" if function.at is None else function.at.file,
    )  # fmt: skip
    body: Lines = [
        *_prologue(function, folds, names),
        *printer.block(function.block.body, sweeps=True),
        f"return {Output(function, to).text(function.output, top=True)}",
    ]
    if function.quiet and dialect.warns:
        body = [_quiet(function.quiet, spelling), *indented(body)]
    lines = [
        *(_docstring(function.about).split("\n") if function.about else []),
        *(checks(function, spelling) if constants is not None else ()),
        *body,
    ]
    decorator = dialect.decorate(function, spelling)
    head = f"def {function.name}({_signature(function, spelling, constants or {})}):"
    top = [decorator, head] if decorator else [head]
    return "\n".join([*top, *(line.rstrip() for line in indented(lines))])


def _quiet(kinds: tuple[str, ...], spelling: Spelling) -> str:
    """The line that ignores floating-point errors of some kinds."""
    given = ", ".join(f'{kind}="ignore"' for kind in kinds) if len(kinds) < 4 else 'all="ignore"'
    return f"with {spelling('np.errstate')}({given}):"


def _signature(function: Function, spelling: Spelling, constants: Mapping[str, Any]) -> str:
    """The parameters. A default before a parameter that has none cannot be kept."""
    texts: list[str] = []
    shown = [p for p in function.parameters if not (p.hidden and p.name in constants)]
    plain = [p for p in shown if not p.keyword_only]
    required = max((k for k, p in enumerate(plain) if p.default is None), default=-1)
    for position, param in enumerate([*plain, *(p for p in shown if p.keyword_only)]):
        if param.keyword_only and "*" not in texts:
            texts.append("*")
        if param.default is None or position < required:
            texts.append(param.name)
        else:
            texts.append(f"{param.name}={spelled(param.default, spelling)}")
    return ", ".join(texts)


# -- containers -------------------------------------------------------------------------------


def _paths_in_dicts(function: Function) -> dict[Var, str]:
    """The leaves that read well in place: those of dicts."""
    return {
        leaf: path
        for param in function.parameters
        for leaf, path, parent in _leaf_paths(param.tree, param.name)
        if parent in ("dict", "record")
    }


def _leaf_paths(tree: Tree, path: str, parent: str = "") -> Iterator[tuple[Var, str, str]]:
    """Each variable of a container, the expression that reads it, and what it is an item of."""
    match tree:
        case Branch(kind, _, children, record):
            for label, child in zip(tree.labels(), children, strict=True):
                own = kind if record is None else "record"
                yield from _leaf_paths(child, inside(tree, path, label), own)
        case Var():
            yield tree, path, parent
        case _:
            return


def _prologue(function: Function, folds: Folds, names: dict[Var, str]) -> Lines:
    """The lines that take containers apart, for the leaves that are used."""
    wanted = {v for v in function.params if folds.counts[v] and v not in folds.inline}
    lines: Lines = []
    for param in function.parameters:
        if isinstance(param.tree, Branch):
            lines += _unpack(param.tree, param.name, wanted, names)
    return lines


def _unpack(tree: Branch, path: str, wanted: set[Var], names: dict[Var, str]) -> Lines:
    flat = tree.kind in ("tuple", "list") and tree.record is None
    if flat and all(isinstance(c, Var) and c in wanted for c in tree.children):
        targets = [names[c] for c in tree.children if isinstance(c, Var)]
        if len(targets) > 1:
            return [f"{', '.join(targets)} = {path}"]
    lines: Lines = []
    for label, child in zip(tree.labels(), tree.children, strict=True):
        inner = inside(tree, path, label)
        if isinstance(child, Branch):
            lines += _unpack(child, inner, wanted, names)
        elif isinstance(child, Var) and child in wanted:
            lines.append(f"{names[child]} = {inner}")
    return lines


# -- preparation ------------------------------------------------------------------------------


def _shared_parameters(block: Block) -> Block:
    """Give the condition and the body of each `while` the same parameters: they are one name."""
    return replace(block, body=tuple(map(_share, block.body)))


def _share(stmt: Stmt) -> Stmt:
    match stmt:
        case If(targets, test, then, orelse, at):
            return If(targets, test, _shared_parameters(then), _shared_parameters(orelse), at)
        case For(body=body):
            return replace(stmt, body=_shared_parameters(body))
        case While(targets, inits, cond, body, at):
            env: dict[Var, Atom] = dict(zip(body.params, cond.params, strict=True))
            shared = substitute(replace(body, params=cond.params), env)
            return While(targets, inits, _shared_parameters(cond), _shared_parameters(shared), at)
        case _:
            return stmt


TAKING = (*KEEPING, "copy_if_there")
"""Operations that take what is missing, too."""


def _copied(block: Block, names: dict[Var, str]) -> frozenset[str]:
    """The names that a copy along an edge reads, or a tape, whether they are needed or not."""
    found: set[str] = set()

    def note(targets: Iterable[Var], sources: Iterable[Atom]) -> None:
        for target, source in zip(targets, sources, strict=True):
            if isinstance(source, Var) and target in names and source in names:
                found.update({names[source]} - {names[target]})

    for stmt in walk(block):
        match stmt:
            case Let(prim=prim, args=(*_, Var() as value)) if prim.name in TAKING:
                found.update({names[value]} if value in names else ())
            case If():
                note(stmt.targets, stmt.then.results)
                note(stmt.targets, stmt.orelse.results)
            case For(targets=targets, inits=inits, body=body):
                note(body.params[1:], inits)
                note(body.params[1:], body.results)
                note(targets, body.params[1:])
            case While(targets=targets, inits=inits, body=body):
                note(body.params, inits)
                note(body.params, body.results)
                note(targets, body.params)
            case _:
                pass
    return frozenset(found)


def _lacking(block: Block, names: dict[Var, str]) -> frozenset[str]:
    """The names of numbers that loops carry and that have no value before.

    Numba does not compile a loop that assigns such a name only once, after it reads it.
    """
    loops = [stmt for stmt in walk(block) if isinstance(stmt, For | While)]
    pairs = [
        pair
        for loop in loops
        for pair in zip(loop.body.params[isinstance(loop, For) :], loop.inits, strict=True)
    ]
    numbers = [p for p, init in pairs if isinstance(init, Undef) and is_number(init.type)]
    return frozenset(names[param] for param in numbers if param in names)


__all__ = ["emit", "emit_module", "format_black"]
