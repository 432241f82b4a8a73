"""Who: groups in their order and colour, and their rates."""

from matplotlib.ticker import PercentFormatter

from utils.plots.canvas import axes, interval

# Okabe and Ito's palette for the groups, Tol's for the sexes; data sets name one group differently.
COLOURS = {
    "Black": "#0072B2",
    "East African": "#56B4E9",
    "Native American": "#009E73",
    "Latino": "#E69F00",
    "Asian": "#CC79A7",
    "White": "#D55E00",
    "Other": "#BBBBBB",
    "Unknown": "#4D4D4D",
    "Female": "#882255",
    "Male": "#44AA99",
    # lighter and darker skin, feminine and masculine: faces of the vision lessons
    "LF": "#F5C77E",
    "LM": "#9CC3E6",
    "DF": "#A6500A",
    "DM": "#1F4E8C",
}
SAME_GROUP = {
    "African-American": "Black",
    "Black or East African": "Black",
    "Amer-Indian-Eskimo": "Native American",
    "Asian-Pac-Islander": "Asian",
    "Hispanic": "Latino",
    "Caucasian": "White",
    "not Black": "Other",
}
OTHER_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]


def colour_of(group, position: int = 0) -> str:
    """Colour of a group; one that the course does not know takes the colour of its position.

    Crossed groups, such as ``"Asian, Female"``, take the colour of the first part.
    """
    first = str(group).split(", ")[0]
    return COLOURS.get(
        SAME_GROUP.get(first, first), OTHER_COLOURS[position % len(OTHER_COLOURS)]
    )


def in_order(groups) -> list:
    """Put groups into the course's order; unknown ones follow in the order given."""
    known = list(COLOURS)
    rank = {group: SAME_GROUP.get(group, group) for group in groups}
    return sorted(
        rank, key=lambda g: known.index(rank[g]) if rank[g] in known else len(known)
    )


def who(table, *, label, ax=None):
    """Who? A rate for each group with its interval and the group's size.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a group; columns ``rate``, ``low``, ``high`` (same unit) and ``n`` (rows counted).
    label : str
        The rate's name and unit.
    """
    ax = axes(ax, (7, 0.6 * len(table) + 1.2))
    for y, group in enumerate(in_order(table.index)):
        row = table.loc[group]
        ax.barh(y, row["rate"], color=colour_of(group, y), alpha=0.85)
        interval(ax, row["low"], row["high"], y)
        ax.text(row["high"], y, f"  n = {row['n']:,.0f}", va="center", fontsize=9)
    ax.set(yticks=range(len(table)), yticklabels=in_order(table.index), xlabel=label)
    reach = table["high"].max()
    ax.set_xlim(0, 1.25 * reach)
    if reach <= 1:  # room for the text, but no share is above 1
        ax.set_xticks([tick for tick in ax.get_xticks() if tick <= 1])
    ax.invert_yaxis()
    return ax


def by_score(table, *, label, ax=None):
    """Does a score mean the same? The outcome's rate by score, a line a group, with intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``group``, ``score``, ``rate``, ``low``, ``high`` (shares, 0 to 1).
    label : str
        The outcome.
    """
    ax = axes(ax, (7, 4.2))
    for position, group in enumerate(in_order(table["group"].unique())):
        rows = table[table["group"] == group]
        x = rows["score"] + 0.12 * (position - 0.5)
        errors = [rows["rate"] - rows["low"], rows["high"] - rows["rate"]]
        ax.errorbar(
            x, rows["rate"], errors, marker="os^D"[position % 4], capsize=3, label=group,
            color=colour_of(group, position),
        )  # fmt: skip
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(
        xlabel="score",
        ylabel=label,
        ylim=(0, 1),
        xticks=sorted(table["score"].unique()),
    )
    ax.legend(fontsize=9)
    return ax
