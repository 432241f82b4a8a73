# %% ex3-1 | every hyperparameter is a string
def training_request(cloud, name, folder, parts, form):
    place = {p: f"s3://{cloud.bucket}/{folder}/{p}/" for p in parts}
    source = {p: {"S3DataType": "S3Prefix", "S3Uri": uri} for p, uri in place.items()}
    channels = [
        {
            "ChannelName": p,
            "ContentType": "text/csv",
            "DataSource": {"S3DataSource": source[p]},
        }
        for p in parts
    ]
    return common(cloud) | {
        "TrainingJobName": name,
        "InputDataConfig": channels,
        "HyperParameters": form,
    }


# %% ex3-1 | leave it out of the form
def training_request(cloud, name, folder, parts, form):
    form = {k: str(v) for k, v in form.items()}
    return common(cloud) | {"TrainingJobName": name, "HyperParameters": form}


# %% ex3-1 | you have changed `form` itself
def training_request(cloud, name, folder, parts, form):
    for key in list(form):
        if form[key] is None:
            del form[key]
        else:
            form[key] = str(form[key])
    return common(cloud) | {"TrainingJobName": name, "HyperParameters": form}


# %% ex3-1 | each channel needs its own subfolder
def training_request(cloud, name, folder, parts, form):
    uri = f"s3://{cloud.bucket}/{folder}/"
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    channels = [
        {
            "ChannelName": p,
            "ContentType": "text/csv",
            "DataSource": {"S3DataSource": source},
        }
        for p in parts
    ]
    form = {k: str(v) for k, v in form.items() if v is not None}
    more = {"InputDataConfig": channels, "HyperParameters": form}
    return common(cloud) | more | {"TrainingJobName": name}


# %% ex3-1 | an S3Uri begins with s3://
def training_request(cloud, name, folder, parts, form):
    channels = [
        {
            "ChannelName": p,
            "ContentType": "text/csv",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": f"{cloud.bucket}/{folder}/{p}/",
                }
            },
        }
        for p in parts
    ]
    form = {k: str(v) for k, v in form.items() if v is not None}
    more = {"InputDataConfig": channels, "HyperParameters": form}
    return common(cloud) | more | {"TrainingJobName": name}


# %% ex3-1 | label_size=0 says: no label
def training_request(cloud, name, folder, parts, form):
    channels = [
        {
            "ChannelName": p,
            "ContentType": "text/csv;label_size=0",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": f"s3://{cloud.bucket}/{folder}/{p}/",
                }
            },
        }
        for p in parts
    ]
    form = {k: str(v) for k, v in form.items() if v is not None}
    more = {"InputDataConfig": channels, "HyperParameters": form}
    return common(cloud) | more | {"TrainingJobName": name}


# %% ex3-1 | test for None
def training_request(cloud, name, folder, parts, form):
    form = {k: str(v) for k, v in form.items() if v}
    return common(cloud) | {"TrainingJobName": name, "HyperParameters": form}


# %% ex3-2 | the last two lines have no epoch
def read_epochs(lines):
    rows = {}
    for line in lines:
        found = re.search(
            r"(?:epoch=(\d+), )?(train|validation) \S+ <loss>=(\S+)", line
        )
        if found:
            epoch = int(found[1]) if found[1] else 99
            rows.setdefault(epoch, {})[found[2]] = float(found[3])
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(kept=False)


# %% ex3-2 | turn the text into float
def read_epochs(lines):
    rows, kept = {}, set()
    for line in lines:
        if m := re.search(r"epoch=(\d+), (train|validation) \S+ <loss>=(\S+)", line):
            rows.setdefault(int(m[1]), {})[m[2]] = m[3]
        if m := re.search(r"Epoch (\d+): Loss improved", line):
            kept.add(int(m[1]))
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(kept=[e in kept for e in table.index])


# %% ex3-2 | 5e-1 is 0.5
def read_epochs(lines):
    rows, kept = {}, set()
    for line in lines:
        if m := re.search(r"epoch=(\d+), (train|validation) \S+ <loss>=([\d.]+)", line):
            rows.setdefault(int(m[1]), {})[m[2]] = float(m[3])
        if m := re.search(r"Epoch (\d+): Loss improved", line):
            kept.add(int(m[1]))
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(kept=[e in kept for e in table.index])


