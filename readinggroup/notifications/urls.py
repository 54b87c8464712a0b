"""Addresses at which one says how one wants to be told, beside the site's own page of choices."""

from django.urls import path

from . import bounces, device_views, unsubscribing

app_name = "notifications"

urlpatterns = [
    path("mail/stop/<str:token>/", unsubscribing.unsubscribe, name="unsubscribe"),
    path("me/devices/", device_views.subscribe_device, name="subscribe_device"),
    path("me/devices/unsubscribe/", device_views.unsubscribe_device, name="unsubscribe_device"),
    path("me/devices/<str:device>/remove/", device_views.remove_device, name="remove_device"),
    path("push-worker.js", device_views.push_worker, name="push_worker"),
    path("mail/on-again/", bounces.mail_on_again, name="mail_on_again"),
]
