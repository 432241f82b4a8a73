"""Coalitions of features, and the linear map from their values to Shapley values.

The full and the empty coalition are known from the model's score of the row and of the baseline,
so no map holds them: only the 2^k − 2 others are worth a question to the model.
"""

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

# rows of random numbers at a time
DRAWS = 2**16


@dataclass(frozen=True)
class Plan:
    """Which coalitions of k features are asked, and what to make of the answers.

    Attributes
    ----------
    masks : ndarray of bool, shape (coalitions, k)
        The features that come from the row; the others come from the baseline.
    from_values : ndarray, shape (k, coalitions)
        Shapley values are ``from_values @ (value - empty) + from_gap * (full - empty)``.
    from_gap : ndarray, shape (k,)
    complete : bool
        Whether these are all coalitions but the empty and the full one, in binary order.
    """

    masks: np.ndarray
    from_values: np.ndarray
    from_gap: np.ndarray
    complete: bool


def inner_count(k: int) -> int:
    """Coalitions of k features without the empty and the full one."""
    return max(0, 2**k - 2)


def sample_count(features: int, n_samples: int | None, k: int) -> int:
    """Clarify's rule: min(n_samples or 2 F + 2^11, 2^k − 2).

    F counts all features; k only those that differ from the baseline, as no other costs anything.
    A sample is of pairs, a coalition and its complement, so an odd one is one smaller.
    """
    wanted = 2 * features + 2**11 if n_samples is None else n_samples
    return min(wanted - wanted % 2, inner_count(k))


@cache
def exact_plan(k: int) -> Plan:
    """All coalitions, with the weights of Shapley's formula."""
    masks = (np.arange(1, 2**k - 1)[:, None] >> np.arange(k)) & 1 == 1
    size = masks.sum(axis=1)
    # of s features, a member gets (s-1)!(k-s)!/k! of the worth; another loses s!(k-s-1)!/k! of it
    inside = np.array([1 / (k * math.comb(k - 1, s - 1)) for s in range(1, k)])
    outside = np.array([-1 / (k * math.comb(k - 1, s)) for s in range(1, k)])
    if k == 1:
        return Plan(masks, np.zeros((1, 0)), np.ones(1), True)
    weights = np.where(masks, inside[size - 1, None], outside[size - 1, None])
    return Plan(masks, np.ascontiguousarray(weights.T), np.full(k, 1 / k), True)


def kernel_plan(k: int, n_samples: int, seed: int) -> Plan:
    """`n_samples` coalitions and the weighted regression through them; all where there are no more.

    Sizes are taken whole from the outside in, as the smallest and the largest coalitions weigh
    most; what is left of the budget is drawn in pairs of a coalition and its complement.
    """
    if n_samples >= inner_count(k):
        return exact_plan(k)
    masks, weights = sampled(k, n_samples, seed)
    # the values must add up to the gap: that settles the last one and leaves k - 1 unknown
    last = masks[:, -1:].astype(float)
    design = masks[:, :-1] - last
    weighted = design.T * weights
    solved = np.linalg.solve(weighted @ design, np.hstack([weighted, -weighted @ last]))
    from_values, from_gap = solved[:, :-1], solved[:, -1]
    return Plan(
        masks,
        np.vstack([from_values, -from_values.sum(axis=0)]),
        np.append(from_gap, 1 - from_gap.sum()),
        False,
    )


def sampled(k: int, n_samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Coalitions, shape (n, k), and their weights under the Shapley kernel, shape (n,)."""
    weight_of_size = np.array([(k - 1) / (s * (k - s)) for s in range(1, k)])
    masks, weights, left = [], [], n_samples
    sizes = list(range(1, k // 2 + 1))
    while sizes:
        pair = sorted({sizes[0], k - sizes[0]})
        if sum(math.comb(k, s) for s in pair) > left:
            break
        for size in pair:
            whole = _of_size(k, size)
            masks.append(whole)
            weights.append(np.full(len(whole), weight_of_size[size - 1] / len(whole)))
            left -= len(whole)
        sizes.pop(0)
    if sizes and left >= 2:
        pair_weight = np.array(
            [weight_of_size[s - 1] * (1 if 2 * s == k else 2) for s in sizes]
        )
        drawn, times = _draw(k, np.array(sizes), pair_weight, left // 2, seed)
        share = times / times.sum() * pair_weight.sum() / 2
        masks += [drawn, ~drawn]
        weights += [share, share]
    return np.concatenate(masks), np.concatenate(weights)


def _of_size(k: int, size: int) -> np.ndarray:
    members = np.array(list(combinations(range(k), size)))
    masks = np.zeros((len(members), k), bool)
    masks[np.arange(len(members))[:, None], members] = True
    return masks


def _draw(
    k: int, sizes, weight, pairs: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw until `pairs` different ones were seen: one of each pair, and how often it was drawn."""
    random = np.random.default_rng(seed)
    seen = np.zeros((0, (k + 7) // 8), np.uint8)
    while True:
        draws = min(DRAWS, 2 * pairs)
        size = random.choice(sizes, p=weight / weight.sum(), size=draws)
        rank = random.random((draws, k)).argsort(axis=1)
        masks = rank < size[:, None]
        # of two halves that complete each other, keep the one with the first feature
        masks ^= ((2 * size == k) & ~masks[:, 0])[:, None]
        seen = np.concatenate([seen, np.packbits(masks, axis=1)])
        keys = np.ascontiguousarray(seen).view(f"V{seen.shape[1]}").ravel()
        _, first = np.unique(keys, return_index=True)
        if len(first) >= pairs:
            break
    # as if the drawing had ended just before one pair too many
    end = np.sort(first)[pairs] if len(first) > pairs else len(seen)
    _, first, times = np.unique(keys[:end], return_index=True, return_counts=True)
    return np.unpackbits(seen[first], axis=1, count=k).astype(bool), times
