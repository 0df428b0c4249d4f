"""Derivatives of functions: what `grad`, `jvp`, `jacobian` and friends mean as programs.

Each maps a function to a function over the same IR, so they compose to any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ad_compiler.errors import UsageError
from ad_compiler.frontend.nested import DERIVE
from ad_compiler.frontend.values import Derived
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    Const,
    Function,
    Parameter,
    Stmt,
    Tree,
    Var,
    const,
    leaves,
    map_tree,
)
from ad_compiler.ir.types import Array, is_differentiable, is_number
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.compressed import along_seeds
from ad_compiler.transform.dead import anchor
from ad_compiler.transform.diagonal import require_diagonal
from ad_compiler.transform.fitting import check_shapes, drop_checks
from ad_compiler.transform.forward import Forward
from ad_compiler.transform.forward import jvp as push
from ad_compiler.transform.inputs import (
    one_array,
    scalar_result,
    variables,
    wrt_parameters,
)
from ad_compiler.transform.jacobian import by_forward, by_reverse, choose_mode
from ad_compiler.transform.models import bare_shapes
from ad_compiler.transform.names import name_value, prefer_names
from ad_compiler.transform.rebuild import normalise, rebuild
from ad_compiler.transform.request import Request
from ad_compiler.transform.reverse import Reverse
from ad_compiler.transform.shapes import exact, widen
from ad_compiler.transform.titles import renamed


def derive(function: Function, request: Request) -> Function:
    """The function that computes the requested derivative.

    Raises UsageError where the request cannot be meant: integer inputs, a gradient of an array.
    """
    make = KINDS[request.kind]
    function = name_value(anchor(normalise(function)))
    if not request.keeps_value:
        function = check_shapes(function)
    derived = make(function, request)
    return drop_checks(bare_shapes(rebuild(prefer_names(derived))))


def grad(function: Function, request: Request) -> Function:
    """Reverse mode from a scalar result."""
    chosen = wrt_parameters(function, request)
    index, aux = scalar_result(function, request)
    wrt = variables(chosen)
    builder = Builder()
    if len(wrt) == 1 and is_number(wrt[0].type):
        return pushed(function, request, chosen, index, aux)
    reverse = Reverse(builder, function, wrt, (index,), request.memory)
    reverse.seed({index: const(1.0)})
    return answered(function, request, *swept(reverse, wrt), chosen, index, aux)


def pushed(
    function: Function, request: Request, chosen: list[Parameter], index: int, aux: Tree | None
) -> Function:
    """The derivative by a single number, or of an elementwise function, element by element.

    Forward mode needs no tape, and is no more work.
    """
    builder = Builder()
    (wrt,) = variables(chosen)
    forward = Forward(builder, function, {wrt: const(1.0)})
    forward.sweep()
    tangent = exact(builder, forward.full(function.results[index]), wrt.type)
    tangent = widen(builder, tangent, wrt, forward.shapes)
    return answered(function, request, tuple(builder.frame.stmts), (tangent,), chosen, index, aux)


def answered(
    function: Function,
    request: Request,
    statements: tuple[Stmt, ...],
    cotangents: tuple[Atom, ...],
    chosen: list[Parameter],
    value: Tree,
    aux: Tree | None,
) -> Function:
    """A function that returns cotangents of its parameters, perhaps beside its value."""
    wrt = variables(chosen)
    with_value = request.kind in ("value_and_grad", "value_and_vjp")
    kept, results = kept_results(function, [value] if with_value else [], aux)
    place = dict(zip(wrt, range(len(results), len(results) + len(wrt)), strict=True))
    output = gathered(chosen, request, lambda leaf: place[leaf])
    if with_value and aux is not None:
        output = pair(pair(kept[0], kept[1]), output)
    elif with_value:
        output = pair(kept[0], output)
    elif aux is not None:
        output = pair(output, kept[0])
    block = Block(function.params, statements, results + cotangents)
    return renamed(replace(function, block=block, output=output), function, request, chosen)


def swept(reverse: Reverse, wrt: tuple[Var, ...]) -> tuple[tuple[Stmt, ...], tuple[Atom, ...]]:
    """The statements of both sweeps, and the cotangents of the inputs."""
    reverse.sweep()
    cotangents = finished(reverse, wrt)
    return reverse.forward_sweep() + tuple(reverse.builder.frame.stmts), cotangents


def pair(one: Tree, other: Tree) -> Branch:
    """A tuple of two."""
    return Branch("tuple", (), (one, other))


def kept_results(
    function: Function, trees: list[Tree], aux: Tree | None
) -> tuple[list[Tree], tuple[Atom, ...]]:
    """The results that some output trees name, and the trees with indices into those alone."""
    results: list[Atom] = []

    def move(leaf: Var | Const | int) -> Tree:
        if not isinstance(leaf, int):
            return leaf
        results.append(function.results[leaf])
        return len(results) - 1

    moved = [map_tree(tree, move) for tree in (*trees, *(() if aux is None else (aux,)))]
    return moved, tuple(results)


def finished(reverse: Reverse, wrt: Sequence[Var]) -> tuple[Atom, ...]:
    """The cotangents of inputs, in the inputs' shape, dtype and kind, under their names."""
    out: list[Atom] = []
    for primal in wrt:
        value = reverse.adjoints.full(primal, reverse.adjoints.read(primal))
        name = f"{primal.name}_bar"
        if isinstance(primal.type, Array):
            value = exact(reverse.builder, value, primal.type)
        named = reverse.builder.emit(PRIMITIVES["identity"], value, name=name)
        out.append(exact(reverse.builder, named, primal.type))
    return tuple(out)


