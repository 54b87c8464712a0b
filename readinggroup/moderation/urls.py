"""Addresses of reports and of the moderators' list."""

from django.urls import path

from . import views

app_name = "moderation"

urlpatterns = [
    path("c/<slug:comment>/report/", views.report_comment, name="report_comment"),
    path("g/<slug:group>/moderation/", views.waiting, name="waiting"),
]
