"""Functions whose derivative their user states: `custom_rule`.

This file is quick to load: it knows nothing of the compiler, which only sees such a function when
one is called in code that is differentiated.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ad_compiler.errors import UsageError
from ad_compiler.ir.custom_check import require_right

Rules = Callable[..., Any] | Mapping[str, Callable[..., Any]] | None


class CustomRule:
    """A function with a stated derivative. Calling it computes the function."""

    __wrapped__: Any

    def __init__(
        self,
        function: Callable[..., Any],
        jvps: Mapping[str, FunctionType],
        vjps: Mapping[str, FunctionType],
        returns: str,
        params: tuple[str, ...],
        defaults: Mapping[str, Any],
    ) -> None:
        self.function, self.returns = function, returns
        self.jvps, self.vjps = dict(jvps), dict(vjps)
        self.params, self.defaults = params, dict(defaults)
        functools.update_wrapper(self, function, updated=())
        self.__name__ = str(getattr(function, "__name__", "function"))

    def __repr__(self) -> str:
        return f"<{self.__name__} with a stated derivative>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self.function(*args, **kwargs)
        if self.returns in self.params:
            k = self.params.index(self.returns)
            model = args[k] if k < len(args) else kwargs[self.returns]
            return self._like(result, model, args)
        return self._fitting(result, args)

    def _like(self, result: Any, model: Any, args: Sequence[Any]) -> Any:
        if isinstance(model, np.ndarray):
            if not (isinstance(result, np.ndarray) and result.shape == model.shape):
                raise self._wrong(
                    result, f"an array of the shape {model.shape}, as `{self.returns}` is"
                )
            if result.dtype != model.dtype:
                raise self._wrong(result, f"an array of {model.dtype}, as `{self.returns}` is")
            return _own(result, args)
        if isinstance(result, bool) or not isinstance(result, float | np.floating):
            raise self._wrong(result, f"a float, as `{self.returns}` is")
        return result

    def _fitting(self, result: Any, args: Sequence[Any]) -> Any:
        if self.returns == "float":
            if not isinstance(result, float):  # np.float64 is one
                raise self._wrong(result, "a float")
            return result
        dtype, _, axes = self.returns.partition("[")
        rank = axes.count(":")
        fits = isinstance(result, np.ndarray) and result.dtype == dtype and result.ndim == rank
        if not fits:
            raise self._wrong(result, self.returns)
        return _own(result, args)

    def _wrong(self, result: Any, expected: str) -> UsageError:
        shown = type(result).__name__
        if isinstance(result, np.ndarray):
            shown = f"an array of {result.dtype} with the shape {result.shape}"
        return UsageError(
            f"custom_rule: `{self.__name__}` is said to return {expected}, but it returned {shown}"
        )

    @functools.cached_property
    def as_function(self) -> FunctionType:
        """A Python function that calls it."""
        name = self.__name__ if self.__name__.isidentifier() else "function"
        given = ", ".join(self.params)
        text = f"def {name}({given}):\n    return stated({given})\n"
        file = f"<{name}({given})>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        names: dict[str, Any] = {"stated": self}
        exec(compile(text, file, "exec"), names)
        made = names[name]
        first = len(self.params) - len(self.defaults)
        made.__defaults__ = tuple(self.defaults[p] for p in self.params[first:]) or None
        return made


def _own(result: Any, args: Sequence[Any]) -> Any:
    """An array that shares no memory with the arguments."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    return result.copy() if any(np.may_share_memory(result, a) for a in arrays) else result


