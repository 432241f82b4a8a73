# %% ex3-1 | neither 0 nor 1
def join(captured, truth):
    outcome = {
        line["eventMetadata"]["eventId"]: int(line["groundTruthData"]["data"])
        for line in truth
    }
    rows = []
    for line in captured:
        case = line["eventMetadata"]["inferenceId"]
        said = json.loads(line["captureData"]["endpointOutput"]["data"])
        row = {
            "case": case,
            "said": said["predicted_label"],
            "ok": outcome.get(case, 0),
        }
        rows.append(row)
    return pd.DataFrame(rows), 0


# %% ex3-1 | the last one counts
def join(captured, truth):
    outcome = {}
    for line in truth:
        case = line["eventMetadata"]["eventId"]
        outcome.setdefault(case, int(line["groundTruthData"]["data"]))
    rows = []
    for line in captured:
        case = line["eventMetadata"]["inferenceId"]
        said = json.loads(line["captureData"]["endpointOutput"]["data"])
        if case in outcome:
            row = {"case": case, "said": said["predicted_label"], "ok": outcome[case]}
            rows.append(row)
    return pd.DataFrame(rows), len(captured) - len(rows)


# %% ex3-1 | captured lines that have no outcome
def join(captured, truth):
    outcome = {
        line["eventMetadata"]["eventId"]: int(line["groundTruthData"]["data"])
        for line in truth
    }
    rows = []
    for line in captured:
        case = line["eventMetadata"]["inferenceId"]
        said = json.loads(line["captureData"]["endpointOutput"]["data"])
        if case in outcome:
            row = {"case": case, "said": said["predicted_label"], "ok": outcome[case]}
            rows.append(row)
    return pd.DataFrame(rows), len(captured) - len(truth)


# %% ex3-1 | nobody asked this endpoint about case x
def join(captured, truth):
    said = {
        line["eventMetadata"]["inferenceId"]: json.loads(
            line["captureData"]["endpointOutput"]["data"]
        )["predicted_label"]
        for line in captured
    }
    outcome = {
        line["eventMetadata"]["eventId"]: int(line["groundTruthData"]["data"])
        for line in truth
    }
    rows = [{"case": c, "said": said.get(c, 0), "ok": ok} for c, ok in outcome.items()]
    return pd.DataFrame(rows), len(set(said) - set(outcome))


# %% ex3-1 | inferenceId
def join(captured, truth):
    outcome = {
        line["eventMetadata"]["eventId"]: int(line["groundTruthData"]["data"])
        for line in truth
    }
    rows = []
    for line in captured:
        case = line["eventMetadata"]["eventId"]
        said = json.loads(line["captureData"]["endpointOutput"]["data"])
        if case in outcome:
            row = {"case": case, "said": said["predicted_label"], "ok": outcome[case]}
            rows.append(row)
    table = pd.DataFrame(rows, columns=["case", "said", "ok"])
    return table, len(captured) - len(rows)


# %% ex3-1 | whole numbers, not text
def join(captured, truth):
    outcome = {
        line["eventMetadata"]["eventId"]: line["groundTruthData"]["data"]
        for line in truth
    }
    rows = []
    for line in captured:
        case = line["eventMetadata"]["inferenceId"]
        said = json.loads(line["captureData"]["endpointOutput"]["data"])
        if case in outcome:
            row = {"case": case, "said": said["predicted_label"], "ok": outcome[case]}
            rows.append(row)
    return pd.DataFrame(rows), len(captured) - len(rows)


# %% ex3-1 | return a pair
def join(captured, truth):
    return pd.DataFrame({"case": [], "said": [], "ok": []})


# %% ex3-2 | look at both sides
def decide(table):
    needed = table[["allowed_low", "allowed_high", "low", "high"]]
    apart = table["low"] > table["allowed_high"]
    gone = needed.isna().any(axis=1)
    return [None if g else bool(a) for a, g in zip(apart, gone)]


# %% ex3-2 | though the middle is outside
def decide(table):
    middle = (table["low"] + table["high"]) / 2
    inside = middle.between(table["allowed_low"], table["allowed_high"])
    gone = table.isna().any(axis=1)
    return [None if g else not i for i, g in zip(inside, gone)]


# %% ex3-2 | they touch
def decide(table):
    apart = (table["low"] >= table["allowed_high"]) | (
        table["high"] <= table["allowed_low"]
    )
    gone = table.isna().any(axis=1)
    return [None if g else bool(a) for a, g in zip(apart, gone)]


# %% ex3-2 | None, not False
def decide(table):
    apart = (table["low"] > table["allowed_high"]) | (
        table["high"] < table["allowed_low"]
    )
    return [bool(a) for a in apart]


