"""Numbers as a page or a table writes them."""

import numpy as np


def number(value: float) -> str:
    """A value to three places, infinities and absences in words."""
    if np.isnan(value):
        return "–"
    return f"{value:.3f}" if np.isfinite(value) else ("∞" if value > 0 else "−∞")


def interval_text(low: float, high: float) -> str:
    """An interval's ends, or a dash."""
    return "–" if np.isnan(low) else f"{number(low)} to {number(high)}"
