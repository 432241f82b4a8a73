# %% ex4-1 | one event can name several files
def objects_of(event):
    s3 = event["Records"][0]["s3"]
    return [(s3["bucket"]["name"], parse.unquote_plus(s3["object"]["key"]))]


# %% ex4-1 | the keys are still URL-encoded
def objects_of(event):
    return [
        (r["s3"]["bucket"]["name"], r["s3"]["object"]["key"])
        for r in event.get("Records", [])
        if r["eventName"].startswith("ObjectCreated")
    ]


# %% ex4-1 | a + in an encoded key stands for a space
def objects_of(event):
    return [
        (r["s3"]["bucket"]["name"], parse.unquote(r["s3"]["object"]["key"]))
        for r in event.get("Records", [])
        if r["eventName"].startswith("ObjectCreated")
    ]


# %% ex4-1 | a deletion is not a new file
def objects_of(event):
    return [
        (r["s3"]["bucket"]["name"], parse.unquote_plus(r["s3"]["object"]["key"]))
        for r in event.get("Records", [])
    ]


# %% ex4-1 | the test event has no Records
def objects_of(event):
    return [
        (r["s3"]["bucket"]["name"], parse.unquote_plus(r["s3"]["object"]["key"]))
        for r in event["Records"]
        if r["eventName"].startswith("ObjectCreated")
    ]


# %% ex4-1 | is a new file, too
def objects_of(event):
    return [
        (r["s3"]["bucket"]["name"], parse.unquote_plus(r["s3"]["object"]["key"]))
        for r in event.get("Records", [])
        if r["eventName"] == "ObjectCreated:Put"
    ]


# %% ex4-1 | without `s3:`
def objects_of(event):
    return [
        (r["s3"]["bucket"]["name"], parse.unquote_plus(r["s3"]["object"]["key"]))
        for r in event.get("Records", [])
        if r["eventName"].startswith("s3:ObjectCreated")
    ]


# %% ex4-1 | bucket first
def objects_of(event):
    return [
        (parse.unquote_plus(r["s3"]["object"]["key"]), r["s3"]["bucket"]["name"])
        for r in event.get("Records", [])
        if r["eventName"].startswith("ObjectCreated")
    ]


# %% ex4-2 | read the complaints
def least_privilege(bucket, endpoint_arn, topic_arn):
    actions = ["s3:GetObject", "s3:PutObject", "sagemaker:InvokeEndpoint"]
    actions.append("sns:Publish")
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


