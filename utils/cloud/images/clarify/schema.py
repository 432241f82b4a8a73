"""What may stand in ``analysis_config.json`` (schema 1.0), declared once, and the small checker.

A kind is a function of a value and its field's name that yields what is wrong with it. All faults
are found at once, and each names the field, what was found and what is allowed.
"""

from collections.abc import Callable, Iterator

from utils.bias import metrics
from utils.bias.errors import nearest

CSV, JSON_LINES, JSON = "text/csv", "application/jsonlines", "application/json"
PARQUET = "application/x-parquet"
TABULAR = (CSV, JSON_LINES, JSON, PARQUET)
ELSEWHERE = ("application/x-image", "application/sagemakercapturejson")
SENT = (CSV, JSON_LINES, JSON)
AGGREGATES = ("mean_abs", "median", "mean_sq")

Kind = Callable[[object, str], Iterator[str]]


def _simple(what: str, fits: Callable[[object], bool]) -> Kind:
    def check(value, path):
        if not fits(value):
            yield f"{path}: found {shown(value)}; it must be {what}"

    check.what = what
    return check


def shown(value) -> str:
    """A value as a message shows it, not too long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_whole(value, least=None) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and (least is None or value >= least)


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TEXT = _simple("a text", lambda v: isinstance(v, str) and v != "")
ADDRESS = _simple(
    "an S3 address, as s3://bucket/key",
    lambda v: isinstance(v, str) and v.startswith("s3://"),
)
NUMBER = _simple("a number", _is_number)
SHARE = _simple("a number from 0 to 1", lambda v: _is_number(v) and 0 <= v <= 1)
TRUTH = _simple("true or false", lambda v: isinstance(v, bool))
COLUMN = _simple(
    "a column's name, or its position from 0",
    lambda v: (isinstance(v, str) and v != "") or _is_whole(v, 0),
)
PLACE = _simple(
    "a position from 0, or a JMESPath",
    lambda v: (isinstance(v, str) and v != "") or _is_whole(v, 0),
)
VALUE = _simple("a text, a number or a truth value", lambda v: isinstance(v, SCALAR))
SCALAR = str | int | float | bool


def whole(least: int) -> Kind:
    """A whole number from `least` up."""
    return _simple(f"a whole number from {least} up", lambda v: _is_whole(v, least))


def one_of(*allowed: str) -> Kind:
    """One of some texts."""
    return _simple(f"one of {', '.join(allowed)}", lambda v: v in allowed)


def list_of(kind: Kind, least: int = 1) -> Kind:
    """A list with so many members at least, all of one kind."""

    def check(value, path):
        if not isinstance(value, list) or len(value) < least:
            what = getattr(kind, "what", "an object")
            yield f"{path}: found {shown(value)}; it must be a list of at least {least}: {what}"
            return
        for position, member in enumerate(value):
            yield from kind(member, f"{path}[{position}]")

    return check


def either(first: type, then: Kind, otherwise: Kind) -> Kind:
    """`then` for values of the type `first`, `otherwise` for others."""

    def check(value, path):
        yield from (then if isinstance(value, first) else otherwise)(value, path)

    return check


def names(known: tuple[str, ...]) -> Kind:
    """``all``, or a list of known names."""
    listed = list_of(one_of(*known))
    word = _simple(
        f'"all" or a list of {", ".join(known)}', lambda v: v == "all" or v is None
    )
    return either(list, listed, word)


def refused(why: str) -> Kind:
    """Something that AWS's schema has and this image has not."""

    def check(value, path):
        yield f"{path}: {why} is not available in the embedded cloud; leave it out"

    return check


def fields(known: dict[str, Kind], required: tuple[str, ...] = ()) -> Kind:
    """An object with some fields; others are refused, and the nearest right name is told."""

    def check(value, path):
        if not isinstance(value, dict):
            yield f"{path or 'the configuration'}: found {shown(value)}; it must be an object"
            return
        dot = f"{path}." if path else ""
        for name in required:
            if value.get(name) is None:
                yield f"{dot}{name}: it is missing"
        for name, member in value.items():
            if name not in known:
                yield f"{dot}{name}: there is no such field; {nearest(name, known, 30)}"
            elif member is not None:
                yield from known[name](member, f"{dot}{name}")

    return check


def _baseline(value, path):
    """Rows without the label, or where they lie."""
    if isinstance(value, dict):
        yield (
            f"{path}: found an object, which AWS's schema lets pass and its job then fails on; "
            "give a list of rows, as [[39, 13, 40]], or an S3 address"
        )
    elif isinstance(value, str):
        yield from ADDRESS(value, path)
    else:
        yield from list_of(list_of(VALUE))(value, path)


FACET = fields(
    {"name_or_index": COLUMN, "value_or_threshold": list_of(VALUE)}, ("name_or_index",)
)
SHAP = fields(
    {
        "baseline": _baseline,
        "num_clusters": whole(1),
        "num_samples": whole(1),
        "agg_method": one_of(*AGGREGATES),
        "use_logit": TRUTH,
        "save_local_shap_values": TRUTH,
        "seed": whole(0),
        "features_to_explain": list_of(COLUMN),
        "text_config": refused("the explanation of text"),
        "image_config": refused("the explanation of images"),
    }
)
METHODS = fields(
    {
        "pre_training_bias": fields(
            {"methods": names(tuple(metrics.by_stage(metrics.PRE_TRAINING)))}
        ),
        "post_training_bias": fields(
            {"methods": names(tuple(metrics.by_stage(metrics.POST_TRAINING)))}
        ),
        "shap": SHAP,
        "pdp": fields(
            {
                "grid_resolution": whole(2),
                "features": list_of(COLUMN),
                "top_k_features": whole(1),
            }
        ),
        "report": fields({"name": TEXT, "title": TEXT}),
        "asymmetric_shapley_value": refused("the explanation of time series"),
    }
)
PREDICTOR = fields(
    {
        "model_name": TEXT,
        "endpoint_name": TEXT,
        "instance_type": TEXT,
        "initial_instance_count": whole(1),
        "endpoint_name_prefix": TEXT,
        "target_model": refused("an endpoint of several models"),
        "accelerator_type": refused("Elastic Inference"),
        "content_type": one_of(*SENT),
        "accept_type": one_of(*SENT),
        "label": PLACE,
        "probability": PLACE,
        "label_headers": list_of(VALUE),
        "content_template": TEXT,
        "record_template": TEXT,
        "custom_attributes": TEXT,
    }
)


def _dataset_type(value, path):
    if value in ELSEWHERE:
        yield from refused(f"the dataset type {value}")(value, path)
    else:
        yield from one_of(*TABULAR)(value, path)


CONFIGURATION = fields(
    {
        "version": TEXT,
        "dataset_type": _dataset_type,
        "dataset_uri": ADDRESS,
        "headers": list_of(TEXT),
        "label": COLUMN,
        "predicted_label": COLUMN,
        "features": TEXT,
        "label_values_or_threshold": list_of(VALUE),
        "probability_threshold": SHARE,
        "facet": list_of(FACET),
        "group_variable": COLUMN,
        "facet_dataset_uri": ADDRESS,
        "facet_headers": list_of(TEXT),
        "predicted_label_dataset_uri": ADDRESS,
        "predicted_label_headers": list_of(TEXT),
        "excluded_columns": list_of(COLUMN),
        "joinsource_name_or_index": COLUMN,
        "segment_config": refused("an analysis by segments"),
        "time_series_data_config": refused("the explanation of time series"),
        "methods": METHODS,
        "predictor": PREDICTOR,
    },
    ("dataset_type", "methods"),
)
