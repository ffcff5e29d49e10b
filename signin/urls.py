"""The desk's pages about signing in. They come before the admin's own, whose last path takes everything."""

from django.contrib import admin
from django.urls import path

from signin.locked_page import locked_page
from signin.password_page import own_password
from signin.sessions_page import own_sessions

urlpatterns = [
    path("locked-out/", admin.site.admin_view(locked_page), name="locked_out"),
    path("password_change/", admin.site.admin_view(own_password, cacheable=True), name="own_password"),
    path("sessions/", admin.site.admin_view(own_sessions), name="own_sessions"),
]
