"""Paths of the routing door."""

from django.urls import path

from routing import views

urlpatterns = [
    path("routing/tickets", views.TicketsView.as_view()),
    path("routing/tickets/<str:ticket_id>", views.TicketView.as_view()),
    path("routing/tickets/<str:ticket_id>/comments", views.CommentsView.as_view()),
]
