"""Online explanations: an endpoint with a ``ClarifyExplainerConfig`` answers with SHAP values.

The model's own answer comes first, then for each record asked for what moved its score. Errors of
the explainer reach the client as errors of the model (``ModelError``), as AWS runs both in one
place.
"""

import csv
import importlib
import io
import json

import jmespath

from utils.cloud import storage
from utils.cloud.images import InvocationError
from utils.cloud.serving import NotReady
from utils.cloud.wire import ApiError, invalid

CSV, JSON_LINES = "text/csv", "application/jsonlines"
MEGABYTE = 1024**2
MOST_RECORDS, MOST_MEGABYTES = 20_000, 6


def check(request: dict) -> None:
    """Check CreateEndpointConfig's ``ExplainerConfig``, beyond the service model.

    Raises
    ------
    ApiError
        ``ValidationException``: the field, what was found, what is allowed.
    """
    config = request.get("ExplainerConfig", {}).get("ClarifyExplainerConfig")
    if config is None:
        return
    shap, inference = config["ShapConfig"], config.get("InferenceConfig", {})
    path = "explainerConfig.clarifyExplainerConfig"
    baseline = shap["ShapBaselineConfig"]
    if ("ShapBaseline" in baseline) == ("ShapBaselineUri" in baseline):
        raise invalid(
            f"{path}.shapConfig.shapBaselineConfig: give ShapBaseline or ShapBaselineUri, one of "
            "them"
        )
    _one_of(
        baseline.get("MimeType", CSV),
        f"{path}.shapConfig.shapBaselineConfig.mimeType",
    )
    if "TextConfig" in shap or "text" in inference.get("FeatureTypes", []):
        raise invalid(
            f"{path}: the explanation of text (TextConfig, the feature type text) is not available "
            "in the embedded cloud; leave it out"
        )
    headers, types = inference.get("FeatureHeaders"), inference.get("FeatureTypes")
    if headers and types and len(headers) != len(types):
        raise invalid(
            f"{path}.inferenceConfig: found {len(headers)} FeatureHeaders and {len(types)} "
            "FeatureTypes; give one of each for every feature"
        )
    template = inference.get("ContentTemplate")
    if template is not None and template.count("$features") != 1:
        raise invalid(
            f"{path}.inferenceConfig.contentTemplate: found {template!r}; it must have one "
            'placeholder $features, as {"features": $features}'
        )
    if "ShapBaselineUri" in baseline:
        try:
            storage.split(baseline["ShapBaselineUri"])
        except storage.StorageError as error:
            raise invalid(f"{path}.shapConfig.shapBaselineConfig: {error}") from None


def _one_of(kind, field):
    if kind not in (CSV, JSON_LINES):
        raise invalid(f"{field}: found {kind!r}; it must be {CSV} or {JSON_LINES}")


def explainer_of(config: dict, s3) -> "Explainer | None":
    """The explainer of an endpoint configuration; None if it has none.

    Raises
    ------
    NotReady
        If the condition is no JMESPath, or the baseline cannot be read.
    """
    given = config.get("ExplainerConfig", {}).get("ClarifyExplainerConfig")
    return None if given is None else Explainer(given, s3)


def explained(explainer, condition, model, request, answer):
    """The answer to InvokeEndpoint: the model's own, or with explanations beside it.

    Parameters
    ----------
    explainer : Explainer or None
    condition : str or None
        The header ``X-Amzn-SageMaker-Enable-Explanations``, which overrides the configuration's.
    model : Model
        The variant that answered, to ask it more.
    request : tuple of (bytes, str, str, str)
        Body, content type, accept, custom attributes.
    answer : tuple of (bytes, str)
        What the model answered, and its content type.

    Raises
    ------
    ApiError, InvocationError
    """
    if explainer is not None:
        return explainer.answer(model, request, answer, condition)
    if condition is not None:
        raise ApiError(
            "ValidationError",
            "EnableExplanations is given, and the endpoint's configuration has no ExplainerConfig",
        )
    return answer


