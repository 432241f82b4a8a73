"""The containers of Model Monitor, on files: what was captured, and its ground truth."""

import json

import pytest

from tests.utils.cloud.images.monitor_jobs import event, folders, monitoring, write
from utils.cloud.images import ClientError
from utils.cloud.images.model_monitor import captured, merger, process
from utils.cloud.images.model_monitor.settings import Settings


@pytest.fixture
def container(tmp_path):
    return folders(tmp_path)


def read(container, *events, labelled=False, label=None, **variables):
    made = monitoring(container, **variables)
    write(made, *events)
    return captured.read(Settings.of(made), label, labelled)


def test_several_records_in_one_request(container):
    data = '{"features": [1, "x"]}\n{"features": [2.0, "y"]}'
    answer = (
        '{"score": 0.7, "predicted_label": 1}\n{"score": 0.1, "predicted_label": 0}\n'
    )
    found = read(
        container,
        event(0, data, answer, encoding="JSON", truth="1\n0"),
        inference_attribute="predicted_label",
        probability_attribute="$.score",
        labelled=True,
    )
    assert found.features.to_numpy().tolist() == [[1, "x"], [2, "y"]]
    assert (found.predicted, found.probability, found.label) == (
        [1, 0],
        [0.7, 0.1],
        [1, 0],
    )


def test_named_features_and_one_document(container):
    line = event(
        0, '{"people": [{"age": 3}, {"age": 4}]}', '{"p": [1, 0]}', encoding="JSON"
    )
    line["captureData"]["endpointInput"]["observedContentType"] = "application/json"
    line["captureData"]["endpointOutput"]["observedContentType"] = "application/json"
    found = read(container, line, features_attribute="people", inference_attribute="p")
    assert found.features["age"].tolist() == [3, 4]
    assert found.predicted == [1, 0]


def test_requests_outside_the_window_are_left_out(container):
    lines = [event(0, "1", minute=5), event(1, "2", minute=5)]
    lines[1]["eventMetadata"]["inferenceTime"] = "2026-11-22T13:00:00Z"
    assert read(container, *lines).events == 1
    with pytest.raises(
        ClientError, match=r"Job inputs had no data.*1 in the same folders are"
    ):
        read(container, lines[1])


@pytest.mark.parametrize(
    "line, variables, message",
    [
        (event(0, "1", encoding="BASE64"), {}, "captured in BASE64.*name text/csv"),
        (
            event(0, "1,2", "7"),
            {"inference_attribute": "3"},
            "must be a position from 0 in '7'",
        ),
        (
            event(0, '{"features": [1]}', '{"p": 1}', encoding="JSON"),
            {"inference_attribute": "score"},
            "nothing stands at 'score' in the answer",
        ),
        (
            event(0, '{"features": [1]}', "{}", encoding="JSON"),
            {"features_attribute": "values"},
            "no features were found at 'values'",
        ),
        (
            event(0, "1\n2", "7"),
            {"inference_attribute": "0"},
            "2 records and 1 values of pred",
        ),
        (event(0, "{", "7", encoding="JSON"), {}, "is not JSON"),
    ],
)
def test_requests_that_cannot_be_read(container, line, variables, message):
    with pytest.raises(ClientError, match=message) as caught:
        read(container, line, **variables)
    assert "event-0" in str(caught.value)


def test_requests_that_do_not_fit_together(container):
    with pytest.raises(ClientError, match=r"records of \[1, 2\] values"):
        read(container, event(0, "1"), event(1, "1,2"))
    with pytest.raises(ClientError, match="'event-1' has no ground truth"):
        read(container, event(0, "1", truth="1"), event(1, "1"), labelled=True)
    line = event(0, "1")
    line["captureData"].pop("endpointInput")
    with pytest.raises(ClientError, match="captureOptions need the captureMode Input"):
        read(container, line)


def test_a_path_that_is_none(container):
    line = event(0, '{"features": [1]}', "{}", encoding="JSON")
    with pytest.raises(ClientError, match=r"'x\[' is not a JMESPath"):
        read(container, line, features_attribute="x[")


def test_lines_of_something_else(container):
    made = monitoring(container)
    folder = made.root / "processing" / "input" / "data"
    (folder / "a.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(
        ClientError, match=r"a\.jsonl, line 1: not a record of Model Monitor"
    ):
        captured.read(Settings.of(made))


def test_merging_prefers_the_callers_id(container):
    made = container(ground_truth_source="/opt/ml/processing/input/truth")
    write(made, event(0, "1", inferenceId="mine"), event(1, "2"), event(2, "3"))
    labels = [
        {
            "eventMetadata": {"eventId": name},
            "groundTruthData": {"data": "1", "encoding": "CSV"},
        }
        for name in ("mine", "event-1", "event-0")
    ]
    write(made, *labels, place="truth/2026/11/22/12")
    merger.process(made)
    path = "processing/output/AllTraffic/2026/11/22/12/part-00000.jsonl"
    lines = (made.root / path).read_text().splitlines()
    assert [json.loads(line)["eventMetadata"]["eventId"] for line in lines] == [
        "event-0",
        "event-1",
    ]
    message = (made.root / "output" / "message").read_text()
    assert "Merged 2 of 3" in message
    assert "'event-2'" in message


def test_ground_truth_without_a_label(container):
    made = container(ground_truth_source="/opt/ml/processing/input/truth")
    write(made, event(0, "1"))
    write(made, {"eventMetadata": {"eventId": "event-0"}}, place="truth")
    with pytest.raises(
        ClientError, match="ground truth of 'event-0' has no groundTruthData"
    ):
        merger.process(made)


@pytest.mark.parametrize(
    "variables, message",
    [
        ({"analysis_type": "BIAS"}, "analysis_type is 'BIAS'; use one of DATA_QUALITY"),
        ({}, "the variable 'dataset_format' is missing"),
        ({"dataset_format": "xml"}, "dataset_format is 'xml'"),
        ({"dataset_source": "/etc"}, "must lie under /opt/ml"),
        ({"dataset_source": "/opt/ml/../../etc"}, "must lie under /opt/ml"),
        ({"analysis_type": "MODEL_QUALITY"}, "'problem_type' is missing"),
        (
            {"analysis_type": "MODEL_QUALITY", "problem_type": "Clustering"},
            "problem_type is 'Clustering'",
        ),
        (
            {
                "analysis_type": "MODEL_QUALITY",
                "problem_type": "Regression",
                "dataset_format": "csv",
                "ground_truth_attribute": "label",
            },
            "no column 'label'; it has _c0",
        ),
    ],
)
def test_variables_that_do_not_fit(container, variables, message):
    made = container(**variables)
    (made.root / "processing/input/data/rows.csv").write_text("1\n2\n")
    with pytest.raises(ClientError, match=message):
        process(made)


def test_no_files(container):
    with pytest.raises(ClientError, match="holds no files"):
        process(container(dataset_format="csv"))


def test_a_baseline_that_is_not_there(container):
    made = monitoring(
        container, baseline_constraints="/opt/ml/processing/baseline/constraints"
    )
    write(made, event(0, "1"))
    with pytest.raises(
        ClientError, match="the baseline's constraints: found constraints; give"
    ):
        process(made)
