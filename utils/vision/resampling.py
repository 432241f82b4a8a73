"""How often each face is shown: rare faces by their latent code more often (Amini et al., 2019).

Nobody names the groups. The code of a face says how it looks; a histogram over all faces says how
common each value of the code is; a face whose values are rare is drawn more often.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 20


def latent_shares(codes, *, bins=10):
    """Share of the faces in the histogram bin of each face, latent by latent.

    Parameters
    ----------
    codes : array of float, shape (faces, latents)
    bins : int
        Bins of equal width from the smallest to the largest value of a latent.

    Returns
    -------
    array of float, shape (faces, latents)
        In (0, 1]: 0.2 says that a fifth of the faces lie in this face's bin.

    Raises
    ------
    ValueError
        If codes is not a table of finite numbers with a row, or bins is below 1.
    """
    codes = _check_codes(codes)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    low, width = codes.min(axis=0), np.ptp(codes, axis=0)
    place = (codes - low) / np.where(width == 0, 1, width) * bins
    place = np.minimum(place.astype(int), bins - 1)
    counts = np.stack([np.bincount(column, minlength=bins) for column in place.T])
    return counts[np.arange(codes.shape[1]), place] / len(codes)


def _check_codes(codes):
    codes = np.asarray(codes, dtype=float)
    if codes.ndim != 2 or not codes.size:
        raise ValueError(
            f"codes must be a table (faces, latents), found shape {codes.shape}"
        )
    if not np.isfinite(codes).all():
        raise ValueError("codes hold values that are not finite: did training diverge?")
    return codes


def resampling_weights(
    codes, *, alpha=0.05, bins=10, effective_share=0.1, combine="product"
):
    r"""Probability of drawing each face, from how rare its latent code is.

    .. math:: W(x) \propto \Bigl(\prod_i \frac{1}{\hat Q_i(z_i(x)) + \alpha}\Bigr)^{1/T}

    With many latents the plain product (T = 1) gives nearly all the probability to a handful of
    faces. `effective_share` finds the temper T >= 1 at which that does not happen.

    Parameters
    ----------
    codes : array of float, shape (faces, latents)
        Means of the latent codes of the faces.
    alpha : float
        Smoothing, a share, positive. Small: rare faces are drawn much more often. Large: all
        faces alike.
    bins : int
        Histogram bins a latent.
    effective_share : float or None
        Smallest effective sample size to keep, as a share of the faces, in (0, 1]. None: the
        product as the paper writes it.
    combine : {"product", "max", "neighbours"}
        Over the latents: the paper's product; the largest of the latents' probabilities as in MIT
        6.S191's lab (then `effective_share` is not used); or no histograms but the distance to
        the 20th nearest face in the space of codes, a density of all latents together, where
        the product holds only if they are independent (then `alpha` and `bins` are not used).

    Returns
    -------
    array of float, shape (faces,)
        Not negative, sum 1.

    References
    ----------
    Amini, Soleimany, Schwarting, Bhatia and Rus, "Uncovering and Mitigating Algorithmic Bias
    through Learned Latent Structure", AIES 2019, equation 3; the temper and the neighbours are
    this course's.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, not {alpha}")
    if combine not in ("product", "max", "neighbours"):
        raise ValueError(
            f'combine must be "product", "max" or "neighbours", not {combine!r}'
        )
    if effective_share is not None and not 0 < effective_share <= 1:
        raise ValueError(f"effective_share must be in (0, 1], not {effective_share}")
    if combine == "neighbours":
        logs = _log_rarity(_check_codes(codes))
    else:
        rarity = 1 / (latent_shares(codes, bins=bins) + alpha)
        if combine == "max":
            return _normal((rarity / rarity.sum(axis=0)).max(axis=1))
        logs = np.log(rarity).sum(axis=1)
    if effective_share is None:
        return _tempered(logs, 1.0)
    return _tempered(logs, _temper(logs, effective_share))


def effective_sample_size(weights):
    """How many equally likely faces would vary as much as these weighted ones.

    Parameters
    ----------
    weights : array of float, shape (faces,)
        Probabilities, sum 1.

    Returns
    -------
    float
        From 1 (one face is drawn always) to the number of faces (all alike).
    """
    return float(1 / np.square(weights).sum())


def _log_rarity(codes):
    """Logarithm of one over the density, up to a constant: latents times log distance."""
    count = min(NEIGHBOURS, len(codes) - 1)
    near = NearestNeighbors(n_neighbors=count + 1, algorithm="brute").fit(codes)
    distance = near.kneighbors(codes)[0][:, -1]
    if not distance.any():
        return np.zeros(len(codes))
    smallest = distance[distance > 0].min()
    return codes.shape[1] * np.log(np.maximum(distance, smallest))


def _normal(weights):
    return weights / weights.sum()


def _tempered(logs, temper):
    return _normal(np.exp((logs - logs.max()) / temper))


def _temper(logs, share):
    """The smallest temper that keeps the effective sample size; 1 where the product does."""
    wanted = share * len(logs)
    if effective_sample_size(_tempered(logs, 1.0)) >= wanted:
        return 1.0
    low, high = 0.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        if effective_sample_size(_tempered(logs, np.exp(middle))) < wanted:
            low = middle
        else:
            high = middle
    return float(np.exp(high))
