"""Addresses about oneself; allauth's own are under /accounts/."""

from django.urls import path

from . import views

app_name = "accounts"

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/again/", views.sign_in_again, name="sign_in_again"),
    path("sign-in/<str:token>/", views.sign_in_by_link, name="sign_in_by_link"),
]