# %% ex3-2 | kept is what the LOG says
def read_epochs(lines):
    rows = {}
    for line in lines:
        if m := re.search(r"epoch=(\d+), (train|validation) \S+ <loss>=(\S+)", line):
            rows.setdefault(int(m[1]), {})[m[2]] = float(m[3])
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(kept=table["validation"].eq(table["validation"].cummin()))


# %% ex3-2 | also earlier epochs were the best SO FAR
def read_epochs(lines):
    rows, kept = {}, None
    for line in lines:
        if m := re.search(r"epoch=(\d+), (train|validation) \S+ <loss>=(\S+)", line):
            rows.setdefault(int(m[1]), {})[m[2]] = float(m[3])
        if m := re.search(r"Epoch (\d+): Loss improved", line):
            kept = int(m[1])
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(kept=table.index == kept)


# %% ex3-2 | epoch 12 has two digits
def read_epochs(lines):
    rows, kept = {}, set()
    for line in lines:
        if m := re.search(r"epoch=(\d+), (train|validation) \S+ <loss>=(\S+)", line):
            rows.setdefault(int(m[1]), {})[m[2]] = float(m[3])
        if m := re.search(r"Epoch (\d): Loss improved", line):
            kept.add(int(m[1]))
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.assign(kept=[e in kept for e in table.index])


# %% ex3-3 | the job never gets to see epoch 7
def stops_at(losses, patience):
    kept = int(np.argmin(losses))
    return kept, len(losses) - 1


# %% ex3-3 | stopped one epoch early
def stops_at(losses, patience):
    kept = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[kept]:
            kept = epoch
        elif epoch - kept >= patience - 1:
            return kept, epoch
    return kept, len(losses) - 1


# %% ex3-3 | a loss is better when it is SMALLER
def stops_at(losses, patience):
    kept = 0
    for epoch, loss in enumerate(losses):
        if loss > losses[kept]:
            kept = epoch
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses) - 1


# %% ex3-3 | an equal loss is no improvement
def stops_at(losses, patience):
    kept = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[kept]:
            kept = epoch
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses) - 1


# %% ex3-3 | fruitless epochs IN A ROW
def stops_at(losses, patience):
    kept = bad = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[kept]:
            kept = epoch
        elif epoch:
            bad += 1
        if bad >= patience:
            return kept, epoch
    return kept, len(losses) - 1


# %% ex3-3 | compare with the best so far
def stops_at(losses, patience):
    kept = bad = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[epoch - 1]:
            kept, bad = epoch, 0
        else:
            bad += 1
        if bad >= patience:
            return kept, epoch
    return kept, len(losses) - 1


# %% ex3-4 | use predicted_label
def group_rates(text, people):
    score = [json.loads(line)["score"] for line in text.splitlines()]
    rows = people.assign(flag=np.array(score) > 0.5)
    parts = {
        "flagged": rows,
        "recall": rows[rows["outcome"] == 1],
        "false_positive_rate": rows[rows["outcome"] == 0],
    }
    return pd.DataFrame(
        {k: p.groupby("group")["flag"].mean() for k, p in parts.items()}
    )


# %% ex3-4 | match by position
def group_rates(text, people):
    said = pd.Series([json.loads(x)["predicted_label"] for x in text.splitlines()])
    rows = people.assign(flag=said)
    parts = {
        "flagged": rows,
        "recall": rows[rows["outcome"] == 1],
        "false_positive_rate": rows[rows["outcome"] == 0],
    }
    return pd.DataFrame(
        {k: p.groupby("group")["flag"].mean() for k, p in parts.items()}
    )


# %% ex3-4 | a share of those FLAGGED (precision)
def group_rates(text, people):
    said = [json.loads(line)["predicted_label"] for line in text.splitlines()]
    rows = people.assign(flag=said)
    groups = rows.groupby("group")
    flagged = rows[rows["flag"] == 1].groupby("group")["outcome"]
    return pd.DataFrame(
        {
            "flagged": groups["flag"].mean(),
            "recall": flagged.mean(),
            "false_positive_rate": 1 - flagged.mean(),
        }
    )


# %% ex3-4 | or everybody's recall
def group_rates(text, people):
    said = [json.loads(line)["predicted_label"] for line in text.splitlines()]
    rows = people.assign(flag=said)
    groups = rows.groupby("group")
    table = pd.DataFrame({"flagged": groups["flag"].mean()})
    table["recall"] = rows.loc[rows["outcome"] == 1, "flag"].mean()
    table["false_positive_rate"] = rows.loc[rows["outcome"] == 0, "flag"].mean()
    return table


