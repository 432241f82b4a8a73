"""Loaders: each returns a fresh pandas frame, read from a Parquet file beside this module."""

import difflib
import hashlib
import io
import json
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
REPAIR = "python -m utils.datasets rebuild {name}"


class DatasetError(Exception):
    """A data set is unknown, missing or damaged; the message names it and the repair."""


def names() -> list[str]:
    """Names of the data sets in the repository, as `datasheet` and `rebuild` take them."""
    return sorted(_manifest())


def datasheet(name: str) -> str:
    """Return the data set's datasheet as Markdown text.

    Parameters
    ----------
    name : str
        One of `names()`.

    Raises
    ------
    DatasetError
        If there is no data set of that name.
    """
    check_name(name)
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def load_stops() -> pd.DataFrame:
    """Police stops recorded in Minneapolis in 2017.

    Returns
    -------
    pandas.DataFrame
        51,920 rows, one a recorded stop, sorted by time:

        - ``time``: datetime, local time (America/Chicago), to the second;
        - ``problem``: category, ``suspicious`` (person or vehicle) or ``traffic``;
        - ``in_vehicle``: bool, recorded on an in-vehicle computer; where False, nothing about the
          person was recorded and the next six columns are missing (8,221 rows);
        - ``citation``, ``person_search``, ``vehicle_search``: nullable boolean; ``citation`` is
          missing in 32,810 rows;
        - ``race_before``, ``race``: category, as the *officer* judged it before and after the
          stop; ``gender``: category;
        - ``latitude``, ``longitude``: degrees, rounded by the publisher;
        - ``precinct``: 1 to 5; ``neighbourhood``: category, 87 values.

    See Also
    --------
    load_neighbourhoods : who lives where, with the same neighbourhood names.
    """
    return _read("stops")


def load_neighbourhoods() -> pd.DataFrame:
    """Residents of Minneapolis by neighbourhood, 2015 estimates.

    Returns
    -------
    pandas.DataFrame
        84 rows, one a neighbourhood: ``neighbourhood`` (str), ``population`` (residents),
        ``white``, ``black``, ``foreign_born``, ``college_graduates``, ``poverty`` (shares of the
        residents, 0 to 1), ``household_income`` (median, US dollars a year).
        Three neighbourhoods of `load_stops` have no row here, among them *Near - North*. What
        ``poverty`` measures is doubtful: read the datasheet before you use it.
    """
    return _read("neighbourhoods")


def load_force() -> pd.DataFrame:
    """Uses of force recorded by the Minneapolis police, January 2016 to August 2021.

    Returns
    -------
    pandas.DataFrame
        12,925 rows, one a person and kind of force, so that one incident can fill several rows:
        ``time`` (datetime, local), ``problem``, ``call_911`` (bool), ``offence`` (code),
        ``injury`` (nullable boolean), ``force``, ``force_action``, ``resistance``, ``race``,
        ``sex``, ``neighbourhood`` (category), ``age`` (years), ``precinct`` (1 to 5, 0 unknown).
    """
    return _read("force")


def load_compas(filtered: bool = False) -> pd.DataFrame:
    """COMPAS risk scores of people arrested in Broward County, Florida, with a two-year follow-up.

    Parameters
    ----------
    filtered : bool
        False: all 7,214 rows, from which ProPublica's headline error rates come. True: the 6,172
        rows of ProPublica's regression (screened within 30 days of the arrest).

    Returns
    -------
    pandas.DataFrame
        One row a person: ``sex``, ``race``, ``age_group``, ``charge_degree`` (F felony,
        M misdemeanour), ``charge``, ``score_text``, ``v_score_text`` (category); ``age`` (years,
        some two above the age at screening), ``juv_fel_count``, ``juv_misd_count``,
        ``juv_other_count``, ``priors_count`` (counts),
        ``days_b_screening_arrest``, ``jail_days``, ``start``, ``end`` (days), ``event`` (0/1),
        ``decile_score``, ``v_decile_score`` (1 low to 10 high), ``is_recid``,
        ``is_violent_recid``, ``two_year_recid`` (0/1: *re-arrested*, which is not the same as
        having offended; too often 1, as the datasheet tells), ``screening_month``
        (first day of the month).
    """
    frame = _read("compas")
    if filtered:
        near = frame["days_b_screening_arrest"].between(-30, 30)
        known = frame["is_recid"].ne(-1) & frame["charge_degree"].ne("O")
        frame = frame[near & known & frame["score_text"].notna()].reset_index(drop=True)
    return frame


def load_adult(split: str = "train") -> pd.DataFrame:
    """Adult: who earned more than 50,000 dollars, from the US census survey of 1994.

    Parameters
    ----------
    split : {"train", "test", "all"}
        32,561, 16,281 or all 48,842 rows.

    Returns
    -------
    pandas.DataFrame
        ``age`` (years), ``fnlwgt`` (survey weight: people represented), ``education_num``,
        ``capital_gain``, ``capital_loss`` (US dollars), ``hours_per_week`` (hours);
        ``workclass``, ``education``, ``marital_status``, ``occupation``, ``relationship``,
        ``race``, ``sex``, ``native_country``, ``income`` (``<=50K`` or ``>50K``): category,
        missing where the source has a question mark.
    """
    if split not in ("train", "test", "all"):
        raise ValueError(f'split is {split!r}; use "train", "test" or "all"')
    frame = _read("adult")
    if split != "all":
        frame = frame[frame["split"] == split].reset_index(drop=True)
    return frame.drop(columns="split")


def load_frisk() -> pd.DataFrame:
    """New York City police stops of 2016 ("stop, question and frisk"), kept for the capstone.

    Returns
    -------
    pandas.DataFrame
        12,347 rows, one a recorded stop: ``race`` (category: ``Black`` or ``not Black``, all that
        the source kept), ``sex``, ``age`` (years), ``height_inches``, ``weight_pounds``,
        ``observed_minutes``, ``stop_minutes``; ``weapon_found``, ``arrested``, ``frisked``,
        ``searched`` and further columns (bool) under the police form's own names, with the form's
        code book in the datasheet.
    """
    return _read("frisk")


def check_name(name: str) -> None:
    """Raise DatasetError unless `name` is a data set of the repository."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DatasetError(f"no data set {name!r}; there are {', '.join(known)}.{hint}")


def _manifest() -> dict:
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))


def _read(name: str) -> pd.DataFrame:
    path = FOLDER / f"{name}.parquet"
    repair = f"Repair it with: {REPAIR.format(name=name)}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"data set {name!r}: {path} is missing. {repair}") from None
    expected = _manifest()[name]["sha256"]
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise DatasetError(
            f"data set {name!r}: {path} is damaged "
            f"(SHA-256 {found[:12]}…, expected {expected[:12]}…). {repair}"
        )
    return pd.read_parquet(io.BytesIO(content))
