"""Structural primitives, until the rules have them."""
import numpy as np
from ad_compiler.ir.index import concrete
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import Call, Method, Primitive, Special, never
from ad_compiler.ir.types import Array, Float, Int, Sym, Tape, Trim, number_of
from ad_compiler.rules.registry import PRIMITIVES


def _gt(args):
    x, p, *o = args
    dims = []
    rest = list(x.type.dims)
    k = 0
    for item in p.value:
        if item == "int":
            rest.pop(0)
        elif item in (":", "::c"):
            dims.append(rest.pop(0))
        elif ":" in item:
            d = rest.pop(0)
            dims.append(Trim(d, {"a:": 1, ":b": 1, "a:b": 2}[item]) if isinstance(d, Sym) else Sym("q"))
        elif item == "array":
            rest.pop(0)
            dims.append(Sym("idx"))
    dims += rest
    return Array(x.type.dtype, tuple(dims)) if dims else number_of(x.type.dtype)


def _store(a, p, v, *o):
    a = a.copy()
    a[concrete(p, o)] = v
    return a


def _addat(a, p, v, *o):
    a = a.copy()
    np.add.at(a, concrete(p, o), v)
    return a


def same(args):
    return args[0].type

def put(t,k,v):
    assert len(t)==k
    return [*t,v]
def tadd(t,k,v):
    return [*t[:k],t[k]+v,*t[k+1:]]
FAKES = [
    Primitive("getitem", lambda x, p, *o: x[concrete(p, o)], _gt, Special(), ("x", "pattern", "*operands"), fresh=False, noun="item", raises=lambda a: "int" in a[1].value),
    Primitive("store", _store, same, Special(), ("a", "pattern", "value", "*operands"), in_place=0, noun="stored", raises=lambda a: "int" in a[1].value),
    Primitive("add_at", _addat, same, Special(), ("a", "pattern", "value", "*operands"), in_place=0, noun="stored"),
    Primitive("copy", lambda x: x.copy(), same, Method("copy"), ("x",), noun="copied"),
    Primitive("zeros_like", np.zeros_like, same, Call("np.zeros_like"), ("x",), noun="zeros", allocates=True),
    Primitive("dim", lambda x,k: x.shape[k], lambda a: Int(), Special(), ("x",'axis'), noun="length"),
    Primitive("np.sum", lambda x,axis,keepdims: np.sum(x,axis=axis,keepdims=keepdims), lambda a: Float("f64"), Call("np.sum"), ("x", "axis", "keepdims"), defaults={"axis": None, "keepdims": False}, keyword_only=("axis", "keepdims"), noun="total"),
    Primitive("tape_new", lambda e: [], lambda a: Tape(a[0].type), Special(), ("element",), allocates=True, noun="tape"),
    Primitive("tape_put", put, same, Special(), ("tape","k","value"), in_place=0, noun="tape"),
    Primitive("tape_get", lambda t,k: t[k], lambda a: a[0].type.element, Special(), ("tape","k"), fresh=False,noun="item"),
    Primitive("tape_zeros_like", lambda t: [np.zeros_like(e) if isinstance(e,np.ndarray) else 0.0 for e in t], same, Special(), ("tape",), noun="tape", allocates=True),
    Primitive("tape_add", tadd, same, Special(), ("tape","k","value"), in_place=0, noun="tape"),
]
for p in FAKES:
    PRIMITIVES.setdefault(p.name, p)