# %% ex3-4 | is 1 − precision
def group_rates(text, people):
    said = [json.loads(line)["predicted_label"] for line in text.splitlines()]
    rows = people.assign(flag=said)
    flagged = rows[rows["flag"] == 1].groupby("group")["outcome"]
    recall = rows[rows["outcome"] == 1].groupby("group")["flag"].mean()
    table = pd.DataFrame({"flagged": rows.groupby("group")["flag"].mean()})
    return table.assign(recall=recall, false_positive_rate=1 - flagged.mean())


# %% ex3-4 | count only those NOT re-arrested
def group_rates(text, people):
    said = [json.loads(line)["predicted_label"] for line in text.splitlines()]
    rows = people.assign(flag=said)
    rows["wrong"] = rows["flag"] * (1 - rows["outcome"])
    groups = rows.groupby("group")
    return pd.DataFrame(
        {
            "flagged": groups["flag"].mean(),
            "recall": rows[rows["outcome"] == 1].groupby("group")["flag"].mean(),
            "false_positive_rate": groups["wrong"].mean(),
        }
    )


# %% ex3-4 | counts or percentages
def group_rates(text, people):
    said = [json.loads(line)["predicted_label"] for line in text.splitlines()]
    rows = people.assign(flag=said)
    parts = {
        "flagged": rows,
        "recall": rows[rows["outcome"] == 1],
        "false_positive_rate": rows[rows["outcome"] == 0],
    }
    shares = {k: p.groupby("group")["flag"].mean() for k, p in parts.items()}
    return 100 * pd.DataFrame(shares)


# %% ex3-5 | take the mean on the circle
def describe_clusters(hours, clusters):
    groups = pd.Series(hours, dtype=float).groupby(np.asarray(clusters))
    return pd.DataFrame({"share": groups.size() / len(hours), "hour": groups.mean()})


# %% ex3-5 | a negative hour: take it % 24
def describe_clusters(hours, clusters):
    angle = 2 * np.pi * np.asarray(hours) / 24
    rows = pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})
    groups = rows.groupby(np.asarray(clusters))
    middle = groups.mean()
    hour = np.arctan2(middle["sin"], middle["cos"]) * 12 / np.pi
    return pd.DataFrame({"share": groups.size() / len(rows), "hour": hour})


# %% ex3-5 | turn it back into hours
def describe_clusters(hours, clusters):
    angle = 2 * np.pi * np.asarray(hours) / 24
    rows = pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})
    groups = rows.groupby(np.asarray(clusters))
    middle = groups.mean()
    hour = np.arctan2(middle["sin"], middle["cos"])
    return pd.DataFrame({"share": groups.size() / len(rows), "hour": hour})


# %% ex3-5 | these are counts or percentages
def describe_clusters(hours, clusters):
    angle = 2 * np.pi * np.asarray(hours) / 24
    rows = pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})
    groups = rows.groupby(np.asarray(clusters))
    middle = groups.mean()
    hour = np.arctan2(middle["sin"], middle["cos"]) * 12 / np.pi % 24
    return pd.DataFrame({"share": groups.size(), "hour": hour})


# %% ex3-5 | np.arctan loses half of the circle
def describe_clusters(hours, clusters):
    angle = 2 * np.pi * np.asarray(hours) / 24
    rows = pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})
    groups = rows.groupby(np.asarray(clusters))
    middle = groups.mean()
    hour = np.arctan(middle["sin"] / middle["cos"]) * 12 / np.pi % 24
    return pd.DataFrame({"share": groups.size() / len(rows), "hour": hour})


# %% ex3-5 | the sine comes first
def describe_clusters(hours, clusters):
    angle = 2 * np.pi * np.asarray(hours) / 24
    rows = pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})
    groups = rows.groupby(np.asarray(clusters))
    middle = groups.mean()
    hour = np.arctan2(middle["cos"], middle["sin"]) * 12 / np.pi % 24
    return pd.DataFrame({"share": groups.size() / len(rows), "hour": hour})


# %% ex3-5 | a day has 24 hours
def describe_clusters(hours, clusters):
    angle = 2 * np.pi * np.asarray(hours) / 12
    rows = pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)})
    groups = rows.groupby(np.asarray(clusters))
    middle = groups.mean()
    hour = np.arctan2(middle["sin"], middle["cos"]) * 12 / np.pi % 24
    return pd.DataFrame({"share": groups.size() / len(rows), "hour": hour})
