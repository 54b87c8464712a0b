"""Addresses at which one says how one wants to be told, beside the site's own page of choices."""

from django.urls import path

from . import unsubscribing

app_name = "notifications"

urlpatterns = [
    path("mail/stop/<str:token>/", unsubscribing.unsubscribe, name="unsubscribe"),
]
