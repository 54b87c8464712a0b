"""Addresses of paragraphs under discussion, and of comments."""

from django.urls import include, path

from . import draft_views, leaving, mentions, pulse, seen, views

app_name = "discussion"

# /g/<group>/read/<reading>/p/<paragraph>/
paragraph_urls = [
    path("", views.paragraph, name="paragraph"),
    path("comment/", views.post_comment, name="post_comment"),
    path("comment/draft/", draft_views.draft_comment, name="draft_comment"),
    path("seen/", seen.mark_seen, name="mark_seen"),
]

# /c/<comment>/
comment_urls = [
    path("", views.comment, name="comment"),
    path("answer/", views.answer_comment, name="answer_comment"),
    path("answer/draft/", draft_views.draft_answer, name="draft_answer"),
    path("edit/", views.edit_comment, name="edit_comment"),
    path("edit/draft/", draft_views.draft_edit, name="draft_edit"),
    path("withdraw/", views.withdraw_comment, name="withdraw_comment"),
    path("put_back/", views.put_back_comment, name="put_back_comment"),
]

urlpatterns = [
    path("me/drafts/", draft_views.my_drafts, name="my_drafts"),
    path("me/drafts/<slug:draft>/delete/", draft_views.delete_draft, name="delete_draft"),
    path("me/drafts/<slug:draft>/move/", draft_views.move_draft, name="move_draft"),
    path("g/<slug:group>/suggest-members/", mentions.suggest_members, name="suggest_members"),
    path("g/<slug:group>/members/<slug:member>/contributions/", leaving.contributions, name="contributions"),
    path("g/<slug:group>/leave/", leaving.leave, name="leave"),
    path("g/<slug:group>/left/", leaving.left, name="left"),
    path("g/<slug:group>/read/<slug:reading>/whole/", views.whole, name="whole"),
    path("g/<slug:group>/read/<slug:reading>/seen/", seen.mark_all_seen, name="mark_all_seen"),
    path("g/<slug:group>/read/<slug:reading>/unread/next/", seen.next_unread, name="next_unread"),
    path("g/<slug:group>/read/<slug:reading>/pulse/", pulse.pulse, name="pulse"),
    path("g/<slug:group>/read/<slug:reading>/p/<slug:paragraph>/", include(paragraph_urls)),
    path("c/<slug:comment>/", include(comment_urls)),
]
