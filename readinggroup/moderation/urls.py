"""Addresses of reports, of the moderators' queue, of decisions and of the public log."""

from django.urls import path

from . import (
    appeal_views,
    decision_views,
    log_views,
    own_cases_views,
    queue_views,
    report_views,
    settings_views,
)

app_name = "moderation"

urlpatterns = [
    path("c/<slug:comment>/report/", report_views.report_comment, name="report_comment"),
    path("g/<slug:group>/moderation/", queue_views.queue, name="queue"),
    path("g/<slug:group>/moderation/settings/", settings_views.settings, name="settings"),
    path("g/<slug:group>/log/", log_views.log, name="log"),
    path("g/<slug:group>/log/numbers/", log_views.log_numbers, name="log_numbers"),
    path("g/<slug:group>/log/numbers.csv", log_views.log_numbers_csv, name="log_numbers_csv"),
    path("g/<slug:group>/log/<int:number>/", log_views.log_entry, name="log_entry"),
    path("decisions/<slug:decision>/", decision_views.decision, name="decision"),
    path("me/cases/", own_cases_views.my_cases, name="my_cases"),
    path("me/cases/reports/", own_cases_views.my_reports, name="my_reports"),
    path("decisions/<slug:decision>/appeal/", appeal_views.appeal_against, name="appeal_against"),
    path("decisions/<slug:decision>/reverse/", decision_views.reverse_decision, name="reverse_decision"),
    path("decisions/<slug:decision>/statement/", decision_views.write_statement, name="write_statement"),
    path("g/<slug:group>/moderation/appeals/<int:appeal>/", appeal_views.appeal, name="appeal"),
    path("appeals/<int:appeal>/serve/", appeal_views.serve, name="serve"),
]
