"""One picture a question. Groups always come in the same order and colour (colour-blind safe).

Every helper draws on `ax` (a new figure when None) and returns it; none of them computes what it
shows, so that the numbers can be read in the notebook.
"""

from utils.plots.boxes import what_calls_what
from utils.plots.curves import how_much_is_caught, over_time
from utils.plots.gaps import how_far_apart, how_far_apart_all
from utils.plots.groups import (
    COLOURS,
    OTHER_COLOURS,
    SAME_GROUP,
    by_score,
    colour_of,
    in_order,
    who,
)
from utils.plots.pictures import what_they_look_like
from utils.plots.places import DAYS, when, where, where_interactive

__all__ = [
    "COLOURS",
    "DAYS",
    "OTHER_COLOURS",
    "SAME_GROUP",
    "by_score",
    "colour_of",
    "how_far_apart",
    "how_far_apart_all",
    "how_much_is_caught",
    "in_order",
    "over_time",
    "what_calls_what",
    "what_they_look_like",
    "when",
    "where",
    "where_interactive",
    "who",
]
