"""What each variable is called: out of SSA.

Variables that hand one value on (a loop's carried name, the target of a branch, an array changed
in place) become one name where they are never needed at the same time. Names are shared only
among variables with one base name; a number is added only where two versions live at once.
"""

from __future__ import annotations

import keyword
import unicodedata
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from ad_compiler.backend.ranges import Segments
from ad_compiler.ir.nodes import Atom, Block, For, Function, If, Let, Var, While, walk
from ad_compiler.ir.types import Type

EXACT_TRIES = 6
"""How many versions of a name are tried for a gap before a plain new one is taken."""


Kind = Callable[[Type], object]


def choose_names(
    function: Function, ranges: dict[Var, Segments], reserved: Iterable[str], kind: Kind
) -> dict[Var, str]:
    """A name for every variable that is written in the text.

    Variables whose types are of different `kind` never share one.
    """
    fixed = {p.tree: p.name for p in function.parameters if isinstance(p.tree, Var)}
    edges = list(_edges(function.block, ranges))
    bases = _bases(ranges, fixed, edges)
    classes = _coalesce(ranges, bases, edges, kind)
    versions = _Versions(set(reserved), bases, {p.name for p in function.parameters})
    first = {var: rank for rank, var in enumerate(fixed)}
    order = sorted(
        classes.items(),
        key=lambda item: (min(first.get(v, len(first)) for v in item[1].members), item[1].start),
    )
    return {
        member: text
        for root, members in order
        for text in [versions.assign(bases[root], kind(root.type), members.segments)]
        for member in members.members
    }


def _edges(block: Block, ranges: dict[Var, Segments]) -> Iterator[tuple[Var, Var]]:
    """Pairs (from, to) of variables that should share a name, the most telling first."""
    later: list[tuple[Atom, Var]] = []
    for stmt in walk(block):
        match stmt:
            case Let(targets, prim, args):
                if prim.in_place is not None:
                    yield from _pair(args[prim.in_place], targets[0], ranges)
                elif prim.name == "identity":
                    later.append((args[0], targets[0]))
            case If(targets=targets, then=then, orelse=orelse):
                for target, one, other in zip(targets, then.results, orelse.results, strict=True):
                    later += ((one, target), (other, target))
            case For(targets=targets, inits=inits, body=body):
                for edge in _carried(targets, inits, body.params[1:], body.results):
                    yield from _pair(*edge, ranges)
            case While(targets=targets, inits=inits, body=body):
                for edge in _carried(targets, inits, body.params, body.results):
                    yield from _pair(*edge, ranges)
            case _:
                pass
    for source, target in later:
        yield from _pair(source, target, ranges)


def _carried(
    targets: Iterable[Var], inits: Iterable[Atom], params: Iterable[Var], results: Iterable[Atom]
) -> Iterator[tuple[Atom, Var]]:
    for target, init, param, result in zip(targets, inits, params, results, strict=True):
        yield result, param
        yield init, param
        yield param, target


def _pair(source: Atom, target: Var, ranges: dict[Var, Segments]) -> Iterator[tuple[Var, Var]]:
    if isinstance(source, Var) and source in ranges and target in ranges:
        yield source, target


def _bases(
    ranges: dict[Var, Segments], fixed: dict[Var, str], edges: list[tuple[Var, Var]]
) -> dict[Var, str]:
    """The base name of each variable; a temporary takes that of what it becomes."""
    becomes: dict[Var, Var] = {}
    for source, target in edges:
        if source.temp:
            becomes.setdefault(source, target)
    comes_from = {target: source for source, target in edges if target.temp}
    bases: dict[Var, str] = {}
    for var in ranges:
        path = {var: None}  # an ordered set
        end = var
        while end in becomes and end not in bases and becomes[end] not in path:
            end = becomes[end]
            path[end] = None
        base = bases.get(end) or fixed.get(end) or _identifier(end.name)
        bases.update(dict.fromkeys(path, base))
    for var in reversed(list(ranges)):
        if var.temp and var not in becomes and var in comes_from:
            bases[var] = bases[comes_from[var]]
    return bases


def _identifier(hint: str) -> str:
    """The hint as an identifier, in the normal form in which Python compares names."""
    if not hint.strip("_"):
        return "unused"
    text = unicodedata.normalize("NFKC", hint)
    if not text.isidentifier():
        text = "".join(c if f"_{c}".isidentifier() else "_" for c in text)
        text = text if text.isidentifier() else f"_{text}"
    return text


