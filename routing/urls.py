"""Paths of the routing door."""

from django.urls import path

import config.web.paths  # noqa: F401 - it registers `id`
from routing import views

urlpatterns = [
    path("routing/tickets", views.TicketsView.as_view()),
    path("routing/tickets/<id:ticket_id>", views.TicketView.as_view()),
    path("routing/tickets/<id:ticket_id>/comments", views.CommentsView.as_view()),
]
