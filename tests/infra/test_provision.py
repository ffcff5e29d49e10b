"""`manage.py provision` against a real server: what is there afterwards, and what a second run does."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.base import CommandError

from config import aws
from tests.infra.conftest import run_provision, server
from tests.local_aws import pointed_at

pytestmark = pytest.mark.usefixtures("first_run")

TIER_QUEUES = (settings.ANALYTICS_QUEUE, settings.PRIORITY_QUEUE, settings.GENERAL_QUEUE)
BROKEN = """
Resources:
  Good: {Type: AWS::SQS::Queue}
  Bad: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 999999}}
"""


def queue_url(name: str) -> str:
    return str(aws.call(aws.client("sqs").get_queue_url, QueueName=name)["QueueUrl"])


def received(name: str) -> list[str]:
    """Take everything out of a queue."""
    sqs, url, bodies = aws.client("sqs"), queue_url(name), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def publish(tier: str) -> None:
    outputs = stack()["Outputs"]
    topic = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "TicketTopicArn")
    attributes: Any = {"tier": {"DataType": "String", "StringValue": tier}}
    aws.call(aws.client("sns").publish, TopicArn=topic, Message=f"a {tier} ticket", MessageAttributes=attributes)


def stack() -> dict[str, Any]:
    described: Any = aws.call(aws.client("cloudformation").describe_stacks, StackName="foyer")["Stacks"][0]
    return dict(described)


def subscriptions() -> dict[str, tuple[Any, str]]:
    """Queue name to filter and raw delivery, as SNS has them."""
    sns, found = aws.client("sns"), {}
    for one in sns.list_subscriptions()["Subscriptions"]:
        given = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
        rule = json.loads(given.get("FilterPolicy") or "null")
        found[one["Endpoint"].rpartition(":")[2]] = (rule, given["RawMessageDelivery"])
    return found


def recovery(table: str) -> str:
    backups = aws.client("dynamodb").describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    return str(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])


def assert_complete() -> None:
    """Whatever an emulator is known to drop is there."""
    assert subscriptions() == {
        settings.ANALYTICS_QUEUE: (None, "true"),
        settings.PRIORITY_QUEUE: ({"tier": ["gold"]}, "true"),
        settings.GENERAL_QUEUE: ({"tier": [{"anything-but": ["gold"]}]}, "true"),
    }
    tables = (settings.TABLE_NAME, settings.DELIVERIES_TABLE, settings.CHECKPOINTS_TABLE)
    assert {recovery(table) for table in tables} == {"ENABLED"}
    rules = aws.client("s3").get_bucket_lifecycle_configuration(Bucket=settings.LARGE_MESSAGE_BUCKET)["Rules"]
    assert [rule.get("Expiration") for rule in rules] == [{"Days": 30}, {"Days": 1}, None]
    assert rules[0]["Filter"] == {"Prefix": "large-tickets/"}
    rule, old, broken = aws.client("s3").get_bucket_lifecycle_configuration(Bucket=settings.ATTACHMENTS_BUCKET)["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": "!exports/"}, {"Days": 7})
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert (old["NoncurrentVersionExpiration"], old["Filter"]) == ({"NoncurrentDays": 90}, {"Prefix": ""})
    assert broken["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    for table, expires in ((settings.DELIVERIES_TABLE, "ENABLED"), (settings.TABLE_NAME, "DISABLED")):
        living = aws.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        assert living["TimeToLiveStatus"] == expires


# --- The first run ----------------------------------------------------------------------------------


def test_the_first_run_tells_each_step_and_that_it_is_ready(first_run: str) -> None:
    lines = first_run.splitlines()
    assert lines[0] == "Creating stack foyer"
    assert "TicketTable: CREATE_COMPLETE" in lines
    assert lines[-1] == "Stack foyer is ready."


def test_the_ticket_table_is_as_promised() -> None:
    table = aws.client("dynamodb").describe_table(TableName=settings.TABLE_NAME)["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["ticket_id", "item"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["DeletionProtectionEnabled"] is True
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["CallerIdIndex"]


def test_filters_recovery_and_lifecycle_rules_are_really_there() -> None:
    assert_complete()


def test_the_fault_alarms_are_there_and_the_objectives_not_asked_for() -> None:
    """The local AWS refuses a template with a resource type that it does not know."""
    given = {one["ParameterKey"]: one["ParameterValue"] for one in stack()["Parameters"]}
    assert given["ServiceLevelObjectives"] == "no"
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {one["Dimensions"][1]["Value"] for one in alarms if one.get("Namespace") == "ApplicationSignals"}
    assert watched == {"SubmitTicket", "PostTickets"}


def test_the_event_stream_has_two_shards() -> None:
    described = aws.client("kinesis").describe_stream(StreamName=settings.KINESIS_STREAM_NAME)["StreamDescription"]
    assert len(described["Shards"]) == 2


@pytest.mark.parametrize("name", [*TIER_QUEUES, settings.SUBMISSION_QUEUE, settings.JOBS_QUEUE])
def test_every_queue_dead_letters_in_the_end(name: str) -> None:
    asked = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url(name), AttributeNames=["RedrivePolicy"])
    policy = json.loads(asked["Attributes"]["RedrivePolicy"])
    assert policy["deadLetterTargetArn"].endswith(f":{name}DLQ")
    assert int(policy["maxReceiveCount"]) == (10 if name == settings.ANALYTICS_QUEUE else 5)


def test_a_ticket_reaches_its_tiers_queue_and_analytics_only() -> None:
    for tier in ("gold", "general", "new"):
        publish(tier)
    assert [sorted(received(name)) for name in TIER_QUEUES] == [
        ["a general ticket", "a gold ticket", "a new ticket"],
        ["a gold ticket"],
        ["a general ticket", "a new ticket"],
    ]


# --- Later runs -------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing_and_says_so() -> None:
    before = stack()
    assert run_provision() == "Stack foyer: nothing to change.\n"
    assert stack() == before


def test_an_update_keeps_what_is_stored_and_what_an_earlier_run_gave() -> None:
    key, kinesis = {"source": {"S": "kept"}}, aws.client("kinesis")
    event = kinesis.put_record(StreamName=settings.KINESIS_STREAM_NAME, Data=b"kept", PartitionKey="any")
    aws.client("dynamodb").put_item(TableName=settings.CHECKPOINTS_TABLE, Item=key)
    aws.client("sqs").send_message(QueueUrl=queue_url(settings.SUBMISSION_QUEUE), MessageBody="kept")

    assert "Stack foyer is ready." in run_provision("--parameter", "OldestMessageSeconds=600")

    assert run_provision() == "Stack foyer: nothing to change.\n"
    assert "Item" in aws.client("dynamodb").get_item(TableName=settings.CHECKPOINTS_TABLE, Key=key)
    assert received(settings.SUBMISSION_QUEUE) == ["kept"]
    start = kinesis.get_shard_iterator(
        StreamName=settings.KINESIS_STREAM_NAME,
        ShardId=event["ShardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=event["SequenceNumber"],
    )
    assert kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"][0]["Data"] == b"kept"
    given = {one["ParameterKey"]: one["ParameterValue"] for one in stack()["Parameters"]}
    assert given["OldestMessageSeconds"] == "600"


def test_what_was_switched_off_by_hand_is_switched_on_again() -> None:
    aws.client("dynamodb").update_continuous_backups(
        TableName=settings.TABLE_NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    assert "TicketTable: point-in-time recovery switched on" in run_provision()
    assert recovery(settings.TABLE_NAME) == "ENABLED"


def test_everything_outlives_a_restart_of_the_local_aws(tmp_path: Path) -> None:
    with server(tmp_path):
        run_provision()
        aws.client("s3").put_object(Bucket=settings.ATTACHMENTS_BUCKET, Key="kept", Body=b"")
        publish("gold")
    with server(tmp_path):
        assert run_provision() == "Stack foyer: nothing to change.\n"
        assert_complete()
        assert received(settings.PRIORITY_QUEUE) == ["a gold ticket"]
        assert aws.client("s3").list_objects_v2(Bucket=settings.ATTACHMENTS_BUCKET)["KeyCount"] == 1


def test_what_holds_data_goes_with_a_stack_to_try_things_and_stays_otherwise(tmp_path: Path) -> None:
    with server(tmp_path):
        cloudformation = aws.client("cloudformation")
        run_provision()
        cloudformation.delete_stack(StackName="foyer")
        cloudformation.get_waiter("stack_delete_complete").wait(StackName="foyer", WaiterConfig={"Delay": 1})
        assert settings.TABLE_NAME in aws.client("dynamodb").list_tables()["TableNames"]
        assert queue_url(settings.SUBMISSION_QUEUE)
    with server(tmp_path / "other"):
        cloudformation = aws.client("cloudformation")
        run_provision("--parameter", "Retention=Delete")
        cloudformation.delete_stack(StackName="foyer")
        cloudformation.get_waiter("stack_delete_complete").wait(StackName="foyer", WaiterConfig={"Delay": 1})
        assert aws.client("dynamodb").list_tables()["TableNames"] == []
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
        assert aws.client("s3").list_buckets()["Buckets"] == []


# --- Failures ---------------------------------------------------------------------------------------


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template of the test's own, in place of the real one."""
    path = tmp_path / "stack.yaml"
    monkeypatch.setattr("config.provision.stack.TEMPLATE", path)
    monkeypatch.setattr("config.provision.stack.parameters", dict)
    return path


