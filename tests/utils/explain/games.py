"""Small models, and Shapley's formula written out, for the tests of this folder."""

import math
from itertools import combinations

import numpy as np


def curved(x):
    """Interactions of two and three features, a square, and a feature without effect (the last)."""
    return np.sin(x[:, 0]) * x[:, 1] + x[:, 2] ** 2 + x[:, 0] * x[:, 1] * x[:, 3]


def chance(x):
    """A probability."""
    return 1 / (1 + np.exp(-curved(x)))


def two_outputs(x):
    """A probability and its complement."""
    return np.column_stack([chance(x), 1 - chance(x)])


def people(rows=6, baseline=3, features=5, seed=0):
    """Rows and baseline rows; some cells are equal."""
    random = np.random.default_rng(seed)
    return (
        random.integers(0, 4, (rows, features)) / 2,
        random.integers(0, 4, (baseline, features)) / 2,
    )


def brute_force(predict, rows, baseline, link=lambda score: score):
    """Shapley's formula, coalition by coalition, without any saving."""
    n, width = rows.shape
    values = np.zeros((n, width))

    def worth(row, members):
        mixed = baseline.copy()
        mixed[:, list(members)] = row[list(members)]
        return link(predict(mixed).mean())

    for i, row in enumerate(rows):
        for f in range(width):
            others = [g for g in range(width) if g != f]
            for size in range(width):
                weight = 1 / (width * math.comb(width - 1, size))
                for s in combinations(others, size):
                    gain = worth(row, (*s, f)) - worth(row, s)
                    values[i, f] += weight * gain
    return values


class Recorder:
    """A model that writes down what it was asked."""

    def __init__(self, predict):
        self.predict, self.asked = predict, []

    def __call__(self, rows):
        self.asked.append(rows)
        return self.predict(rows)

    @property
    def rows(self):
        """How many rows in all."""
        return sum(map(len, self.asked))
