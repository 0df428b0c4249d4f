"""The returned value: containers, and named tuples and dataclasses made of their fields."""

from __future__ import annotations

from ad_compiler.backend.expressions import Renderer
from ad_compiler.backend.records import REPLACE, class_parameter, class_path, key, models
from ad_compiler.ir.nodes import Branch, Const, Function, Tree, Var
from ad_compiler.ir.records import Record


class Output:
    """Writes the returned value of one function."""

    def __init__(self, function: Function, to: Renderer) -> None:
        self.function, self.to = function, to
        self.models = models(function)

    def text(self, tree: Tree, top: bool = False) -> str:
        """The expression of a tree; at the `top`, a tuple needs no brackets."""
        match tree:
            case int():
                return self.to.atom(self.function.results[tree]).text
            case Const() | Var():
                return self.to.atom(tree).text
            case Branch(record=Record() as record):
                return self._record(tree, record)
            case Branch(kind, keys, children):
                items = [self.text(child) for child in children]
                if kind == "dict":
                    pairs = [f"{key(k)}: {item}" for k, item in zip(keys, items, strict=True)]
                    return f"{{{', '.join(pairs)}}}"
                if kind == "list":
                    return f"[{', '.join(items)}]"
                text = ", ".join(items) + ("," if len(items) == 1 else "")
                return text if top and items else f"({text})"

    def _record(self, tree: Branch, record: Record) -> str:
        model, like = self.models.get(record, (None, None))
        kept = () if like is None else like.children
        fields = [
            f"{name}={self.text(child)}"
            for name, child in zip(record.fields, tree.children, strict=True)
            if not (isinstance(child, Const) and any(child is one for one in kept))
        ]
        if model is not None and record.is_tuple:
            return f"{model}._replace({', '.join(fields)})"
        if model is not None:
            return f"{self.to.resolve(REPLACE)}({', '.join([model, *fields])})"
        parameter = class_parameter(self.function, record)
        made = self.to.resolve(class_path(record)) if parameter is None else parameter.name
        return f"{made}({', '.join(fields)})"
