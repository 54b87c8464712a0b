"""Addresses of a group's sessions."""

from django.urls import include, path

from . import making_views, month_views, passage_views, state_views, views

app_name = "schedule"

# /g/<group>/sessions/<session>/passages/; the text there has its links to "p/<paragraph>/", as on the reading page
_here, _from, _to = "p/<slug:here>/", "from/<slug:first>/", "to/<slug:last>/"
passage_urls = [
    path("", passage_views.choose_passages, name="choose_passages"),
    path(_from, passage_views.choose_passages, name="choose_passages"),
    path(_from + _to, passage_views.choose_passages, name="choose_passages"),
    path(_here, passage_views.choose_paragraph, name="choose_paragraph"),
    path(_from + _here, passage_views.choose_paragraph, name="choose_paragraph"),
    path(_from + _to + _here, passage_views.choose_paragraph, name="choose_paragraph"),
]

# /g/<group>/sessions/<session>/
session_urls = [
    path("", views.session, name="session"),
    path("change/", making_views.change_session, name="change_session"),
    path("passages/", include(passage_urls)),
    path("schedule/", state_views.put_on_calendar, name="put_on_calendar"),
    path("cancel/", state_views.cancel_session, name="cancel_session"),
    path("open/", state_views.open_session, name="open_session"),
    path("close/", state_views.close_session, name="close_session"),
]

# /g/<group>/sessions/; an id of a session has ten characters, and no digit 0 or 1
group_urls = [
    path("", views.sessions, name="sessions"),
    path("new/", making_views.new_session, name="new_session"),
    path("month/", month_views.this_month, name="this_month"),
    path("month/<int:year>-<int:number>/", month_views.month, name="month"),
    path("<slug:session>/", include(session_urls)),
]

urlpatterns = [path("g/<slug:group>/sessions/", include(group_urls))]
