"""Addresses of reports, of the moderators' queue, of decisions and of the public log."""

from django.urls import include, path

from . import (
    appeal_views,
    case_views,
    deciding_views,
    decision_views,
    log_views,
    member_views,
    own_cases_views,
    place_views,
    queue_views,
    reason_views,
    report_views,
    settings_views,
)

app_name = "moderation"

# /g/<group>/moderation/
queue_urls = [
    path("", queue_views.queue, name="queue"),
    path("cases/<int:case>/", case_views.case, name="case"),
    path("cases/<int:case>/claim/", case_views.claim_case, name="claim_case"),
    path("cases/<int:case>/release/", case_views.release_case, name="release_case"),
    path("decide/", deciding_views.decide, name="decide"),
    path("reasons/", reason_views.reasons, name="reasons"),
    path("reasons/<int:reason>/", reason_views.change_reason, name="change_reason"),
    path("reasons/<int:reason>/retire/", reason_views.retire_reason, name="retire_reason"),
]

urlpatterns = [
    path("c/<slug:comment>/report/", report_views.report_comment, name="report_comment"),
    path("c/<slug:comment>/lock/", place_views.decide_about_thread, name="decide_about_thread"),
    path("g/<slug:group>/members/<slug:member>/report/", report_views.report_name, name="report_name"),
    path("g/<slug:group>/members/<slug:member>/decide/", member_views.decide_about_member, name="decide_about_member"),
    path(
        "g/<slug:group>/read/<slug:reading>/p/<slug:paragraph>/lock/",
        place_views.decide_about_paragraph,
        name="decide_about_paragraph",
    ),
    path("g/<slug:group>/moderation/", include(queue_urls)),
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
