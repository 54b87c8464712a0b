"""Addresses of what came of ballots and proposals; part of those of `proposals`."""

from django.urls import include, path

from . import bringing_views, result_views

# /g/<group>/ballots/<ballot>/result/
result_urls = [
    path("", result_views.result, name="result"),
    path("papers/", result_views.papers, name="papers"),
    path("recount/", result_views.recount_script, name="recount_script"),
]

urlpatterns = [
    path("g/<slug:group>/ballots/<slug:ballot>/result/", include(result_urls)),
    path("g/<slug:group>/proposals/<slug:proposal>/bring/", bringing_views.bring_text, name="bring_text"),
]
