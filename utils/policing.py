"""Hot spots and the patrol urn: how records of stops are turned into predictions, and back."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from tqdm.auto import tqdm

KM_PER_DEGREE = 111.32  # of latitude; of longitude at the equator


@dataclass(frozen=True)
class Grid:
    """A city cut into square cells.

    Attributes
    ----------
    south, west : float
        Degrees, the grid's lower left corner.
    rows, columns : int
        Cells northwards and eastwards. Arrays over the grid have shape ``(rows, columns)``.
    cell_km : float
        Side of a cell in kilometres.
    inside : numpy.ndarray of bool
        Cells that belong to the city.
    """

    south: float
    west: float
    rows: int
    columns: int
    cell_km: float
    inside: np.ndarray

    @property
    def km_per_degree(self) -> tuple[float, float]:
        """Kilometres in a degree of latitude and of longitude here."""
        return KM_PER_DEGREE, KM_PER_DEGREE * np.cos(np.radians(self.south))

    @property
    def cell_area(self) -> float:
        """Area of a cell in square kilometres."""
        return self.cell_km**2

    def cells_of(self, latitude, longitude) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of each place; places beyond the edge fall into the edge's cells."""
        north, east = self.km_per_degree
        row = (np.asarray(latitude) - self.south) * north / self.cell_km
        column = (np.asarray(longitude) - self.west) * east / self.cell_km
        return (
            np.clip(row.astype(int), 0, self.rows - 1),
            np.clip(column.astype(int), 0, self.columns - 1),
        )

    def count(self, latitude, longitude) -> np.ndarray:
        """Number of places in each cell, shape ``(rows, columns)``."""
        counts = np.zeros((self.rows, self.columns), dtype=int)
        np.add.at(counts, self.cells_of(latitude, longitude), 1)
        return counts

    def density(self, latitude, longitude, bandwidth_km: float = 0.4) -> np.ndarray:
        """Kernel density of places, per square kilometre.

        A Gaussian kernel on the cells' counts (a binned kernel density estimate): the sum over the
        grid times a cell's area is the number of places, less what spills over the grid's edge.

        Parameters
        ----------
        latitude, longitude : array-like of float
            Degrees.
        bandwidth_km : float
            Standard deviation of the kernel in kilometres. Small: spiky. Large: smooth.

        Raises
        ------
        ValueError
            If the bandwidth is not positive.
        """
        if not bandwidth_km > 0:
            raise ValueError(
                f"bandwidth_km is {bandwidth_km}; use a length above 0, such as 0.4"
            )
        counts = self.count(latitude, longitude).astype(float)
        smooth = gaussian_filter(counts, bandwidth_km / self.cell_km, mode="constant")
        return smooth / self.cell_area

    def nearest(self, latitude, longitude, labels) -> np.ndarray:
        """Label each cell with the most frequent label in it, or in the nearest cell that has one.

        Parameters
        ----------
        latitude, longitude : array-like of float
            Degrees.
        labels : array-like of int
            Such as the precinct of each place; not negative.

        Returns
        -------
        numpy.ndarray of int, shape (rows, columns)
        """
        labels = np.asarray(labels, int)
        votes = np.zeros((labels.max() + 1, self.rows, self.columns), int)
        np.add.at(votes, (labels, *self.cells_of(latitude, longitude)), 1)
        empty = votes.sum(axis=0) == 0
        row, column = distance_transform_edt(
            empty, return_distances=False, return_indices=True
        )
        return votes.argmax(axis=0)[row, column]


def make_grid(
    latitude, longitude, cell_km: float = 0.25, margin_km: float = 0.3
) -> Grid:
    """Lay a grid over a city known only by the places recorded in it.

    Parameters
    ----------
    latitude, longitude : array-like of float
        Degrees; at least one place.
    cell_km : float
        Side of a cell in kilometres.
    margin_km : float
        A cell belongs to the city if a recorded place lies within this distance.

    Returns
    -------
    Grid

    Raises
    ------
    ValueError
        If there is no place, or `cell_km` is not positive.
    """
    latitude, longitude = np.asarray(latitude, float), np.asarray(longitude, float)
    if latitude.size == 0 or latitude.shape != longitude.shape:
        raise ValueError(
            f"got {latitude.size} latitudes and {longitude.size} longitudes; give as many of each, "
            "at least one"
        )
    if not cell_km > 0:
        raise ValueError(f"cell_km is {cell_km}; use a length above 0, such as 0.25")
    south = latitude.min() - margin_km / KM_PER_DEGREE
    north_km = KM_PER_DEGREE
    east_km = KM_PER_DEGREE * np.cos(np.radians(south))
    west = longitude.min() - margin_km / east_km
    rows = int(((latitude.max() - south) * north_km + margin_km) / cell_km) + 1
    columns = int(((longitude.max() - west) * east_km + margin_km) / cell_km) + 1
    everywhere = Grid(
        south, west, rows, columns, cell_km, np.ones((rows, columns), bool)
    )
    empty = everywhere.count(latitude, longitude) == 0
    inside = distance_transform_edt(empty) * cell_km <= margin_km
    return Grid(south, west, rows, columns, cell_km, inside)


