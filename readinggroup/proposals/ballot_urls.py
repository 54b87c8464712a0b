"""Addresses of a group's ballots; `urls.py` includes them."""

from django.urls import include, path

from . import ballot_views, voting_views

# /g/<group>/ballots/<ballot>/
ballot_urls = [
    path("", ballot_views.ballot, name="ballot"),
    path("change/", ballot_views.change_ballot, name="change_ballot"),
    path("announce/", ballot_views.announce_ballot, name="announce_ballot"),
    path("open/", ballot_views.open_ballot, name="open_ballot"),
    path("discard/", ballot_views.discard_ballot, name="discard_ballot"),
    path("void/", ballot_views.void_ballot, name="void_ballot"),
    path("vote/", voting_views.vote, name="vote"),
    path("voted/", voting_views.voted, name="voted"),
]

# /g/<group>/ballots/; an id of a ballot has ten characters, and no digit 0 or 1
urlpatterns = [
    path("g/<slug:group>/ballots/", ballot_views.ballots, name="ballots"),
    path("g/<slug:group>/ballots/new/", ballot_views.new_ballot, name="new_ballot"),
    path("g/<slug:group>/ballots/<slug:ballot>/", include(ballot_urls)),
]