# %% ex4-2 | the bucket's own ARN does not cover its objects
def least_privilege(bucket, endpoint_arn, topic_arn):
    allowed = [
        (["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}"),
        ("sagemaker:InvokeEndpoint", endpoint_arn),
        ("sns:Publish", topic_arn),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    return {"Version": "2012-10-17", "Statement": statements}


# %% ex4-2 | delete scores
def least_privilege(bucket, endpoint_arn, topic_arn):
    allowed = [
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"),
        ("s3:*", f"arn:aws:s3:::{bucket}/scores/*"),
        ("sagemaker:InvokeEndpoint", endpoint_arn),
        ("sns:Publish", topic_arn),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    return {"Version": "2012-10-17", "Statement": statements}


# %% ex4-2 | ask another endpoint
def least_privilege(bucket, endpoint_arn, topic_arn):
    allowed = [
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/scores/*"),
        ("sagemaker:InvokeEndpoint", endpoint_arn + "*"),
        ("sns:Publish", topic_arn),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    return {"Version": "2012-10-17", "Statement": statements}


# %% ex4-2 | swap the model
def least_privilege(bucket, endpoint_arn, topic_arn):
    allowed = [
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/scores/*"),
        ("sagemaker:*", endpoint_arn),
        ("sns:Publish", topic_arn),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    return {"Version": "2012-10-17", "Statement": statements}


# %% ex4-2 | four actions are needed
def least_privilege(bucket, endpoint_arn, topic_arn):
    allowed = [
        ("s3:Get*", f"arn:aws:s3:::{bucket}/in/*"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/scores/*"),
        ("sagemaker:InvokeEndpoint", endpoint_arn),
        ("sns:Publish", topic_arn),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    return {"Version": "2012-10-17", "Statement": statements}


# %% ex4-2 | these must be allowed and are refused: ['get_object']
def least_privilege(bucket, endpoint_arn, topic_arn):
    allowed = [
        ("s3:HeadObject", f"arn:aws:s3:::{bucket}/in/*"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/scores/*"),
        ("sagemaker:InvokeEndpoint", endpoint_arn),
        ("sns:Publish", topic_arn),
    ]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
    return {"Version": "2012-10-17", "Statement": statements}


# %% ex4-3 | import it INSIDE the function
def handler(event, context):
    import boto3

    s3, alerts = boto3.client("s3"), 0
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = parse.unquote_plus(record["s3"]["object"]["key"])
        call = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        answer = boto3.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=os.environ["ENDPOINT"],
            ContentType="text/csv",
            Accept="application/json",
            Body=f"{call['late']},{call['suspicious']}",
        )
        score = json.loads(answer["Body"].read())["predictions"][0]["score"]
        alert = score >= float(os.environ["THRESHOLD"])
        text = json.dumps({"incident": key, "score": score, "alert": alert})
        s3.put_object(Bucket=bucket, Key=key.replace("in/", "scores/", 1), Body=text)
        if alert:
            boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=text)
            alerts += 1
    return alerts


# %% ex4-3 | Is the key decoded?
def handler(event, context):
    import json

    import boto3

    s3, alerts = boto3.client("s3"), 0
    for record in event["Records"]:
        place = record["s3"]
        bucket, key = place["bucket"]["name"], place["object"]["key"]
        json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        s3.put_object(Bucket=bucket, Key=key.replace("in/", "scores/", 1), Body="{}")
    return alerts


# %% ex4-3 | a loop
def handler(event, context):
    import json
    from urllib.parse import unquote_plus

    import boto3

    s3 = boto3.client("s3")
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        call = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        s3.put_object(Bucket=bucket, Key=key + ".score", Body=json.dumps(call))
    return 0


# %% ex4-3 | a score equal to the threshold
def handler(event, context):
    import json
    import os
    from urllib.parse import unquote_plus

    import boto3

    s3, alerts = boto3.client("s3"), 0
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        call = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        answer = boto3.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=os.environ["ENDPOINT"],
            ContentType="text/csv",
            Accept="application/json",
            Body=f"{call['late']},{call['suspicious']}",
        )
        score = json.loads(answer["Body"].read())["predictions"][0]["score"]
        alert = score > float(os.environ["THRESHOLD"])
        text = json.dumps({"incident": key, "score": score, "alert": alert})
        s3.put_object(Bucket=bucket, Key=key.replace("in/", "scores/", 1), Body=text)
        if alert:
            boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=text)
            alerts += 1
    return alerts


# %% ex4-3 | do not round the score
def handler(event, context):
    import json
    import os
    from urllib.parse import unquote_plus

    import boto3

    s3, alerts = boto3.client("s3"), 0
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        call = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        answer = boto3.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=os.environ["ENDPOINT"],
            ContentType="text/csv",
            Accept="application/json",
            Body=f"{call['late']},{call['suspicious']}",
        )
        score = json.loads(answer["Body"].read())["predictions"][0]["score"]
        score = round(score, 3)
        alert = score >= float(os.environ["THRESHOLD"])
        text = json.dumps({"incident": key, "score": score, "alert": alert})
        s3.put_object(Bucket=bucket, Key=key.replace("in/", "scores/", 1), Body=text)
        if alert:
            boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=text)
            alerts += 1
    return alerts


# %% ex4-3 | are late and suspicious in the right order?
def handler(event, context):
    import json
    import os
    from urllib.parse import unquote_plus

    import boto3

    s3, alerts = boto3.client("s3"), 0
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        call = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        answer = boto3.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=os.environ["ENDPOINT"],
            ContentType="text/csv",
            Accept="application/json",
            Body=",".join(map(str, call.values())),
        )
        score = json.loads(answer["Body"].read())["predictions"][0]["score"]
        alert = score >= float(os.environ["THRESHOLD"])
        text = json.dumps({"incident": key, "score": score, "alert": alert})
        s3.put_object(Bucket=bucket, Key=key.replace("in/", "scores/", 1), Body=text)
        if alert:
            boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], Message=text)
            alerts += 1
    return alerts


# %% ex4-4 | everything arrives
def subscribe_officer(sns, topic_arn, queue_arn, precinct, at_least):
    made = sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)
    return made["SubscriptionArn"]


# %% ex4-4 | nothing arrives
def subscribe_officer(sns, topic_arn, queue_arn, precinct, at_least):
    wanted = {"precinct": [precinct], "score": [{"numeric": [">=", at_least]}]}
    made = sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps(wanted)},
    )
    return made["SubscriptionArn"]


# %% ex4-4 | SNS refuses the subscription
def subscribe_officer(sns, topic_arn, queue_arn, precinct, at_least):
    wanted = {"precinct": str(precinct), "score": [{"numeric": [">=", at_least]}]}
    made = sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps(wanted)},
    )
    return made["SubscriptionArn"]


# %% ex4-4 | 0.5 is 'this score or more'
def subscribe_officer(sns, topic_arn, queue_arn, precinct, at_least):
    wanted = {"precinct": [str(precinct)], "score": [{"numeric": [">", at_least]}]}
    made = sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps(wanted)},
    )
    return made["SubscriptionArn"]


# %% ex4-4 | use both arguments
def subscribe_officer(sns, topic_arn, queue_arn, precinct, at_least):
    wanted = {"precinct": ["3"], "score": [{"numeric": [">=", at_least]}]}
    made = sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": json.dumps(wanted)},
    )
    return made["SubscriptionArn"]


# %% ex4-4 | SNS refuses the subscription
def subscribe_officer(sns, topic_arn, queue_arn, precinct, at_least):
    wanted = {"precinct": [str(precinct)], "score": [{"numeric": [">=", at_least]}]}
    made = sns.subscribe(
        TopicArn=topic_arn,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"FilterPolicy": wanted},
    )
    return made["SubscriptionArn"]