def top_cells(score, share: float, inside=None, seed: int = 0) -> np.ndarray:
    """Mark the cells of highest score.

    Parameters
    ----------
    score : array-like, shape (rows, columns)
        Higher: patrol here first. Ties are broken at random, so that no corner of the map is
        preferred.
    share : float
        Share of the city's cells to mark, above 0 and up to 1; at least one cell is marked.
    inside : array of bool, optional
        The city's cells; all by default.
    seed : int
        For the ties.

    Returns
    -------
    numpy.ndarray of bool, shape (rows, columns)

    Raises
    ------
    ValueError
        If `share` is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(
            f"share is {share}; use a share of the city above 0 and up to 1, as 0.05"
        )
    score = np.asarray(score, float)
    inside = np.ones(score.shape, bool) if inside is None else np.asarray(inside, bool)
    cells = np.flatnonzero(inside)
    tie = np.random.default_rng(seed).random(cells.size)
    order = np.lexsort((tie, -score.ravel()[cells]))
    marked = np.zeros(score.size, bool)
    marked[cells[order[: max(1, round(share * cells.size))]]] = True
    return marked.reshape(score.shape)


def hit_rate(marked, later_counts) -> float:
    """Share of later events that fall into the marked cells.

    Returns
    -------
    float
        In [0, 1]. Equal to the share of area marked: the map is no better than chance.

    Raises
    ------
    ValueError
        If no event came later.

    References
    ----------
    Bowers, Johnson and Pease (2004), "Prospective hot-spotting".
    """
    later_counts = np.asarray(later_counts)
    total = later_counts.sum()
    if total == 0:
        raise ValueError("later_counts has no event; a hit rate needs at least one")
    return float(later_counts[np.asarray(marked, bool)].sum() / total)


def predictive_accuracy_index(marked, later_counts, inside=None) -> float:
    """Hit rate divided by the share of area marked (PAI).

    Returns
    -------
    float
        At least 0. One: no better than chance. Ten: ten times the events that as large an area
        holds on average.

    References
    ----------
    Chainey, Tompson and Uhlig (2008), "The utility of hotspot mapping for predicting spatial
    patterns of crime".
    """
    marked = np.asarray(marked, bool)
    inside = np.ones(marked.shape, bool) if inside is None else np.asarray(inside, bool)
    area = (marked & inside).sum() / inside.sum()
    return hit_rate(marked, later_counts) / area


def patrol_urn(
    rates,
    start=(1, 1),
    *,
    days: int = 5000,
    runs: int = 300,
    corrected: bool = False,
    reports=(0, 0),
    seed: int = 0,
    progress: bool = True,
) -> np.ndarray:
    """Simulate a city that sends its one patrol where its records say crime is.

    Each day the patrol goes to one of two areas, drawn in proportion to the incidents recorded so
    far. There it *discovers* an incident with that area's true rate, and the discovery is recorded.
    Besides, residents of either area *report* incidents, wherever the patrol is.

    Parameters
    ----------
    rates : (float, float)
        The true chance a day of discovering an incident in area A and in area B, if visited.
    start : (float, float)
        Incidents on record on day 0, both above 0.
    days, runs : int
        Length of a run; number of independent runs, computed side by side.
    corrected : bool
        True: a discovery is recorded only with the other area's share as its chance ("thinning"),
        so that an area visited often does not gain for being visited.
    reports : (float, float)
        Chance a day that an incident is reported from A and from B.
    seed : int
        Same seed, same runs.
    progress : bool
        Show a progress bar.

    Returns
    -------
    numpy.ndarray, shape (days + 1, runs)
        Area A's share of the record, in [0, 1], which is the chance that the patrol goes there.

    Raises
    ------
    ValueError
        If a rate is not in [0, 1], a start is not above 0, or days or runs are below 1.

    References
    ----------
    Ensign et al. (2018), "Runaway feedback loops in predictive policing", FAT*, PMLR 81.
    """
    rates, reports = _pair(rates, "rates", 1), _pair(reports, "reports", 1)
    start = _pair(start, "start", np.inf)
    if (start <= 0).any():
        raise ValueError(
            f"start is {tuple(start)}; each area needs more than 0 on record"
        )
    if days < 1 or runs < 1:
        raise ValueError(f"days is {days} and runs is {runs}; use at least 1 of each")
    random = np.random.default_rng(seed)
    record = np.repeat(start[:, None], runs, axis=1)
    shares = np.empty((days + 1, runs))
    shares[0] = record[0] / record.sum(axis=0)
    for day in tqdm(range(1, days + 1), disable=not progress, desc="days", leave=False):
        visit, discover, keep, report_a, report_b = random.random((5, runs))
        in_a = visit < shares[day - 1]
        found = discover < np.where(in_a, rates[0], rates[1])
        if corrected:
            found &= keep < np.where(in_a, 1 - shares[day - 1], shares[day - 1])
        record[0] += (found & in_a) + (report_a < reports[0])
        record[1] += (found & ~in_a) + (report_b < reports[1])
        shares[day] = record[0] / record.sum(axis=0)
    return shares


def _pair(values, name: str, highest: float) -> np.ndarray:
    """Two numbers from 0 to `highest`, or a ValueError that names the argument."""
    pair = np.asarray(values, float)
    if pair.shape != (2,) or not ((pair >= 0) & (pair <= highest)).all():
        limit = f"from 0 to {highest}" if np.isfinite(highest) else "from 0 up"
        raise ValueError(f"{name} is {values!r}; give two numbers {limit}, one an area")
    return pair
