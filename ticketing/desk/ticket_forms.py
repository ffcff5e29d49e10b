"""The forms that staff fill in: one on the ticket page, and one for a new ticket."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config import json
from config.caller import TIERS
from ticketing.desk.staff import Staff
from ticketing.tickets.callers import is_whole_customer
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import PRIORITIES, STATUSES, Visibility

REPLY, NOTE, SAVE = "reply", "note", "save"
_VISIBILITY: dict[str, Visibility] = {REPLY: "public", NOTE: "internal"}
_UNREADABLE = "This page did not say what you saw. Look at the ticket as it is now, and send again."


def new_key() -> str:
    """A new key for a form. It shows when the same form is sent twice."""
    return str(uuid4())


def _words(*words: str) -> list[tuple[str, str]]:
    return [(word, word.capitalize()) for word in words]


class Prose(forms.CharField):
    """A text of several lines, kept as typed. Browsers send CRLF as line end, which becomes LF again."""

    def __init__(self, rows: int, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "class": "desk-prose"})
        super().__init__(strip=False, widget=widget, **options)

    def clean(self, value: Any) -> str:
        """Raises ValidationError if the text is required and blank."""
        text = (value or "").replace("\r\n", "\n")
        return str(super().clean(text if text.strip() else ""))


class TicketForm(forms.Form):
    """A reply or an internal note, and the fields beside it.

    Some fields have a hidden initial value. It shows what the person changed, so the record need not be read for that.
    `seen` has the values that the person saw, as JSON, because HTML changes some texts. It shows what somebody else
    changed meanwhile. `comments` is how many comments there were.
    """

    seen = forms.CharField(widget=forms.HiddenInput, error_messages={"required": _UNREADABLE})
    comments = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    customer_id = forms.CharField(widget=forms.HiddenInput, strip=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    text = Prose(rows=6, required=False, label="Your answer")
    status = forms.ChoiceField(choices=_words(*STATUSES), widget=UnfoldAdminSelectWidget, show_hidden_initial=True)
    priority = forms.ChoiceField(choices=_words(*PRIORITIES), widget=UnfoldAdminSelectWidget, show_hidden_initial=True)
    assignee = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget, show_hidden_initial=True)
    do = forms.ChoiceField(choices=_words(REPLY, NOTE, SAVE))

    CHANGEABLE = ("status", "priority", "assignee")

    def __init__(self, data: Mapping[str, Any], staff: Staff) -> None:
        super().__init__(data)
        assignee = self.fields["assignee"]
        assert isinstance(assignee, forms.ChoiceField)  # noqa: S101 - tells the type checker
        assignee.choices = staff.choices(data.get("initial-assignee"))

    @classmethod
    def for_ticket(
        cls,
        ticket: Ticket,
        staff: Staff,
        typed: Mapping[str, Any] | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> "TicketForm":
        """The form for the ticket as it is now. It keeps what the person had `typed` and chosen, if anything.

        For a field that they had chosen it also keeps what they saw in it, until they are `told` its new value. Nobody
        else's change is overwritten unseen.
        """
        now: dict[str, str | None] = {name: getattr(ticket, name) for name in cls.CHANGEABLE}
        typed, told = typed or {}, dict(told or {})
        chosen = {name: typed[name] for name in now if typed.get(name, "") != typed.get(f"initial-{name}", "")}
        seen = {name: value for name, value in (_seen(typed.get("seen", "")) | told).items() if name in chosen}
        shown = {name: value or "" for name, value in now.items()}
        return cls(
            {
                "seen": json.dumps(now | seen),
                "comments": ticket.comment_count,
                "customer_id": ticket.customer_id,
                "key": typed.get("key") or new_key(),
                "text": typed.get("text", ""),
                **{f"initial-{name}": value for name, value in shown.items()},
                **(shown | chosen),
            },
            staff,
        )

    def clean_seen(self) -> dict[str, str | None]:
        """Raises ValidationError if it is not what `for_ticket` wrote."""
        if seen := _seen(self.cleaned_data["seen"]):
            return seen
        raise forms.ValidationError(_UNREADABLE)

    def clean(self) -> dict[str, Any]:
        if self.visibility and not self.cleaned_data.get("text"):
            self.add_error("text", "Write something first.")
        return self.cleaned_data

    @property
    def visibility(self) -> Visibility | None:
        """Who may read the text. None if only the fields are to be saved."""
        return _VISIBILITY.get(self.cleaned_data.get("do", ""))

    @property
    def changes(self) -> dict[str, str | None]:
        """The fields that the person changed."""
        return {name: self.cleaned_data[name] or None for name in self.CHANGEABLE if name in self.changed_data}


def _seen(text: str) -> dict[str, str | None]:
    """The values of all fields that a person can change, as the form has them. Empty if it has them not."""
    try:
        seen = json.loads(text)
        values = {name: seen[name] for name in TicketForm.CHANGEABLE}
    except (ValueError, TypeError, KeyError):
        return {}
    return values if all(value is None or isinstance(value, str) for value in values.values()) else {}


class NewTicketForm(forms.Form):
    """A ticket that staff open for somebody, for instance for a caller on the telephone."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    caller = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget,
        help_text="Who asks: the id by which their system knows them, or an e-mail address.",
    )
    subject = forms.CharField(max_length=255, required=False, widget=UnfoldAdminTextInputWidget)
    description = Prose(rows=8)
    priority = forms.ChoiceField(choices=_words(*PRIORITIES), widget=UnfoldAdminSelectWidget)
    tier = forms.ChoiceField(choices=_words(*TIERS), widget=UnfoldAdminSelectWidget)

    def clean_caller(self) -> str:
        caller: str = self.cleaned_data["caller"]
        if is_whole_customer(caller):
            raise forms.ValidationError("A caller cannot begin with “customer:”.")
        return caller
