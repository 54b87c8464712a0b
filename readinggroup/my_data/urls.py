"""Addresses of my data, and of what the site keeps."""

from django.urls import path

from . import views

app_name = "my_data"

urlpatterns = [
    path("me/data/", views.my_data, name="my_data"),
    path("me/data/<str:archive>/", views.fetch_archive, name="fetch_archive"),
    path("me/deletion/", views.delete_account, name="delete_account"),
    path("me/deletion/undo/", views.undo_deletion, name="undo_deletion"),
    path("privacy/", views.privacy, name="privacy"),
]
