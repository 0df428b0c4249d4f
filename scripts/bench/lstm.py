"""A diagonal LSTM of two layers, over 1024 characters of 14 bits."""

import math
from typing import Any

import numpy as np

from scripts.bench import data
from scripts.bench.workload import Form, Function, Workload, by_autograd, compiled, finished, peer
from scripts.kernels.lstm import lstm, lstm_arrays

ARGNUMS = (0, 1, 2)


def adjoint(  # noqa: PLR0915 (two loops)
    weights: Any, biases: Any, outer: Any, state: Any, cells: Any, sequence: Any
) -> Any:
    """With respect to weights, biases and outer: gates, cells and states are kept."""
    layers, width = state.shape
    steps = len(sequence) - 1
    gates = np.empty((steps, layers, 4, width))
    hidden = np.empty((steps + 1, layers, width))
    cell = np.empty((steps + 1, layers, width))
    tanhs = np.empty((steps, layers, width))
    hidden[0], cell[0] = state, cells
    exps = np.empty(width)
    weights_bar, biases_bar = np.zeros_like(weights), np.zeros_like(biases)
    outer_bar = np.zeros_like(outer)
    seeds = np.empty((steps, width))
    seed = -1.0 / (steps * width)
    x = np.empty(width)
    for t in range(steps):
        for j in range(width):
            x[j] = sequence[t, j] * outer[0, j]
        for k in range(layers):
            for j in range(width):
                h = hidden[t, k, j]
                forget = 1.0 / (1.0 + math.exp(-(x[j] * weights[k, 0, j] + biases[k, 0, j])))
                enter = 1.0 / (1.0 + math.exp(-(h * weights[k, 1, j] + biases[k, 1, j])))
                leave = 1.0 / (1.0 + math.exp(-(x[j] * weights[k, 2, j] + biases[k, 2, j])))
                change = math.tanh(h * weights[k, 3, j] + biases[k, 3, j])
                cell[t + 1, k, j] = cell[t, k, j] * forget + enter * change
                tanhs[t, k, j] = math.tanh(cell[t + 1, k, j])
                x[j] = leave * tanhs[t, k, j]
                hidden[t + 1, k, j] = x[j]
                gates[t, k, 0, j] = forget
                gates[t, k, 1, j] = enter
                gates[t, k, 2, j] = leave
                gates[t, k, 3, j] = change
        s, weight = 0.0, 0.0
        for j in range(width):
            exps[j] = math.exp(x[j] * outer[1, j] + outer[2, j])
            s += exps[j]
            weight += sequence[t + 1, j]
        for j in range(width):
            seeds[t, j] = seed * (sequence[t + 1, j] - weight * exps[j] / (s + 2.0))
    hidden_bar, cell_bar = np.zeros((layers, width)), np.zeros((layers, width))
    x_bar = np.empty(width)
    for t in range(steps - 1, -1, -1):
        for j in range(width):
            outer_bar[2, j] += seeds[t, j]
            outer_bar[1, j] += seeds[t, j] * hidden[t + 1, layers - 1, j]
            x_bar[j] = seeds[t, j] * outer[1, j]
        for k in range(layers - 1, -1, -1):
            for j in range(width):
                x_j = sequence[t, j] * outer[0, j] if k == 0 else hidden[t + 1, k - 1, j]
                h = hidden[t, k, j]
                forget, enter = gates[t, k, 0, j], gates[t, k, 1, j]
                leave, change = gates[t, k, 2, j], gates[t, k, 3, j]
                tanh = tanhs[t, k, j]
                hidden_j_bar = hidden_bar[k, j] + x_bar[j]
                cell_j_bar = cell_bar[k, j] + hidden_j_bar * leave * (1.0 - tanh * tanh)
                cell_bar[k, j] = cell_j_bar * forget
                forget_bar = cell_j_bar * cell[t, k, j] * forget * (1.0 - forget)
                enter_bar = cell_j_bar * change * enter * (1.0 - enter)
                leave_bar = hidden_j_bar * tanh * leave * (1.0 - leave)
                change_bar = cell_j_bar * enter * (1.0 - change * change)
                weights_bar[k, 0, j] += x_j * forget_bar
                weights_bar[k, 1, j] += h * enter_bar
                weights_bar[k, 2, j] += x_j * leave_bar
                weights_bar[k, 3, j] += h * change_bar
                biases_bar[k, 0, j] += forget_bar
                biases_bar[k, 1, j] += enter_bar
                biases_bar[k, 2, j] += leave_bar
                biases_bar[k, 3, j] += change_bar
                x_bar[j] = weights[k, 0, j] * forget_bar + weights[k, 2, j] * leave_bar
                hidden_bar[k, j] = weights[k, 1, j] * enter_bar + weights[k, 3, j] * change_bar
        for j in range(width):
            outer_bar[0, j] += sequence[t, j] * x_bar[j]
    return weights_bar, biases_bar, outer_bar


