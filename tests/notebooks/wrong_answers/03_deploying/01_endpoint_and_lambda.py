"""Typical wrong answers for Lab 1; each must fail its exercise's checks with the message named."""


# %% ex1-1 | CSV has no brackets
def to_body(rows, content_type):
    if content_type == "text/csv":
        return "\n".join(str(row) for row in rows)
    return json.dumps({"instances": [{"features": row} for row in rows]})


def scores(answer, content_type):
    if content_type == "text/csv":
        return np.loadtxt(io.BytesIO(answer), delimiter=",", ndmin=2)[:, 0]
    return np.array([one["score"] for one in json.loads(answer)["predictions"]])


# %% ex1-1 | each line holds one person's numbers
def to_body(rows, content_type):
    if content_type == "text/csv":
        return pd.DataFrame(rows).to_csv(index=False)
    return json.dumps({"instances": [{"features": row} for row in rows]})


# %% ex1-1 | each instance is an object
def to_body(rows, content_type):
    if content_type == "text/csv":
        return pd.DataFrame(rows).to_csv(index=False, header=False)
    return json.dumps({"instances": rows})


# %% ex1-1 | these are the labels
def scores(answer, content_type):
    if content_type == "text/csv":
        return np.loadtxt(io.BytesIO(answer), delimiter=",", ndmin=2)[:, 1]
    found = json.loads(answer)["predictions"]
    return np.array([one["predicted_label"] for one in found], float)


# %% ex1-1 | not text or objects
def scores(answer, content_type):
    if content_type == "text/csv":
        return np.array([x.split(",")[0] for x in answer.decode().splitlines()])
    return np.array([one["score"] for one in json.loads(answer)["predictions"]])


# %% ex1-1 | these are the labels
def scores(answer, content_type):
    if content_type == "text/csv":
        lines = answer.decode().splitlines()
        return np.array([int(line.split(",")[1]) for line in lines])
    found = json.loads(answer)["predictions"]
    return np.array([one["predicted_label"] for one in found])


# %% ex1-1 | an array, not
def scores(answer, content_type):
    if content_type == "text/csv":
        return [float(x.split(",")[0]) for x in answer.decode().splitlines()]
    return [one["score"] for one in json.loads(answer)["predictions"]]


# %% ex1-2 | the weights are not used
def create_ab(sagemaker, name, models, weights, uri):
    variants = [
        {
            "VariantName": v,
            "ModelName": m,
            "InstanceType": "ml.m5.xlarge",
            "InitialInstanceCount": 1,
        }
        for v, m in models.items()
    ]
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants
    )


# %% ex1-2 | the weights are swapped
def create_ab(sagemaker, name, models, weights, uri):
    variants = [
        {
            "VariantName": v,
            "ModelName": m,
            "InstanceType": "ml.m5.xlarge",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": w,
        }
        for (v, m), w in zip(models.items(), reversed(weights.values()))
    ]
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants
    )


