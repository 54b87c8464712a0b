"""All addresses of the site. Names equal view names."""

from django.conf import settings
from django.urls import include, path

from . import agenda_proposal, group_export, inbox, mail_choices, session_run, site_state, views, what_we_read

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("site/", site_state.site_state, name="site_state"),
    path("", include("readinggroup.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("readinggroup.my_data.urls")),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.mark_all_read, name="mark_all_read"),
    path("inbox/<str:notice>/", inbox.open_notice, name="open_notice"),
    path("me/notifications/", mail_choices.mail_choices, name="mail_choices"),
    path("", include("readinggroup.notifications.urls")),
    path("g/<slug:group>/", views.group, name="group"),
    path("g/<slug:group>/reads/", what_we_read.what_we_read, name="what_we_read"),
    path("g/<slug:group>/export/", group_export.group_export, name="group_export"),
    path("g/<slug:group>/export/<int:export>/", group_export.fetch_group_export, name="fetch_group_export"),
    path(
        "g/<slug:group>/sessions/<slug:session>/agenda/propose/",
        agenda_proposal.propose_agenda,
        name="propose_agenda",
    ),
    path("g/<slug:group>/sessions/<slug:session>/run/", session_run.run_session, name="run_session"),
    path("g/<slug:group>/sessions/<slug:session>/run/step/", session_run.step_session, name="step_session"),
    path(
        "g/<slug:group>/sessions/<slug:session>/run/answered/",
        session_run.answered_in_session,
        name="answered_in_session",
    ),
    path("", include("readinggroup.feeds.urls")),
    path("", include("readinggroup.readings.urls")),
    path("", include("readinggroup.revisions.urls")),
    path("", include("readinggroup.side_by_side.urls")),
    path("", include("readinggroup.groups.urls")),
    path("", include("readinggroup.discussion.urls")),
    path("", include("readinggroup.moderation.urls")),
    path("", include("readinggroup.schedule.urls")),
    path("", include("readinggroup.proposals.urls")),
]
if settings.DEBUG:
    urlpatterns += [
        path("outbox/", views.outbox, name="outbox"),
        path("outbox/<str:name>/", views.outbox_message, name="outbox_message"),
        path("gallery/", views.gallery, name="gallery"),
    ]

handler400 = "readinggroup.views.bad_request"
handler403 = "readinggroup.views.permission_denied"
handler404 = "readinggroup.views.page_not_found"
handler500 = "readinggroup.views.server_error"
