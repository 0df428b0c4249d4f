"""Groups of tapes that are one object, or have one form: whatever holds for one holds for all.

A tape is made before a loop, carried through it, read in another; its adjoint has its form. The
tapes that are elements of the tapes of one group are one group too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ad_compiler.analysis.edges import edges_of, leaving
from ad_compiler.ir.nodes import Function, Let, Stmt, Var, While, walk
from ad_compiler.ir.types import Tape

ALIKE = {
    "tape_put": (0,),
    "tape_add": (0,),
    "tape_zeros_like": (0,),
    "copy": (0,),
    "duplicate": (0,),
    "identity": (0,),
    "list_sum": (0, 1),
}
"""Operations on tapes whose result is of the form of these operands."""

ELEMENT = {"tape_put": 2, "tape_add": 2}
"""Operations that say what an element is like, and by which operand."""


@dataclass(slots=True)
class Webs:
    """Classes of tapes, each known by one of its members."""

    parent: dict[Var, Var] = field(default_factory=dict[Var, Var])
    elements: dict[Var, Var] = field(default_factory=dict[Var, Var])
    """For a class of tapes of tapes, an element."""
    strange: set[Var] = field(default_factory=set[Var])
    """Tapes on which something is done that only lists can do."""

    def find(self, var: Var) -> Var:
        """The one that stands for the class."""
        while var in self.parent:
            var = self.parent[var]
        return var

    def join(self, one: object, other: object) -> None:
        """Two tapes are of one form."""
        if not (isinstance(one, Var) and isinstance(other, Var) and isinstance(one.type, Tape)):
            return
        a, b = self.find(one), self.find(other)
        if a is b:
            return
        self.parent[b] = a
        inner = self.elements.pop(b, None)
        if inner is not None:
            self.element(a, inner)

    def element(self, tape: Var, value: object) -> None:
        """A tape is an element of another."""
        if isinstance(value, Var) and isinstance(value.type, Tape):
            known = self.elements.setdefault(self.find(tape), value)
            self.join(known, value)

    def is_strange(self, var: Var) -> bool:
        """Whether something is done to a tape of this class that only lists can do."""
        root = self.find(var)
        return any(self.find(one) is root for one in self.strange)


def webs_of(function: Function) -> Webs:
    """The classes of all tapes of a program."""
    webs = Webs()
    for var in (*function.params, *function.results):
        if isinstance(var, Var) and isinstance(var.type, Tape):
            webs.strange.add(var)
    for stmt in walk(function.block):
        _note(webs, stmt)
    return webs


def _note(webs: Webs, stmt: Stmt) -> None:
    for group in (*edges_of(stmt), leaving(stmt)):
        for source, target in group:
            webs.join(target, source)
    match stmt:
        case While(body=body, cond=cond):
            for param, test in zip(body.params, cond.params, strict=True):
                webs.join(param, test)
        case Let():
            _note_let(webs, stmt)
        case _:
            for atom in getattr(stmt, "args", ()):
                if isinstance(atom, Var) and isinstance(atom.type, Tape):
                    webs.strange.add(atom)


def _note_let(webs: Webs, let: Let) -> None:
    name, target = let.prim.name, let.targets[0]
    tapes = [a for a in let.args if isinstance(a, Var) and isinstance(a.type, Tape)]
    for position in ALIKE.get(name, ()):
        webs.join(let.args[position], target)
    if name in ELEMENT and isinstance(let.args[0], Var):
        webs.element(let.args[0], let.args[ELEMENT[name]])
    elif name == "tape_get" and isinstance(let.args[0], Var):
        webs.element(let.args[0], target)
    elif name not in ALIKE and name != "tape_new":
        webs.strange.update(tapes)
        if isinstance(target.type, Tape):
            webs.strange.add(target)
