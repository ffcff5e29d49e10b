"""What has to change at the desk so that a ticket is as Zendesk has it, without any calls."""

from dataclasses import replace
from typing import Any

from ingestion.zendesk import fate, mapping, people
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import REOPENED_BY_COMMENT, Status

AS_OF = "words_as_of"  # in what the door knows of a ticket: as of when its texts hold
_OPENING = "issue_description"
_AS_FETCHED = ("opening", "organization")  # if Zendesk does not say them any more, they are over


def of(desk: Ticket, context: dict[str, Any]) -> dict[str, Any]:
    """The fields that changed in Zendesk, and the attributes. What Zendesk did not change stays as staff left it.

    An exception: a customer's new answer brings Zendesk's status back, so that nobody overlooks it as solved.
    A status that Foyer does not know changes nothing.
    """
    known, fetched, said = desk.in_zendesk, mapping.attributes(context), mapping.fields(context)
    before, there = _dict(known.get("seen")), said["status"]
    if fate.status(context["ticket"]) is None:
        said["status"] = desk.status
    is_another = _is_another(desk, fetched, said["requester"], before)
    now = mapping.seen(context, said, {} if is_another else before)
    changes = _changed(desk, mapping.shown(context, said), now, before)
    changes["requester"] = (
        said["requester"] if is_another else people.brought(desk.requester, said["requester"], before)
    )
    if not before and moment(known) == moment(fetched) != "":
        changes = {}  # opened before Foyer recorded what it had seen
    is_new = "answer" in before and _is_new_answer(now["answer"], str(before["answer"]), context)
    if is_new and _overlooked(desk.status, there):
        changes["status"] = there
    return changes | kept(desk, _joined(known, fetched) | {"seen": now})


def kept(desk: Ticket, zendesk: dict[str, Any]) -> dict[str, Any]:
    """The fields that hold what the door knows of the ticket: the attributes for all to read, and what it relies on."""
    return {"attributes": desk.attributes | {"zendesk": zendesk}, "zendesk": zendesk}


def dated(new: Ticket, held: str) -> Ticket:
    """The draft of a ticket, which says as of when its texts hold. An earlier document may come after it."""
    return replace(new, **kept(new, new.in_zendesk | {AS_OF: held}))


def is_past(desk: Ticket, context: dict[str, Any]) -> bool:
    """Whether the desk's ticket has seen a newer state than this one. Webhooks come in any order."""
    return moment(desk.in_zendesk) > moment(mapping.attributes(context))


def is_newer(desk: Ticket, context: dict[str, Any]) -> bool:
    """Whether this state is newer than all that the desk's ticket has seen."""
    return moment(mapping.attributes(context)) > moment(desk.in_zendesk)


def moment(zendesk: dict[str, Any]) -> str:
    """When the ticket changed in Zendesk; empty if unknown."""
    moment = zendesk.get("updated_at")
    return moment if isinstance(moment, str) else ""


def _changed(desk: Ticket, shown: dict[str, Any], now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The fields that changed in Zendesk, and those which Foyer shows in another way now and nobody touched."""
    return {
        name: value
        for name, value in shown.items()
        if now[name] != before.get(name)
        or _is_untouched(name, getattr(desk, name), before)
        or (name == _OPENING and before.get("files", now.get("files")) != now.get("files"))
    }


def _is_untouched(name: str, value: Any, before: dict[str, Any]) -> bool:
    ours = {before.get(name)} | ({before.get("opening")} if name == _OPENING else set())
    return mapping.mark(value) in ours


def _is_another(desk: Ticket, fetched: dict[str, Any], said: Any, before: dict[str, Any]) -> bool:
    """Whether Zendesk gave the ticket to another requester since `before`.

    Earlier versions of Foyer did not note the requester's id. The caller's is that of the first one. So what they noted
    of the name and address has to differ as well, and staff must not have written another since.
    """
    there, known = fetched.get("requester_id"), desk.in_zendesk.get("requester_id")
    if known:
        return bool(there) and there != known
    is_other = bool(there and said) and desk.caller_id != f"zendesk:{there}"
    return is_other and mapping.mark(said) != before.get("requester") == mapping.mark(desk.requester)


def _joined(known: dict[str, Any], fetched: dict[str, Any]) -> dict[str, Any]:
    """What is known and what was fetched. If only the id of the organization, or of the opening's author, came this
    time, the name stays."""
    here, there = _dict(known.get("organization")), fetched.get("organization")
    if there and there["id"] == str(here.get("id")):
        fetched = fetched | {"organization": here | there}
    opened, opens = _dict(known.get("opening")), fetched.get("opening")
    if opened and opens and people.is_number(opens["author"]):
        fetched = fetched | {"opening": opened | {"visibility": opens["visibility"]}}
    return {name: value for name, value in known.items() if name not in _AS_FETCHED} | fetched


def _is_new_answer(now: str, before: str, context: dict[str, Any]) -> bool:
    """Whether a customer said more after the answer that was the last one before.

    The last one can also be another because that one is private now, or because the ticket has another requester.
    """
    if now in ("", before):
        return False
    said = [(str(one["id"]), one.get("created_at") or "") for one in context["comments"]]
    places = {number: (moment, place) for place, (number, moment) in enumerate(said)}
    return places[now] > places.get(before, ("", -1))


def _overlooked(here: Status, there: Status) -> bool:
    """Whether the ticket waits for nobody at the desk, but is to be worked in Zendesk."""
    return here in REOPENED_BY_COMMENT and there not in ("solved", "closed")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
