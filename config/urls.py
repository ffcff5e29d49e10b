"""All paths. Each door keeps its own in its app, named here by dotted path, because `config` imports no app."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.web import health
from config.web.negotiation import FirstUnlessAsked

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("api/schema", SpectacularAPIView.as_view(content_negotiation_class=FirstUnlessAsked), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("desk/", include("signin.urls")),
    path("desk/", admin.site.urls),
    path("", include("itsm.urls")),
    path("", include("routing.urls")),
    path("", include("ticketing.submissions.urls")),
    path("", include("ingestion.urls")),
]

handler400 = "config.web.errors.bad_request"
handler403 = "config.web.errors.forbidden"
handler404 = "config.web.errors.not_found"
handler500 = "config.web.errors.server_error"
