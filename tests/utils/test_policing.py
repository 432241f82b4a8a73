"""Hot spots checked on maps of a few cells, the urn against what theory says of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from utils.policing import (
    KM_PER_DEGREE,
    Grid,
    hit_rate,
    make_grid,
    patrol_urn,
    predictive_accuracy_index,
    top_cells,
)


@pytest.fixture
def grid():
    """Ten by ten cells of one kilometre at the equator."""
    return Grid(0.0, 0.0, 10, 10, 1.0, np.ones((10, 10), bool))


def degrees(kilometres):
    return np.asarray(kilometres, float) / KM_PER_DEGREE


def test_places_are_counted_in_their_cells(grid):
    counts = grid.count(degrees([0.5, 0.6, 3.5]), degrees([2.5, 2.6, 9.5]))
    assert counts[0, 2] == 2
    assert counts[3, 9] == 1
    assert counts.sum() == 3


def test_a_place_beyond_the_edge_is_not_lost(grid):
    assert grid.count(degrees([-5, 50]), degrees([5.5, 5.5])).sum() == 2


def test_density_integrates_to_the_number_of_places(grid):
    density = grid.density(degrees([5.5] * 7), degrees([5.5] * 7), bandwidth_km=0.5)
    assert density.sum() * grid.cell_area == pytest.approx(7, rel=1e-3)


def test_density_is_the_gaussian_kernel(grid):
    density = grid.density(degrees([5.5]), degrees([5.5]), bandwidth_km=1.5)
    kernel = stats.norm(scale=1.5)
    ratio = density[5, 7] / density[5, 5]
    assert ratio == pytest.approx(kernel.pdf(2) / kernel.pdf(0), rel=1e-6)


def test_a_wider_bandwidth_is_smoother(grid):
    narrow, wide = (grid.density(degrees([5.5]), degrees([5.5]), b) for b in (0.5, 2))
    assert narrow.max() > wide.max()


@pytest.mark.parametrize("bandwidth", [0, -1, float("nan")])
def test_a_bandwidth_must_be_a_length(grid, bandwidth):
    with pytest.raises(ValueError, match="bandwidth_km is"):
        grid.density([0], [0], bandwidth)


def test_nearest_label_fills_empty_cells(grid):
    labels = grid.nearest(degrees([0.5, 9.5]), degrees([0.5, 9.5]), [1, 2])
    assert labels[0, 0] == labels[1, 1] == 1
    assert labels[9, 9] == labels[8, 8] == 2


def test_nearest_label_is_the_most_frequent_in_the_cell(grid):
    labels = grid.nearest(degrees([0.5] * 3), degrees([0.5] * 3), [4, 2, 4])
    assert (labels == 4).all()


def test_grid_covers_every_place_and_knows_its_city():
    random = np.random.default_rng(0)
    latitude, longitude = (
        44.9 + 0.1 * random.random(500),
        -93.3 + 0.1 * random.random(500),
    )
    grid = make_grid(latitude, longitude, cell_km=0.5)
    counts = grid.count(latitude, longitude)
    assert counts.sum() == 500
    assert not counts[~grid.inside].any()
    east = grid.km_per_degree[1]
    assert east == pytest.approx(KM_PER_DEGREE * np.cos(np.radians(44.9)), rel=1e-3)


@pytest.mark.parametrize("places", [([], []), ([1.0, 2.0], [1.0])])
def test_a_grid_needs_places(places):
    with pytest.raises(ValueError, match="latitudes and"):
        make_grid(*places)


@pytest.mark.parametrize("cell_km", [0, -0.1])
def test_a_cell_must_have_a_size(cell_km):
    with pytest.raises(ValueError, match="cell_km is"):
        make_grid([45.0], [-93.0], cell_km)


def test_top_cells_are_the_highest():
    marked = top_cells([[1, 5], [3, 2]], share=0.5)
    assert marked.tolist() == [[False, True], [True, False]]


def test_top_cells_stay_inside_the_city():
    inside = np.array([[True, False], [True, True]])
    marked = top_cells([[1, 5], [3, 2]], share=1 / 3, inside=inside)
    assert marked.tolist() == [[False, False], [True, False]]


def test_ties_are_broken_without_preferring_a_corner():
    chosen = {int(top_cells(np.zeros(20), 0.05, seed=s).argmax()) for s in range(60)}
    assert len(chosen) > 10


@pytest.mark.parametrize("share", [0, -0.1, 1.1, 5])
def test_a_share_is_a_share(share):
    with pytest.raises(ValueError, match=f"share is {share}"):
        top_cells(np.zeros(4), share)


def test_hit_rate_and_index_by_hand():
    marked = np.array([True, False, False, False])
    later = np.array([6, 2, 1, 1])
    assert hit_rate(marked, later) == 0.6
    assert predictive_accuracy_index(marked, later) == pytest.approx(0.6 / 0.25)


def test_index_counts_the_citys_cells_only():
    marked, later = np.array([True, False, False, False]), np.array([6, 4, 0, 0])
    inside = np.array([True, True, False, False])
    assert predictive_accuracy_index(marked, later, inside) == pytest.approx(0.6 / 0.5)


def test_no_later_event_is_no_hit_rate():
    with pytest.raises(ValueError, match="has no event"):
        hit_rate([True], [0])


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_random_cells_hit_their_share_on_average(seed):
    random = np.random.default_rng(seed)
    later = random.integers(0, 5, 400) + 1
    rates = [
        hit_rate(top_cells(np.zeros(400), 0.25, seed=s), later) for s in range(200)
    ]
    assert np.mean(rates) == pytest.approx(0.25, abs=0.02)


def urn(rates, **options):
    return patrol_urn(rates, progress=False, **options)


def test_urn_has_a_day_before_the_first():
    shares = urn((0.1, 0.1), start=(6, 3), days=10, runs=4)
    assert shares.shape == (11, 4)
    assert (shares[0] == 6 / 9).all()


def test_same_seed_same_runs():
    a, b, c = (urn((0.1, 0.1), days=50, runs=5, seed=s) for s in (1, 1, 2))
    assert (a == b).all()
    assert (a != c).any()


def test_nothing_to_discover_changes_nothing():
    assert (urn((0, 0), start=(1, 3), days=100, runs=5) == 0.25).all()


def test_only_the_visited_area_discovers():
    shares = urn((1, 0), days=2000, runs=20)
    assert (np.diff(shares, axis=0) >= 0).all()


def test_equal_rates_run_away_to_a_uniform_share():
    """Polya's urn from 1:1 ends at Beta(1, 1); 5,000 days at rate 1 come close."""
    shares = urn((1, 1), days=5000, runs=2000)[-1]
    assert stats.kstest(shares, "uniform").pvalue > 0.001


