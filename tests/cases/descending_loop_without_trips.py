"""Reverse over reverse of a loop that is left, inside a loop, and does not run."""
import numpy as np


def f(b, m, n):
    for i in range(n):
        for j in range(1, i, -1):
            if b:
                break
            return np.arctan(m)
    return m * 2.0


def number(b, m, n):
    return np.sum(f(b, m, n) ** 2)


def arguments():
    return 0.5, np.random.default_rng(0).normal(size=(3, 3)), 3
