"""Along which edges arrays are handed on: into branches and loops, around loops, and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from ad_compiler.ir.nodes import Atom, For, Function, If, Let, Stmt, Undef, Var, While, walk
from ad_compiler.ir.types import Array, Tape

Edges = list[tuple[Atom, Var]]


def has_storage(atom: Atom) -> bool:
    """Whether a value lives in memory that can be changed."""
    return isinstance(atom.type, Array | Tape)


def edges_of(stmt: Stmt) -> list[Edges]:
    """Each group of edges of a construct along which arrays pass, into, around or out of it."""
    match stmt:
        case If(targets=targets, then=then, orelse=orelse):
            return [_edges(then.results, targets), _edges(orelse.results, targets)]
        case For(targets=targets, inits=inits, body=body):
            params = body.params[1:]
            return [_edges(inits, params), _edges(body.results, params)]
        case While(inits=inits, body=body):
            return [_edges(inits, body.params), _edges(body.results, body.params)]
        case _:
            return []


def leaving(stmt: Stmt) -> Edges:
    """The edges along which arrays leave a loop, with or without a trip."""
    match stmt:
        case For(targets=targets, body=body):
            return _edges(body.params[1:], targets)
        case While(targets=targets, body=body):
            return _edges(body.params, targets)
        case _:
            return []


def last_name(body: Sequence[Stmt], now: Var) -> Var:
    """What an array is called behind statements that change it; branches do not hand it on."""
    for stmt in body:
        match stmt:
            case Let(targets=(target,), prim=prim, args=args) if (
                prim.in_place is not None and args[prim.in_place] is now
            ):
                now = target
            case For(targets=targets, inits=inits) | While(targets=targets, inits=inits) if (
                now in inits
            ):
                now = targets[inits.index(now)]
            case _:
                pass
    return now


def _edges(sources: Sequence[Atom], targets: Sequence[Var]) -> Edges:
    return [(a, b) for a, b in zip(sources, targets, strict=True) if has_storage(b)]


def by_source(edges: Edges) -> dict[Var, list[Var]]:
    """What each variable is passed on to."""
    targets: dict[Var, list[Var]] = {}
    for source, target in edges:
        if isinstance(source, Var):
            targets.setdefault(source, []).append(target)
    return targets


def reaching(wanted: Iterable[Var], passed: Edges) -> set[Var]:
    """The variables whose memory arrives, along edges, at one of the wanted ones."""
    sources: dict[Var, list[Var]] = {}
    for source, target in passed:
        if isinstance(source, Var):
            sources.setdefault(target, []).append(source)
    found = set(wanted)
    pending = list(found)
    while pending:
        for source in sources.get(pending.pop(), ()):
            if source not in found:
                found.add(source)
                pending.append(source)
    return found


def missing_on_some_path(function: Function) -> set[Atom]:
    """The arrays and tapes that may be undefined where they arrive."""
    statements = list(walk(function.block))
    missing: set[Atom] = set()
    found = -1
    while found < len(missing):
        found = len(missing)
        for stmt in statements:
            for group in (*edges_of(stmt), leaving(stmt)):
                missing |= {t for source, t in group if _is_gap(source, missing)}
    return missing


def _is_gap(atom: Atom, missing: Set[Atom]) -> bool:
    return isinstance(atom, Undef) or atom in missing
