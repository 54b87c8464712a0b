"""Addresses of paragraphs under discussion, and of comments."""

from django.urls import include, path

from . import (
    contributions,
    draft_views,
    following,
    leaving,
    mentions,
    muting_views,
    pulse,
    question_views,
    reaction_views,
    restriction_views,
    saving,
    searching,
    seen,
    views,
    wordings,
    written_about,
)

app_name = "discussion"

# /g/<group>/read/<reading>/p/<paragraph>/
paragraph_urls = [
    path("", views.paragraph, name="paragraph"),
    path("comment/", views.post_comment, name="post_comment"),
    path("comment/draft/", draft_views.draft_comment, name="draft_comment"),
    path("follow/", following.follow_paragraph, name="follow_paragraph"),
    path("look-first/", restriction_views.look_first_at_paragraph, name="look_first_at_paragraph"),
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
    path("wordings/", wordings.wordings, name="wordings"),
    path("wordings/take_back/", wordings.take_back_wordings, name="take_back_wordings"),
    path("wordings/show/", wordings.show_wordings, name="show_wordings"),
    path("words/", written_about.words_written_about, name="words_written_about"),
    path("reactions/", reaction_views.reactions, name="reactions"),
    path("question/", question_views.question, name="question"),
    path("follow/", following.follow_thread, name="follow_thread"),
    path("slow/", restriction_views.slow_thread, name="slow_thread"),
    path("mute/", muting_views.mute_person, name="mute_person"),
]

urlpatterns = [
    path("me/drafts/", draft_views.my_drafts, name="my_drafts"),
    path("me/drafts/<slug:draft>/delete/", draft_views.delete_draft, name="delete_draft"),
    path("me/drafts/<slug:draft>/move/", draft_views.move_draft, name="move_draft"),
    path("g/<slug:group>/suggest-members/", mentions.suggest_members, name="suggest_members"),
    path("me/muted/", muting_views.my_muted, name="my_muted"),
    path("me/contributions/", contributions.my_contributions, name="my_contributions"),
    path("g/<slug:group>/members/<slug:member>/contributions/", contributions.contributions, name="contributions"),
    path("g/<slug:group>/search/", searching.search, name="search"),
    path("g/<slug:group>/leave/", leaving.leave, name="leave"),
    path("g/<slug:group>/left/", leaving.left, name="left"),
    path("g/<slug:group>/read/<slug:reading>/whole/", views.whole, name="whole"),
    path("g/<slug:group>/read/<slug:reading>/whole/save/", saving.save_whole, name="save_whole"),
    path("g/<slug:group>/read/<slug:reading>/questions/", question_views.questions, name="questions"),
    path("g/<slug:group>/read/<slug:reading>/follow/", following.follow_reading, name="follow_reading"),
    path(
        "g/<slug:group>/read/<slug:reading>/look-first/",
        restriction_views.look_first_in_reading,
        name="look_first_in_reading",
    ),
    path("g/<slug:group>/read/<slug:reading>/seen/", seen.mark_all_seen, name="mark_all_seen"),
    path("g/<slug:group>/read/<slug:reading>/unread/next/", seen.next_unread, name="next_unread"),
    path("g/<slug:group>/read/<slug:reading>/pulse/", pulse.pulse, name="pulse"),
    path("g/<slug:group>/read/<slug:reading>/p/<slug:paragraph>/", include(paragraph_urls)),
    path("c/<slug:comment>/", include(comment_urls)),
]
