"""Paths of the ITSM door."""

from django.urls import path

import config.web.paths  # noqa: F401 - it registers `id`
from itsm import views

urlpatterns = [
    path("itsm/tickets", views.TicketsView.as_view()),
    path("itsm/tickets/", views.NoTicketView.as_view()),
    path("itsm/tickets/<id:ticket_id>", views.TicketView.as_view()),
    path("itsm/tickets/<id:ticket_id>/comments", views.CommentsView.as_view()),
]
