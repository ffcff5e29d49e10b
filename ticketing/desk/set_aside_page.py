"""The page *Set aside*: takes what can never end well off the list, so that all that remains needs attention."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget

from audit import trail
from audit.actions import Action
from config import aws, times
from config.refusals import Absent, Refusal
from ticketing import deliveries
from ticketing.deliveries import Delivery, ago
from ticketing.desk import staff
from ticketing.desk.page import DeskPage
from ticketing.models import Delivery as DeliveryModel
from ticketing.tickets.ticket import LONGEST_KEY

DELIVERIES = "admin:ticketing_delivery_changelist"
_AWAY = "AWS did not answer, so this could not be written down. Try again in a moment."
_ON_ITS_WAY = "This delivery is still being tried, or it ended well meanwhile: there is nothing to set aside."
_ASIDE = "Somebody has set this delivery aside already."
_TRIED_OUT = timedelta(minutes=3)  # by then its message is a dead letter; until then, its next try would undo it


class WhyForm(forms.Form):
    """The form that asks why nothing can be done."""

    why = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        label="Why nothing can be done about it",
        help_text="Shown beside the delivery in the tab Set aside, and by manage.py reconcile.",
    )


class SetAsidePage(DeskPage):
    """One request to the page of one delivery."""

    def answer(self, delivery_id: str) -> HttpResponse:
        """The delivery and the form. After it was sent, or if nothing can be set aside, a redirect to the list."""
        if not self.admin.has_change_permission(self.request):
            raise PermissionDenied
        form = WhyForm(self.request.POST if self.request.method == "POST" else None)
        try:
            delivery = _stuck(delivery_id)
            if not form.is_valid():
                return self._show(delivery, form)
            trail.record(Action.DELIVERY_SET_ASIDE, target=f"delivery {delivery_id}")
            _set_aside(delivery, self._said(form))
        except Refusal as refusal:
            messages.error(self.request, refusal.sentence)
        except aws.AwsError:
            messages.error(self.request, _AWAY)
        else:
            messages.success(self.request, "It is set aside. It no longer counts as missing.")
        return HttpResponseRedirect(reverse(DELIVERIES))

    def _said(self, form: WhyForm) -> str:
        """Who, when and why, in one line."""
        return f"{staff.author(self.user)}, {times.now()}: {' '.join(form.cleaned_data['why'].split())}"

    def _show(self, delivery: Delivery, form: WhyForm) -> HttpResponse:
        about = {"title": "Set aside", "opts": DeliveryModel._meta, "deliveries_address": reverse(DELIVERIES)}
        return self.page("desk/set_aside.html", about | {"one": delivery, "form": form})


def can_be(delivery: Delivery) -> bool:
    """Whether the delivery was refused, failed and is no longer tried, or is late; and nobody has set it aside yet."""
    if delivery.set_aside or delivery.ended_well:
        return False
    if delivery.refused:
        return True
    if delivery.state == "failed":
        return delivery.ended_at < ago(_TRIED_OUT)
    return delivery.is_late


def take_back(delivery_id: str) -> str:
    """Put the delivery on the list again. Returns a sentence for the person. Raises Absent, aws.AwsError."""
    trail.record(Action.DELIVERY_TAKEN_BACK, target=f"delivery {delivery_id}")
    if not deliveries.take_back(delivery_id):
        raise Absent("This delivery is not set aside any more, or there is none.")
    return "It is on the list again."


def _set_aside(delivery: Delivery, said: str) -> None:
    if not deliveries.set_aside(delivery, said):
        raise Refusal(_ON_ITS_WAY)


def _stuck(delivery_id: str) -> Delivery:
    # DynamoDB rejects longer keys, so no delivery has one.
    delivery = deliveries.get(delivery_id) if len(delivery_id.encode()) <= LONGEST_KEY else None
    if delivery is None:
        raise Absent("There is no such delivery.")
    if delivery.set_aside:
        raise Refusal(_ASIDE)
    if not can_be(delivery):
        raise Refusal(_ON_ITS_WAY)
    return delivery