def gathered(chosen: list[Parameter], request: Request, place: Callable[[Var], Tree]) -> Tree:
    """One tree a parameter, with each variable replaced."""

    def leaf(tree: Var | Const | int) -> Tree:
        return place(tree) if isinstance(tree, Var) else tree

    first, *rest = (map_tree(p.tree, leaf) for p in chosen)
    return Branch("tuple", (), (first, *rest)) if request.as_tuple or rest else first


def free_name(function: Function, name: str) -> str:
    """A parameter name that the function does not use yet."""
    used = {p.name for p in function.parameters}
    while name in used:
        name += "_"
    return name


def placed(function: Function, extra: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The parameters with new ones behind the visible ones, before hidden and keyword-only ones."""
    plain = [p for p in function.parameters if not (p.hidden or p.keyword_only)]
    named = [p for p in function.parameters if p.keyword_only and not p.hidden]
    hidden = [p for p in function.parameters if p.hidden]
    required = [replace(p, default=None) for p in plain]
    return (*required, *extra, *named, *hidden)


def reordered(
    parameters: tuple[Parameter, ...], block: Block, output: Tree, function: Function
) -> Function:
    """A function with new parameters, whose block takes their leaves in order."""
    params = variables(parameters)
    return replace(
        function, parameters=parameters, block=replace(block, params=params), output=output
    )


def jvp(function: Function, request: Request) -> Function:
    """Forward mode along one direction."""
    chosen = wrt_parameters(function, request)
    wrt = variables(chosen)
    seeds = {v: Var(f"{v.name}_dot", v.type) for v in wrt}
    extra = [Parameter(free_name(function, f"{p.name}_dot"), seeded(p.tree, seeds)) for p in chosen]
    pushed = push(function, wrt, function.name, tuple(seeds[v] for v in wrt))
    count = len(function.results)
    tangent = map_tree(function.output, lambda leaf: tangent_leaf(function, leaf, count))
    output = pair(function.output, tangent)
    derived = reordered(placed(function, extra), pushed.block, output, pushed)
    return renamed(derived, function, request, chosen)


def seeded(tree: Tree, seeds: dict[Var, Var]) -> Tree:
    """The container of a parameter, with the tangents of its leaves."""
    return map_tree(tree, lambda leaf: seeds[leaf] if isinstance(leaf, Var) else leaf)


def tangent_leaf(function: Function, leaf: Var | Const | int, count: int) -> Tree:
    """Where the tangent of a result is; 0 for results that do not vary."""
    if isinstance(leaf, int) and is_differentiable(function.results[leaf].type):
        return leaf + count
    return const(0)


def vjp(function: Function, request: Request) -> Function:
    """Reverse mode from a cotangent of the result."""
    chosen = wrt_parameters(function, request)
    seeds: dict[int, Var] = {}

    def cotangent(leaf: Var | Const | int) -> Tree:
        if not isinstance(leaf, int) or not is_differentiable(function.results[leaf].type):
            return const(None)
        result = function.results[leaf]
        name = result.name if isinstance(result, Var) else "value"
        return seeds.setdefault(leaf, Var(f"{name}_bar", result.type))

    tree = map_tree(function.output, cotangent)
    if not seeds:
        raise UsageError(f"`{function.name}` returns nothing that has a derivative")
    name = free_name(function, "cotangent")
    if isinstance(tree, Var):
        index = next(iter(seeds))
        seeds[index] = tree = Var(name, tree.type)
    reverse = Reverse(Builder(), function, variables(chosen), tuple(seeds), request.memory)
    reverse.seed(dict(seeds))
    parts = swept(reverse, variables(chosen))
    derived = answered(function, request, *parts, chosen, function.output, None)
    parameters = placed(function, [Parameter(name, tree)])
    return reordered(parameters, derived.block, derived.output, derived)


def hvp(function: Function, request: Request) -> Function:
    """Forward over reverse: the derivative of the gradient along `v`."""
    gradient = rebuild(grad(function, request._replace(kind="grad")))
    chosen = wrt_parameters(function, request)
    wrt = variables(chosen)
    seeds = {v: Var("v" if len(wrt) == 1 else f"{v.name}_dot", v.type) for v in wrt}
    names = ["v"] if len(chosen) == 1 else [f"{p.name}_dot" for p in chosen]
    extra = [
        Parameter(free_name(function, name), seeded(p.tree, seeds))
        for name, p in zip(names, chosen, strict=True)
    ]
    pushed = push(gradient, wrt, function.name, tuple(seeds[v] for v in wrt))
    count = len(gradient.results)
    block = replace(pushed.block, results=pushed.block.results[count:])
    derived = reordered(placed(function, extra), block, gradient.output, gradient)
    return renamed(derived, function, request, chosen)


def elementwise_grad(function: Function, request: Request) -> Function:
    """The diagonal of a Jacobian that is diagonal by structure; others are refused."""
    chosen = wrt_parameters(function, request)
    index = function.output
    if not isinstance(index, int) or not is_differentiable(function.results[index].type):
        raise UsageError(f"elementwise_grad: `{function.name}` must return one array or number")
    require_diagonal(function, variables(chosen), index)
    if len(variables(chosen)) == 1:
        return pushed(function, request, chosen, index, None)
    reverse = Reverse(Builder(), function, variables(chosen), (index,))
    reverse.seed({index: const(1.0)})
    return answered(function, request, *swept(reverse, variables(chosen)), chosen, index, None)


def jacobian(function: Function, request: Request, name: str = "jacobian") -> Function:
    """All first derivatives of the differentiable results, one block a result and input."""
    chosen = wrt_parameters(function, request)
    wrt = variables(chosen)
    outputs = [
        leaf
        for leaf in leaves(function.output)
        if isinstance(leaf, int) and is_differentiable(function.results[leaf].type)
    ]
    if not outputs:
        raise UsageError(f"`{function.name}` returns nothing that has a derivative")
    mode = request.mode if request.mode != "auto" else choose_mode(function, wrt, outputs)
    if mode == "fwd":
        builder, entries = by_forward(function, wrt, outputs, name)
        statements = tuple(builder.frame.stmts)
    else:
        builder, reverse, entries = by_reverse(function, wrt, outputs, name, request.memory)
        statements = reverse.forward_sweep() + tuple(builder.frame.stmts)
    place = {entry: k for k, entry in enumerate(entries)}

    def blocks(leaf: Var | Const | int) -> Tree:
        if not isinstance(leaf, int) or leaf not in outputs:
            return const(None)
        return gathered(chosen, request, lambda v: place[leaf, v])

    block = Block(function.params, statements, tuple(entries.values()))
    derived = replace(function, block=block, output=map_tree(function.output, blocks))
    return renamed(derived, function, request, chosen)


def hessian(function: Function, request: Request) -> Function:
    """Forward over reverse: the Jacobian of the gradient."""
    scalar = request._replace(kind="grad", has_aux=False)
    gradient = rebuild(prefer_names(grad(function, scalar)))
    derived = jacobian(gradient, request._replace(kind="jacobian", mode="fwd"), "hessian")
    return renamed(derived, function, request, wrt_parameters(function, request))


def compressed_jacobian(function: Function, request: Request) -> Function:
    """Products of the Jacobian with several tangents, or of several cotangents with it."""
    chosen = wrt_parameters(function, request)
    wrt, index = one_array(function, chosen)
    seeds, block = along_seeds(function, wrt, index, request.mode, request.memory)
    parameters = placed(function, [Parameter(free_name(function, "seeds"), seeds)])
    return renamed(reordered(parameters, block, 0, function), function, request, chosen)


def compressed_hessian(function: Function, request: Request) -> Function:
    """Products of the Hessian with several tangents: forward over reverse."""
    one_array(function, wrt_parameters(function, request), second=True)
    scalar = request._replace(kind="grad", has_aux=False)
    gradient = rebuild(prefer_names(grad(function, scalar)))
    derived = compressed_jacobian(gradient, request)
    return renamed(derived, function, request, wrt_parameters(function, request))


def primal(function: Function, _request: Request) -> Function:
    """The function itself, re-emitted."""
    return replace(function, about=f"`{function.name}` as the compiler understands it.")


KINDS: dict[str, Callable[[Function, Request], Function]] = {
    "primal": primal,
    "grad": grad,
    "value_and_grad": grad,
    "jvp": jvp,
    "vjp": vjp,
    "value_and_vjp": vjp,
    "jacobian": jacobian,
    "hessian": hessian,
    "hvp": hvp,
    "elementwise_grad": elementwise_grad,
    "compressed_jacobian": compressed_jacobian,
    "compressed_hessian": compressed_hessian,
}


def _inner(function: Function, derived: Derived) -> Function:
    """A derivative inside the code that is lowered."""
    request = Request(
        derived.kind, derived.argnums, derived.as_tuple, derived.has_aux, derived.mode
    )
    return derive(function, request)


DERIVE.append(_inner)
