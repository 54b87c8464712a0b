"""Addresses of a group's sessions, and of calendars."""

from django.urls import include, path

from . import calendar_views, views

app_name = "schedule"

# /g/<group>/sessions/
group_urls = [
    path("", views.sessions, name="sessions"),
    path("calendar.ics", calendar_views.group_calendar, name="group_calendar"),
    path("<slug:session>/", views.session, name="session"),
    path("<slug:session>/calendar.ics", calendar_views.session_calendar, name="session_calendar"),
    path("<slug:session>/invitation/", calendar_views.mail_invitation, name="mail_invitation"),
]

urlpatterns = [
    path("g/<slug:group>/sessions/", include(group_urls)),
    path("feed/<str:token>/sessions.ics", calendar_views.private_group_calendar, name="private_group_calendar"),
    path("calendar/<str:token>/sessions.ics", calendar_views.private_calendar, name="private_calendar"),
    path("me/calendar/", calendar_views.my_calendar, name="my_calendar"),
    path("me/calendar/make/", calendar_views.make_calendar_address, name="make_calendar_address"),
    path("me/calendar/revoke/", calendar_views.revoke_calendar_address, name="revoke_calendar_address"),
]
