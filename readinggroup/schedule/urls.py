"""Addresses of a group's sessions."""

from django.urls import include, path

from . import plan_views, series_views, views

app_name = "schedule"

# /g/<group>/sessions/series/<series>/
series_urls = [
    path("", series_views.series, name="series"),
    path("schedule/", series_views.put_series_on_calendar, name="put_series_on_calendar"),
    path("change/", series_views.change_series, name="change_series"),
    path("cancel/", series_views.cancel_series, name="cancel_series"),
]

# /g/<group>/sessions/
group_urls = [
    path("", views.sessions, name="sessions"),
    path("new-series/", series_views.make_series, name="make_series"),
    path("series/<slug:series>/", include(series_urls)),
    path("plan/<slug:reading>/", plan_views.plan, name="plan"),
    path("<slug:session>/", views.session, name="session"),
]

urlpatterns = [path("g/<slug:group>/sessions/", include(group_urls))]
