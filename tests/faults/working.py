"""What happens around an operation: the world's beginning, recovery as consumers do it, and what stands in the end."""

import io
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from config import aws
from config.aws import sqs
from config.consumer import in_flight, queue_loop
from config.consumer.leases import hold
from config.consumer.queue_loop import MOST_A_CALL
from config.consumer.sources import Source, sources
from config.consumer.stream_loop import Reader
from routing.models import Clock
from tests import record
from ticketing import service
from ticketing.models import IndexedTicket
from ticketing.tickets.ticket import Ticket

_CLIENTS = [("dynamodb", 2.0), ("dynamodbstreams", 5.0), ("s3", 5.0), ("sns", 2.0), ("sqs", 2.0), ("sqs", 25.0)]


def make_world() -> None:
    """AWS, the database, somebody at the desk. A message that was not deleted comes again at once."""
    call_command("provision", verbosity=0)
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("ada")
    in_flight.HOLD_SECONDS, in_flight.WAITS = 0, (0,)
    announce()  # so that there is a checkpoint to set out from
    Client(headers={"Host": "localhost"}).get("/desk/login/")  # what is loaded now no child has to load
    connection.close()
    aws.forget_clients()
    for service_name, read_timeout in _CLIENTS:  # made here once, used by the children: no connection is shared
        aws.client(service_name, read_timeout)
    bucket: Any = storages["default"]
    assert bucket.connection  # it has a client of its own


def announce() -> None:
    """Read the change stream to its end, as a reader that just started."""
    with hold("change-stream", "reader") as lease:
        assert lease
        reader = Reader(_source("change-stream"), lease)
        if reader.has_gap():
            reader.catch_up()
        while reader.step():
            pass
        reader.save()


def work(name: str) -> None:
    """Work a queue until nothing in it can be done."""
    while queue_loop.work_once(_source(name), 0):
        pass


def recover() -> None:
    """All that was taken in is worked: submissions, the change stream, then the queues behind the topic."""
    work("submissions")
    announce()
    for name in ("analytics", "priority", "general"):
        work(name)


def stored(names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The tickets whose customer or caller has one of these names, as record and index have them."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for ticket in service.all_tickets():
        name = ticket.customer_id if ticket.customer_id in found else ticket.caller_id
        if name in found:
            found[name].append(_facts(ticket))
    return found


def complaint(command: str, *arguments: str) -> str:
    """What a checking command has against the world; nothing if it exits 0."""
    said = io.StringIO()
    try:
        call_command(command, *arguments, stdout=said, stderr=said)
    except CommandError as error:
        return f"{said.getvalue()}{error}"
    return ""


def dead_letters() -> list[str]:
    """What lies in the dead-letter queues."""
    urls = aws.client("sqs").list_queues().get("QueueUrls", [])
    names = [url.rpartition("/")[2] for url in urls]
    return [one.record["body"] for name in names if name.endswith("DLQ") for one in sqs.receive(name, 10, 0)]


def _facts(ticket: Ticket) -> dict[str, Any]:
    kinds = [one["item"].partition("#")[0] for one in record.items(ticket.ticket_id)]
    comments = record.items(ticket.ticket_id, "TICKET#COMMENT#")
    row = IndexedTicket.objects.filter(pk=ticket.ticket_id).first()
    clock = Clock.objects.filter(pk=ticket.ticket_id).first()  # only an announcement moves it
    return {
        "status": ticket.status,
        "whole": bool(ticket.issue_description) or not ticket.overflow,
        "version": ticket.version,
        "comments": (ticket.comment_count, len(comments)),
        "changes": kinds.count("CHANGE"),
        "indexed": row and row.version,
        "announced": clock and clock.version,
    }


def _source(name: str) -> Source:
    """The source, with as many messages a batch as one call gives: here, where a message comes again at once, several
    calls would give the same again and again, until it goes to the dead-letter queue."""
    [found] = [source for source in sources() if source.name == name]
    return replace(found, batch=min(found.batch, MOST_A_CALL))
