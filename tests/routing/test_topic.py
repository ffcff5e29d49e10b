"""Publishing: ten to a call, cut by bytes; what is missing afterwards is named with its reason."""

from typing import Any

import pytest

from config import aws as config_aws
from routing import topic
from routing.topic import Message


class Sns:
    """Remembers the calls; `plan` says how each of the next ends: an exception, or the answer's `Failed`."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.plan: list[Any] = []

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert TopicArn == "arn:aws:sns:us-east-1:1:TicketRouting"
        self.calls.append(PublishBatchRequestEntries)
        ending = self.plan.pop(0) if self.plan else []
        if isinstance(ending, Exception):
            raise ending
        return {"Failed": ending}


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Sns:
    fake = Sns()
    settings.TICKET_TOPIC_ARN = "arn:aws:sns:us-east-1:1:TicketRouting"
    monkeypatch.setattr(config_aws, "client", lambda _: fake)
    monkeypatch.setattr(config_aws.calls._retry, "sleep", lambda _: None)
    return fake


def messages(count: int, body: str = "{}") -> list[Message]:
    return [Message(f"m{n}", body, {"tier": "gold"}) for n in range(count)]


def failure(number: int, code: str, sender: bool) -> dict[str, Any]:
    return {"Id": str(number), "Code": code, "Message": "why", "SenderFault": sender}


def test_ten_go_in_one_call_in_order(sns: Sns) -> None:
    assert topic.publish(messages(23)) == topic.Outcome({}, {})
    assert [len(one) for one in sns.calls] == [10, 10, 3]
    assert sns.calls[0][0] == {
        "Id": "0",
        "Message": "{}",
        "MessageAttributes": {"tier": {"DataType": "String", "StringValue": "gold"}},
    }


def test_no_call_has_more_bytes_than_sns_takes_attributes_included(sns: Sns) -> None:
    extra = len("tier") + len("String") + len("gold")
    half = topic.MAX_BYTES // 2 - extra
    topic.publish(messages(4, "é" * (half // 2)))
    assert [len(one) for one in sns.calls] == [2, 2]
    sns.calls.clear()
    topic.publish(messages(4, "é" * (half // 2 + 1)))
    assert [len(one) for one in sns.calls] == [1, 1, 1, 1]


def test_a_message_that_just_fits_goes_and_one_that_does_not_never_can(sns: Sns) -> None:
    spare = topic.MAX_BYTES - len("tierStringgold")
    fits, large, after = (
        Message("fits", "x" * spare, {"tier": "gold"}),
        Message("large", "x" * (spare + 1), {"tier": "gold"}),
        messages(1)[0],
    )
    assert topic.publish([fits, large, after]) == topic.Outcome({}, {"large": "larger than 262144 bytes"})
    assert [len(one) for one in sns.calls] == [1, 1]


def test_entries_that_failed_inside_a_success_are_named_by_whose_fault_it_is(sns: Sns) -> None:
    sns.plan = [
        [failure(1, "InternalError", False), failure(3, "InvalidParameter", True), failure(4, "Throttled", True)]
    ]
    outcome = topic.publish(messages(6))
    assert outcome.again == {"m1": "InternalError: why", "m4": "Throttled: why"}
    assert outcome.never == {"m3": "InvalidParameter: why"}


@pytest.mark.parametrize(
    "error", [config_aws.Retryable("Down"), config_aws.NotFound("NotFound"), config_aws.Permanent("No")]
)
def test_a_call_that_failed_as_a_whole_comes_again_and_the_others_go(sns: Sns, error: Exception) -> None:
    sns.plan = [error] * (3 if isinstance(error, config_aws.Retryable) else 1)
    outcome = topic.publish(messages(12))
    assert list(outcome.again) == [f"m{n}" for n in range(10)]
    assert outcome.never == {}
    assert len(sns.calls[-1]) == 2


def test_the_topics_arn_is_made_of_the_account_where_none_is_set(aws: None, settings: Any) -> None:
    settings.TICKET_TOPIC_ARN = ""
    assert topic._arn() == "arn:aws:sns:us-east-1:123456789012:TicketRouting"
    assert topic.publish(messages(1)) == topic.Outcome({}, {})
