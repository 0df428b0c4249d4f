"""What broadcasting makes is a view: summing it up goes another way than through a copy."""
import numpy as np


def f(m, r, n):
    q = np.broadcast_to(m, (n, 3))
    return np.sum(q) + np.sum(np.broadcast_to(r, (n, 3))) + np.sum(np.sin(q))


number = f


def arguments():
    r = np.random.default_rng(106540)
    return np.asfortranarray(r.normal(size=(50, 3))), r.normal(size=3), 50
