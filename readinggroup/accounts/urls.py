"""Addresses about oneself; allauth's own are under /accounts/."""

from django.urls import path

from . import single_sign_on, views

app_name = "accounts"

urlpatterns = [
    # Before allauth's own at the same addresses.
    path("accounts/oidc/<str:provider_id>/login/", single_sign_on.login, name="provider_login"),
    path("accounts/oidc/<str:provider_id>/login/callback/", single_sign_on.callback, name="provider_callback"),
    path("me/", views.profile, name="profile"),
    path("me/preferences/", views.preferences, name="preferences"),
    path("language/", views.choose_language, name="choose_language"),
    path("not-me/<str:token>/", views.take_back_address, name="take_back_address"),
    path("me/kept-words/", views.kept_words, name="kept_words"),
    path("me/again/", views.sign_in_again, name="sign_in_again"),
    path("sign-in/<str:token>/", views.sign_in_by_link, name="sign_in_by_link"),
]
