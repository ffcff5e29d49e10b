"""Makes the AWS resources match `infra/stack.yaml`, by the same code on the local AWS and on a real account.

CloudFormation does the work. If a first creation fails, what it created stays, and the corrected run goes on from
there. If an update fails, CloudFormation rolls it back.
"""

import time
from collections.abc import Callable, Collection, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import yaml
from django.conf import settings

from config import aws
from config.provision.settle import settle

TEMPLATE: Final = Path(settings.BASE_DIR) / "infra" / "stack.yaml"

_DONE: Final = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_PAUSED: Final = {"CREATE_FAILED", "UPDATE_FAILED"}  # left by DisableRollback; an update goes on from there
_STUCK: Final = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"}
_LONGEST_WAIT: Final = 5.0  # seconds between two looks at the stack

Say = Callable[[str], None]


class ProvisionError(Exception):
    """The resources do not match the template. The text is one sentence for the operator."""


def provision(stack_name: str, overrides: Mapping[str, str], say: Say) -> bool:
    """Create or update the stack, and set what CloudFormation left undone.

    `overrides` are template parameters that win over the settings; `say` gets one line for each step. Returns whether
    anything was changed. Raises ProvisionError with the reason, and AwsError if AWS does not answer. In both cases, run
    it again once the cause is gone.
    """
    body = TEMPLATE.read_text()
    parsed = _parse(body)
    known = parsed.get("Parameters", {})
    if unknown := overrides.keys() - known:  # the local AWS would silently accept them
        raise ProvisionError(f"The template has no parameter {', '.join(sorted(unknown))}.")
    deployed = _deploy(stack_name, body, known, {**parameters(), **overrides}, say)
    settled = settle(stack_name, parsed, say)
    return deployed or settled


def parameters() -> dict[str, str]:
    """The template's parameters, with the values of the settings."""
    return {
        "TicketTableName": settings.TABLE_NAME,
        "DeliveriesTableName": settings.DELIVERIES_TABLE,
        "CheckpointsTableName": settings.CHECKPOINTS_TABLE,
        "TicketTopicName": settings.TICKET_TOPIC,
        "AnalyticsQueueName": settings.ANALYTICS_QUEUE,
        "PriorityQueueName": settings.PRIORITY_QUEUE,
        "GeneralQueueName": settings.GENERAL_QUEUE,
        "SubmissionQueueName": settings.SUBMISSION_QUEUE,
        "JobsQueueName": settings.JOBS_QUEUE,
        "AnnouncerDeadLettersName": settings.ANNOUNCER_DEAD_LETTERS,
        "EventStreamName": settings.KINESIS_STREAM_NAME,
        "RawTicketsBucketName": settings.S3_BUCKET_TICKETS,
        "LargeMessagesBucketName": settings.LARGE_MESSAGE_BUCKET,
        "AttachmentsBucketName": settings.ATTACHMENTS_BUCKET,
        # A smaller setting limits only what we send; other programs may still send what SQS has always taken.
        "SubmissionMaxMessageBytes": str(max(settings.SQS_MAX_MESSAGE_BYTES, 262_144)),
        # The local AWS does not know the resource type of an objective.
        "ServiceLevelObjectives": "no" if _is_local() else "yes",
    }


def _is_local() -> bool:
    """Whether CloudFormation is a local one. A real one has a host of Amazon's, also at a private endpoint."""
    host = urlsplit(_cloudformation().meta.endpoint_url).hostname or ""
    return not host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


# --- CloudFormation ---------------------------------------------------------------------------------


def _cloudformation() -> Any:
    return aws.client("cloudformation", read_timeout=30.0)


def _deploy(stack_name: str, body: str, known: Collection[str], given: Mapping[str, str], say: Say) -> bool:
    stack = _stack(stack_name)
    paused = stack is not None and stack["StackStatus"] in _PAUSED
    token = str(uuid4())  # tells this run's events from older ones, and a retry from a new request
    request: dict[str, Any] = {"StackName": stack_name, "TemplateBody": body, "ClientRequestToken": token}
    request["Capabilities"] = ["CAPABILITY_AUTO_EXPAND"]  # the template's transform is CloudFormation's own
    try:
        if stack is None:
            say(f"Creating stack {stack_name}")
            aws.call(_cloudformation().create_stack, **request, Parameters=_values(given), DisableRollback=True)
        else:
            _refuse_if_stuck(stack)
            values = _values(given) + _kept(stack, known, given)
            aws.call(_cloudformation().update_stack, **request, Parameters=values, DisableRollback=paused)
    except aws.Permanent as error:
        if "No updates are to be performed" in error.message and not paused:
            return False
        raise ProvisionError(f"Stack {stack_name} was refused: {_sentence(error.message)}") from error
    _follow(stack_name, token, say)
    return True


