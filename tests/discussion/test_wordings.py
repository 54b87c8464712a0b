"""The wordings of a comment: what was changed, who sees which, and what happens to two edits at once."""

import re
from html import unescape

import pytest
from django.db import transaction
from django.urls import reverse

from readinggroup.discussion import actions, moderating
from readinggroup.discussion.models import Comment, State
from readinggroup.discussion.wordings import A_PAGE

from .. import factories
from .test_comments import act, paragraph_page
from .test_races import at_once


def reworded(comment, *bodies):
    for body in bodies:
        comment = actions.reword(comment=comment, body=body, wording=comment.wording, by=comment.author)
    return comment


def address(comment):
    return reverse("discussion:wordings", args=[comment.public_id])


def words_on(answer):
    """The text of the page, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", answer.content.decode())).split())


@pytest.fixture
def thrice(house):
    """A comment of Mara's in three wordings."""
    comment = factories.create_comment(house.reading, house.member, "A ledger of sacks.")
    return reworded(comment, "A song of sacks.", "A song of sacks. And a bell.")


def test_every_wording_newest_first_with_what_it_changed(house, as_user, thrice):
    page = as_user(None).get(address(thrice)).content.decode()
    assert page.index("As it stands") < page.index("Wording 2") < page.index("Wording 1")
    assert re.search(r"<ins>.*added:.*And a bell\.</ins>", page)
    assert re.search(r"<del>.*taken out:.*ledger </del><ins>.*added:.*song </ins>", page)
    assert "A ledger of sacks." in page


def test_edited_leads_to_the_wordings(house, as_user, thrice):
    once = factories.create_comment(house.reading, house.member, "Never changed.")
    page = as_user(None).get(paragraph_page(house.reading)).content.decode()
    assert f'class="edited" href="{address(thrice)}"' in page
    assert f'href="{address(once)}"' not in page
    assert "As it stands" in as_user(None).get(address(once)).content.decode()


def test_times_are_told_in_the_readers_zone(house, as_user, thrice):
    house.other.time_zone = "Asia/Tokyo"
    house.other.save()
    Comment.objects.filter(pk=thrice.pk).update(created_at="2026-01-31T20:00:00Z")
    page = as_user(house.other).get(address(thrice)).content.decode()
    assert "2026-02-01T05:00:00+09:00" in page


def test_words_are_shown_as_text(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "<script>alert(1)</script> one")
    reworded(comment, "<script>alert(1)</script> <img src=x onerror=alert(2)>")
    page = as_user(None).get(address(comment)).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page


# --- Who sees what ----------------------------------------------------------------------------------------------------


def test_the_author_takes_earlier_wordings_back_and_shows_them_again(house, as_user, thrice):
    author = as_user(house.member)
    asked = author.get(reverse("discussion:take_back_wordings", args=[thrice.public_id]))
    assert "Others will see only how your comment stands now" in asked.content.decode()
    thrice.refresh_from_db()
    assert thrice.oldest_shown == 1
    act(author, thrice, "take_back_wordings")
    for who in (None, house.outsider, house.other, house.organizer):
        told = words_on(as_user(who).get(address(thrice)))
        assert "2 earlier wordings were taken back by the author" in told
        assert "ledger" not in told
        assert "added:" not in told  # the difference would tell the wording before
        assert "A song of sacks. And a bell." in told
    for who in (house.member, house.moderator, house.owner):
        told = words_on(as_user(who).get(address(thrice)))
        assert "A ledger of sacks." in told
        assert "taken back" in told
    act(author, thrice, "show_wordings")
    assert "A ledger of sacks." in words_on(as_user(None).get(address(thrice)))


def test_what_is_changed_later_is_shown_with_its_difference(house, as_user, thrice):
    act(as_user(house.member), thrice, "take_back_wordings")
    thrice.refresh_from_db()
    reworded(thrice, "A song of sacks. And a drum.")
    told = words_on(as_user(house.other).get(address(thrice)))
    assert "drum" in told
    assert "bell" in told
    assert "ledger" not in told
    assert "2 earlier wordings were taken back" in told


