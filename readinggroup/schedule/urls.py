"""Addresses of a group's sessions, and of calendars."""

from django.urls import include, path

from . import (
    agenda_views,
    attendance_views,
    calendar_views,
    making_views,
    minutes_views,
    minutes_wordings,
    month_views,
    passage_views,
    plan_views,
    poll_views,
    series_views,
    state_views,
    views,
)

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
    path("agenda/", agenda_views.edit_agenda, name="edit_agenda"),
    path("minutes/", minutes_views.minutes, name="minutes"),
    path("minutes/settle/", minutes_views.settle_minutes, name="settle_minutes"),
    path("minutes/<slug:item>/", minutes_views.write_minutes, name="write_minutes"),
    path("minutes/<slug:item>/wordings/", minutes_wordings.minutes_wordings, name="minutes_wordings"),
    path("minutes/<slug:item>/decision/", minutes_views.note_decision, name="note_decision"),
    path("outcomes/<slug:outcome>/take-back/", minutes_views.take_outcome_back, name="take_outcome_back"),
    path("calendar.ics", calendar_views.session_calendar, name="session_calendar"),
    path("invitation/", calendar_views.mail_invitation, name="mail_invitation"),
    path("attend/", attendance_views.attend, name="attend"),
    path("people/<slug:answer>/", attendance_views.people, name="people"),
    path("was-there/", attendance_views.note_who_was_there, name="note_who_was_there"),
    path("poll/", poll_views.poll, name="poll"),
    path("poll/words/", poll_views.poll_words, name="poll_words"),
    path("poll/times/<int:time>/who/<slug:answer>/", poll_views.who_can, name="who_can"),
    path("poll/open/", poll_views.open_poll, name="open_poll"),
    path("poll/answer/", poll_views.answer_poll, name="answer_poll"),
    path("poll/until/", poll_views.change_deadline, name="change_deadline"),
    path("poll/times/", poll_views.propose_time, name="propose_time"),
    path("poll/times/<int:time>/withdraw/", poll_views.withdraw_time, name="withdraw_time"),
    path("poll/times/<int:time>/pick/", poll_views.pick_time, name="pick_time"),
]

# /g/<group>/sessions/series/<series>/
series_urls = [
    path("", series_views.series, name="series"),
    path("schedule/", series_views.put_series_on_calendar, name="put_series_on_calendar"),
    path("change/", series_views.change_series, name="change_series"),
    path("cancel/", series_views.cancel_series, name="cancel_series"),
]

# /g/<group>/sessions/; an id of a session has ten characters, and no digit 0 or 1
group_urls = [
    path("", views.sessions, name="sessions"),
    path("calendar.ics", calendar_views.group_calendar, name="group_calendar"),
    path("new/", making_views.new_session, name="new_session"),
    path("month/", month_views.this_month, name="this_month"),
    path("month/<int:year>-<int:number>/", month_views.month, name="month"),
    path("new-series/", series_views.make_series, name="make_series"),
    path("series/<slug:series>/", include(series_urls)),
    path("plan/<slug:reading>/", plan_views.plan, name="plan"),
    path("<slug:session>/", include(session_urls)),
]

urlpatterns = [
    path("g/<slug:group>/sessions/", include(group_urls)),
    path("feed/<str:token>/sessions.ics", calendar_views.private_group_calendar, name="private_group_calendar"),
    path("calendar/<str:token>/sessions.ics", calendar_views.private_calendar, name="private_calendar"),
    path("me/calendar/", calendar_views.my_calendar, name="my_calendar"),
    path("me/calendar/make/", calendar_views.make_calendar_address, name="make_calendar_address"),
    path("me/calendar/revoke/", calendar_views.revoke_calendar_address, name="revoke_calendar_address"),
]
