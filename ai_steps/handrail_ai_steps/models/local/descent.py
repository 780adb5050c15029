"""Steps down a slope, as Adam takes them."""

from collections.abc import Sequence

import numpy as np

from handrail_ai_steps.models.local.softmax import Floats

FIRST, SECOND = np.float32(0.9), np.float32(0.999)
"""How much of the running mean of the slopes, and of their squares, is kept at each step."""
TINY = np.float32(1e-8)


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