@pytest.mark.parametrize("rates, truth", [((0.1, 0.1), 0.5), ((0.12, 0.10), 0.545)])
def test_the_correction_finds_the_true_share(rates, truth):
    shares = urn(rates, days=5000, runs=300, corrected=True)[-1]
    assert shares.mean() == pytest.approx(truth, abs=0.015)
    assert np.ptp(np.percentile(shares, [5, 95])) < 0.13


def test_naive_urn_amplifies_a_small_true_difference():
    shares = urn((0.12, 0.10), days=5000, runs=300)[-1]
    assert shares.mean() > 0.62


def test_reports_pull_the_share_towards_theirs():
    alone = urn((0.1, 0.1), days=3000, runs=300)[-1]
    reported = urn((0.1, 0.1), days=3000, runs=300, reports=(0.1, 0.1))[-1]
    assert reported.std() < 0.7 * alone.std()


@pytest.mark.parametrize(
    "wrong",
    [
        {"rates": (0.1,)},
        {"rates": (0.1, 1.2)},
        {"rates": (-0.1, 0.1)},
        {"reports": (2, 0)},
    ],
)
def test_urn_names_a_bad_rate(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"{name} is .* give two numbers from 0 to 1"):
        patrol_urn(**{"rates": (0.1, 0.1), **wrong})


@pytest.mark.parametrize("start", [(0, 1), (1, 0)])
def test_urn_needs_a_record_to_start_from(start):
    with pytest.raises(ValueError, match="each area needs more than 0"):
        patrol_urn((0.1, 0.1), start=start)


@pytest.mark.parametrize("options", [{"days": 0}, {"runs": 0}])
def test_urn_needs_days_and_runs(options):
    with pytest.raises(ValueError, match="use at least 1 of each"):
        patrol_urn((0.1, 0.1), **options)
