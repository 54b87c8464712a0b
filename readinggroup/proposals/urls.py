"""Addresses of a group's proposals; those of its ballots stand in files of their own."""

from django.urls import include, path

from . import answer_views, ballot_urls, co_proposing_views, result_urls, views, writing_views

app_name = "proposals"

# /g/<group>/proposals/<proposal>/
proposal_urls = [
    path("", views.proposal, name="proposal"),
    path("support/", views.support_proposal, name="support_proposal"),
    path("wordings/", views.proposal_wordings, name="proposal_wordings"),
    path("text/", views.proposal_text, name="proposal_text"),
    path("change/", writing_views.change_proposal, name="change_proposal"),
    path("publish/", writing_views.publish_proposal, name="publish_proposal"),
    path("discard/", writing_views.discard_proposal, name="discard_proposal"),
    path("withdraw/", writing_views.withdraw_proposal, name="withdraw_proposal"),
    path("bring-back/", writing_views.bring_proposal_back, name="bring_proposal_back"),
    path("with/", co_proposing_views.propose_with, name="propose_with"),
    path("with/answer/", co_proposing_views.answer_propose_with, name="answer_propose_with"),
    path("answer/", answer_views.answer_proposal, name="answer_proposal"),
]

# /g/<group>/proposals/
list_urls = [
    path("", views.proposals, name="proposals"),
    path("new/", writing_views.propose, name="propose"),
    path("alike/", writing_views.alike, name="alike"),
    path("settings/", answer_views.settle_proposals, name="settle_proposals"),
    path("<slug:proposal>/", include(proposal_urls)),
]

urlpatterns = [
    path("", include(result_urls)),
    path("", include(ballot_urls)),
    path("g/<slug:group>/proposals/", include(list_urls)),
]
