"""A small network on dense rows: one hidden layer, trained with dropout by Adam."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from handrail_ai_steps.models.local.vectors import Floats, Targets, softmax

Halves: TypeAlias = np.ndarray[Any, np.dtype[np.float16]]

EPOCHS = 20
BATCH = 128
STEP = np.float32(2e-3)
"""Largest step size; it rises over the first steps and falls to 0 over the rest, along a cosine."""
WARM_UP = 200
DECAY = 1e-2
KEEP_INPUT = np.float32(0.8)
KEEP_HIDDEN = np.float32(0.6)
MIN_STEPS = 250
"""Few examples are gone through more often, so that the network always takes about this many steps."""


FIRST, SECOND = np.float32(0.9), np.float32(0.999)
"""How much of the running mean of the slopes, and of their squares, is kept at each step."""
TINY = np.float32(1e-8)


@dataclass(frozen=True, slots=True)
class Network:
    """Two layers of weights with a rectifier between them."""

    hidden: Floats
    """Columns of the input by hidden units."""
    hidden_bias: Floats
    output: Floats
    """Hidden units by targets."""
    output_bias: Floats

    def scores(self, rows: Floats) -> Floats:
        """Return one score for each row and target, as log-odds up to a constant for each row."""
        hidden = np.maximum(rows @ self.hidden + self.hidden_bias, 0)
        scores: Floats = hidden @ self.output + self.output_bias
        return scores


def fit_network(views: Sequence[Halves], targets: Targets, *, count: int, hidden: int, seed: int) -> Network:
    """Return a network that tells ``count`` targets apart, by Adam with decoupled decay (Loshchilov and Hutter, 2019).

    Each pass goes through another of the ``views`` of the same texts. Those, and dropping inputs and hidden
    units at random, are what makes so small a set of texts enough.
    """
    chance = np.random.default_rng(seed)
    layers = _first_layers(chance, views[0].shape[1], hidden, count)
    descent = Descent(layers, decay=DECAY)
    batches = -(-len(targets) // BATCH)
    epochs = max(EPOCHS, -(-MIN_STEPS // batches))
    total = epochs * batches
    taken = 0
    for epoch in range(epochs):
        rows = views[epoch % len(views)]
        order = chance.permutation(len(targets))
        for start in range(0, len(targets), BATCH):
            batch = order[start : start + BATCH]
            taken += 1
            rate = min(1, taken / min(WARM_UP, total / 4)) * 0.5 * (1 + np.cos(np.pi * taken / total))
            slopes = _slopes(layers, rows[batch].astype(np.float32), targets[batch], chance)
            descent.take(slopes, STEP * np.float32(rate))
    return Network(*layers)


def _first_layers(chance: np.random.Generator, width: int, hidden: int, count: int) -> list[Floats]:
    return [
        (chance.standard_normal((width, hidden), np.float32) * np.float32(np.sqrt(2 / width))),
        np.zeros(hidden, np.float32),
        (chance.standard_normal((hidden, count), np.float32) * np.float32(np.sqrt(1 / hidden))),
        np.zeros(count, np.float32),
    ]


def _slopes(layers: list[Floats], rows: Floats, targets: Targets, chance: np.random.Generator) -> list[Floats]:
    """Return the slope of the mean cross entropy in each layer, with part of the inputs and hidden units dropped."""
    hidden_weights, hidden_bias, output_weights, output_bias = layers
    rows = rows * _kept(chance, rows.shape, KEEP_INPUT)
    hidden = rows @ hidden_weights + hidden_bias
    gate = (hidden > 0) * _kept(chance, hidden.shape, KEEP_HIDDEN)
    hidden *= gate
    error = softmax(hidden @ output_weights + output_bias)
    error[np.arange(len(rows)), targets] -= 1
    error /= len(rows)
    back = (error @ output_weights.T) * gate
    return [rows.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]


def _kept(chance: np.random.Generator, shape: tuple[int, ...], share: np.float32) -> Floats:
    """Return 0 for what is dropped and 1 / share for what is kept, so that the mean stays as it was."""
    kept = (chance.random(shape, np.float32) < share).astype(np.float32)
    kept /= share
    return kept


class Descent:
    """Changes layers in place, by Adam with decoupled decay (Loshchilov and Hutter, 2019)."""

    def __init__(self, layers: Sequence[Floats], *, decay: float) -> None:
        """Take charge of the layers; matrices among them are pulled towards 0 by ``decay``, biases are not."""
        self._layers = [_Layer(layer, np.float32(decay if layer.ndim > 1 else 0)) for layer in layers]
        self._taken = 0

    def take(self, slopes: Sequence[Floats], step: np.float32) -> None:
        """Take one step of the given size down the slopes, one slope for each layer."""
        self._taken += 1
        for layer, slope in zip(self._layers, slopes, strict=True):
            layer.move(slope, step, self._taken)


class _Layer:
    """One layer with the running means of its slopes and of their squares."""

    def __init__(self, weights: Floats, decay: np.float32) -> None:
        self._weights = weights
        self._decay = decay
        self._mean = np.zeros_like(weights)
        self._square = np.zeros_like(weights)

    def move(self, slope: Floats, step: np.float32, taken: int) -> None:
        self._mean += (1 - FIRST) * (slope - self._mean)
        self._square += (1 - SECOND) * (slope * slope - self._square)
        # Both means start at 0: early on they are too small by a known factor.
        way = np.sqrt(self._square / (1 - SECOND**taken))
        way += TINY
        np.divide(self._mean, way, out=way)
        way /= 1 - FIRST**taken
        if self._decay:
            way += self._decay * self._weights
        way *= step
        self._weights -= way
