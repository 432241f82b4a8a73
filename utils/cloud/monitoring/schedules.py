"""Monitoring schedules: create, update, start, stop, delete; which run is due next."""

from utils.cloud.monitoring import definitions, listing, windows
from utils.cloud.wire import invalid

FIELDS = ("MonitoringScheduleName", "EndpointName", "MonitoringType")
FIELDS += ("MonitoringJobDefinitionName",)


def operations(engine) -> dict:
    """The operations on schedules and their executions."""
    schedules = Schedules(engine)
    return {
        "CreateMonitoringSchedule": schedules.create,
        "UpdateMonitoringSchedule": schedules.update,
        "DescribeMonitoringSchedule": schedules.describe,
        "ListMonitoringSchedules": schedules.listed,
        "StartMonitoringSchedule": schedules.start,
        "StopMonitoringSchedule": schedules.stop,
        "DeleteMonitoringSchedule": schedules.delete,
        "ListMonitoringExecutions": schedules.executions,
    }


class Schedules:
    """The schedules of one cloud."""

    def __init__(self, engine):
        self.engine = engine

    def create(self, request, region):
        """CreateMonitoringSchedule: a NOW schedule starts its one execution at once."""
        name = request["MonitoringScheduleName"]
        record = {
            **request,
            **self._checked(request["MonitoringScheduleConfig"], region),
        }
        record["MonitoringScheduleStatus"] = "Scheduled"
        record = self.engine.store.add(region, "MonitoringSchedule", name, record)
        self.engine.monitoring.plan(region, record)
        return record

    def update(self, request, region):
        """UpdateMonitoringSchedule: the next run goes by the new configuration."""
        name = request["MonitoringScheduleName"]
        self.engine.store.get(region, "MonitoringSchedule", name)
        config = request["MonitoringScheduleConfig"]
        fields = dict.fromkeys(FIELDS[3:]) | self._checked(config, region)
        self.engine.store.update(
            region,
            "MonitoringSchedule",
            name,
            MonitoringScheduleConfig=config,
            MonitoringScheduleStatus="Scheduled",
            **fields,
        )
        record = self.engine.store.get(region, "MonitoringSchedule", name)
        self.engine.monitoring.plan(region, record)
        return record

    def describe(self, request, region):
        """DescribeMonitoringSchedule, with the last execution."""
        name = request["MonitoringScheduleName"]
        record = self.engine.store.get(region, "MonitoringSchedule", name)
        runs = [
            run
            for run in self.engine.monitoring.executions(region)
            if run["MonitoringScheduleName"] == name
        ]
        if runs:
            record["LastMonitoringExecutionSummary"] = runs[-1]
        return record

    def listed(self, request, region):
        """ListMonitoringSchedules."""
        rows = list(self.engine.store.every(region, "MonitoringSchedule"))
        return listing.page(
            rows,
            request,
            "MonitoringScheduleSummaries",
            FIELDS[0],
            "MonitoringScheduleStatus",
        )

    def start(self, request, region):
        """StartMonitoringSchedule: runs that fell due while it was stopped are not made up for."""
        record = self._set(request, region, "Scheduled")
        expression = record["MonitoringScheduleConfig"]["ScheduleConfig"]
        if expression["ScheduleExpression"] != windows.NOW:
            self.engine.monitoring.plan(region, record)

    def stop(self, request, region):
        """StopMonitoringSchedule: what runs runs on."""
        record = self._set(request, region, "Stopped")
        self.engine.monitoring.forget(region, record["MonitoringScheduleName"])

    def delete(self, request, region):
        """DeleteMonitoringSchedule: the history of its executions stays."""
        name = request["MonitoringScheduleName"]
        self.engine.store.remove(region, "MonitoringSchedule", name)
        self.engine.monitoring.forget(region, name)

    def executions(self, request, region):
        """ListMonitoringExecutions."""
        rows = self.engine.monitoring.executions(region)
        return listing.page(
            rows,
            request,
            "MonitoringExecutionSummaries",
            FIELDS[0],
            "MonitoringExecutionStatus",
        )

    def _set(self, request, region, status):
        name = request["MonitoringScheduleName"]
        record = self.engine.store.get(region, "MonitoringSchedule", name)
        self.engine.store.update(
            region, "MonitoringSchedule", name, MonitoringScheduleStatus=status
        )
        return record

    def _checked(self, config, region):
        """What the record says about a configuration, once it is known to be able to run."""
        timing = config.get("ScheduleConfig")
        if timing is None:
            raise invalid(
                "monitoringScheduleConfig.scheduleConfig: give a scheduleExpression, as "
                "cron(0 * ? * * *) or NOW"
            )
        once = windows.hours_of_day(timing["ScheduleExpression"]) is None
        if once and not {"DataAnalysisStartTime", "DataAnalysisEndTime"} <= set(timing):
            raise invalid(
                "scheduleConfig: NOW needs dataAnalysisStartTime and dataAnalysisEndTime, as "
                "-PT1H and -PT0H for the last hour"
            )
        definition = definitions.find(self.engine, region, config)
        definition.check(self.engine)
        now = self.engine.clock.now()
        windows.window_of(now, timing, definition.endpoint)
        endpoint = definition.endpoint["EndpointName"]
        self._check_capture(region, endpoint)
        fields = {"EndpointName": endpoint, "MonitoringType": definition.type}
        if definition.name:
            fields["MonitoringJobDefinitionName"] = definition.name
        return fields

    def _check_capture(self, region, endpoint):
        record = self.engine.store.get(region, "Endpoint", endpoint)
        name = record["EndpointConfigName"]
        config = self.engine.store.get(region, "EndpointConfig", name)
        capture = config.get("DataCaptureConfig", {})
        if not capture.get("EnableCapture"):
            raise invalid(
                f"endpoint {endpoint!r}: data capture is not enabled, so there is nothing to "
                f"monitor; its configuration {name!r} needs a dataCaptureConfig with "
                "enableCapture"
            )
