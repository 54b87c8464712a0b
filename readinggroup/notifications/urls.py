"""Addresses of the inbox, and of the devices on which one is told."""

from django.urls import path

from . import device_views, views

app_name = "notifications"

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.mark_all_read, name="mark_all_read"),
    path("inbox/<str:notice>/", views.open_notice, name="open_notice"),
    path("me/notifications/devices/", device_views.devices, name="devices"),
    path("me/devices/", device_views.subscribe_device, name="subscribe_device"),
    path("me/devices/unsubscribe/", device_views.unsubscribe_device, name="unsubscribe_device"),
    path("me/devices/<str:device>/remove/", device_views.remove_device, name="remove_device"),
    path("push-worker.js", device_views.push_worker, name="push_worker"),
]
