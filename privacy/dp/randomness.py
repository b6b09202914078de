"""Where the noise of a private training comes from: the machine's secure source, or a seed for studies and tests."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

# a sum of this many draws is the noise: from one draw the exact real number could be worked out, and what it hides
# (Mironov 2012, https://doi.org/10.1145/2382196.2382264; the remedy is Holohan and Braghin 2021, arXiv:2107.10138)
DRAWS = 4


class Randomness(Protocol):
    """Uniform numbers on [0, 1) and standard normal ones, `size` of each."""

    def uniform(self, size: int) -> np.ndarray: ...

    def normal(self, size: int) -> np.ndarray: ...


class Secure:
    """The operating system's secure source. Nobody can draw it again, so nobody can take the noise away."""

    def uniform(self, size: int) -> np.ndarray:
        bits = np.frombuffer(os.urandom(8 * size), np.uint64)
        return (bits >> np.uint64(11)) * 2.0**-53

    def normal(self, size: int) -> np.ndarray:
        from scipy.special import ndtri

        drawn = ndtri(self.uniform(DRAWS * size) + 2.0**-54)
        return drawn.reshape(DRAWS, size).sum(axis=0) / math.sqrt(DRAWS)


@dataclass
class Seeded:
    """The same numbers for the same seed: who knows the seed can take the noise away, so no promise may rest on it."""

    seed: int
    generator: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.generator = np.random.default_rng(self.seed)

    def uniform(self, size: int) -> np.ndarray:
        return self.generator.random(size)

    def normal(self, size: int) -> np.ndarray:
        return self.generator.standard_normal(size)


def randomness(seed: int | None) -> Randomness:
    return Secure() if seed is None else Seeded(seed)
