"""Programs in a person's words: names of values, and one line of text for each operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ad_compiler.ir.index import Pattern, is_slice, slice_bounds, split_operands
from ad_compiler.ir.nodes import Atom, Const, For, If, Let, Undef, Var, While
from ad_compiler.ir.primitive import Call, Method, Operator, Primitive, Special


@dataclass(slots=True)
class Names:
    """A name for every value: its own, numbered where several values share it."""

    given: dict[Var, str] = field(default_factory=dict[Var, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def of(self, var: Var) -> str:
        """The name of a value."""
        if var not in self.given:
            count = self.counts.get(var.name, 0) + 1
            self.counts[var.name] = count
            self.given[var] = var.name if count == 1 else f"{var.name}_{count}"
        return self.given[var]

    def same(self, var: Var, as_: Var) -> None:
        """Give a value the name of another."""
        self.given[var] = self.of(as_)

    def atom(self, atom: Atom) -> str:
        """The name of a value, or the text of a constant."""
        match atom:
            case Var():
                return self.of(atom)
            case Const():
                return atom.spelling or repr(atom.value)
            case Undef():
                return "undefined"

    def all(self, atoms: Iterable[Atom]) -> list[str]:
        """The names of several atoms."""
        return [self.atom(atom) for atom in atoms]


def operation(prim: Primitive, args: Sequence[Atom], names: Names) -> str:
    """An operation as text: `w * x`, `math.exp(v)`, `x[i]`."""
    texts = names.all(args)
    match prim.spelling:
        case Operator(symbol):
            return _operator(symbol, texts)
        case Call(path):
            return f"{path}({', '.join(_given(prim, args, texts))})"
        case Method(name):
            return f"{texts[0]}.{name}({', '.join(_given(prim, args, texts)[1:])})"
        case Special():
            return _special(prim, args, texts)


def _operator(symbol: str, texts: list[str]) -> str:
    if len(texts) == 1:
        gap = " " if symbol.isalpha() else ""
        return f"{symbol}{gap}{texts[0]}"
    return f" {symbol} ".join(texts)


def _given(prim: Primitive, args: Sequence[Atom], texts: list[str]) -> list[str]:
    """The operands that are not as they are by default."""
    shown: list[str] = []
    for k, text in enumerate(texts):
        param = prim.params[k] if k < len(prim.params) else ""
        default = prim.defaults.get(param, prim)
        if isinstance(args[k], Const) and text == repr(default):
            continue
        shown.append(f"{param}={text}" if param in prim.defaults else text)
    return shown


def _special(prim: Primitive, args: Sequence[Atom], texts: list[str]) -> str:
    match prim.name:
        case "identity":
            return texts[0]
        case "select":
            return f"{texts[1]} if {texts[0]} else {texts[2]}"
        case "getitem":
            return f"{texts[0]}[{index(args[1], texts[2:])}]"
        case "store" | "add_at":
            sign = "=" if prim.name == "store" else "+="
            return f"{texts[0]} with [{index(args[1], texts[3:])}] {sign} {texts[2]}"
        case _:
            return f"{prim.name}({', '.join(_given(prim, args, texts))})"


def index(pattern: Atom, operands: Sequence[str]) -> str:
    """The text between the brackets of an index expression."""
    assert isinstance(pattern, Const)
    items: Pattern = pattern.value
    return ", ".join(_item(item, own) for item, own in split_operands(items, operands))


def _item(item: str, own: Sequence[str]) -> str:
    if is_slice(item):
        start, stop, step = slice_bounds(item, own)
        tail = "" if step is None else f":{step}"
        return f"{start or ''}:{stop or ''}{tail}"
    if item in ("new", "..."):
        return "None" if item == "new" else "..."
    return own[0]


def let_text(let: Let, names: Names) -> str:
    """A statement: `u = w * x`."""
    right = operation(let.prim, let.args, names)
    return f"{', '.join(map(names.of, let.targets))} = {right}"


def header(stmt: If | For | While, names: Names) -> str:
    """The first line of a compound statement."""
    match stmt:
        case If():
            return f"if {names.atom(stmt.test)}"
        case For():
            bounds = names.all((stmt.start, stmt.stop, stmt.step))
            if bounds[2] == "1":
                bounds = bounds[1:2] if bounds[0] == "0" else bounds[:2]
            trips = f"range({', '.join(bounds)})"
            index_name = names.of(stmt.body.params[0])
            return f"for {index_name} in {f'reversed({trips})' if stmt.descending else trips}"
        case While():
            return "while"
