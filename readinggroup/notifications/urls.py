"""Addresses of the inbox."""

from django.urls import path

from . import bounces, views

app_name = "notifications"

urlpatterns = [
    path("mail/on-again/", bounces.mail_on_again, name="mail_on_again"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.mark_all_read, name="mark_all_read"),
    path("inbox/<str:notice>/", views.open_notice, name="open_notice"),
]