class Explainer:
    """Kernel SHAP for the records that a request brings.

    Parameters
    ----------
    config : dict
        ``ClarifyExplainerConfig``.
    s3 : botocore client
        To read the baseline with.

    Raises
    ------
    NotReady
        See `explainer_of`.
    """

    def __init__(self, config: dict, s3):
        # here and not above: these take seconds, which belong to the endpoint's start
        from utils.cloud.images.clarify import records

        self._numpy, self._pandas, _ = map(
            importlib.import_module, ("numpy", "pandas", "shap")
        )
        self.config, self._records = config, records
        self.inference = config.get("InferenceConfig", {})
        self.shap = config["ShapConfig"]
        try:
            self.condition = _compiled(config.get("EnableExplanations", "`true`"))
            self.baseline = self._baseline(s3)
        except (InvocationError, storage.StorageError, UnicodeDecodeError) as error:
            raise NotReady(f"the explainer: {error}") from None
        at = self.inference.get(
            "ProbabilityIndex", self.inference.get("ProbabilityAttribute")
        )
        self.reading = records.Reading(probability=at)

    def answer(self, model, request, answer, condition) -> tuple[bytes, str]:
        """The model's answer with its explanations, as JSON; see `explained`."""
        body, content_type, accept, _ = request
        kind = content_type.split(";")[0].strip().lower()
        _known(kind, "ContentType")
        _known(accept.split(";")[0].strip().lower(), "Accept")
        wanted = self.condition if condition is None else _compiled(condition)
        rows = self.rows(body.decode("utf-8", "replace"), kind, "the body")
        text = answer[0].decode("utf-8", "replace")
        kind_back = answer[1].split(";")[0].strip().lower()
        outputs = self._outputs(text, kind_back, len(rows))
        chosen = [_is_true(wanted, output) for output in outputs]
        found = {
            "version": "1.0",
            "predictions": {"content_type": answer[1], "data": text},
        }
        headers = self._label_headers(outputs)
        if headers:
            found["label_headers"] = headers
        found["explanations"] = {}
        if any(chosen):
            parts = iter(self._explain(model, request, rows, chosen))
            found["explanations"]["kernel_shap"] = [
                next(parts) if yes else None for yes in chosen
            ]
        return json.dumps(found).encode(), "application/json"

    def rows(self, text: str, kind: str, where: str) -> list[list]:
        """The feature values of CSV or JSON Lines."""
        lines = [line for line in text.splitlines() if line.strip()]
        if kind == CSV:
            rows = [
                [_cell(c) for c in r] for r in csv.reader(io.StringIO("\n".join(lines)))
            ]
        else:
            rows = [self._features(line, where) for line in lines]
        if not rows:
            raise InvocationError(400, f"{where} has no records")
        headers = self.inference.get("FeatureHeaders") or self.inference.get(
            "FeatureTypes"
        )
        width = len(headers) if headers else len(rows[0])
        for number, row in enumerate(rows, 1):
            if len(row) != width:
                raise InvocationError(
                    400,
                    f"{where}, record {number}: {len(row)} features; there must be {width}",
                )
        return rows

    def _features(self, line: str, where: str) -> list:
        path = self.inference.get("FeaturesAttribute")
        try:
            record = json.loads(line)
        except ValueError:
            raise InvocationError(
                400, f"{where} is not JSON Lines: {line[:80]!r}"
            ) from None
        found = jmespath.search(path, record) if path else record
        if path is None and isinstance(record, dict) and len(record) == 1:
            found = next(iter(record.values()))
        if not isinstance(found, list):
            raise InvocationError(
                400,
                f"{where}: FeaturesAttribute {path!r} finds no list of features in {line[:80]!r}",
            )
        return found

    def _baseline(self, s3) -> list[list]:
        given = self.shap["ShapBaselineConfig"]
        text = given.get("ShapBaseline")
        if text is None:
            text = storage.read(s3, given["ShapBaselineUri"]).decode("utf-8-sig")
        return self.rows(text, given.get("MimeType", CSV), "the SHAP baseline")

    def _outputs(self, text, kind, rows) -> list:
        if kind not in (CSV, JSON_LINES):
            raise InvocationError(
                406,
                f"the model answered with {kind}; to be explained it must answer with {CSV} or "
                f"{JSON_LINES}",
            )
        try:
            return self._records.answers(text, kind, rows)
        except self._records.AnswerError as error:
            raise InvocationError(500, f"the model's answer: {error}") from None

    def _label_headers(self, outputs) -> list | None:
        """The classes' names: the configuration's, or the list that the model gives."""
        given, path = (
            self.inference.get("LabelHeaders"),
            self.inference.get("LabelAttribute"),
        )
        if given or path is None:
            return given
        found = jmespath.search(path, outputs[0])
        return found if isinstance(found, list) else None

    def _explain(self, model, request, rows, chosen) -> list[list[dict]]:
        from utils.cloud.images.clarify import samples
        from utils.explain import ExplainError, kernel_shap

        if len(self.baseline[0]) != len(rows[0]):
            raise InvocationError(
                400,
                f"the SHAP baseline has {len(self.baseline[0])} features and the records "
                f"{len(rows[0])}; give both the same, without the label",
            )
        table = self._frame([r for r, yes in zip(rows, chosen, strict=True) if yes])
        explain, baseline = (
            table.iloc[: -len(self.baseline)],
            table.iloc[-len(self.baseline) :],
        )
        explain = explain.reset_index(drop=True)
        baseline = baseline.reset_index(drop=True)
        try:
            found = kernel_shap(
                lambda part: self._scores(model, request, part),
                explain,
                baseline,
                samples.enough(self.shap.get("NumberOfSamples"), explain, baseline),
                link="logit" if self.shap.get("UseLogit") else "identity",
                seed=self.shap.get("Seed", 0),
                progress=False,
            )
        except ExplainError as error:
            if isinstance(error.__cause__, InvocationError):
                raise error.__cause__ from None
            raise InvocationError(400, f"the explainer: {error}") from None
        values = found.values.reshape(len(explain), explain.shape[1], -1)
        return [
            [
                {
                    "feature_header": header,
                    "attributions": [{"attribution": part.tolist()}],
                }
                for header, part in zip(explain.columns, row, strict=True)
            ]
            for row in values
        ]

    def _frame(self, rows):
        """Records and baseline as one table, each column of one kind."""
        every = [*rows, *self.baseline]
        headers = self.inference.get("FeatureHeaders")
        headers = headers or [f"feature{i}" for i in range(len(every[0]))]
        types = self.inference.get("FeatureTypes") or [None] * len(headers)
        columns = {}
        for f, (header, kind) in enumerate(zip(headers, types, strict=True)):
            values = [row[f] for row in every]
            numbers = all(isinstance(v, int | float) for v in values)
            if kind == "numerical" and not numbers:
                strange = next(v for v in values if not isinstance(v, int | float))
                raise InvocationError(
                    400,
                    f"the numerical feature {header!r} is {strange!r} in a record or baseline",
                )
            plain = numbers or kind is None
            columns[header] = values if plain else list(map(str, values))
        return self._pandas.DataFrame(columns)

    def _scores(self, model, request, part):
        """The model's scores of synthetic records, in as many requests as it takes."""
        _, content_type, accept, attributes = request
        kind = content_type.split(";")[0].strip().lower()
        template = self.inference.get("ContentTemplate", '{"features": $features}')
        limit = self.inference.get("MaxPayloadInMB", MOST_MEGABYTES) * MEGABYTE
        most = self.inference.get("MaxRecordCount", MOST_RECORDS)
        found, start = [], 0
        while start < len(part):
            rows = part.iloc[start : start + most]
            body = self._records.body(rows, kind, template).encode()
            if len(body) > limit and len(rows) > 1:
                most = max(1, len(rows) // 2)
                continue
            answer, back, _ = model.invoke(body, content_type, accept, attributes)
            text, back = (
                answer.decode("utf-8", "replace"),
                back.split(";")[0].strip().lower(),
            )
            try:
                found.append(self.reading.scores(text, back, len(rows)))
            except self._records.AnswerError as error:
                raise InvocationError(
                    500,
                    f"the model's answer: {error} (ProbabilityIndex or ProbabilityAttribute)",
                ) from None
            start += len(rows)
        return self._numpy.concatenate(found)


def _compiled(condition: str):
    try:
        return jmespath.compile(condition)
    except jmespath.exceptions.JMESPathError as error:
        raise InvocationError(
            400,
            f"EnableExplanations is {condition!r}, which is no JMESPath "
            f"({str(error).splitlines()[0]}); literals stand between backticks, as `true`",
        ) from None


def _is_true(condition, output) -> bool:
    """Whether a record is to be explained, by what the model answered to it."""
    try:
        found = condition.search(output)
    except jmespath.exceptions.JMESPathError as error:
        found = str(error).splitlines()[0]
    if not isinstance(found, bool):
        raise InvocationError(
            400,
            f"EnableExplanations gives {found!r} for the output {str(output)[:80]}; it must give "
            "true or false, as [0]>`0.5` for CSV",
        )
    return found


def _known(kind: str, name: str) -> None:
    if kind not in (CSV, JSON_LINES):
        raise InvocationError(
            415 if name == "ContentType" else 406,
            f"{name} is {kind!r}; an endpoint with an explainer needs {CSV} or {JSON_LINES}",
        )


def _cell(text: str):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
