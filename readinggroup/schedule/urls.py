"""Addresses of a group's sessions."""

from django.urls import include, path

from . import attendance_views, poll_views, views

app_name = "schedule"

# /g/<group>/sessions/
group_urls = [
    path("", views.sessions, name="sessions"),
    path("<slug:session>/", views.session, name="session"),
    path("<slug:session>/attend/", attendance_views.attend, name="attend"),
    path("<slug:session>/was-there/", attendance_views.note_who_was_there, name="note_who_was_there"),
    path("<slug:session>/poll/", poll_views.poll, name="poll"),
    path("<slug:session>/poll/open/", poll_views.open_poll, name="open_poll"),
    path("<slug:session>/poll/answer/", poll_views.answer_poll, name="answer_poll"),
    path("<slug:session>/poll/until/", poll_views.change_deadline, name="change_deadline"),
    path("<slug:session>/poll/times/", poll_views.propose_time, name="propose_time"),
    path("<slug:session>/poll/times/<int:time>/withdraw/", poll_views.withdraw_time, name="withdraw_time"),
    path("<slug:session>/poll/times/<int:time>/pick/", poll_views.pick_time, name="pick_time"),
]

urlpatterns = [path("g/<slug:group>/sessions/", include(group_urls))]