# %% ex1-2 | 1 is one PER CENT
def create_ab(sagemaker, name, models, weights, uri):
    machine = {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    variants = [
        {
            "VariantName": v,
            "ModelName": m,
            "InitialVariantWeight": weights[v],
            **machine,
        }
        for v, m in models.items()
    ]
    capture = {
        "EnableCapture": True,
        "DestinationS3Uri": uri,
        "InitialSamplingPercentage": 1,
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants, DataCaptureConfig=capture
    )


# %% ex1-2 | what went in AND what came out
def create_ab(sagemaker, name, models, weights, uri):
    machine = {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    variants = [
        {
            "VariantName": v,
            "ModelName": m,
            "InitialVariantWeight": weights[v],
            **machine,
        }
        for v, m in models.items()
    ]
    capture = {
        "EnableCapture": True,
        "DestinationS3Uri": uri,
        "InitialSamplingPercentage": 100,
        "CaptureOptions": [{"CaptureMode": "Output"}],
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants, DataCaptureConfig=capture
    )


# %% ex1-2 | is BASE64 in the log
def create_ab(sagemaker, name, models, weights, uri):
    machine = {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    variants = [
        {
            "VariantName": v,
            "ModelName": m,
            "InitialVariantWeight": weights[v],
            **machine,
        }
        for v, m in models.items()
    ]
    capture = {
        "EnableCapture": True,
        "DestinationS3Uri": uri,
        "InitialSamplingPercentage": 100,
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants, DataCaptureConfig=capture
    )


# %% ex1-2 | on ml.m5.xlarge, not
def create_ab(sagemaker, name, models, weights, uri):
    variants = [
        {
            "VariantName": v,
            "ModelName": m,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": weights[v],
        }
        for v, m in models.items()
    ]
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=variants
    )


# %% ex1-3 | decode `data` first
def capture_table(lines, columns):
    rows = []
    for variant, line in lines:
        line = json.loads(line)
        sent = line["captureData"]["endpointInput"]["data"]
        answer = json.loads(line["captureData"]["endpointOutput"]["data"])
        one = answer["predictions"][0]
        row = dict(zip(columns, map(float, sent.split(","))))
        row |= {"score": one["score"], "label": one["predicted_label"]}
        number = line["eventMetadata"].get("inferenceId")
        rows.append({"variant": variant, "inference_id": number, **row})
    return pd.DataFrame(rows)


# %% ex1-3 | '24' is text
def capture_table(lines, columns):
    rows = []
    for variant, line in lines:
        line = json.loads(line)
        sent = line["captureData"]["endpointInput"]["data"]
        answer = json.loads(line["captureData"]["endpointOutput"]["data"])
        one = answer["predictions"][0]
        row = dict(zip(columns, sent.split(",")))
        row |= {"score": one["score"], "label": one["predicted_label"]}
        number = line["eventMetadata"].get("inferenceId")
        rows.append({"variant": variant, "inference_id": number, **row})
    return pd.DataFrame(rows)


# %% ex1-3 | a caller need not give an id
def capture_table(lines, columns):
    rows = []
    for variant, line in lines:
        line = json.loads(line)
        texts = []
        for part in line["captureData"].values():
            data = part["data"]
            hidden = part["encoding"] == "BASE64"
            texts.append(base64.b64decode(data).decode() if hidden else data)
        one = json.loads(texts[1])["predictions"][0]
        row = dict(zip(columns, map(float, texts[0].split(","))))
        row |= {"score": one["score"], "label": one["predicted_label"]}
        number = line["eventMetadata"]["inferenceId"]
        rows.append({"variant": variant, "inference_id": number, **row})
    return pd.DataFrame(rows)


# %% ex1-3 | is the CALLER's id
def capture_table(lines, columns):
    rows = []
    for variant, line in lines:
        line = json.loads(line)
        sent = line["captureData"]["endpointInput"]["data"]
        answer = json.loads(line["captureData"]["endpointOutput"]["data"])
        one = answer["predictions"][0]
        row = dict(zip(columns, map(float, sent.split(","))))
        row |= {"score": one["score"], "label": one["predicted_label"]}
        number = line["eventMetadata"].get("eventId")
        rows.append({"variant": variant, "inference_id": number, **row})
    return pd.DataFrame(rows)


# %% ex1-4 | take the values in the order of COLUMNS
def answer_request(runtime, endpoint_name, event):
    line = ",".join(map(str, event.values()))
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint_name, ContentType="text/csv", Body=line
    )
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | catch ModelError and say what was wrong
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint_name, ContentType="text/csv", Body=line
    )
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | 200 says that all went well
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except Exception:
        said = {"score": 0.5, "variant": "plain"}
        return {"statusCode": 200, "body": json.dumps(said)}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | an original 5xx is the MODEL's fault
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except runtime.exceptions.ModelError as error:
        said = {"error": error.response["OriginalMessage"]}
        return {"statusCode": 400, "body": json.dumps(said)}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | catch ModelError only
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except Exception as error:
        if error.response.get("OriginalStatusCode", 500) < 500:
            said = {"error": error.response["OriginalMessage"]}
            return {"statusCode": 400, "body": json.dumps(said)}
        return {"statusCode": 502, "body": json.dumps({"error": "no decision"})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | only OriginalMessage
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except runtime.exceptions.ModelError as error:
        return {"statusCode": 400, "body": json.dumps({"error": str(error)})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | no answer may be made up for it
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event.get(name, 0)) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except runtime.exceptions.ModelError as error:
        if error.response["OriginalStatusCode"] < 500:
            said = {"error": error.response["OriginalMessage"]}
            return {"statusCode": 400, "body": json.dumps(said)}
        return {"statusCode": 502, "body": json.dumps({"error": "no decision"})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | say which input is missing
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event.get(name, "")) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except runtime.exceptions.ModelError as error:
        if error.response["OriginalStatusCode"] < 500:
            said = {"error": error.response["OriginalMessage"]}
            return {"statusCode": 400, "body": json.dumps(said)}
        return {"statusCode": 502, "body": json.dumps({"error": "no decision"})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | an input is missing: answer 400
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except runtime.exceptions.ModelError as error:
        if error.response["OriginalStatusCode"] < 500:
            said = {"error": error.response["OriginalMessage"]}
            return {"statusCode": 400, "body": json.dumps(said)}
        return {"statusCode": 502, "body": json.dumps({"error": "no decision"})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | this is the label; return the score
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except runtime.exceptions.ModelError as error:
        if error.response["OriginalStatusCode"] < 500:
            said = {"error": error.response["OriginalMessage"]}
            return {"statusCode": 400, "body": json.dumps(said)}
        return {"statusCode": 502, "body": json.dumps({"error": "no decision"})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {
        "score": found["predicted_label"],
        "variant": answer["InvokedProductionVariant"],
    }
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-4 | this error has no original status
def answer_request(runtime, endpoint_name, event):
    line = ",".join(str(event[name]) for name in COLUMNS)
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint_name, ContentType="text/csv", Body=line
        )
    except Exception as error:
        if error.response["OriginalStatusCode"] < 500:
            said = {"error": error.response["OriginalMessage"]}
            return {"statusCode": 400, "body": json.dumps(said)}
        return {"statusCode": 502, "body": json.dumps({"error": "no decision"})}
    found = json.loads(answer["Body"].read())["predictions"][0]
    said = {"score": found["score"], "variant": answer["InvokedProductionVariant"]}
    return {"statusCode": 200, "body": json.dumps(said)}


# %% ex1-6 | is still there when you return
def shut_down(sagemaker, containing):
    pages = sagemaker.get_paginator("list_endpoints").paginate(NameContains=containing)
    names = sorted(one["EndpointName"] for page in pages for one in page["Endpoints"])
    for name in names:
        sagemaker.delete_endpoint(EndpointName=name)
    return names


# %% ex1-6 | the list shows ten at a time
def shut_down(sagemaker, containing):
    every = [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]]
    names = sorted(name for name in every if containing in name)
    for name in names:
        sagemaker.delete_endpoint(EndpointName=name)
    for name in names:
        waiter = sagemaker.get_waiter("endpoint_deleted")
        waiter.wait(EndpointName=name, WaiterConfig=SOON)
    return names


# %% ex1-6 | does not contain the text
def shut_down(sagemaker, containing):
    pages = sagemaker.get_paginator("list_endpoints").paginate()
    names = sorted(one["EndpointName"] for page in pages for one in page["Endpoints"])
    for name in names:
        sagemaker.delete_endpoint(EndpointName=name)
    for name in names:
        waiter = sagemaker.get_waiter("endpoint_deleted")
        waiter.wait(EndpointName=name, WaiterConfig=SOON)
    return names


# %% ex1-6 | still running, and costing
def shut_down(sagemaker, containing):
    pages = sagemaker.get_paginator("list_endpoints").paginate()
    every = [one["EndpointName"] for page in pages for one in page["Endpoints"]]
    names = sorted(name for name in every if containing in name)
    for name in names:
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[
                {"VariantName": "plain", "DesiredInstanceCount": 0}
            ],
        )
    return names


# %% ex1-6 | return the names
def shut_down(sagemaker, containing):
    pages = sagemaker.get_paginator("list_endpoints").paginate()
    every = [one["EndpointName"] for page in pages for one in page["Endpoints"]]
    for name in every:
        if containing in name:
            sagemaker.delete_endpoint(EndpointName=name)
