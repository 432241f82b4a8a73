"""Serves the text classifier: one text a request, ``application/x-text`` in, JSON out."""

import json

import text_classifier

TEXT = "application/x-text"
PLAIN, VERBOSE = "application/json", "application/json;verbose"


def model_fn(model_dir):
    """Load the model from the unpacked archive."""
    return text_classifier.load(model_dir)


def input_fn(body, content_type):
    """The text of a request."""
    if content_type.split(";")[0].strip().lower() != TEXT:
        raise ValueError(f"ContentType is {content_type!r}; send {TEXT}, one text")
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    if not text.strip():
        raise ValueError("the body has no text")
    return text


def predict_fn(text, model):
    """Probabilities, labels and the likeliest label."""
    probabilities = model.probabilities([text])[0]
    return {
        "probabilities": probabilities.tolist(),
        "labels": model.labels,
        "predicted_label": model.labels[int(probabilities.argmax())],
    }


def output_fn(prediction, accept):
    """All of it if ``verbose`` is asked for, else the probabilities only."""
    wanted = accept.replace(" ", "").lower()
    if wanted == VERBOSE:
        return json.dumps(prediction), VERBOSE
    if wanted == PLAIN:
        return json.dumps({"probabilities": prediction["probabilities"]}), PLAIN
    raise ValueError(f"Accept is {accept!r}; use {PLAIN} or {VERBOSE}")
