"""Paths of the Zendesk door and the events door."""

from django.urls import path

from ingestion.events.views import IngestBatchView, IngestView
from ingestion.zendesk.views import ZendeskWebhook

urlpatterns = [
    path("webhooks/zendesk", ZendeskWebhook.as_view()),
    path("ingest", IngestView.as_view()),
    path("ingest/batch", IngestBatchView.as_view()),
]
