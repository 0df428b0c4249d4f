"""The ways to damage a module: each a change of its syntax tree.

A sign, a factor, a dropped term, a condition turned round, a number off by one, two operands or two
statements exchanged, a sum or a copy or a reset left out; also inside the text of a partial
derivative, and of a function that emitted code carries along.

What cannot matter is not damaged: annotations, docstrings, and the words of refusals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.LtE: ast.GtE,
}  # fmt: skip
"""For signs, since what is compared with 0 is mostly a step, which is never 0."""

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip

PASSED_ON = {"np.sum": 1, "unbroadcast": 1, "copy": 1}
"""Operations that programs are built of, without which one operand is the result."""

LEFT_AS_IS = {"sum": 0, "copy": 0, "reduce_to": 1, "reversed": 0, "outside": 1}
"""Functions and methods that may be left out: the argument that stands for the result."""

NEAR = 4
"""How many lines away the name of a function stands in a table."""


@dataclass(frozen=True)
class Mutant:
    """One change: where, and in words."""

    line: int
    what: str
    texts: tuple[str, ...] = ()
    """The strings around it: names of functions, if it is in a table."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Change the tree in each way in turn; it is changed when its description is given."""
    for top in tree.body:
        if _is_for_people(top):
            continue
        texts = [n for n in ast.walk(top) if isinstance(n, ast.Constant)]
        for line, what in _changes(top):
            near = [n.value for n in texts if abs(n.lineno - line) <= NEAR]
            yield Mutant(line, what, tuple(t for t in near if isinstance(t, str)))


def _changes(root: ast.AST) -> Iterator[tuple[int, str]]:
    for node in list(_that_matter(root)):
        match node:
            case ast.If() | ast.IfExp():
                old, node.test = node.test, ast.UnaryOp(ast.Not(), node.test)
                yield old.lineno, "condition turned round"
                node.test = old
            case ast.BinOp(op=old_operator) if type(old_operator) in ARITHMETIC:
                yield from _operator(node)
            case ast.BoolOp(op=old_and):
                node.op = ast.Or() if isinstance(old_and, ast.And) else ast.And()
                yield node.lineno, f"{type(old_and).__name__} turned round"
                node.op = old_and
            case ast.Compare():
                old_op = node.ops[0]
                node.ops = [_other(node), *node.ops[1:]]
                yield node.lineno, f"{type(old_op).__name__} turned round"
                node.ops = [old_op, *node.ops[1:]]
            case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
                node.op = ast.UAdd()
                yield node.lineno, "a sign dropped"
                node.op = ast.USub()
            case ast.Constant():
                yield from _constant(node)
            case ast.Call():
                yield from _call(root, node)
            case _:
                pass
        yield from _statements(node)


def _that_matter(root: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree that may be changed."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        for field, part in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list") or isinstance(node, ast.Raise):
                continue
            parts = part if isinstance(part, list) else [part]
            stack.extend(p for p in parts if isinstance(p, ast.AST) and not _is_for_people(p))


def _is_for_people(node: ast.AST) -> bool:
    """Docstrings, names for values, and the samples that tests take from a table."""
    if isinstance(node, ast.keyword):
        return node.arg in ("samples", "domain", "noun", "convention")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _other(node: ast.Compare) -> ast.cmpop:
    """Another comparison in the place of the first one."""
    kind, other = type(node.ops[0]), node.comparators[0]
    is_sign = isinstance(other, ast.Constant) and other.value == 0 and kind in MIRRORED
    return MIRRORED[kind]() if is_sign else COMPARISONS[kind]()


def _operator(node: ast.BinOp) -> Iterator[tuple[int, str]]:
    old = node.op
    node.op = ARITHMETIC[type(old)]()
    yield node.lineno, f"{type(old).__name__} turned round"
    node.op = old
    if isinstance(old, ast.Add | ast.Mult):
        right, node.right = node.right, ast.Constant(0 if isinstance(old, ast.Add) else 1)
        yield node.lineno, "a term or factor dropped"
        node.right = right


def _call(root: ast.AST, node: ast.Call) -> Iterator[tuple[int, str]]:
    """Two arguments exchanged; what sums, copies or reverses left out."""
    name = ast.unparse(node.func)
    if len(node.args) == 2 and not node.keywords and name not in ("isinstance", "cast"):
        node.args.reverse()
        yield node.lineno, "two arguments exchanged"
        node.args.reverse()
    kept = _passed_on(node)
    if kept is not None:
        _replace(root, node, kept)
        yield node.lineno, f"`{name}` left out"
        _replace(root, kept, node, besides=node)


def _replace(root: ast.AST, old: ast.AST, new: ast.AST, besides: ast.AST | None = None) -> None:
    """Put one node in the place of another, but not inside the node `besides`."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node is besides:
            continue
        for field, part in ast.iter_fields(node):
            if part is old:
                setattr(node, field, new)
                return
            if isinstance(part, list):
                part[:] = [new if inner is old else inner for inner in part]
        stack.extend(inner for inner in ast.iter_child_nodes(node) if inner is not new)


def _passed_on(node: ast.Call) -> ast.expr | None:
    """What a call would give if it did nothing; None if it is not of that kind."""
    if isinstance(node.func, ast.Attribute):
        name, receiver = node.func.attr, node.func.value
        if name == "emit" and len(node.args) > 1:
            words = [n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)]
            place = next((PASSED_ON[w] for w in words if w in PASSED_ON), None)
            return None if place is None else node.args[place]
        if name in ("sum", "copy") and not (isinstance(receiver, ast.Name) and node.args):
            return receiver
    else:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
    place = LEFT_AS_IS.get(name)
    return node.args[place] if place is not None and place < len(node.args) else None


def _constant(node: ast.Constant) -> Iterator[tuple[int, str]]:
    old = node.value
    if isinstance(old, int) and not isinstance(old, bool) and -2 <= old <= 3:
        node.value = old + 1
        yield node.lineno, f"{old} off by one"
    elif isinstance(old, str) and (" " in old or "\n" in old or old.startswith("-")):
        code = _code(old)
        for line, change in () if code is None else _changes(code):
            assert code is not None
            node.value = ast.unparse(ast.fix_missing_locations(code))
            yield node.lineno, f"{change} in line {line} of {old if len(old) < 60 else 'a text'!r}"
    node.value = old


def _code(text: str) -> ast.Module | None:
    """The text of a partial derivative, or of a function; None for words."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    match tree.body:
        case [ast.FunctionDef()] | [ast.Expr(value=ast.BinOp() | ast.IfExp() | ast.UnaryOp())]:
            return tree
        case _:
            return None


def _statements(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Statements that act are left out; two of them in a row change places."""
    if isinstance(node, ast.Module):
        return
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if not isinstance(block, list):
            continue
        for k, stmt in enumerate(block):
            if _acts(stmt):
                block[k] = ast.copy_location(ast.Pass(), stmt)
                yield stmt.lineno, "left out"
                block[k] = stmt
                if k + 1 < len(block) and _acts(block[k + 1]):
                    block[k], block[k + 1] = block[k + 1], stmt
                    yield stmt.lineno, "exchanged with what follows"
                    block[k], block[k + 1] = stmt, block[k]


def _acts(stmt: ast.AST) -> bool:
    """Whether a statement is there for what it does: a call, or a change of something."""
    match stmt:
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            return True
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            return True
        case _:
            return False
