"""Addresses of reports, of the moderators' queue, of decisions and of the public log."""

from django.urls import include, path

from . import (
    case_views,
    deciding_views,
    decision_views,
    log_views,
    member_views,
    place_views,
    queue_views,
    reason_views,
    report_views,
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
    path("g/<slug:group>/log/", log_views.log, name="log"),
    path("decisions/<slug:decision>/", decision_views.decision, name="decision"),
]
