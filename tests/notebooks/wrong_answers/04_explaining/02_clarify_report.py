"""Typical wrong answers for Lab 2; each must fail its exercise's checks with the message named."""


# %% ex2-1 | a facet may be a feature too
def analysis_config(columns, features, facets, group_variable, model):
    stages = ("pre_training_bias", "post_training_bias")
    return {
        "dataset_type": "text/csv",
        "label": "ok",
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": name, "value_or_threshold": values}
            for name, values in facets.items()
        ],
        "group_variable": group_variable,
        "excluded_columns": [*facets, group_variable],
        "methods": {stage: {"methods": "all"} for stage in stages},
        "predictor": {
            "model_name": model,
            "instance_type": "ml.m5.xlarge",
            "initial_instance_count": 1,
            "content_type": "text/csv",
            "accept_type": "application/jsonlines",
            "label": "predicted_label",
            "probability": "score",
        },
    }


# %% ex2-1 | a column that it was not trained on
def analysis_config(columns, features, facets, group_variable, model):
    stages = ("pre_training_bias", "post_training_bias")
    return {
        "dataset_type": "text/csv",
        "label": "ok",
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": name, "value_or_threshold": values}
            for name, values in facets.items()
        ],
        "group_variable": group_variable,
        "excluded_columns": [group_variable],
        "methods": {stage: {"methods": "all"} for stage in stages},
        "predictor": {"model_name": model},
    }


# %% ex2-1 | is a list of the favourable values
def analysis_config(columns, features, facets, group_variable, model):
    return {
        "dataset_type": "text/csv",
        "label": "ok",
        "label_values_or_threshold": 1,
        "facet": [],
        "group_variable": group_variable,
        "methods": {},
    }


# %% ex2-1 | one object for each column
def analysis_config(columns, features, facets, group_variable, model):
    return {
        "dataset_type": "text/csv",
        "label": "ok",
        "label_values_or_threshold": [1],
        "facet": facets,
        "group_variable": group_variable,
        "methods": {},
    }


# %% ex2-2 | null is not zero
def concerns(analysis, bounds):
    found = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis[stage]["facets"].items():
            for entry in entries:
                for one in entry["metrics"]:
                    low, high = bounds.get(one["name"], (-np.inf, np.inf))
                    value = float(one["value"] or 0)
                    if not low <= value <= high:
                        why = "below" if value < low else "above"
                        group = entry["value_or_threshold"]
                        found.append((facet, group, one["name"], why))
    return found


# %% ex2-2 | look at each
def concerns(analysis, bounds):
    found = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis[stage]["facets"].items():
            entry = entries[0]
            for one in entry["metrics"]:
                where = (facet, entry["value_or_threshold"], one["name"])
                if one["value"] is None:
                    found.append((*where, one["error"]))
                elif one["name"] in bounds:
                    low, high = bounds[one["name"]]
                    if float(one["value"]) < low:
                        found.append((*where, "below"))
                    elif float(one["value"]) > high:
                        found.append((*where, "above"))
    return found


# %% ex2-2 | "Infinity" is a number
def concerns(analysis, bounds):
    found = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis[stage]["facets"].items():
            for entry in entries:
                for one in entry["metrics"]:
                    where = (facet, entry["value_or_threshold"], one["name"])
                    if one["value"] is None:
                        found.append((*where, one["error"]))
                    elif one["name"] in bounds and not isinstance(one["value"], str):
                        low, high = bounds[one["name"]]
                        if one["value"] < low:
                            found.append((*where, "below"))
                        elif one["value"] > high:
                            found.append((*where, "above"))
    return found


# %% ex2-2 | do not take the absolute value
def concerns(analysis, bounds):
    found = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis[stage]["facets"].items():
            for entry in entries:
                for one in entry["metrics"]:
                    where = (facet, entry["value_or_threshold"], one["name"])
                    if one["value"] is None:
                        found.append((*where, one["error"]))
                    elif one["name"] in bounds:
                        low, high = bounds[one["name"]]
                        if abs(float(one["value"])) > high:
                            found.append((*where, "above"))
    return found


# %% ex2-3 | match by name, not by position
def side_by_side(analysis, frame):
    job = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for entries in analysis.get(stage, {"facets": {}})["facets"].values():
            job += [one["value"] for one in entries[0]["metrics"]]
    table = frame[["facet", "metric"]].reset_index(drop=True)
    table["job"] = pd.Series(job, dtype=float)
    table["library"] = frame["value"].to_numpy(float)
    return table.assign(difference=(table["job"] - table["library"]).abs())


# %% ex2-3 | the key is (facet, metric)
def side_by_side(analysis, frame):
    job = {}
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for entries in analysis.get(stage, {"facets": {}})["facets"].values():
            job |= {one["name"]: one["value"] for one in entries[0]["metrics"]}
    table = frame[["facet", "metric"]].reset_index(drop=True)
    table["job"] = [
        float(np.nan if job[m] is None else job[m]) for m in table["metric"]
    ]
    table["library"] = frame["value"].to_numpy(float)
    return table.assign(difference=(table["job"] - table["library"]).abs())