@pytest.mark.parametrize("query", ["version=1", "wording=1", "number=1", "page=1", "oldest=1", "revision=1&version=1"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_no_parameter_opens_a_wording_that_was_taken_back(house, as_user, thrice, query, headers):
    """As in CVE-2026-27454, where `?version=` showed a revision that had been hidden."""
    act(as_user(house.member), thrice, "take_back_wordings")
    for who in (None, house.other, house.organizer):
        for page in (address(thrice), reverse("discussion:comment", args=[thrice.public_id])):
            assert "ledger" not in as_user(who).get(f"{page}?{query}", headers=headers, follow=True).text
    assert as_user(house.other).get(f"{address(thrice)}?page=2").status_code == 404


def test_taking_back_waits_for_nothing_and_is_the_authors_alone(house, as_user, thrice):
    for name in ("take_back_wordings", "show_wordings"):
        for who in (house.other, house.moderator, house.owner):
            assert act(as_user(who), thrice, name).status_code == 404
        assert act(as_user(house.outsider), thrice, name).status_code == 403
    thrice.refresh_from_db()
    assert thrice.oldest_shown == 1
    Comment.objects.filter(pk=thrice.pk).update(state=State.HIDDEN)
    assert act(as_user(house.member), thrice, "take_back_wordings").status_code == 404


def test_wordings_of_what_is_held_hidden_or_withdrawn(house, as_user, thrice):
    factories.create_comment(house.reading, house.other, "An answer, so that a stub stands.", parent=thrice)
    everyone = (None, "outsider", "member", "other", "organizer", "moderator", "owner")

    def who_sees():
        seen = []
        for who in everyone:
            answer = as_user(who and getattr(house, who)).get(address(thrice))
            assert answer.status_code in {200, 404}
            if answer.status_code == 200:
                assert "A ledger of sacks." in words_on(answer)
                seen.append(who)
        return seen

    assert who_sees() == list(everyone)
    Comment.objects.filter(pk=thrice.pk).update(state=State.HELD)
    assert who_sees() == ["member", "moderator", "owner"]
    Comment.objects.filter(pk=thrice.pk).update(state=State.HIDDEN)
    assert who_sees() == ["moderator", "owner"]
    Comment.objects.filter(pk=thrice.pk).update(state=State.VISIBLE)
    actions.withdraw(comment=thrice, by=house.member)
    assert who_sees() == []


def test_moderators_come_from_the_stub_to_the_words_others_do_not(house, as_user, thrice):
    factories.create_comment(house.reading, house.other, "An answer.", parent=thrice)
    Comment.objects.filter(pk=thrice.pk).update(state=State.HIDDEN)
    leads = {
        who: f'href="{address(thrice)}"' in as_user(getattr(house, who)).get(paragraph_page(house.reading)).text
        for who in ("member", "other", "organizer", "moderator", "owner")
    }
    assert [who for who, there in leads.items() if there] == ["moderator", "owner"]


def test_behind_closed_doors_nobody_learns_of_them(closed_house, as_user):
    comment = reworded(factories.create_comment(closed_house.reading, closed_house.member, "First."), "Second.")
    for who in (None, closed_house.outsider):
        assert as_user(who).get(address(comment)).status_code == 404
    assert as_user(closed_house.other).get(address(comment)).status_code == 200


# --- Many wordings ----------------------------------------------------------------------------------------------------


def test_many_wordings_come_in_pages_and_each_is_compared_with_the_one_before(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "word 1")
    reworded(comment, *[f"word {number}" for number in range(2, A_PAGE + 3)])
    first, second = (as_user(None).get(f"{address(comment)}?page={page}").text for page in (1, 2))
    assert first.count("<ins>") == A_PAGE
    assert second.count("<ins>") == 1
    assert "shown whole" not in first
    assert "shown whole" in second
    for page in ("0", "3", "x", "²", "9" * 30):
        assert as_user(None).get(f"{address(comment)}?page={page}").status_code == 404


def test_one_wording_or_many_cost_the_same_queries(house, as_user, django_assert_max_num_queries):
    comment = factories.create_comment(house.reading, house.member, "one")
    client = as_user(house.other)
    client.get(address(comment))
    comment = reworded(comment, "two")
    with django_assert_max_num_queries(30) as two:
        client.get(address(comment))
    reworded(comment, "three", "four")
    with django_assert_max_num_queries(len(two)):
        client.get(address(comment))


# --- Two edits at once ------------------------------------------------------------------------------------------------


def test_a_conflict_shows_word_by_word_what_sending_again_would_change(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "As it was.")
    client = as_user(house.member)
    act(client, comment, "edit_comment", {"body": "From the phone it came.", "wording": 1})
    answer = act(client, comment, "edit_comment", {"body": "From the <desk> it came.", "wording": 1})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert re.search(r"<del>.*phone </del><ins>.*&lt;desk&gt; </ins>", page)
    assert "From the &lt;desk&gt; it came.</textarea>" in page
    again = act(client, comment, "edit_comment", {"body": "From the <desk> it came.", "wording": 2})
    assert again.status_code == 302
    comment.refresh_from_db()
    assert (comment.body, comment.wording) == ("From the <desk> it came.", 3)


@pytest.mark.django_db(transaction=True)
def test_of_edits_in_many_tabs_at_once_one_stands_and_the_others_are_told_and_keep_their_words(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "As it was.")
    clients = [as_user(house.member) for _ in range(8)]
    where = reverse("discussion:edit_comment", args=[comment.public_id])

    def send(client, number):
        return lambda: client.post(where, {"body": f"From tab {number}.", "wording": 1})

    answers = at_once(*(send(client, number) for number, client in enumerate(clients)))
    comment.refresh_from_db()
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 7
    assert comment.wording == 2
    for number, answer in enumerate(answers):
        if answer.status_code == 409:
            page = answer.content.decode()
            assert f"From tab {number}.</textarea>" in page
            assert re.sub(r"\D", "", comment.body) + "." in page
    assert [row.body for row in comment.wordings.all()] == ["As it was."]


@pytest.mark.django_db(transaction=True)
def test_without_the_number_of_the_wording_edits_would_overwrite_one_another(house):
    """The control: each tab writes what it has, as if nobody else did."""
    comment = factories.create_comment(house.reading, house.member, "As it was.")

    def write(number):
        return lambda: Comment.objects.filter(pk=comment.pk).update(body=f"From tab {number}.")

    at_once(*(write(number) for number in range(8)))
    assert comment.wordings.count() == 8  # seven were overwritten unseen


def test_a_held_comment_is_edited_by_its_author_and_stays_held(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Held words.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD)
    assert act(as_user(house.member), comment, "edit_comment", {"body": "Better.", "wording": 1}).status_code == 302
    comment.refresh_from_db()
    assert (comment.body, comment.state) == ("Better.", State.HELD)


# --- What was held or hidden ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.HELD, State.HIDDEN])
def test_words_that_were_held_or_hidden_are_not_read_in_the_history_once_others_are_shown(house, as_user, state):
    comment = factories.create_comment(house.reading, house.member, "The canary.")
    Comment.objects.filter(pk=comment.pk).update(state=state)
    actions.reword(comment=comment, body="Quite harmless.", wording=1, by=house.member, hands_in=True)
    with transaction.atomic():
        moderating.approve(comment=Comment.objects.select_for_update().get(pk=comment.pk))
    page, again = (reverse(f"discussion:{name}", args=[comment.public_id]) for name in ("wordings", "show_wordings"))
    assert "canary" not in as_user(house.other).get(page).text
    assert "held or hidden" in as_user(house.other).get(page).text
    for who in (house.member, house.moderator):
        assert "canary" in as_user(who).get(page).text
    assert again not in as_user(house.member).get(page).text
    as_user(house.member).post(again)
    assert "canary" not in as_user(house.other).get(page).text
    # What comes after is the author's to show or not, as ever.
    actions.reword(comment=comment, body="Harmless, I say.", wording=2, by=house.member)
    assert "Quite" in as_user(house.other).get(page).text
