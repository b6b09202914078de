"""Stacks of linear layers with ReLU between them, and the gradient of every row without a copy of the weights per row.

The gradient of row i with respect to a layer's weights is the outer product of the error that reaches the layer and
what the layer was given; so its norm is a product of two norms, and a clipped sum is one matrix product (Goodfellow
2015, arXiv:1510.01799; Li et al. 2022, arXiv:2110.05679, call it ghost clipping).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Network:
    """`weights[l]` (outputs, inputs) and `biases[l]` (outputs,) of each layer; none hidden is logistic regression."""

    weights: tuple[torch.Tensor, ...]
    biases: tuple[torch.Tensor, ...]

    @property
    def parameters(self) -> list[torch.Tensor]:
        return [*self.weights, *self.biases]

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.weights[0].shape[1], *(weight.shape[0] for weight in self.weights))


@dataclass(frozen=True)
class Pass:
    """What one pass over rows leaves: `given[l]` (n, inputs) to each layer, `errors[l]` (n, outputs) that reach it."""

    given: tuple[torch.Tensor, ...]
    errors: tuple[torch.Tensor, ...]

    def norms(self) -> torch.Tensor:
        """The norm (n,) of each row's gradient over all layers."""
        squares = [
            error.square().sum(1) * (given.square().sum(1) + 1)
            for given, error in zip(self.given, self.errors, strict=True)
        ]
        return sum(squares[1:], squares[0]).sqrt()

    def weighted(self, by: torch.Tensor) -> list[torch.Tensor]:
        """The sum over rows of their gradients times `by` (n,), in the order of Network.parameters."""
        scaled = [error * by[:, None] for error in self.errors]
        products = [error.T @ given for error, given in zip(scaled, self.given, strict=True)]
        return [*products, *(error.sum(0) for error in scaled)]

    def each(self) -> list[torch.Tensor]:
        """Every row's gradient (n, *shape), in the order of Network.parameters; it needs n times the room."""
        products = [error[:, :, None] * given[:, None, :] for error, given in zip(self.errors, self.given, strict=True)]
        return [*products, *self.errors]


def new_network(widths: Sequence[int], seed: int) -> Network:
    """Weights as torch's Linear begins with (Kaiming uniform). They come before any data, so the seed is no secret."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    weights, biases = [], []
    for inputs, outputs in pairwise(widths):
        bound = 1 / np.sqrt(inputs)
        weights.append((torch.rand(outputs, inputs, generator=generator) * 2 - 1) * bound)
        biases.append((torch.rand(outputs, generator=generator) * 2 - 1) * bound)
    return Network(tuple(weights), tuple(biases))


def logits(network: Network, x: torch.Tensor) -> torch.Tensor:
    """(n, classes) for rows (n, inputs)."""
    return _forward(network, x)[1]


def backward(network: Network, x: torch.Tensor, y: torch.Tensor) -> Pass:
    """One pass over rows `x` (n, inputs) of classes `y` (n,), with the cross-entropy of each row as its loss."""
    import torch

    given, out = _forward(network, x)
    error = torch.softmax(out, 1)
    error[torch.arange(len(y), device=y.device), y] -= 1
    errors = [error]
    for weight, into in zip(network.weights[:0:-1], given[:0:-1], strict=True):
        error = (error @ weight) * (into > 0)
        errors.append(error)
    return Pass(tuple(given), tuple(reversed(errors)))


def _forward(network: Network, x: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
    import torch

    given = [x]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        given.append(torch.relu(torch.addmm(bias, given[-1], weight.T)))
    return given, torch.addmm(network.biases[-1], given[-1], network.weights[-1].T)
