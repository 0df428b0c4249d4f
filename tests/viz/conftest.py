"""Small programs, built by hand."""

from collections.abc import Callable

import pytest

from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Block, Branch, Const, Function, Parameter, Tree, Var, const
from ad_compiler.ir.types import Type
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES


class Maker:
    """Writes statements shortly: `make("*", x, 2, "u")`."""

    def __init__(self) -> None:
        self.builder = Builder()

    def __call__(self, name: str, *args: Atom | float | None, to: str = "") -> Var:
        primitive = OPERATORS[name] if name in OPERATORS else PRIMITIVES[name]
        atoms = [a if isinstance(a, Var | Const) else const(a) for a in args]
        return self.builder.emit(primitive, *atoms, name=to)


Build = Callable[..., tuple[Atom, ...]]


def make_program(params: dict[str, Type], build: Build) -> Function:
    maker = Maker()
    variables = tuple(Var(name, type_) for name, type_ in params.items())
    results = build(maker, *variables)
    block = Block(variables, tuple(maker.builder.frame.stmts), results)
    output: Tree = 0 if len(results) == 1 else Branch("tuple", (), tuple(range(len(results))))
    return Function("f", tuple(Parameter(v.name, v) for v in variables), block, output)


@pytest.fixture
def program() -> Callable[[dict[str, Type], Build], Function]:
    return make_program
