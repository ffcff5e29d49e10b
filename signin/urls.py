"""The desk's pages about signing in. They come before the admin's own, whose last path takes everything."""

from django.contrib import admin
from django.urls import path

from signin.sessions_page import own_sessions

urlpatterns = [
    path("sessions/", admin.site.admin_view(own_sessions), name="own_sessions"),
]