@dataclass(slots=True)
class _Class:
    """Variables that share one name, and when any of them is alive."""

    members: list[Var]
    segments: Segments

    @property
    def start(self) -> int:
        return self.segments[0][0]


def _coalesce(
    ranges: dict[Var, Segments],
    bases: dict[Var, str],
    edges: list[tuple[Var, Var]],
    kind: Kind,
) -> dict[Var, _Class]:
    """Merge the ends of each edge where they have one base name and do not interfere."""
    classes = {var: _Class([var], list(segments)) for var, segments in ranges.items()}
    parent: dict[Var, Var] = {}

    def find(var: Var) -> Var:
        while var in parent:
            if parent[var] in parent:
                parent[var] = parent[parent[var]]
            var = parent[var]
        return var

    for source, target in edges:
        a, b = find(source), find(target)
        if a is b or bases[source] != bases[target] or kind(a.type) != kind(b.type):
            continue
        if len(classes[a].segments) < len(classes[b].segments):
            a, b = b, a
        if not interfere(classes[b].segments, classes[a].segments):
            small = classes.pop(b)
            parent[b] = a
            merge(small.segments, classes[a].segments)
            classes[a].members += small.members
    return classes


def interfere(few: Segments, many: Segments) -> bool:
    """Whether two sets of segments overlap."""
    for start, end in few:
        at = bisect_left(many, (start, end))
        if at < len(many) and many[at][0] < end:
            return True
        if at > 0 and many[at - 1][1] > start:
            return True
    return False


def merge(few: Segments, many: Segments) -> None:
    """Add segments to a sorted list that they do not overlap."""
    for segment in few:
        if not many or many[-1] < segment:
            many.append(segment)
        else:
            insort(many, segment)


@dataclass(slots=True)
class _Pool:
    """The versions of one base name: exact segments of the first few, hulls of the others."""

    names: list[str] = field(default_factory=list[str])
    used: list[Segments] = field(default_factory=list[Segments])
    busy: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    free: list[int] = field(default_factory=list[int])


class _Versions:
    """Hands out names: the base name itself, then numbered ones."""

    def __init__(self, reserved: set[str], bases: dict[Var, str], parameters: set[str]) -> None:
        self.reserved = reserved
        self.bases = set(bases.values())
        self.parameters = parameters
        self.taken: set[str] = set()
        self.pools: dict[tuple[str, object], _Pool] = {}
        self.counts: Counter[str] = Counter()

    def assign(self, base: str, kind: object, segments: Segments) -> str:
        """A name of this base, for this kind, that is free over the segments."""
        pool = self.pools.get((base, kind))
        if pool is None:
            pool = self.pools[base, kind] = _Pool()
        for k, used in enumerate(pool.used):
            if not interfere(*sorted((segments, used), key=len)):
                merge(segments, used)
                return pool.names[k]
        if len(pool.used) < EXACT_TRIES:
            pool.used.append(list(segments))
            pool.names.append(self._name(base))
            return pool.names[-1]
        return pool.names[self._plain(pool, base, segments)]

    def _plain(self, pool: _Pool, base: str, segments: Segments) -> int:
        """A version that nothing uses any more, by the first and last point of each class."""
        start, end = segments[0][0], segments[-1][1]
        while pool.busy and pool.busy[0][0] <= start:
            heappush(pool.free, heappop(pool.busy)[1])
        if pool.free:
            version = heappop(pool.free)
        else:
            version = len(pool.names)
            pool.names.append(self._name(base))
        heappush(pool.busy, (end, version))
        return version

    def _name(self, base: str) -> str:
        self.counts[base] += 1
        number = self.counts[base]
        if number == 1 and self._allowed(base, base):
            self.taken.add(base)
            return base
        stem = f"{base}_" if number == 1 or base[-1].isdigit() else base
        text = stem if number == 1 else f"{stem}{number}"
        while not self._allowed(text, base):
            number += 1
            text = f"{stem}{number}"
        self.taken.add(text)
        return text

    def _allowed(self, text: str, base: str) -> bool:
        if text in self.taken or keyword.iskeyword(text):
            return False
        if text in self.reserved:
            return False
        return text == base or text not in self.bases
