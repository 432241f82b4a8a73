"""Claims on speed, memory and coverage of the bias report, each beside its peer in one run.

Twenty count metrics are timed against smclarify 0.5 on the same rows and against a bare NumPy count
over int8 codes; memory is the process's peak above what it held before; Parquet is compared with
decoding the same columns and doing nothing. Medians of several runs.

    python benchmarks/bias_metrics.py            a few minutes
    python benchmarks/bias_metrics.py --large    with 100 million rows in Parquet as well
"""

import argparse
import gc
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from utils.bias import Counts, bias_report, flip_test, metrics
from utils.bias.intervals import percentile_interval, resample

COUNTED = [key for key in metrics.REGISTRY if key != "FT"]
OPTIONS = {
    "facet_values": ["d"],
    "label_values": ["yes"],
    "predicted_label": "predicted",
    "group_variable": "group",
    "metrics": COUNTED,
}


def frame_of(rows: int, kind: str, seed: int = 0) -> pd.DataFrame:
    """Facet, label, prediction and stratum, as categories or as strings."""
    random = np.random.default_rng(seed)
    codes = {
        "facet": (random.random(rows) < 0.3, ["a", "d"]),
        "label": (random.random(rows) < 0.4, ["no", "yes"]),
        "predicted": (random.random(rows) < 0.5, ["no", "yes"]),
        "group": (random.integers(0, 8, rows), list("stuvwxyz")),
    }
    columns = {
        name: pd.Categorical.from_codes(np.asarray(code, np.int8), values)
        for name, (code, values) in codes.items()
    }
    frame = pd.DataFrame(columns)
    return frame if kind == "categories" else frame.astype("str")


def seconds(work, repeats: int = 7) -> float:
    """Median wall time, after one run that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        gc.collect()
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def ours(frame):
    """All count metrics, without intervals as smclarify has none."""
    return bias_report(frame, "facet", "label", interval=None, **OPTIONS)


def smclarify(frame):
    """The same by the original; strings break it under pandas 3, so it always gets categories."""
    from smclarify.bias import report

    logging.disable(logging.CRITICAL)
    post = report.smclarify.bias.metrics.POSTTRAINING_METRICS
    names = [m.__name__ for m in post if m.__name__ != "FT"]
    label = report.LabelColumn("label", frame["label"], ["yes"])
    predicted = report.LabelColumn("predicted", frame["predicted"], ["yes"])
    facet, group = report.FacetColumn("facet", ["d"]), frame["group"].cat.codes
    stages = report.StageType
    report.bias_report(frame, facet, label, stages.PRE_TRAINING, group_variable=group)
    report.bias_report(
        frame,
        facet,
        label,
        stages.POST_TRAINING,
        predicted,
        metrics=names,
        group_variable=group,
    )


def bare_count(codes):
    """The least that any method must do: mix four int8 columns into a key and count it."""
    facet, label, predicted, group = codes
    key = ((facet * np.int8(2) + label) * np.int8(2) + predicted) * np.int8(8) + group
    return np.bincount(key, minlength=64)


def speed(rows: int) -> None:
    """Count metrics in memory."""
    frame = frame_of(rows, "categories")
    codes = [frame[c].cat.codes.to_numpy() for c in frame]
    bare = seconds(lambda: bare_count(codes))
    peer = seconds(lambda: smclarify(frame), repeats=1)
    for kind in ("categories", "strings"):
        data = frame if kind == "categories" else frame_of(rows, "strings")
        own = seconds(lambda data=data: ours(data))
        row(
            f"20 metrics, {rows:,} rows, {kind}",
            own,
            smclarify=peer / own,
            bare=own / bare,
        )


def growth() -> None:
    """Exponent of time over rows from 100,000 to 10 million."""
    sizes = [10**5, 10**6, 10**7]
    frames = [frame_of(n, "categories") for n in sizes]
    times = [seconds(lambda frame=frame: ours(frame), 5) for frame in frames]
    slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    print(f"{'growth, 100,000 to 10,000,000 rows':<46} exponent {slope:.2f}")


def flips() -> None:
    """The flip test beside smclarify's."""
    from smclarify.bias.metrics.posttraining import FT

    random = np.random.default_rng(0)
    for kind, X in (
        ("continuous", random.normal(size=(20_000, 4))),
        ("low cardinality", random.integers(0, 6, (20_000, 4)).astype(float)),
    ):
        frame, in_d = pd.DataFrame(X), pd.Series(random.random(20_000) < 0.4)
        yes = pd.Series(random.random(20_000) < 0.5)
        own = seconds(lambda X=X, d=in_d, y=yes: flip_test(X, d, y), 3)
        peer = seconds(lambda f=frame, d=in_d, y=yes: FT(f, d, y), 3)
        row(f"flip test, 20,000 rows, {kind}", own, smclarify=peer / own)


