"""The template by itself: what it promises, whatever deploys it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from config.aws import metrics
from config.provision.stack import TEMPLATE, parameters
from config.web.service_levels import ServiceLevel
from ingestion.zendesk import measures
from tests.local_aws import pointed_at

INLINE_LIMIT = 51_200  # bytes CloudFormation takes in the request itself
REF_IS_ARN = ("AWS::ApplicationSignals::ServiceLevelObjective", "AWS::SNS::Topic")
STATEFUL = ("AWS::DynamoDB::Table", "AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::SQS::Queue")

template: dict[str, Any] = cfn_yaml.load(str(TEMPLATE))
resources: dict[str, Any] = template["Resources"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


queues = of_type("AWS::SQS::Queue")
working_queues = {name for name in queues if name.endswith("Queue")}
dead_letter_queues = queues.keys() - working_queues


def watched(metric: str) -> set[str]:
    """The queues that have an alarm on the metric."""
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    return {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for alarm in alarms if alarm["MetricName"] == metric}


def measured(metric: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Namespace, name and dimensions of what an alarm or objective looks at."""
    dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
    return metric["Namespace"], metric["MetricName"], dimensions


def emitted(operation: Any) -> tuple[str, str, dict[str, str]]:
    """The same of what the doors count."""
    ServiceLevel(operation, door="any").count(fault=True, tier="gold")
    [one] = [metric for metric in metrics._collected.take() if metric.namespace == "ApplicationSignals"]
    return one.namespace, one.name, dict(one.dimensions)


