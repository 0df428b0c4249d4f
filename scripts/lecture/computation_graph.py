"""The computation graph u = w x, v = u + b, y = exp(v), loss = (y - target)^2."""

import math

from ad_compiler import trace, value_and_grad


def loss(w: float, x: float, b: float, target: float) -> float:
    """The loss of a model with one weight and one bias."""
    u = w * x
    v = u + b
    y = math.exp(v)
    return (y - target) ** 2


def main() -> None:
    """Print the graph's values forward and backward, and the gradient in the weight and bias."""
    print(trace(loss, 0.5, 2.0, -1.0, 3.0))
    value, (w_bar, b_bar) = value_and_grad(loss, argnums=("w", "b"))(0.5, 2.0, -1.0, 3.0)
    print("loss:", value, "  dloss/dw:", w_bar, "  dloss/db:", b_bar)


if __name__ == "__main__":
    main()