def adjoint_of_arrays(
    weights: Any, biases: Any, outer: Any, state: Any, cells: Any, sequence: Any
) -> Any:
    """The same with rows; a layer's four gates are one array."""
    layers, width = state.shape
    steps = len(sequence) - 1
    hidden, cell = [state[k] for k in range(layers)], [cells[k] for k in range(layers)]
    weights_bar, biases_bar = np.zeros_like(weights), np.zeros_like(biases)
    outer_bar = np.zeros_like(outer)
    tape: list[Any] = []
    seed = -1.0 / (steps * width)
    inputs = np.empty((4, width))
    for t in range(steps):
        x = sequence[t] * outer[0]
        for k in range(layers):
            inputs = np.stack((x, hidden[k], x, hidden[k]))
            gates = inputs * weights[k] + biases[k]
            np.tanh(gates[3], out=gates[3])
            gates[:3] = 1.0 / (1.0 + np.exp(-gates[:3]))
            new = cell[k] * gates[0] + gates[1] * gates[3]
            tanh = np.tanh(new)
            tape.append((inputs, gates, cell[k], tanh))
            cell[k] = new
            x = hidden[k] = gates[2] * tanh
        exps = np.exp(x * outer[1] + outer[2])
        gold = sequence[t + 1]
        tape.append((x, seed * (gold - np.sum(gold) / (np.sum(exps) + 2.0) * exps)))
    hidden_bar, cell_bar = np.zeros((layers, width)), np.zeros((layers, width))
    for t in range(steps - 1, -1, -1):
        x, y_bar = tape.pop()
        outer_bar[1] += x * y_bar
        outer_bar[2] += y_bar
        x_bar = outer[1] * y_bar
        for k in range(layers - 1, -1, -1):
            inputs, gates, old, tanh = tape.pop()
            forget, enter, leave, change = gates
            x_bar = x_bar + hidden_bar[k]
            own_bar = cell_bar[k] + x_bar * leave * (1.0 - tanh * tanh)
            cell_bar[k] = own_bar * forget
            gates_bar = np.stack((own_bar * old, own_bar * change, x_bar * tanh, own_bar * enter))
            gates_bar[:3] *= gates[:3] * (1.0 - gates[:3])
            gates_bar[3] *= 1.0 - change * change
            weights_bar[k] += inputs * gates_bar
            biases_bar[k] += gates_bar
            inputs_bar = weights[k] * gates_bar
            x_bar = inputs_bar[0] + inputs_bar[2]
            hidden_bar[k] = inputs_bar[1] + inputs_bar[3]
        outer_bar[0] += sequence[t] * x_bar
    return weights_bar, biases_bar, outer_bar


def layer(np_: Any, x: Any, h: Any, c: Any, w: Any, b: Any) -> tuple[Any, Any]:
    """A layer, for those who trace it."""
    forget = 1.0 / (1.0 + np_.exp(-(x * w[0] + b[0])))
    enter = 1.0 / (1.0 + np_.exp(-(h * w[1] + b[1])))
    leave = 1.0 / (1.0 + np_.exp(-(x * w[2] + b[2])))
    cell = c * forget + enter * np_.tanh(h * w[3] + b[3])
    return leave * np_.tanh(cell), cell


def traced(weights: Any, biases: Any, outer: Any, state: Any, cells: Any, sequence: Any) -> Any:
    """For autograd: states are lists."""
    layers, width = state.shape
    hidden, cell = list(state), list(cells)
    total = 0.0
    for t in range(len(sequence) - 1):
        x = sequence[t] * outer[0]
        for k in range(layers):
            x, cell[k] = layer(np, x, hidden[k], cell[k], weights[k], biases[k])
            hidden[k] = x
        y = x * outer[1] + outer[2]
        total = total + np.sum(sequence[t + 1] * (y - np.log(np.sum(np.exp(y)) + 2.0)))
    return -total / ((len(sequence) - 1) * width)


def in_autograd() -> Function:
    """The function above sees autograd's NumPy also where it hands it on."""
    return by_autograd(traced, ARGNUMS)()


def in_jax() -> Function:
    """A scan over the characters."""
    jax, jnp = peer("jax")

    def loss(weights: Any, biases: Any, outer: Any, state: Any, cells: Any, sequence: Any) -> Any:
        layers, width = state.shape

        def step(carried: Any, both: Any) -> Any:
            hidden, cell = list(carried[0]), list(carried[1])
            x = both[0] * outer[0]
            for k in range(layers):
                x, cell[k] = layer(jnp, x, hidden[k], cell[k], weights[k], biases[k])
                hidden[k] = x
            y = x * outer[1] + outer[2]
            loss = jnp.sum(both[1] * (y - jnp.log(jnp.sum(jnp.exp(y)) + 2.0)))
            return (tuple(hidden), tuple(cell)), loss

        pairs = (sequence[:-1], sequence[1:])
        losses = jax.lax.scan(step, (tuple(state), tuple(cells)), pairs)[1]
        return -jnp.sum(losses) / ((len(sequence) - 1) * width)

    return finished(jax.jit(jax.grad(loss, ARGNUMS)))


def workloads() -> list[Workload]:
    """As loops and as rows."""
    args = data.lstm()
    forms = {
        "python": Form(lstm_arrays, args, ARGNUMS, adjoint_of_arrays),
        "numba": Form(lstm, args, ARGNUMS, compiled(adjoint)),
    }
    return [Workload("LSTM", forms, in_autograd, in_jax)]
