"""Addresses about oneself; allauth's own are under /accounts/."""

from django.urls import path

from . import views

app_name = "accounts"

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/preferences/", views.preferences, name="preferences"),
    path("language/", views.choose_language, name="choose_language"),
    path("sign-in/<str:token>/", views.sign_in_by_link, name="sign_in_by_link"),
]
