"""Addresses below /g/<group>/read/<reading>/ that are about the other editions of its work."""

from django.urls import include, path

from . import edition_views, link_views, views

app_name = "side_by_side"

# /g/<group>/read/<reading>/
reading_urls = [
    path("editions/", edition_views.editions, name="editions"),
    path("beside/<slug:other>/", views.beside, name="beside"),
    path("beside/<slug:other>/links/", link_views.links, name="links"),
    path("beside/<slug:other>/separate/", edition_views.separate, name="separate"),
]

urlpatterns = [path("g/<slug:group>/read/<slug:reading>/", include(reading_urls))]
