"""The loss of a diagonal LSTM that predicts characters: the objective of ADBench."""

import math
from typing import Any

import numpy as np


def lstm(weights: Any, biases: Any, outer: Any, state: Any, cells: Any, sequence: Any) -> float:
    """Loops: `weights` and `biases` are (layers, 4, width); `outer` are three rows."""
    layers, width = state.shape
    steps = len(sequence) - 1
    hidden = state.copy()
    cell = cells.copy()
    x = np.empty(width)
    total = 0.0
    for t in range(steps):
        for j in range(width):
            x[j] = sequence[t, j] * outer[0, j]
        for k in range(layers):
            for j in range(width):
                h = hidden[k, j]
                forget = 1.0 / (1.0 + math.exp(-(x[j] * weights[k, 0, j] + biases[k, 0, j])))
                enter = 1.0 / (1.0 + math.exp(-(h * weights[k, 1, j] + biases[k, 1, j])))
                leave = 1.0 / (1.0 + math.exp(-(x[j] * weights[k, 2, j] + biases[k, 2, j])))
                change = math.tanh(h * weights[k, 3, j] + biases[k, 3, j])
                cell[k, j] = cell[k, j] * forget + enter * change
                x[j] = leave * math.tanh(cell[k, j])
                hidden[k, j] = x[j]
        s = 0.0
        for j in range(width):
            s += math.exp(x[j] * outer[1, j] + outer[2, j])
        norm = math.log(s + 2.0)
        for j in range(width):
            total += sequence[t + 1, j] * (x[j] * outer[1, j] + outer[2, j] - norm)
    return -total / (steps * width)


def sigmoid(x: Any) -> Any:
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def lstm_arrays(
    weights: Any, biases: Any, outer: Any, state: Any, cells: Any, sequence: Any
) -> float:
    """The same with rows."""
    layers, width = state.shape
    steps = len(sequence) - 1
    hidden = state.copy()
    cell = cells.copy()
    total = 0.0
    for t in range(steps):
        x = sequence[t] * outer[0]
        for k in range(layers):
            w, b = weights[k], biases[k]
            forget = sigmoid(x * w[0] + b[0])
            enter = sigmoid(hidden[k] * w[1] + b[1])
            leave = sigmoid(x * w[2] + b[2])
            change = np.tanh(hidden[k] * w[3] + b[3])
            cell[k] = cell[k] * forget + enter * change
            x = leave * np.tanh(cell[k])
            hidden[k] = x
        y = x * outer[1] + outer[2]
        total += np.sum(sequence[t + 1] * (y - np.log(np.sum(np.exp(y)) + 2.0)))
    return -total / (steps * width)
