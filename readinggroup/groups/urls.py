"""Addresses about groups: founding, settling, who belongs, coming in and going out."""

from django.urls import include, path

from . import ending, rules, views

app_name = "groups"

# /g/<group>/
group_urls = [
    path("settings/", views.settle_group, name="settle_group"),
    path("who-may/", views.who_may, name="who_may"),
    path("rules/", rules.rules, name="rules"),
    path("rules/<int:number>/", rules.rules, name="rules_version"),
    path("rules/history/", rules.rules_history, name="rules_history"),
    path("rules/edit/", rules.edit_rules, name="edit_rules"),
    path("archive/", ending.archive_group, name="archive_group"),
    path("hand-over/", ending.hand_over, name="hand_over"),
    path("hand-over/answer/", ending.answer_handover, name="answer_handover"),
    path("delete/", ending.delete_group, name="delete_group"),
    path("members/", views.members, name="members"),
    path("members/<slug:member>/", views.member, name="member"),
    path("invitations/new/", views.invite, name="invite"),
    path("invitations/<int:invitation>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("ask/", views.ask_to_join, name="ask_to_join"),
    path("requests/<int:join_request>/", views.answer_join_request, name="answer_join_request"),
    path("leave/", views.leave, name="leave"),
]

urlpatterns = [
    path("groups/new/", views.found_group, name="found_group"),
    path("join/<str:token>/", views.join, name="join"),
    path("g/<slug:group>/", include(group_urls)),
]
