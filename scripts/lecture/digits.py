"""Stochastic gradient descent: a two-layer classifier of handwritten digits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ad_compiler import value_and_grad

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Parameters = dict[str, NDArray[np.float64]]

CLASSES = 10


def scores(parameters: Parameters, images: Matrix) -> Matrix:
    """A hidden layer, then one score a class, for each image."""
    hidden = np.tanh(images @ parameters["w1"] + parameters["b1"])
    return hidden @ parameters["w2"] + parameters["b2"]


def loss(parameters: Parameters, images: Matrix, onehot: Matrix) -> float:
    """The mean cross-entropy of the scores."""
    z = scores(parameters, images)
    normaliser = np.log(np.sum(np.exp(z), axis=1))
    return np.mean(normaliser - np.sum(z * onehot, axis=1))


def initial(features: int, hidden: int, random: np.random.Generator) -> Parameters:
    """Small random weights, zero biases."""
    return {
        "w1": random.normal(size=(features, hidden)) / np.sqrt(features),
        "b1": np.zeros(hidden),
        "w2": random.normal(size=(hidden, CLASSES)) / np.sqrt(hidden),
        "b2": np.zeros(CLASSES),
    }


def train(
    images: Matrix, labels: NDArray[np.int64], epochs: int = 40, rate: float = 0.5, batch: int = 32
) -> Parameters:
    """For each epoch, for each batch: a step against the gradient."""
    random = np.random.default_rng(0)
    parameters = initial(images.shape[1], 64, random)
    loss_and_gradient = value_and_grad(loss)
    onehot = np.eye(CLASSES)[labels]
    for _ in range(epochs):
        order = random.permutation(len(images))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            _, gradient = loss_and_gradient(parameters, images[chosen], onehot[chosen])
            parameters = {key: parameters[key] - rate * gradient[key] for key in parameters}
    return parameters


def accuracy(parameters: Parameters, images: Matrix, labels: NDArray[np.int64]) -> float:
    """The share of images that get the right class."""
    return float(np.mean(np.argmax(scores(parameters, images), axis=1) == labels))


def data() -> tuple[Matrix, NDArray[np.int64], Matrix, NDArray[np.int64]]:
    """Scikit-learn's digits, a quarter of them kept for the test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    parts: list[Any] = train_test_split(
        images / 16, labels, test_size=0.25, random_state=0, stratify=labels
    )
    train_images, test_images, train_labels, test_labels = parts
    return train_images, train_labels, test_images, test_labels


def main() -> None:
    """Train, and print the accuracy on images that were not seen in training."""
    train_images, train_labels, test_images, test_labels = data()
    parameters = train(train_images, train_labels)
    print(f"test accuracy: {accuracy(parameters, test_images, test_labels):.1%}")


if __name__ == "__main__":
    main()
