"""Metrics to CloudWatch, under the names that SageMaker's monitors use."""

import math

from utils.cloud.images.model_monitor.settings import Settings

INFINITE = 2.348543e108  # what SageMaker publishes for an infinite value
AT_ONCE = 500


def publish(settings: Settings, namespace: str, metrics: list[dict]) -> None:
    """Put a monitor's metrics; nothing for a baselining job, or where the variable says Disabled.

    Parameters
    ----------
    settings : Settings
    namespace : str
        The last part of the namespace.
    metrics : list of dict
        Name, value or statistic values, own dimensions. Values that are no number are left out.
    """
    wanted = settings.get("publish_cloudwatch_metrics", "Disabled") == "Enabled"
    data = [datum for datum in map(_finite, metrics) if datum is not None]
    if not (wanted and settings.monitors and data):
        return
    # imported here: it takes a while, and a baselining job needs none of it
    import boto3
    from botocore.exceptions import ClientError

    shared = [
        {"Name": "Endpoint", "Value": settings.need("sagemaker_endpoint_name")},
        {
            "Name": "MonitoringSchedule",
            "Value": settings.need("sagemaker_monitoring_schedule_name"),
        },
    ]
    for datum in data:
        datum["Dimensions"] = shared + datum.get("Dimensions", [])
        datum["Timestamp"] = settings.time("metric_time")
    client = boto3.client("cloudwatch")
    try:
        for start in range(0, len(data), AT_ONCE):
            client.put_metric_data(
                Namespace=f"aws/sagemaker/Endpoints/{namespace}",
                MetricData=data[start : start + AT_ONCE],
            )
    except ClientError as error:  # the analysis stands without them
        print(f"WARNING: no metrics were published to CloudWatch: {error}", flush=True)
    else:
        print(f"Published {len(data)} metrics to CloudWatch", flush=True)


def _finite(datum: dict) -> dict | None:
    value = datum.get("Value")
    if value is None:
        return dict(datum) if "StatisticValues" in datum else None
    if math.isnan(value):
        return None
    if math.isinf(value):
        value = math.copysign(INFINITE, value)
    return {**datum, "Value": float(value)}