def statements(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from policy["PolicyDocument"]["Statement"]


def test_it_fits_into_one_request() -> None:
    assert TEMPLATE.stat().st_size < INLINE_LIMIT


def test_its_default_names_are_those_of_the_settings() -> None:
    defaults = {name: str(template["Parameters"][name]["Default"]) for name in parameters()}
    assert parameters() == defaults


@pytest.mark.parametrize("name", [name for name in resources if resources[name]["Type"] in STATEFUL])
def test_what_holds_data_outlives_the_stack_unless_somebody_asked_for_the_opposite(name: str) -> None:
    asked = {"Ref": "Retention"}
    assert (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"]) == (asked, asked)
    assert template["Parameters"]["Retention"]["Default"] == "Retain"
    assert template["Transform"] == "AWS::LanguageExtensions"  # else CloudFormation takes no parameter there


# --- Tables -----------------------------------------------------------------------------------------


def test_the_ticket_table_streams_both_images() -> None:
    assert resources["TicketTable"]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("table", of_type("AWS::DynamoDB::Table").values())
def test_every_table_can_be_restored_and_is_protected_and_encrypted(table: dict[str, Any]) -> None:
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsRetained", True, False]}
    assert table["SSESpecification"] == {"SSEEnabled": True}


# --- Queues -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(working_queues))
def test_every_queue_has_a_dead_letter_queue_that_allows_it(name: str) -> None:
    redrive = queues[name]["RedrivePolicy"]
    own_name = queues[name]["QueueName"]["Ref"]
    dead_letters = queues[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]
    assert redrive["maxReceiveCount"] == (10 if name == "AnalyticsQueue" else 5)
    assert dead_letters["QueueName"] == {"Fn::Sub": f"${{{own_name}}}DLQ"}
    assert dead_letters["RedriveAllowPolicy"]["sourceQueueArns"][0]["Fn::Sub"].endswith(f":${{{own_name}}}")
    assert dead_letters["MessageRetentionPeriod"] > queues[name]["MessageRetentionPeriod"]


def test_a_poisoned_submission_is_dead_lettered_within_three_minutes() -> None:
    queue = queues["SubmissionQueue"]
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] < 180


def test_every_queue_is_encrypted_and_closed_to_plain_http() -> None:
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    policies = of_type("AWS::SQS::QueuePolicy").values()
    assert {queue["Ref"] for policy in policies for queue in policy["Queues"]} == queues.keys()
    for policy in policies:
        denied = [statement for statement in statements(policy) if statement["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in denied]


def test_only_the_topic_is_let_in_and_only_to_the_tier_queues() -> None:
    allowing = {
        tuple(queue["Ref"] for queue in policy["Queues"]): statement["Condition"]
        for policy in of_type("AWS::SQS::QueuePolicy").values()
        for statement in statements(policy)
        if statement["Effect"] == "Allow"
    }
    topic = {"ArnEquals": {"aws:SourceArn": {"Ref": "TicketTopic"}}}
    assert allowing == {("AnalyticsQueue", "PriorityQueue", "GeneralQueue"): topic}


def test_every_tier_reaches_exactly_one_working_queue() -> None:
    subscriptions = of_type("AWS::SNS::Subscription").values()
    filters = {one["Endpoint"]["Fn::GetAtt"][0]: one.get("FilterPolicy") for one in subscriptions}
    assert filters == {
        "AnalyticsQueue": None,
        "PriorityQueue": {"tier": ["gold"]},
        "GeneralQueue": {"tier": [{"anything-but": ["gold"]}]},
    }
    assert all(one["RawMessageDelivery"] is True for one in subscriptions)


# --- Stream and buckets -----------------------------------------------------------------------------


def test_the_event_stream_has_two_shards_for_a_day() -> None:
    stream = resources["EventStream"]["Properties"]
    assert (stream["ShardCount"], stream["RetentionPeriodHours"]) == (2, 24)


@pytest.mark.parametrize("name", of_type("AWS::S3::Bucket"))
def test_every_bucket_is_private_encrypted_and_closed_to_plain_http(name: str) -> None:
    bucket = resources[name]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    policies = [policy for policy in of_type("AWS::S3::BucketPolicy").values() if policy["Bucket"] == {"Ref": name}]
    assert {one["Effect"] for policy in policies for one in statements(policy)} == {"Deny"}
    closed = [one["Action"] for policy in policies for one in statements(policy) if "Bool" in one["Condition"]]
    assert closed == ["s3:*"]


def test_only_queue_messages_begun_fetches_and_exports_expire() -> None:
    buckets = of_type("AWS::S3::Bucket").items()
    rules = {name: one["LifecycleConfiguration"]["Rules"] for name, one in buckets if "LifecycleConfiguration" in one}
    expiring = {name: [one["Prefix"] for one in some if "ExpirationInDays" in one] for name, some in rules.items()}
    assert {name: prefixes for name, prefixes in expiring.items() if prefixes} == {
        "LargeMessagesBucket": ["large-tickets/", "begun-fetches/"],
        "AttachmentsBucket": ["!exports/"],
    }
    assert quote("!exports", safe="") != "!exports"  # no ticket's id becomes such a name


@pytest.mark.parametrize("name", of_type("AWS::S3::Bucket"))
def test_old_versions_and_broken_uploads_go_in_every_bucket(name: str) -> None:
    bucket = resources[name]["Properties"]
    everywhere = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "Prefix" not in rule]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in everywhere)
    if "VersioningConfiguration" in bucket:
        [rule] = [rule for rule in everywhere if "NoncurrentVersionExpiration" in rule]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
        assert rule["ExpiredObjectDeleteMarker"] is True


def test_only_deliveries_expire_and_nothing_in_the_record() -> None:
    expiring = {name: one.get("TimeToLiveSpecification") for name, one in of_type("AWS::DynamoDB::Table").items()}
    deliveries = {"AttributeName": "expires_at", "Enabled": True}
    assert expiring == {"TicketTable": None, "DeliveriesTable": deliveries, "CheckpointsTable": None}


# --- Alarms and outputs -----------------------------------------------------------------------------


def test_every_dead_letter_queue_has_an_alarm() -> None:
    assert watched("ApproximateNumberOfMessagesVisible") == dead_letter_queues


def test_every_queue_has_an_alarm_on_its_oldest_message() -> None:
    assert watched("ApproximateAgeOfOldestMessage") == working_queues


def test_the_change_stream_has_an_alarm_on_its_lag() -> None:
    alarm = resources["ChangeStreamLagAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("Foyer", "ChangeStreamLag", 60_000)


@pytest.mark.parametrize("operation", ["SubmitTicket", "PostTickets"])
def test_one_fault_in_a_hundred_requests_over_five_minutes_is_an_alarm(operation: str) -> None:
    alarm = resources[f"{operation}FaultAlarm"]["Properties"]
    assert measured(alarm) == emitted(operation)
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Average", 300, 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 0.01)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_one_failed_delivery_of_zendesks_in_a_hundred_is_an_alarm() -> None:
    alarm = resources["PipelineErrorRateAlarm"]["Properties"]
    measures.ended("failed")
    [(counted, sums)] = metrics._collected.take().items()
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Unit"]) == (counted.namespace, counted.name, counted.unit)
    assert ("Dimensions" in alarm, counted.dimensions) == (False, ())
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Average", 300, 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", sums.most / 100)


@pytest.mark.parametrize(
    ("name", "operation"),
    [("SubmitTicketHandlerAvailability", "SubmitTicket"), ("PostTicketsAvailability", "PostTickets")],
)
def test_the_objectives_are_999_in_a_thousand_over_28_days(name: str, operation: str) -> None:
    objective = resources[name]["Properties"]
    assert objective["Name"] == name
    assert objective["Goal"] == {
        "AttainmentGoal": 99.9,
        "Interval": {"RollingInterval": {"DurationUnit": "DAY", "Duration": 28}},
    }
    counted = objective["RequestBasedSli"]["RequestBasedSliMetric"]
    [requests], [faults] = counted["TotalRequestCountMetric"], counted["MonitoredRequestCountMetric"]["BadCountMetric"]
    for query, statistic in ((requests, "SampleCount"), (faults, "Sum")):
        assert measured(query["MetricStat"]["Metric"]) == emitted(operation)
        assert query["MetricStat"]["Stat"] == statistic


def test_the_objectives_are_made_where_aws_knows_them() -> None:
    for name in of_type("AWS::ApplicationSignals::ServiceLevelObjective"):
        assert resources[name]["Condition"] == "HasObjectives"
    assert parameters()["ServiceLevelObjectives"] == "yes"
    with pointed_at("http://127.0.0.1:4566"):
        assert parameters()["ServiceLevelObjectives"] == "no"
    with pointed_at("https://vpce-0-1.cloudformation.eu-west-1.vpce.amazonaws.com"):
        assert parameters()["ServiceLevelObjectives"] == "yes"


def test_the_event_stream_is_exported_under_the_name_others_import() -> None:
    output = template["Outputs"]["EventStreamName"]
    assert output == {"Value": {"Ref": "EventStream"}, "Export": {"Name": "IOpsDashboard-EventStreamName"}}


def test_everything_with_a_name_is_an_output() -> None:
    told = {str(output["Value"]) for output in template["Outputs"].values()}
    policies = ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
    silent = ("AWS::CloudWatch::Alarm", "AWS::SNS::Subscription", *policies)
    for name in (name for name, resource in resources.items() if resource["Type"] not in silent):
        assert str({"Ref": name}) in told, name
        if resources[name]["Type"] not in REF_IS_ARN:
            assert str({"Fn::GetAtt": [name, "Arn"]}) in told, name
