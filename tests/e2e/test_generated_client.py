"""A Python client that `openapi-python-client` generates from the running copy's description walks the ITSM door."""

import importlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e.copy import Copy

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

NAME = "generated_foyer_client"


@pytest.fixture(scope="module")
def itsm(copy: Copy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The generated package: its client for a token, the door's calls, and the models."""
    folder = tmp_path_factory.mktemp("generated")
    generator = shutil.which("openapi-python-client", path=str(Path(sys.executable).parent))
    assert generator
    command = [generator, "generate", "--url", f"{copy.url}/api/schema", "--meta", "none"]
    made = subprocess.run(
        [*command, "--output-path", str(folder / NAME)], capture_output=True, text=True, timeout=120, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        made_client = importlib.import_module(f"{NAME}.client").AuthenticatedClient
        with made_client(base_url=copy.url, token=copy.tokens["general", "itsm"]) as client:
            yield SimpleNamespace(
                client=client,
                stranger=made_client(base_url=copy.url, token="foyer_unknown"),
                call=lambda name: importlib.import_module(f"{NAME}.api.itsm.itsm_tickets_{name}").sync_detailed,
                models=importlib.import_module(f"{NAME}.models"),
            )


@pytest.fixture
def caller() -> str:
    return f"caller of {uuid.uuid4()}"


def walk(itsm: SimpleNamespace, caller: str, ticket_id: str) -> None:
    """List, read, change, comment and list the comments, of a ticket that has none yet."""

    def call(name: str, *arguments: Any, **more: Any) -> Any:
        return itsm.call(name)(*arguments, client=itsm.client, **more)

    listed = call("list", caller=caller).parsed
    assert [one.ticket_id for one in listed.tickets] == [ticket_id]

    read = call("retrieve", ticket_id)
    assert (read.parsed.ticket_id, read.parsed.comments, read.headers["ETag"]) == (ticket_id, [], '"1"')
    assert call("retrieve", ticket_id, if_none_match=read.headers["ETag"]).status_code == 304

    change = itsm.models.PatchedItsmTicketChange(priority=itsm.models.PriorityEnum.HIGH, tags=["vip"])
    changed = call("partial_update", ticket_id, body=change, if_match=read.headers["ETag"]).parsed
    assert (changed.priority.value, changed.tags, changed.version) == ("high", ["vip"], 2)
    stale = call("partial_update", ticket_id, body=change, if_match=read.headers["ETag"])
    assert (stale.status_code, stale.parsed.error) == (412, "The ticket was changed meanwhile: it is at version 2")

    written = [itsm.models.ItsmNewComment(comment=text, author="Léa") for text in ("One", "Two", "Three")]
    added = [call("comments_create", ticket_id, body=one, idempotency_key=one.comment).parsed for one in written]
    again = call("comments_create", ticket_id, body=written[0], idempotency_key="One")
    assert (again.parsed, again.headers["Idempotency-Replayed"]) == (added[0], "true")

    first = call("comments_list", ticket_id, limit=2).parsed
    rest = call("comments_list", ticket_id, cursor=first.next_cursor).parsed
    assert first.comments + rest.comments == added
    assert rest.next_cursor is None


def test_a_generated_client_walks_the_whole_door(itsm: SimpleNamespace, caller: str) -> None:
    new = itsm.models.ItsmNewTicket(caller_id=caller, issue_description="Ünwell", attributes={"shelf": 7})
    new["room"] = 12  # a field that nobody knows is kept
    made = itsm.call("create")(client=itsm.client, body=new, idempotency_key=caller)
    assert (made.status_code, made.parsed.issue_description) == (201, "Ünwell")
    assert made.parsed.attributes == {"shelf": 7, "room": 12}
    again = itsm.call("create")(client=itsm.client, body=new, idempotency_key=caller)
    assert again.parsed == made.parsed
    walk(itsm, caller, made.parsed.ticket_id)


@pytest.mark.parametrize("ticket_id", ["FD-22", "a/b c", "x?y#z%2F", "ü 1", "01A1FD35-2EF3-7740-852A-2DEBEFCC0860"])
def test_a_generated_client_walks_it_with_an_imported_ticket(
    copy: Copy, itsm: SimpleNamespace, caller: str, tmp_path: Path, ticket_id: str
) -> None:
    line = {"ticket_id": ticket_id, "customer_id": "acme", "caller_id": caller, "issue_description": "Old"}
    file = tmp_path / "tickets.jsonl"
    file.write_text(json.dumps(line))
    imported = copy.manage("import_tickets", str(file))
    assert imported.returncode == 0, imported.stdout + imported.stderr
    walk(itsm, caller, ticket_id)


def test_a_generated_client_understands_each_refusal(itsm: SimpleNamespace, caller: str) -> None:
    absent = itsm.call("retrieve")(str(uuid.uuid4()), client=itsm.client)
    assert (absent.status_code, absent.parsed.error) == (404, "Ticket not found")
    assert absent.parsed.request_id == absent.headers["X-Request-Id"]
    new = itsm.models.ItsmNewTicket(caller_id=caller, issue_description=" ")
    assert itsm.call("create")(client=itsm.client, body=new).parsed.error == "issue_description is required"
    with itsm.stranger as stranger:
        assert itsm.call("list")(client=stranger, caller=caller).status_code == 401
