"""Addresses of reports, of the moderators' queue, of decisions and of the public log."""

from django.urls import path

from . import appeal_views, decision_views, log_views, queue_views, report_views

app_name = "moderation"

urlpatterns = [
    path("c/<slug:comment>/report/", report_views.report_comment, name="report_comment"),
    path("g/<slug:group>/moderation/", queue_views.queue, name="queue"),
    path("g/<slug:group>/log/", log_views.log, name="log"),
    path("decisions/<slug:decision>/", decision_views.decision, name="decision"),
    path("decisions/<slug:decision>/appeal/", appeal_views.appeal_against, name="appeal_against"),
    path("decisions/<slug:decision>/reverse/", decision_views.reverse_decision, name="reverse_decision"),
    path("decisions/<slug:decision>/statement/", decision_views.write_statement, name="write_statement"),
    path("g/<slug:group>/moderation/appeals/<int:appeal>/", appeal_views.appeal, name="appeal"),
    path("appeals/<int:appeal>/serve/", appeal_views.serve, name="serve"),
]
