"""Addresses of feeds, and of the page where a member makes a private one."""

from django.urls import path

from . import views

app_name = "feeds"

urlpatterns = [
    path("g/<slug:group>/feed/comments/", views.comments, name="comments"),
    path("g/<slug:group>/feed/news/", views.news, name="news"),
    path("g/<slug:group>/feeds/", views.addresses, name="addresses"),
    path("g/<slug:group>/feeds/make/", views.make_address, name="make_address"),
    path("g/<slug:group>/feeds/revoke/", views.revoke_address, name="revoke_address"),
    path("feed/<str:token>/comments/", views.private_comments, name="private_comments"),
    path("feed/<str:token>/news/", views.private_news, name="private_news"),
]
