"""Small frames that can be checked by hand, and random ones."""

import numpy as np
import pandas as pd


def loans() -> pd.DataFrame:
    """Twelve applicants: eight men (6 approved), four women (1 approved)."""
    return pd.DataFrame(
        {
            "sex": ["m"] * 8 + ["w"] * 4,
            "approved": [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0],
            "predicted": [1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 0],
            "branch": list("xxxxyyyy") + list("xyyy"),
            "income": [5, 4, 4, 3, 5, 2, 3, 1, 4, 2, 1, 1],
        }
    )


def random_frame(random: np.random.Generator) -> pd.DataFrame:
    """A few rows of every kind of trouble: rare values, one class, empty strata."""
    rows = int(random.integers(4, 40))
    shares = random.beta(0.7, 0.7, 3)
    return pd.DataFrame(
        {
            "facet": random.random(rows) < shares[0],
            "label": (random.random(rows) < shares[1]).astype(int),
            "predicted": (random.random(rows) < shares[2]).astype(int),
            "group": random.integers(0, random.integers(1, 5), rows),
        }
    )
