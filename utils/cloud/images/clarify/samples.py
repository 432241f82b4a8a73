"""How many coalitions Kernel SHAP is asked for."""

from utils.explain import cost
from utils.explain.coalitions import inner_count


def enough(asked: int | None, rows, baseline, features=None) -> int | None:
    """The number of samples asked for, raised to the fewest that settle the values.

    AWS's own example asks for 15 samples with twelve features, for which the regression has no
    good answer. Twice the number of features that vary are taken then.

    Parameters
    ----------
    asked : int or None
        None: by Clarify's rule, which is always enough.
    rows, baseline, features
        As for `utils.explain.kernel_shap`.
    """
    if asked is None:
        return None
    most = cost(None, rows, baseline, None, features).most_varying
    return max(asked, min(2 * most, inner_count(most)))
