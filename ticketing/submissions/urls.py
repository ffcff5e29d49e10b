"""Paths of the submission door."""

from django.urls import path

from ticketing.submissions import views

urlpatterns = [
    path("ticketing/submissions", views.SubmissionsView.as_view()),
    path("ticketing/submissions/<str:submission_id>", views.SubmissionView.as_view()),
]