def custom_rule(
    f: Callable[..., Any] | None = None,
    *,
    jvp: Rules = None,
    vjp: Rules = None,
    returns: str = "",
    at: Sequence[Any] | None = None,
) -> Any:
    """f with a derivative that is stated instead of derived; for any callable, as a decorator too.

        lookup = custom_rule(table.read, jvp={"x": lambda x, *, z, x_dot: slope(x) * x_dot})

    `jvp` maps names of parameters to functions that give the tangent of the result from that of the
    parameter, in which they must be linear: they take f's parameters by position, and `<name>_dot`,
    and `z`, the value of f, by keyword, as far as they want them. `vjp` maps them to functions that
    give the cotangent of the parameter, in its shape, from `z_bar`, that of the result. A single
    function is the rule of the only parameter. Either is enough: each mode is derived from the
    other by transposition. Both are Python in the accepted language, so that higher derivatives
    follow; what they call that is not needs a `custom_rule` of its own. A parameter without a rule
    is never taken for a constant: a program that needs its derivative is refused.

    `returns` says what f returns: "float" (the default), an array as in "float64[:,:]", or
    the name of a parameter whose type and shape the result has. f must have no effect but its
    result, and not change its arguments. With `at`, arguments of f, the rules are compared with
    differences there.

    Raises UsageError for rules that do not fit f, or that are wrong at `at`; and when f is called,
    for a result of another type than `returns` says.
    """
    if f is None:
        return functools.partial(custom_rule, jvp=jvp, vjp=vjp, returns=returns, at=at)
    params, defaults = _parameters(f, jvp, vjp)
    pushes, pulls = _by_name("jvp", jvp, params), _by_name("vjp", vjp, params)
    if not pushes and not pulls:
        raise UsageError("custom_rule needs a jvp or a vjp: without, there is no derivative")
    returns = returns.replace(" ", "") or "float"
    _require_type(returns, params)
    for kind, rules in (("jvp", pushes), ("vjp", pulls)):
        for name, rule in rules.items():
            _require_signature(kind, name, rule, params)
    made = CustomRule(f, pushes, pulls, returns, params, defaults)
    if at is not None:
        require_right(made, tuple(at))
    return made


def _parameters(f: Any, *rules: Rules) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of f's parameters; those of a rule's where f does not tell."""
    if not callable(f):
        raise UsageError(f"custom_rule takes a function, not {f!r}")
    try:
        specs = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        every = [
            r for rule in rules for r in (rule.values() if isinstance(rule, Mapping) else [rule])
        ]
        known = next((r for r in every if r is not None), None)
        specs = [] if known is None else inspect.signature(known).parameters.values()
        specs = [s for s in specs if s.kind is not s.KEYWORD_ONLY]
    names: list[str] = []
    defaults: dict[str, Any] = {}
    for spec in specs:
        if spec.kind not in (spec.POSITIONAL_OR_KEYWORD, spec.POSITIONAL_ONLY):
            raise UsageError(
                f"custom_rule: `{spec}` is no plain parameter; wrap the function in one that has "
                "positional parameters only"
            )
        names.append(spec.name)
        if spec.default is not spec.empty:
            defaults[spec.name] = spec.default
    if not names:
        raise UsageError(f"custom_rule: {f!r} has no parameters")
    return tuple(names), defaults


def _by_name(kind: str, rules: Rules, params: tuple[str, ...]) -> dict[str, FunctionType]:
    if rules is None:
        return {}
    if not isinstance(rules, Mapping):
        if len(params) != 1:
            raise UsageError(
                f"custom_rule: {kind} must be a dict with a function for each of "
                f"{', '.join(params)} that has a derivative"
            )
        rules = {params[0]: rules}
    for name, rule in rules.items():
        if name not in params:
            raise UsageError(
                f"custom_rule: there is no parameter `{name}`, only {', '.join(params)}"
            )
        if not isinstance(rule, FunctionType):
            raise UsageError(f"custom_rule: the {kind} in `{name}` must be a Python function")
    return {name: rule for name, rule in rules.items() if isinstance(rule, FunctionType)}


def _require_type(returns: str, params: tuple[str, ...]) -> None:
    dtype, bracket, axes = returns.partition("[")
    array = dtype in ("float64", "float32") and bracket and set(axes) <= set(":,]")
    if returns not in (*params, "float") and not array:
        raise UsageError(
            f"custom_rule: returns={returns!r} is neither a parameter, nor float, nor an array as "
            "in float64[:]"
        )


def _require_signature(kind: str, name: str, rule: FunctionType, params: tuple[str, ...]) -> None:
    """A rule takes f's parameters by position, and some known things by keyword."""
    specs = inspect.signature(rule).parameters.values()
    own = [s.name for s in specs if s.kind is not s.KEYWORD_ONLY]
    named = {s.name for s in specs if s.kind is s.KEYWORD_ONLY}
    seed = f"{name}_dot" if kind == "jvp" else "z_bar"
    if any(s.kind in (s.VAR_POSITIONAL, s.VAR_KEYWORD) for s in specs) or len(own) != len(params):
        raise UsageError(
            f"custom_rule: the {kind} in `{name}` must take {', '.join(params)} by position, as "
            f"the function does, not {', '.join(own) or 'nothing'}"
        )
    if seed not in named or not named <= {seed, "z"}:
        raise UsageError(
            f"custom_rule: the {kind} in `{name}` must take `{seed}` by keyword, and may take `z`, "
            f"the value: def rule({', '.join(params)}, *, z, {seed})"
        )
