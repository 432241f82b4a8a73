"""The analysis itself: from the configuration and the data to the files of the output."""

import json
import time
from dataclasses import replace
from pathlib import Path

import boto3

from utils.cloud.images.clarify import (
    data,
    elsewhere,
    explanations,
    measure,
    model,
    notebook,
    page,
    records,
)
from utils.cloud.images.clarify.config import Config


class Job:
    """One analysis.

    Parameters
    ----------
    config : Config
    source, work, output : Path
        Where the data set lies, where files may be kept meanwhile, where the results go.
    """

    def __init__(self, config: Config, source: Path, work: Path, output: Path):
        self.config, self.source, self.work, self.output = config, source, work, output
        self.session = boto3.Session()
        self.bias, self.groups, self.shap, self.curves = None, [], None, []
        self.asked, self.notes = 0, []

    def run(self) -> None:
        """From the data to the report."""
        started = time.monotonic()
        self._read()
        config = self.config
        if config.predicts or config.wants_explanations:
            with model.endpoint(config, self._reading(), self.session) as endpoint:
                if config.predicts:
                    self._predict(endpoint)
                if config.wants_explanations:
                    self._explain(endpoint)
                self.asked = endpoint.rows
        if config.wants_bias:
            self.bias = measure.report_on(config, self.data)
            self.groups = measure.groups(config, self.data)
        self._write()
        took = time.monotonic() - started
        print(f"Done: {self.data.rows:,} rows in {took:.1f} s.", flush=True)

    def _read(self):
        """The data, and everything of the configuration that only they can tell is right."""
        config = self.config
        found = data.read(config, self.source, self.work / "data")

        def s3():
            return self.session.client("s3")

        self.data = elsewhere.beside(config, found, s3, self.work)
        print(
            f"Read {self.data.rows:,} rows, {len(self.data.columns)} columns.",
            flush=True,
        )
        if config.wants_bias:
            self._say_groups()
        self.explained = explanations.named(
            config, self.data, "shap", "features_to_explain"
        )
        self.varied = explanations.named(config, self.data, "pdp", "features")
        self.baseline = explanations.given_baseline(
            config, self.data, s3, self.work / "baseline"
        )

    def _say_groups(self):
        """What was taken as values and what as a threshold: never decided in silence."""
        self.notes = measure.choices(self.config, self.data)
        for note in self.notes:
            print(note, flush=True)

    def _reading(self) -> records.Reading:
        given, threshold = (
            self.config.predictor,
            self.config.get("probability_threshold"),
        )
        cut = 0.5 if threshold is None else threshold
        if self.config.wants_bias and threshold is None:
            # a score is compared with the label's own threshold, if it has one
            regression = isinstance(
                measure.favourable(self.config, self.data), int | float
            )
            cut = None if regression else cut
        return records.Reading(
            given.get("label"),
            given.get("probability"),
            tuple(given.get("label_headers", ())),
            cut,
            threshold is not None,
        )

    def _predict(self, endpoint):
        """The model's predicted label beside every row."""
        found = measure.PREDICTED
        while found in self.data.columns:
            found += "_"
        known = self._known_labels()

        def more(table):
            rows = table.select(self.data.features).to_pandas()
            return {found: measure.as_labels(endpoint.labels(rows), self.data, known)}

        self.data = replace(
            self.data.extended(self.work / "predicted", more), predicted=found
        )
        print(f"The model has predicted {self.data.rows:,} labels.", flush=True)

    def _known_labels(self) -> list:
        """The label's values; none where it is cut by a threshold."""
        if self.data.is_continuous(self.data.label):
            return []
        known: set = set()
        for table in self.data.batches([self.data.label]):
            known |= set(table[self.data.label].unique().to_pylist())
        return sorted(known - {None}, key=str)

    def _explain(self, endpoint):
        config = self.config
        rows, complete = explanations.rows_of(self.data)
        if config.method("shap") is not None:
            self.shap = explanations.shap_values(
                config,
                self.data,
                endpoint,
                rows,
                complete,
                self.baseline,
                self.explained,
            )
        if config.method("pdp") is not None:
            features = explanations.dependent(config, self.varied, self.shap)
            self.curves = explanations.curves(config, endpoint, rows, features)

    def _write(self):
        analysis = self.analysis()
        text = json.dumps(analysis, indent=1, allow_nan=False)
        (self.output / "analysis.json").write_text(text, encoding="utf-8")
        if self.shap is not None:
            folder = self.output / "explanations_shap"
            folder.mkdir(exist_ok=True)
            self.shap.baseline.to_csv(folder / "baseline.csv", index=False)
            if self.config.method("shap").get("save_local_shap_values", False):
                self.shap.local().to_csv(folder / "out.csv", index=False)
        page.write(self, self.output / "report.html")
        notebook.write(self, self.output / "report.ipynb")
        print("No report.pdf is written: print report.html from a browser.", flush=True)

    def analysis(self) -> dict:
        """What stands in ``analysis.json``."""
        found = {"version": "1.0"}
        if self.bias is not None:
            found |= self.bias.to_clarify()
        explained = {}
        if self.shap is not None:
            explained["kernel_shap"] = self.shap.to_clarify()
        if self.curves:
            explained["pdp"] = [explanations.pdp_to_clarify(c) for c in self.curves]
        return {**found, "explanations": explained} if explained else found
