"""Addresses of a group's sessions."""

from django.urls import include, path

from . import views

app_name = "schedule"

# /g/<group>/sessions/
group_urls = [
    path("", views.sessions, name="sessions"),
    path("<slug:session>/", views.session, name="session"),
]

urlpatterns = [path("g/<slug:group>/sessions/", include(group_urls))]
