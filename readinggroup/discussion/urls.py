"""Addresses of paragraphs under discussion, and of comments."""

from django.urls import include, path

from . import leaving, pulse, seen, views

app_name = "discussion"

# /g/<group>/read/<reading>/p/<paragraph>/
paragraph_urls = [
    path("", views.paragraph, name="paragraph"),
    path("comment/", views.post_comment, name="post_comment"),
    path("seen/", seen.mark_seen, name="mark_seen"),
]

# /c/<comment>/
comment_urls = [
    path("", views.comment, name="comment"),
    path("answer/", views.answer_comment, name="answer_comment"),
    path("edit/", views.edit_comment, name="edit_comment"),
    path("withdraw/", views.withdraw_comment, name="withdraw_comment"),
    path("put_back/", views.put_back_comment, name="put_back_comment"),
]

urlpatterns = [
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
