"""Writing, answering, editing, withdrawing, over HTTP and as each kind of person."""

import re
import uuid
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions
from readinggroup.discussion.models import DEEPEST, Comment, State
from readinggroup.readings.models import ParagraphActivity

from .. import factories

HTMX = {"HX-Request": "true"}


def paragraph_page(reading, number=4):
    paragraph = factories.version_of(reading, number).paragraph.public_id
    return reverse("discussion:paragraph", args=[reading.group.slug, reading.slug, paragraph])


def post(client, reading, body, *, number=4, key=None, headers=None, **more):
    data = {"body": body, "key": key or uuid.uuid4(), **more}
    return client.post(paragraph_page(reading, number) + "comment/", data, headers=headers or {})


def act(client, comment, name, data=None, headers=None):
    return client.post(reverse(f"discussion:{name}", args=[comment.public_id]), data or {}, headers=headers or {})


def counted(reading, number=4):
    row = ParagraphActivity.objects.filter(
        reading=reading, paragraph=factories.version_of(reading, number).paragraph
    ).first()
    return row.comments if row else 0


def test_a_member_writes_and_is_led_to_the_comment(house, as_user):
    client = as_user(house.member)
    answer = post(client, house.reading, "The *sacks* again.")
    comment = Comment.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("discussion:comment", args=[comment.public_id])
    page = client.get(answer["Location"], follow=True)
    assert page.redirect_chain[-1][0].endswith(f"#c-{comment.public_id}")
    assert "<em>sacks</em>" in page.content.decode()
    assert counted(house.reading) == 1


def test_a_visitor_of_a_public_group_reads_and_does_not_write(house, as_user):
    factories.create_comment(house.reading, house.member, "Seen by all.")
    page = as_user(None).get(paragraph_page(house.reading))
    assert "Seen by all." in page.content.decode()
    assert "<textarea" not in page.content.decode()
    assert post(as_user(None), house.reading, "me too").status_code == 302
    assert post(as_user(house.outsider), house.reading, "me too").status_code == 403
    assert Comment.objects.count() == 1


def test_htmx_gets_the_discussion_alone_and_the_part_stands_in_the_page(house, as_user):
    client = as_user(house.member)
    factories.create_comment(house.reading, house.member, "Once.")
    page, part = client.get(paragraph_page(house.reading)), client.get(paragraph_page(house.reading), headers=HTMX)
    assert "HX-Request" in page["Vary"]
    assert "HX-Request" in part["Vary"]
    assert part.content.decode().startswith('<section class="discussion"')

    def without_tokens(text):
        return re.sub(r'value="[^"]{32,}"', "", text)

    assert without_tokens(part.content.decode().strip()) in without_tokens(page.content.decode())


def test_posting_with_htmx_answers_with_the_discussion_and_where_to_look(house, as_user):
    answer = post(as_user(house.member), house.reading, "By script.", headers=HTMX)
    comment = Comment.objects.get()
    assert answer.status_code == 200
    assert f'data-focus="c-{comment.public_id}"' in answer.content.decode()


def test_sent_again_after_what_it_answers_was_withdrawn_is_the_same_comment(house):
    asked = factories.create_comment(house.reading, house.member)
    words = {"number": 4, "parent": asked, "key": uuid.uuid4()}
    said = factories.create_comment(house.reading, house.other, "Twice.", **words)
    actions.withdraw(comment=asked, by=house.member)
    assert factories.create_comment(house.reading, house.other, "Twice.", **words) == said
    with pytest.raises(actions.AnswerRefused, match=actions.SENT):
        factories.create_comment(house.reading, house.other, "Thrice.", **words)
    with pytest.raises(actions.AnswerRefused, match=actions.GONE):
        factories.create_comment(house.reading, house.other, "Twice.", **words | {"key": uuid.uuid4()})


def test_what_is_posted_is_what_is_stored(house):
    posted = factories.create_comment(house.reading, house.member)
    stored = Comment.objects.get(pk=posted.pk)
    for field in Comment._meta.concrete_fields:
        if field.attname != "search":
            assert getattr(posted, field.attname) == getattr(stored, field.attname), field.attname
    posted.save()
    assert Comment.objects.filter(pk=posted.pk, search="twice").exists()


