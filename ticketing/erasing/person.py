"""Whose tickets are erased: one caller's, one address's, or single tickets with all that belong to them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from config.refusals import Absent, Invalid
from ticketing.deliveries import raw_tickets
from ticketing.record import erasure, store
from ticketing.tickets.ticket import Comment, Ticket


@dataclass(frozen=True)
class Person:
    """A person as whoever asks for the erasing knows them. `customer_id` is needed where several have that caller."""

    caller_id: str = ""
    email: str = ""
    ticket_id: str = ""
    customer_id: str = ""

    def fits(self, ticket: Ticket) -> bool:
        """Whether a ticket, or a draft of one, is this person's."""
        if self.customer_id and ticket.customer_id not in ("", self.customer_id):
            return False
        return erasure.is_of(ticket, self.caller_id, self.email.casefold())

    def check(self) -> None:
        """Raise Invalid unless it says exactly one thing, and Absent if its ticket is not in the record."""
        if sum(map(bool, (self.caller_id, self.email, self.ticket_id))) != 1:
            raise Invalid("Say exactly one of caller, email and ticket")
        if self.ticket_id and store.get(self.ticket_id) is None:
            raise Absent("There is no such ticket in the record")

    def tickets(self) -> Iterator[Ticket]:
        """The person's tickets that are still to be erased, those that were begun too.

        Raises Invalid if several customers have the caller and none is named, and aws.AwsError.
        """
        found = [one for one in self._found() if not one.erased or one.erasing]
        customers = {one.customer_id for one in found}
        if self.caller_id and len(customers) > 1:
            names = ", ".join(sorted(customers))
            raise Invalid(f"Several customers have this caller ({names}): name one of them with --customer")
        yield from found

    def customers(self) -> set[str]:
        """At whose customers the person is. Raises as `tickets`."""
        return {self.customer_id} if self.customer_id else {one.customer_id for one in self.tickets()}

    def elsewhere(self, customers: Collection[str]) -> Iterator[Comment]:
        """The comments with the caller's id or the address as their author, on others' tickets. Raises aws.AwsError.

        A caller's id means somebody else at another customer's, so only these `customers` are looked at. An address
        means the same person everywhere, unless a customer was named.
        """
        author = self.caller_id or self.email
        for comment in erasure.comments_by(author) if author else ():
            if self.wrote(comment, customers):
                yield comment

    def wrote(self, comment: Comment, customers: Collection[str]) -> bool:
        """Whether it is the person's comment on somebody else's ticket. Reads the ticket only if the author fits."""
        author = (self.caller_id or self.email).casefold()
        if not author or (comment.author or "").casefold() != author:
            return False
        ticket = store.get(comment.ticket_id)
        return bool(ticket and not ticket.erased and not self.fits(ticket) and self._may_be_at(ticket, customers))

    def _may_be_at(self, ticket: Ticket, customers: Collection[str]) -> bool:
        return ticket.customer_id in customers or (bool(self.email) and not self.customer_id)

    def _found(self) -> Iterator[Ticket]:
        if self.ticket_id:
            yield from family(self.ticket_id)
            return
        for one in erasure.find(self.caller_id, self.email):
            if not self.customer_id or one.customer_id == self.customer_id:
                yield from family(one.ticket_id)


def family(ticket_id: str) -> Iterator[Ticket]:
    """The ticket, and the others that Foyer made of the same Zendesk ticket: one raw document has the words of all."""
    ticket = store.get(ticket_id)
    if ticket is None:
        return
    number = ticket.in_zendesk.get("ticket_id")
    following = raw_tickets.ticket_key(str(number)).keyed_id if number else ""
    seen = {ticket_id}
    yield ticket
    while following and (one := store.get(following)):
        if one.ticket_id not in seen:
            seen.add(one.ticket_id)
            yield one
        following = raw_tickets.follow_up_key(one.ticket_id).keyed_id
