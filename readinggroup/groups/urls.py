"""Addresses about groups: founding, settling, who belongs, coming in and going out."""

from django.urls import include, path

from . import ending, letter_views, mail_views, members_views, review_views, rules, views

app_name = "groups"

# /g/<group>/members/<member>/
member_urls = [
    path("", members_views.member, name="member"),
    path("roles/", members_views.hand_out_roles, name="hand_out_roles"),
]

# /g/<group>/invitations/
invitation_urls = [
    path("new/", views.invite, name="invite"),
    path("<int:invitation>/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("<int:invitation>/regenerate/", views.regenerate_invitation, name="regenerate_invitation"),
    path("mail/", mail_views.invite_by_email, name="invite_by_email"),
    path("mail/<slug:invitation>/again/", mail_views.send_email_invitation_again, name="send_email_invitation_again"),
    path("mail/<slug:invitation>/revoke/", mail_views.take_back_email_invitation, name="take_back_email_invitation"),
]

# /g/<group>/rules/reviews/
review_urls = [
    path("", review_views.rules_reviews, name="rules_reviews"),
    path("ask/", review_views.ask_rules_review, name="ask_rules_review"),
    path("<int:review>/", review_views.rules_review, name="rules_review"),
    path("<int:review>/support/", review_views.support_rules_review, name="support_rules_review"),
    path("<int:review>/take-back/", review_views.take_rules_review_back, name="take_rules_review_back"),
    path("<int:review>/answer/", review_views.answer_rules_review, name="answer_rules_review"),
]

# /g/<group>/
group_urls = [
    path("settings/", views.settle_group, name="settle_group"),
    path("who-may/", views.who_may, name="who_may"),
    path("rules/", rules.rules, name="rules"),
    path("rules/<int:number>/", rules.rules, name="rules_version"),
    path("rules/history/", rules.rules_history, name="rules_history"),
    path("rules/edit/", rules.edit_rules, name="edit_rules"),
    path("rules/reviews/", include(review_urls)),
    path("archive/", ending.archive_group, name="archive_group"),
    path("hand-over/", ending.hand_over, name="hand_over"),
    path("hand-over/answer/", ending.answer_handover, name="answer_handover"),
    path("delete/", ending.delete_group, name="delete_group"),
    path("letter/", letter_views.write_letter, name="write_letter"),
    path("letters/", letter_views.letters, name="letters"),
    path("letters/<int:letter>/", letter_views.letter, name="letter"),
    path("welcome/", views.put_welcome_away, name="put_welcome_away"),
    path("members/", members_views.members, name="members"),
    path("members/<slug:member>/", include(member_urls)),
    path("name/", members_views.name_here, name="name_here"),
    path("invitations/", include(invitation_urls)),
    path("ask/", views.ask_to_join, name="ask_to_join"),
    path("requests/<int:join_request>/", views.answer_join_request, name="answer_join_request"),
]

urlpatterns = [
    path("groups/new/", views.found_group, name="found_group"),
    path("me/groups/", views.my_groups, name="my_groups"),
    path("join/<str:token>/", views.join, name="join"),
    path("g/<slug:group>/", include(group_urls)),
]
