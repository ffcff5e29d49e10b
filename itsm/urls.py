"""Paths of the ITSM door."""

from django.urls import path

from itsm import views

urlpatterns = [
    path("itsm/tickets", views.TicketsView.as_view()),
    path("itsm/tickets/", views.NoTicketView.as_view()),
    path("itsm/tickets/<str:ticket_id>", views.TicketView.as_view()),
    path("itsm/tickets/<str:ticket_id>/comments", views.CommentsView.as_view()),
]
