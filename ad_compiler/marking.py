"""The decorator `differentiable`, and the import hook that compiles what it marks.

The hook acts after a module was run by its own loader, and replaces nobody's loader.
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from ad_compiler.api import grad, hessian, jacobian, jvp, value_and_grad, vjp
from ad_compiler.driver.derivative import Derivative
from ad_compiler.errors import Unsupported, UsageError
from ad_compiler.frontend.binding import signature_of
from ad_compiler.frontend.declared import parameters_from_types
from ad_compiler.frontend.lower import lower
from ad_compiler.frontend.marked import Marked
from ad_compiler.frontend.verbs import WRAPPERS
from ad_compiler.inspection import graph, source
from ad_compiler.viz.graph import Graph


class Differentiable(Marked):
    """A function that brings its derivatives along: `f.grad(x)`, `f.jvp((x,), (x_dot,))`.

    As a method, it is bound to its object like any other function.
    """

    def __init__(self, function: FunctionType) -> None:
        super().__init__(function)
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        return _found, (self.function.__module__, self.function.__qualname__)

    @functools.cached_property
    def grad(self) -> Derivative:
        """The gradient in the first argument."""
        return grad(self.function)

    @functools.cached_property
    def value_and_grad(self) -> Derivative:
        """The value, and the gradient in the first argument."""
        return value_and_grad(self.function)

    @functools.cached_property
    def jacobian(self) -> Derivative:
        """The Jacobian in the first argument."""
        return jacobian(self.function)

    @functools.cached_property
    def hessian(self) -> Derivative:
        """The second derivatives in the first argument."""
        return hessian(self.function)

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        """The value, and the derivative along the tangents."""
        return jvp(self.function, primals, tangents)

    def vjp(self, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """The value and the pullback."""
        return vjp(self.function, *primals)

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The text of the gradient's module for such arguments."""
        return source(self.function, *args, **kwargs)

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The computation graph for such arguments."""
        return graph(self.function, *args, **kwargs)


WRAPPERS[Differentiable] = lambda marked: marked.function


def _found(module: str, path: str) -> Any:
    """What a name of a module stands for: how marked functions are pickled, as functions are."""
    return functools.reduce(getattr, path.split("."), importlib.import_module(module))


def differentiable(function: Callable[..., Any]) -> Differentiable:
    """Mark a function: it gets its derivatives as attributes, and import hooks check it."""
    if not isinstance(function, FunctionType):
        raise UsageError(f"differentiable marks Python functions, not {function!r}")
    return Differentiable(function)


GUESSES = ("float", "float64[:]", "float64[:,:]")
"""What a parameter without an annotation may be meant as."""


def accept(marked: Differentiable) -> None:
    """Check that a marked function is in the accepted language, as far as its types are known.

    Parameters without annotations may be anything: only what is refused for the same reason
    whatever they are is refused now. Raises Unsupported.
    """
    function = marked.function
    parameters = signature_of(function).parameters.values()
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return
    free = [p.name for p in parameters if p.annotation is p.empty and p.default is p.empty]
    refusals: list[Unsupported] = []
    for guess in GUESSES if free else GUESSES[:1]:
        try:
            typed = parameters_from_types(function, dict.fromkeys(free, guess))
        except Unsupported:
            return  # the annotations do not say the types
        try:
            lower(function, typed)
        except Unsupported as refusal:
            refusals.append(refusal)
        else:
            return
    if len({(refusal.reason, refusal.at) for refusal in refusals}) == 1:
        raise refusals[0]


class ImportHook(importlib.abc.MetaPathFinder):
    """Finds nothing itself: asks the other finders, and looks at the module once it has run."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = tuple(packages)
        self.checked: dict[str, int] = {}
        self._asking: set[str] = set()

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of the module's own finder, with a look at the module after it has run."""
        del target
        if fullname in self._asking or not self._covers(fullname):
            return None
        self._asking.add(fullname)
        try:
            spec = (
                importlib.util.find_spec(fullname)
                if path is None
                else importlib.machinery.PathFinder.find_spec(fullname, path)
            )
        finally:
            self._asking.discard(fullname)
        if spec is not None and spec.loader is not None:
            self._watch(spec.loader, fullname)
        return spec

    def _covers(self, fullname: str) -> bool:
        return any(fullname == p or fullname.startswith(f"{p}.") for p in self.packages)

    def _watch(self, loader: Any, fullname: str) -> None:
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            marked = [v for v in vars(module).values() if isinstance(v, Differentiable)]
            own = [m for m in marked if m.function.__module__ == fullname]
            for one in own:
                accept(one)
            self.checked[fullname] = len(own)

        loader.exec_module = exec_module

    def uninstall(self) -> None:
        """Stop looking at imports. Raises UsageError if nothing was ever marked."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        if self.checked and not any(self.checked.values()):
            raise UsageError(
                f"the import hook for {', '.join(self.packages)} found no function marked "
                "@differentiable"
            )

    def __enter__(self) -> ImportHook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.uninstall()
        elif self in sys.meta_path:
            sys.meta_path.remove(self)


def install_import_hook(packages: str | Sequence[str]) -> ImportHook:
    """Check the marked functions of packages when they are imported.

    Functions marked `@differentiable` that are annotated with plain types, or not at all, are
    compiled at import, so unsupported code raises there; the others at their first call. Gives a
    handle with `uninstall()`, which is also a context manager. Raises UsageError for modules that
    are imported already.
    """
    if not isinstance(packages, str | tuple | list):
        raise UsageError(f"install_import_hook needs names, not {packages!r}")
    names = [packages] if isinstance(packages, str) else list(packages)
    if not names:
        raise UsageError("install_import_hook needs the name of a package or module")
    for name in names:
        late = [m for m in sys.modules if m == name or m.startswith(f"{name}.")]
        if late:
            raise UsageError(f"{late[0]} is imported already: install the hook before that")
    hook = ImportHook(names)
    sys.meta_path.insert(0, hook)
    return hook
