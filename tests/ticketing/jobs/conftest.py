"""An index that lacks everything, and pages so small that a job has many."""

from typing import Any

import pytest

from tests import record
from tests.ticketing.writing import comment
from ticketing.jobs import reindex
from ticketing.models import Job, JobPart
from ticketing.record import bulk


@pytest.fixture
def tickets(aws: None, db: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Five tickets with a comment each, in the record alone; pages of two. Their ids."""
    monkeypatch.setattr(bulk, "PAGE", 2)
    monkeypatch.setattr(reindex, "ROWS", 2)
    opened = [record.opened() for _ in range(5)]
    for ticket in opened:
        comment(ticket)
    return sorted(ticket.ticket_id for ticket in opened)


def parts(job: Job) -> list[JobPart]:
    return list(job.parts.select_related("job").order_by("number"))


def found(job: Job) -> Any:
    return sorted(job.findings.values_list("ticket_id", "what"))
