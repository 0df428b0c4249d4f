"""The helper functions that an emitted module may need, written into it where they are used."""

from __future__ import annotations

UNBROADCAST = '''def unbroadcast(g, x):
    """Sum g over the axes along which x was broadcast to its shape."""
    while np.ndim(g) > np.ndim(x):
        g = np.sum(g, axis=0)
    axes = tuple(k for k, n in enumerate(np.shape(x)) if n == 1 and np.shape(g)[k] != 1)
    return np.sum(g, axis=axes, keepdims=True) if axes else g'''

CHECK_LENGTH = '''def check_length(x, n):
    """Raise ValueError unless x has n items, as unpacking it into n names does."""
    if len(x) > n:
        raise ValueError(f"too many values to unpack (expected {n})")
    if len(x) < n:
        raise ValueError(f"not enough values to unpack (expected {n}, got {len(x)})")'''

LAST_WRITES = '''def last_writes(shape, index):
    """Where, in `x[index] = values`, a value is the last one written to its place."""
    order = np.zeros(shape, dtype=np.int64)
    places = np.arange(order[index].size).reshape(order[index].shape)
    order[index] = places
    return order[index] == places'''

CHECK_APART = '''def check_apart(x, y, names):
    """Raise ValueError if two arrays share memory, one of which is changed in place."""
    if np.may_share_memory(x, y):
        raise ValueError(f"{names} share memory, and one of them is changed in place")'''

HELPERS = {
    "unbroadcast": UNBROADCAST,
    "check_length": CHECK_LENGTH,
    "last_writes": LAST_WRITES,
    "check_apart": CHECK_APART,
}
"""Source text by name."""