# %% ex2-3 | the difference is absolute
def side_by_side(analysis, frame):
    job = {}
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis.get(stage, {"facets": {}})["facets"].items():
            for one in entries[0]["metrics"]:
                job[facet, one["name"]] = one["value"]
    table = frame[["facet", "metric"]].reset_index(drop=True)
    keys = zip(table["facet"], table["metric"])
    table["job"] = pd.Series([job[key] for key in keys], dtype=float)
    table["library"] = frame["value"].to_numpy(float)
    return table.assign(difference=table["job"] - table["library"])


# %% ex2-4 | first absolute, then the mean
def global_shap(local, agg_method):
    means = {"mean_abs": local.mean().abs(), "median": local.median()}
    found = means.get(agg_method, (local**2).mean())
    found.index = [name.removesuffix("_label0") for name in found.index]
    return found.sort_values(key=abs, ascending=False)


# %% ex2-4 | a feature's own name may have underscores
def global_shap(local, agg_method):
    means = {"mean_abs": local.abs().mean(), "median": local.median()}
    found = means.get(agg_method, (local**2).mean())
    found.index = [name.split("_")[0] for name in found.index]
    return found.sort_values(key=abs, ascending=False)


# %% ex2-4 | is not a zero
def global_shap(local, agg_method):
    local = local.fillna(0)
    means = {"mean_abs": local.abs().mean(), "median": local.median()}
    found = means.get(agg_method, (local**2).mean())
    found.index = [name.removesuffix("_label0") for name in found.index]
    return found.sort_values(key=abs, ascending=False)


# %% ex2-4 | whatever its sign
def global_shap(local, agg_method):
    means = {"mean_abs": local.abs().mean(), "median": local.median()}
    found = means.get(agg_method, (local**2).mean())
    found.index = [name.removesuffix("_label0") for name in found.index]
    return found.sort_values(ascending=False)


# %% ex2-1 | return the configuration as a dict
def analysis_config(columns, features, facets, group_variable, model):
    return json.dumps({"dataset_type": "text/csv", "label": "ok"})


# %% ex2-1 | ask for "all" metrics of both stages
def analysis_config(columns, features, facets, group_variable, model):
    return {
        "dataset_type": "text/csv",
        "label": "ok",
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": name, "value_or_threshold": values}
            for name, values in facets.items()
        ],
        "group_variable": group_variable,
        "excluded_columns": [c for c in columns if c not in ["ok", *features]],
        "methods": {"post_training_bias": {"methods": "all"}},
        "predictor": {"model_name": model},
    }


# %% ex2-2 | "Infinity" is a number
def concerns(analysis, bounds):
    found = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis[stage]["facets"].items():
            for entry in entries:
                for one in entry["metrics"]:
                    where = (facet, entry["value_or_threshold"], one["name"])
                    if one["value"] is None:
                        found.append((*where, one["error"]))
                    elif one["name"] in bounds:
                        low, high = bounds[one["name"]]
                        if one["value"] < low:
                            found.append((*where, "below"))
                        elif one["value"] > high:
                            found.append((*where, "above"))
    return found


# %% ex2-2 | with bounds as well
def concerns(analysis, bounds):
    found = []
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis[stage]["facets"].items():
            for entry in entries:
                for one in entry["metrics"]:
                    where = (facet, entry["value_or_threshold"], one["name"])
                    if one["name"] not in bounds:
                        if one["value"] is None:
                            found.append((*where, one["error"]))
                        continue
                    low, high = bounds[one["name"]]
                    value = float(one["value"] or 0)
                    if value < low:
                        found.append((*where, "below"))
                    elif value > high:
                        found.append((*where, "above"))
    return found


# %% ex2-3 | null in the file is NaN here
def side_by_side(analysis, frame):
    job = {}
    for stage in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        for facet, entries in analysis.get(stage, {"facets": {}})["facets"].items():
            for one in entries[0]["metrics"]:
                job[facet, one["name"]] = float(one["value"] or 0)
    table = frame[["facet", "metric"]].reset_index(drop=True)
    keys = zip(table["facet"], table["metric"], strict=True)
    table["job"] = [job[key] for key in keys]
    table["library"] = frame["value"].to_numpy(float)
    return table.assign(difference=(table["job"] - table["library"]).abs())


# %% ex2-4 | no root
def global_shap(local, agg_method):
    local = local.dropna()
    means = {"mean_abs": local.abs().mean(), "median": local.median()}
    found = means.get(agg_method, (local**2).mean() ** 0.5)
    found.index = [name.removesuffix("_label0") for name in found.index]
    return found.sort_values(key=abs, ascending=False)


# %% ex2-4 | with their sign
def global_shap(local, agg_method):
    local = local.dropna().abs()
    means = {"mean_abs": local.mean(), "median": local.median()}
    found = means.get(agg_method, (local**2).mean())
    found.index = [name.removesuffix("_label0") for name in found.index]
    return found.sort_values(ascending=False)