def test_sent_twice_with_one_key_is_one_comment(house, as_user):
    key = uuid.uuid4()
    client = as_user(house.member)
    first, second = (post(client, house.reading, "Only once.", key=key) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Comment.objects.count() == counted(house.reading) == 1


def test_another_persons_key_is_not_mine(house, as_user):
    key = uuid.uuid4()
    post(as_user(house.member), house.reading, "Mine.", key=key)
    post(as_user(house.other), house.reading, "Mine too.", key=key)
    assert Comment.objects.count() == 2


@pytest.mark.parametrize("body", ["", "   \n ", "x" * 20_001, "a\x00b"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_cannot_be_posted_is_said_and_kept(house, as_user, body, headers):
    answer = post(as_user(house.member), house.reading, body, headers=headers)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Comment.objects.count() == 0
    if len(body) > 100:
        assert body in answer.content.decode()


def test_a_bad_key_is_refused_with_the_words_kept(house, as_user):
    answer = post(as_user(house.member), house.reading, "my words", key="not-a-key")
    assert answer.status_code == 422
    assert "my words" in answer.content.decode()


def test_a_preview_saves_nothing(house, as_user):
    answer = post(as_user(house.member), house.reading, "**bold**", preview="1")
    assert answer.status_code == 200
    assert "<strong>bold</strong>" in answer.content.decode()
    assert "**bold**" in answer.content.decode()
    assert Comment.objects.count() == 0


def test_an_answer_stands_under_what_it_answers(house, as_user):
    asked = factories.create_comment(house.reading, house.member, "Whose sacks?")
    answer = act(as_user(house.other), asked, "answer_comment", {"body": "The miller's.", "key": uuid.uuid4()})
    answered = Comment.objects.get(parent=asked)
    assert answer["Location"] == reverse("discussion:comment", args=[answered.public_id])
    assert (answered.root, answered.depth) == (asked, 1)
    page = as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert page.index("Whose sacks?") < page.index('class="answers"') < page.index("The miller's.")


def test_the_database_refuses_an_answer_at_another_paragraph(house):
    asked = factories.create_comment(house.reading, house.member, number=4)
    version = factories.version_of(house.reading, 5)
    with pytest.raises(IntegrityError, match="an answer stands at the paragraph"), transaction.atomic():
        Comment.objects.create(
            reading=house.reading, paragraph=version.paragraph, version=version, parent=asked, root=asked, depth=1,
            author=house.member, body="lost", body_html="lost",
        )  # fmt: skip


def test_depth_is_limited_and_the_words_are_kept(house, as_user):
    comment = None
    for _ in range(DEEPEST + 1):
        comment = factories.create_comment(house.reading, house.member, "deeper", parent=comment)
    assert comment.depth == DEEPEST
    answer = act(as_user(house.other), comment, "answer_comment", {"body": "one more", "key": uuid.uuid4()})
    assert answer.status_code == 409
    assert "one more" in answer.content.decode()
    assert Comment.objects.count() == DEEPEST + 1


def test_beyond_the_fourth_indent_a_thread_is_continued_on_a_page_of_its_own(house, as_user):
    comment = None
    for number in range(8):
        by = house.member if number % 2 else house.other
        comment = factories.create_comment(house.reading, by, f"level {number}", parent=comment)
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert "level 4" in page
    assert "level 5" not in page
    assert page.count('<ol class="answers">') == 4
    assert page.count("<li>") == page.count("</li>")
    assert page.count("<ol") == page.count("</ol>")
    link = re.search(r'href="([^"]+thread=[^"]+)">Continue this thread: 3 comments<', page)[1]
    thread = as_user(None).get(unescape(link)).text
    assert [number for number in range(8) if f"level {number}<" in thread] == [4, 5, 6, 7]
    assert "The whole discussion" in thread
    # A link to what is deep leads to where it is shown.
    leads = as_user(None).get(reverse("discussion:comment", args=[comment.public_id]), follow=True)
    assert f'id="c-{comment.public_id}"' in leads.text


def test_an_answer_to_what_was_withdrawn_meanwhile_keeps_the_words(house, as_user):
    asked = factories.create_comment(house.reading, house.member)
    act(as_user(house.member), asked, "withdraw_comment")
    answer = act(as_user(house.other), asked, "answer_comment", {"body": "too late", "key": uuid.uuid4()})
    assert answer.status_code == 409
    assert "too late" in answer.content.decode()


def test_a_reworded_comment_says_so_and_the_database_keeps_the_earlier_words(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "First thought.")
    answer = act(as_user(house.member), comment, "edit_comment", {"body": "Second thought.", "wording": 1})
    assert answer.status_code == 302
    comment.refresh_from_db()
    assert (comment.body, comment.wording) == ("Second thought.", 2)
    assert list(comment.wordings.values_list("body", flat=True)) == ["First thought."]
    page = as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert "edited" in page
    assert "First thought." not in page


def test_an_edit_made_elsewhere_meanwhile_is_a_409_with_both_texts(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "As it was.")
    client = as_user(house.member)
    act(client, comment, "edit_comment", {"body": "From the phone.", "wording": 1})
    answer = act(client, comment, "edit_comment", {"body": "From the desk.", "wording": 1})
    assert answer.status_code == 409
    assert "From the phone." in answer.content.decode()
    assert "From the desk." in answer.content.decode()
    assert 'name="wording" value="2"' in answer.content.decode()
    comment.refresh_from_db()
    assert comment.body == "From the phone."


@pytest.mark.parametrize("name", ["edit_comment", "withdraw_comment", "put_back_comment"])
@pytest.mark.parametrize("who", ["other", "moderator", "owner"])
def test_nobody_else_changes_a_comment(house, as_user, name, who):
    comment = factories.create_comment(house.reading, house.member, "Mine.")
    answer = act(as_user(getattr(house, who)), comment, name, {"body": "Theirs.", "wording": 1})
    assert answer.status_code == 404
    comment.refresh_from_db()
    assert (comment.body, comment.state) == ("Mine.", State.VISIBLE)


def test_withdrawn_without_answers_it_is_gone_for_others(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Taken back.")
    act(as_user(house.member), comment, "withdraw_comment")
    assert counted(house.reading) == 0
    for who in (None, house.other, house.moderator):
        page = as_user(who).get(paragraph_page(house.reading)).content.decode()
        assert "Taken back." not in page
        assert comment.public_id not in page
    own = as_user(house.member).get(paragraph_page(house.reading)).content.decode()
    assert "Withdrawn by its author." in own
    assert "Taken back." not in own


def test_withdrawn_with_answers_it_leaves_a_stub_and_can_be_put_back(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Taken back.")
    factories.create_comment(house.reading, house.other, "But I answered.", parent=comment)
    act(as_user(house.member), comment, "withdraw_comment")
    page = as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert "Withdrawn by its author." in page
    assert "But I answered." in page
    assert "Taken back." not in page
    assert counted(house.reading) == 1
    act(as_user(house.member), comment, "put_back_comment")
    assert "Taken back." in as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert counted(house.reading) == 2


def test_a_held_comment_is_for_its_author_and_moderators(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Held words.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD)
    assert counted(house.reading) == 0
    seen = {
        who: "Held words." in as_user(who and getattr(house, who)).get(paragraph_page(house.reading)).content.decode()
        for who in (None, "outsider", "member", "other", "organizer", "moderator", "owner")
    }
    assert [who for who, there in seen.items() if there] == ["member", "moderator", "owner"]
    assert as_user(house.other).get(reverse("discussion:comment", args=[comment.public_id])).status_code == 404


def test_hidden_words_never_leave_the_database(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Hidden canary.")
    factories.create_comment(house.reading, house.other, "An answer below.", parent=comment)
    Comment.objects.filter(pk=comment.pk).update(state=State.HIDDEN)
    for who in (None, house.member, house.other, house.moderator):
        for page in (
            paragraph_page(house.reading),
            reverse("discussion:whole", args=[house.group.slug, house.reading.slug]),
        ):
            text = as_user(who).get(page).content.decode()
            assert "Hidden canary." not in text
            assert "Hidden by the moderators." in text


def test_names_and_words_are_shown_as_text(house, as_user):
    villain = factories.create_member(house.group, '"><script>alert(1)</script>')
    factories.create_comment(
        house.reading, villain, "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![i](http://e/i.png)"
    )
    page = as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "&lt;script&gt;" in page


def test_order_newest_first_and_pages(house, as_user):
    for number in range(23):
        factories.create_comment(house.reading, house.member, f"remark {number:02}")
    page = as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert "remark 00" in page
    assert "remark 20" not in page
    assert page.index("remark 00") < page.index("remark 19")
    second = as_user(None).get(paragraph_page(house.reading) + "?page=2").content.decode()
    assert "remark 22" in second
    assert "remark 19" not in second
    newest = as_user(None).get(paragraph_page(house.reading) + "?order=newest").content.decode()
    assert newest.index("remark 22") < newest.index("remark 10")
    last = Comment.objects.get(body="remark 22")
    permalink = as_user(None).get(reverse("discussion:comment", args=[last.public_id]))
    assert permalink["Location"].endswith(f"?page=2#c-{last.public_id}")


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "²", "1;drop"])
def test_a_page_that_is_none_is_not_there(house, as_user, page):
    assert as_user(None).get(paragraph_page(house.reading) + f"?page={page}").status_code == 404


def test_one_comment_or_three_cost_the_same_queries(house, as_user):
    client, page = as_user(house.member), paragraph_page(house.reading)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    first = factories.create_comment(house.reading, house.member)
    queries()
    assert queries() <= 3  # while it is kept: who asks, how it stands, how people are called
    Comment.objects.update(body="Made anew.")
    one = queries()
    factories.create_comment(house.reading, house.other, parent=first)
    factories.create_comment(house.reading, house.moderator)
    assert queries() == one <= 13


def test_the_whole_reading_with_its_discussion(house, as_user):
    factories.create_comment(house.reading, house.member, "About the fourth.", number=4)
    factories.create_comment(house.reading, house.other, "About the fifth.", number=5)
    page = as_user(None).get(reverse("discussion:whole", args=[house.group.slug, house.reading.slug])).content.decode()
    assert page.index("About the fourth.") < page.index("About the fifth.")
    assert "<textarea" not in page