def _stack(stack_name: str) -> dict[str, Any] | None:
    """The stack as CloudFormation describes it, or None."""
    try:
        stacks: list[dict[str, Any]] = aws.call(_cloudformation().describe_stacks, StackName=stack_name)["Stacks"]
    except aws.Permanent as error:
        if "does not exist" in error.message:
            return None
        raise
    return stacks[0]


def _refuse_if_stuck(stack: Mapping[str, Any]) -> None:
    name, status = stack["StackName"], stack["StackStatus"]
    if status in _STUCK:
        raise ProvisionError(f"Stack {name} is in {status}: delete the stack (its data is retained) and run again.")
    if status.endswith("_IN_PROGRESS"):
        raise ProvisionError(f"Stack {name} is in {status}: another run is under way, wait for it and run again.")


def _values(given: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]


def _kept(stack: Mapping[str, Any], known: Collection[str], given: Mapping[str, str]) -> list[dict[str, Any]]:
    """If this run does not give a parameter, it keeps the value of an earlier run: an alarm topic, say."""
    names = [parameter["ParameterKey"] for parameter in stack.get("Parameters", [])]
    return [{"ParameterKey": name, "UsePreviousValue": True} for name in names if name in known and name not in given]


def _follow(stack_name: str, token: str, say: Say) -> None:
    """Report what happens until the stack is at rest. Raises ProvisionError if it did not end as wanted."""
    told: set[str] = set()
    wait = 0.1
    while True:
        status = (_stack(stack_name) or {"StackStatus": "DELETE_COMPLETE"})["StackStatus"]
        events = aws.call(_events, stack_name, token)  # after the status, so that the last look sees the last event
        for event in events:
            if event["EventId"] not in told and not event["ResourceStatus"].endswith("_IN_PROGRESS"):
                say(f"{event['LogicalResourceId']}: {event['ResourceStatus']}")
            told.add(event["EventId"])
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(wait)
        wait = min(wait * 1.5, _LONGEST_WAIT)
    if status not in _DONE:
        raise ProvisionError(f"Stack {stack_name} ended in {status}: {_reason(stack_name, events)}")


def _events(stack_name: str, token: str) -> list[dict[str, Any]]:
    """This run's events, oldest first."""
    pages = _cloudformation().get_paginator("describe_stack_events").paginate(StackName=stack_name)
    newest_first = (event for page in pages for event in page["StackEvents"])
    return list(takewhile(lambda event: event.get("ClientRequestToken") == token, newest_first))[::-1]


def _reason(stack_name: str, events: list[dict[str, Any]]) -> str:
    """Why the stack failed: the first resource that failed, since those after it were only cancelled."""
    for event in events:
        if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != stack_name:
            return f"{event['LogicalResourceId']} failed: {_sentence(event['ResourceStatusReason'])}"
    # If it was refused before it began (a bucket's name that is taken, say), only this list names the resource.
    found = aws.call(_cloudformation().describe_events, StackName=stack_name, Filters={"FailedEvents": True})
    for event in found["OperationEvents"]:
        if reason := event.get("ValidationStatusReason"):
            return f"{event['LogicalResourceId']} failed: {_sentence(reason)}"
    return "CloudFormation gave no reason."


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") + "."


# --- The template -----------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Reads a template's plain values. A function such as !Ref becomes None."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def _parse(body: str) -> dict[str, Any]:
    try:
        parsed = yaml.load(body, Loader=_Loader)  # noqa: S506 - a safe loader that skips functions
    except yaml.YAMLError as error:
        raise ProvisionError(f"The template is not valid YAML: {_sentence(str(error))}") from error
    if not isinstance(parsed, dict):
        raise ProvisionError("The template is not a CloudFormation template.")
    return parsed
