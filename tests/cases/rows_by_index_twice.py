"""Reverse over reverse asked rows that an array of integers names to fit that array."""
import numpy as np


def f(m, s):
    m[np.array([0, 1])] *= s
    return np.sum(m)


number = f


def arguments():
    return np.random.default_rng(0).normal(size=(4, 3)), 0.5
