"""The helper functions that an emitted module may need, written into it where they are used."""

from __future__ import annotations

UNBROADCAST = '''def unbroadcast(g, x):
    """Sum g over the axes along which x was broadcast to its shape."""
    while np.ndim(g) > np.ndim(x):
        g = np.sum(g, axis=0)
    axes = tuple(k for k, n in enumerate(np.shape(x)) if n == 1 and np.shape(g)[k] != 1)
    return np.sum(g, axis=axes, keepdims=True) if axes else g'''

HELPERS = {"unbroadcast": UNBROADCAST}
"""Source text by name."""