def memory() -> None:
    """Peak above the frame itself, in a process of its own."""
    code = "import sys; from benchmarks.bias_metrics import peak_of; peak_of()"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    frame_mb, extra_mb = map(float, run.stdout.split())
    share = extra_mb / frame_mb
    print(f"{'extra memory, 10,000,000 rows, categories':<46} {share:.0%} of the frame")


def peak_of() -> None:
    """For `memory`: print the frame's size and the extra peak, in megabytes."""
    ours(frame_of(1000, "categories"))
    frame = frame_of(10**7, "categories")
    gc.collect()
    watch = Watch()
    ours(frame)
    print(frame.memory_usage(deep=True).sum() / 1e6, watch.stop())


class Watch:
    """Samples this process's resident memory in a thread; `stop` gives the rise in megabytes."""

    def __init__(self):
        self.start, self.top, self.running = self.resident(), 0.0, True
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()

    @staticmethod
    def resident() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    def sample(self):
        while self.running:
            self.top = max(self.top, self.resident())
            time.sleep(0.001)

    def stop(self) -> float:
        self.running = False
        self.thread.join()
        return max(0.0, self.top - self.start)


def parquet(rows: int) -> None:
    """Counting a file, beside decoding its columns and doing nothing with them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write(path, rows)
        peak = Watch()
        started = time.perf_counter()
        bias_report(path, "facet", "label", interval=None, progress=True, **OPTIONS)
        own, extra = time.perf_counter() - started, peak.stop()
        started = time.perf_counter()
        decode(path)
        peer = time.perf_counter() - started
    row(f"Parquet, {rows:,} rows", own, decoding=own / peer)
    print(f"{'':<46} {extra:.0f} MB above the start")


def write(path: Path, rows: int) -> None:
    block = pa.Table.from_pandas(frame_of(10**6, "strings"))
    with pq.ParquetWriter(path, block.schema) as writer:
        for _ in range(rows // 10**6):
            writer.write_table(block)


def decode(path: Path) -> None:
    """Read the four columns row group by row group, as dictionaries, like the report does."""
    names = ["facet", "label", "predicted", "group"]
    file = pq.ParquetFile(path, read_dictionary=names)
    for group in range(file.num_row_groups):
        file.read_row_group(group, columns=names)


def duckdb_path(rows: int) -> None:
    """The lazy path, through narwhals' group-by in DuckDB."""
    import duckdb

    frame = frame_of(rows, "categories")
    native = duckdb.from_df(frame)
    own = seconds(lambda: ours(native), 3)
    same = ours(native).frame["value"].equals(ours(frame).frame["value"])
    ratio = own / seconds(lambda: ours(frame))
    row(f"DuckDB, {rows:,} rows, same numbers: {same}", own, memory=ratio)


def coverage() -> None:
    """How often the 95 % interval holds the truth, over 1,000 drawn data sets of 600 rows."""
    cells = np.array([0.15, 0.10, 0.08, 0.32, 0.05, 0.05, 0.10, 0.15])
    truth = Counts((cells * 10**6).reshape(2, 2, 2, 1), *[np.array([False, True])] * 2)
    random = np.random.default_rng(0)
    held = dict.fromkeys(("DPL", "DI", "RD", "SD", "DAR", "AD", "GE", "TE"), 0)
    right = {key: metrics.REGISTRY[key].function(truth) for key in held}
    for seed in range(1000):
        n = random.multinomial(600, cells).reshape(2, 2, 2, 1)
        drawn = resample(
            Counts(n, truth.favourable, truth.predicted_favourable), 500, seed
        )
        for key in held:
            low, high = percentile_interval(metrics.REGISTRY[key].function(drawn))
            held[key] += low <= right[key] <= high
    found = ", ".join(f"{key} {n / 1000:.1%}" for key, n in held.items())
    print(f"coverage of 95 % intervals: {found}")


def row(what: str, own: float, **ratios) -> None:
    """One line of the table: our time, then ratios."""
    words = {
        "smclarify": "{:,.0f} times smclarify",
        "bare": "{:.1f} times a bare count",
        "decoding": "{:.2f} times decoding alone",
        "memory": "{:.1f} times in memory",
    }
    shown = ", ".join(words[key].format(value) for key, value in ratios.items())
    print(f"{what:<46} {1000 * own:9.1f} ms   {shown}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--large", action="store_true", help="100 million rows in Parquet"
    )
    options = parser.parse_args()
    speed(10**6)
    growth()
    flips()
    memory()
    duckdb_path(10**6)
    parquet(10**8 if options.large else 10**7)
    coverage()