def test_a_resource_that_fails_is_named_with_its_reason(template: Path) -> None:
    template.write_text(BROKEN)
    with pytest.raises(CommandError, match=r"^Stack broken ended in CREATE_FAILED: Bad failed: .*VisibilityTimeout"):
        run_provision("--stack-name", "broken")


def test_an_update_that_fails_goes_back_and_can_be_tried_again(template: Path) -> None:
    template.write_text(BROKEN.replace("999999", "30"))
    run_provision("--stack-name", "later")
    template.write_text(BROKEN)
    for _ in range(2):
        with pytest.raises(CommandError, match=r"^Stack later ended in UPDATE_ROLLBACK_COMPLETE: Bad failed: "):
            run_provision("--stack-name", "later")
    template.write_text(BROKEN.replace("999999", "60"))
    assert run_provision("--stack-name", "later").endswith("Stack later is ready.\n")


def test_a_bucket_name_that_is_taken_is_named(template: Path) -> None:
    name = settings.ATTACHMENTS_BUCKET
    template.write_text(f"Resources: {{Taken: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {name}}}}}}}")
    with pytest.raises(CommandError, match=rf"CREATE_FAILED: Taken failed: .*'{name}' already exists\.$"):
        run_provision("--stack-name", "taken")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Resources: [", "The template is not valid YAML: "),
        ("a word", "The template is not a CloudFormation template."),
        ("Resources: {Odd: {Type: AWS::No::Such}}", "Stack refused was refused: .*AWS::No::Such"),
    ],
)
def test_a_template_that_cannot_be_read_is_refused_in_one_sentence(template: Path, text: str, sentence: str) -> None:
    template.write_text(text)
    with pytest.raises(CommandError, match=f"^{sentence}"):
        run_provision("--stack-name", "refused")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("NoSuch=1", "The template has no parameter NoSuch."),
        ("TicketTopicName", "--parameter TicketTopicName is not of the form NAME=VALUE."),
        ("SubmissionMaxMessageBytes=9", "Stack foyer was refused: .*SubmissionMaxMessageBytes"),
    ],
)
def test_a_wrong_parameter_is_refused_in_one_sentence(given: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=f"^{sentence}"):
        run_provision("--parameter", given)


def test_an_aws_that_cannot_be_reached_is_one_sentence() -> None:
    sentence = r"^AWS did not do its part: .*127\.0\.0\.1:9"
    with pointed_at("http://127.0.0.1:9"), pytest.raises(CommandError, match=sentence):
        run_provision()