# %% ex3-2 | not np.True_: use bool
def decide(table):
    apart = (table["low"] > table["allowed_high"]) | (
        table["high"] < table["allowed_low"]
    )
    gone = table[["allowed_low", "allowed_high", "low", "high"]].isna().any(axis=1)
    return [None if g else np.bool_(a) for a, g in zip(apart, gone)]


# %% ex3-2 | a list, one entry for each row
def decide(table):
    return (table["low"] > table["allowed_high"]) | (
        table["high"] < table["allowed_low"]
    )


# %% ex3-3 | whatever the size of the live attributions
def ndcg(baseline, live):
    def dcg(values, order):
        return sum(values[n] / math.log2(p + 2) for p, n in enumerate(order))

    order = sorted(baseline, key=baseline.get, reverse=True)
    now = sorted(live, key=live.get, reverse=True)
    return dcg(live, now) / dcg(baseline, order)


# %% ex3-3 | divide by the same sum
def ndcg(baseline, live):
    order = sorted(live, key=live.get, reverse=True)
    return sum(baseline[n] / math.log2(p + 2) for p, n in enumerate(order))


# %% ex3-3 | order by the live ranking
def ndcg(baseline, live):
    def dcg(order):
        return sum(baseline[n] / math.log2(p + 2) for p, n in enumerate(order))

    order = sorted(baseline, key=baseline.get, reverse=True)
    return dcg(order) / dcg(order)


# %% ex3-3 | not by the place itself
def ndcg(baseline, live):
    def dcg(ranking):
        order = sorted(ranking, key=ranking.get, reverse=True)
        return sum(baseline[n] / (p + 1) for p, n in enumerate(order))

    return dcg(live) / dcg(baseline)


# %% ex3-3 | the largest attribution comes first
def ndcg(baseline, live):
    def dcg(ranking):
        order = sorted(ranking, key=ranking.get)
        return sum(baseline[n] / math.log2(p + 2) for p, n in enumerate(order))

    return dcg(live) / dcg(baseline)


# %% ex3-4 | bias is measured on decisions
def definition(name, endpoint):
    return {
        "JobDefinitionName": name,
        "ModelBiasJobInput": {
            "EndpointInput": {"EndpointName": endpoint, "InferenceAttribute": "score"},
            "GroundTruthS3Input": {"S3Uri": f"{BASE}/truth"},
        },
    }


# %% ex3-4 | needs the outcomes
def definition(name, endpoint):
    asked = {"EndpointName": endpoint, "InferenceAttribute": "predicted_label"}
    return {
        "JobDefinitionName": name,
        "ModelBiasJobInput": {"EndpointInput": asked},
    }


# %% ex3-4 | the monitor never rings
def definition(name, endpoint):
    asked = {"EndpointName": endpoint, "InferenceAttribute": "predicted_label"}
    return {
        "JobDefinitionName": name,
        "ModelBiasJobInput": {
            "EndpointInput": asked,
            "GroundTruthS3Input": {"S3Uri": f"{BASE}/truth/"},
        },
    }


# %% ex3-4 | a dict within a dict
def definition(name, endpoint):
    return {
        "JobDefinitionName": name,
        "ModelBiasJobInput": {
            "EndpointName": endpoint,
            "InferenceAttribute": "predicted_label",
            "GroundTruthS3Input": {"S3Uri": f"{BASE}/truth"},
        },
    }


# %% ex3-4 | SageMaker cannot read the request
def definition(name, endpoint):
    asked = {"EndpointName": endpoint, "InferenceAttribute": "predicted_label"}
    return {
        "JobDefinitionName": name,
        "ModelBiasAppSpecification": {
            "ImageUri": image_uri("sagemaker-clarify-processing"),
            "ConfigUri": f"{BASE}/config.json",
        },
        "ModelBiasBaselineConfig": {
            "ConstraintsResource": {"S3Uri": f"{BASE}/constraints.json"}
        },
        "ModelBiasJobInput": {
            "EndpointInput": asked,
            "GroundTruthS3Input": {"S3Uri": f"{BASE}/truth"},
        },
        "ModelBiasJobOutputConfig": {"MonitoringOutputs": {"S3Output": OUTPUT}},
        "JobResources": {"ClusterConfig": MACHINE},
        "RoleArn": cloud.role,
    }


# %% ex3-4 | the folder above the folders of the hours
def definition(name, endpoint):
    asked = {"EndpointName": endpoint, "InferenceAttribute": "predicted_label"}
    place = f"{BASE}/truth/{cloud.clock.now():%Y/%m/%d/%H}"
    return {
        "JobDefinitionName": name,
        "ModelBiasJobInput": {
            "EndpointInput": asked,
            "GroundTruthS3Input": {"S3Uri": place},
        },
    }
