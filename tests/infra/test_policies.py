"""Who may use queues, topic and buckets, as the template's policies say it."""

import pytest

from tests.infra.policies import ACCOUNT, Caller, Decision, Stack
from tests.moto_stack import template

ROLE = f"arn:aws:iam::{ACCOUNT}:role/foyer-worker"
SENDER = f"arn:aws:iam::{ACCOUNT}:role/billing"
COLLEAGUE = f"arn:aws:iam::{ACCOUNT}:user/somebody"
FOREIGN = "arn:aws:iam::999999999999:role/foyer-worker"
NAMED = {"FoyerRoles": f"{ROLE},arn:aws:iam::{ACCOUNT}:role/operators/*"}
USES = {
    "AWS::SQS::Queue": ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"),
    "AWS::SNS::Topic": ("sns:Publish",),
    "AWS::S3::Bucket": (
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucket",
    ),
}
RESOURCES = [(name, one["Type"]) for name, one in template()["Resources"].items() if one["Type"] in USES]
ACTIONS = [(name, action) for name, kind in RESOURCES for action in USES[kind]]


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_other_accounts_services_and_strangers_are_let_in_nowhere(name: str, action: str) -> None:
    for stack in (Stack(), Stack(**NAMED)):
        assert stack.decides(name, action, Caller(FOREIGN)) == "deny"
        assert stack.decides(name, action, Caller()) == "deny"
        lambda_ = Caller(service="lambda.amazonaws.com", source=f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:f")
        assert stack.decides(name, action, lambda_) == "none"  # and nobody else allows it


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_nothing_is_used_without_tls(name: str, action: str) -> None:
    assert Stack(**NAMED).decides(name, action, Caller(ROLE, tls=False)) == "deny"


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_if_roles_are_named_the_others_of_the_account_are_denied(name: str, action: str) -> None:
    stack = Stack(**NAMED, SubmissionSenders=SENDER, RawTicketReaders=SENDER)
    assert stack.decides(name, action, Caller(ROLE)) == "none"  # IAM decides
    assert stack.decides(name, action, Caller(f"arn:aws:iam::{ACCOUNT}:role/operators/lea")) == "none"
    assert stack.decides(name, action, Caller(COLLEAGUE)) == "deny"


@pytest.mark.parametrize(("name", "action"), ACTIONS)
def test_if_nobody_is_named_iam_decides_within_the_account(name: str, action: str) -> None:
    assert Stack().decides(name, action, Caller(COLLEAGUE)) == "none"
    assert Stack().decides(name, action, Caller(f"arn:aws:iam::{ACCOUNT}:root")) == "none"


def test_other_senders_send_submissions_and_readers_read_documents_and_no_more() -> None:
    stack = Stack(**NAMED, SubmissionSenders=SENDER, RawTicketReaders=SENDER)
    denied = {(name, action) for name, action in ACTIONS if stack.decides(name, action, Caller(SENDER)) == "deny"}
    reads = {("RawTicketsBucket", action) for action in USES["AWS::S3::Bucket"] if "Get" in action or "List" in action}
    assert set(ACTIONS) - denied == reads | {("SubmissionQueue", "sqs:SendMessage")}


@pytest.mark.parametrize(
    ("queue", "decision"),
    [("AnalyticsQueue", "allow"), ("PriorityQueue", "allow"), ("GeneralQueue", "allow"), ("SubmissionQueue", "none")],
)
def test_the_topic_alone_delivers_and_only_to_the_tier_queues(queue: str, decision: Decision) -> None:
    for stack in (Stack(), Stack(**NAMED)):
        topic = Caller(service="sns.amazonaws.com", source="arn:of:TicketTopic")
        other = Caller(service="sns.amazonaws.com", source=f"arn:aws:sns:eu-central-1:{ACCOUNT}:Other")
        assert stack.decides(queue, "sqs:SendMessage", topic) == decision
        assert stack.decides(queue, "sqs:SendMessage", other) == "none"
        assert stack.decides(queue, "sqs:ReceiveMessage", topic) == "none"


def test_every_queue_topic_and_bucket_has_a_policy_of_few_actions() -> None:
    stack = Stack()
    assert stack.policies.keys() == {name for name, _kind in RESOURCES}
    for statements in stack.policies.values():
        for one in statements:
            assert one["Condition"]
            assert isinstance(one["Action"], str) or len(one["Action"]) <= 7 or one["Action"][0].startswith("s3:")


@pytest.mark.parametrize("management", ["sqs:SetQueueAttributes", "sns:SetTopicAttributes", "s3:PutBucketPolicy"])
def test_a_mistake_in_the_names_locks_nobody_out_of_the_policies(management: str) -> None:
    stack = Stack(FoyerRoles="arn:aws:iam::123456789012:role/no-such")
    kinds = {"sqs": "AWS::SQS::Queue", "sns": "AWS::SNS::Topic", "s3": "AWS::S3::Bucket"}
    for name in (name for name, kind in RESOURCES if kind == kinds[management.partition(":")[0]]):
        assert stack.decides(name, management, Caller(COLLEAGUE)) == "none"
