"""Addresses of a group's sessions."""

from django.urls import include, path

from . import agenda_views, minutes_views, views

app_name = "schedule"

# /g/<group>/sessions/<session>/
session_urls = [
    path("", views.session, name="session"),
    path("agenda/", agenda_views.edit_agenda, name="edit_agenda"),
    path("minutes/", minutes_views.minutes, name="minutes"),
    path("minutes/settle/", minutes_views.settle_minutes, name="settle_minutes"),
    path("minutes/<slug:item>/", minutes_views.write_minutes, name="write_minutes"),
    path("minutes/<slug:item>/decision/", minutes_views.note_decision, name="note_decision"),
    path("outcomes/<slug:outcome>/take-back/", minutes_views.take_outcome_back, name="take_outcome_back"),
]

# /g/<group>/sessions/
group_urls = [
    path("", views.sessions, name="sessions"),
    path("<slug:session>/", include(session_urls)),
]

urlpatterns = [path("g/<slug:group>/sessions/", include(group_urls))]
