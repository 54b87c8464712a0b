"""Drafts: kept for their author alone, never overwritten unseen, let go only when the words are sent."""

import uuid
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions, drafts
from readinggroup.discussion.models import DEEPEST, Comment, Draft, State
from readinggroup.groups import actions as groups_actions
from readinggroup.groups.models import Group
from readinggroup.readings.models import Reading

from .. import factories
from .test_races import SOON, at_once

HTMX = {"HX-Request": "true"}


def comment_address(reading, number=4):
    paragraph = factories.version_of(reading, number).paragraph.public_id
    return reverse("discussion:post_comment", args=[reading.group.slug, reading.slug, paragraph])


def page_of(reading, number=4):
    return comment_address(reading, number).removesuffix("comment/")


def of(comment, act):
    return reverse(f"discussion:{act}_comment", args=[comment.public_id])


def save(client, address, body, sequence=0, **more):
    """As the script saves."""
    more.pop("plain", None)
    return client.post(f"{address}draft/", {"body": body, "sequence": sequence, **more}, headers=HTMX)


def sequence_in(answer):
    return int(answer.text.split('data-sequence="')[1].split('"')[0])


# --- Saving ---------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_and_stands_in_the_box_on_another_device(house, as_user):
    here, there = as_user(house.member), as_user(house.member)
    answer = save(here, comment_address(house.reading), "Half a thou ", quote=["one", "two"])
    assert answer.status_code == 200
    assert sequence_in(answer) == 1
    page = there.get(page_of(house.reading)).text
    assert "Half a thou </textarea>" in page
    assert 'name="sequence" value="1"' in page
    draft = Draft.objects.get()
    assert (draft.author, draft.body, draft.quotes) == (house.member, "Half a thou ", ["one", "two"])
    assert "Half a thou" not in there.get(page_of(house.reading, 5)).text


def test_answers_and_edits_have_drafts_of_their_own(house, as_user):
    asked = factories.create_comment(house.reading, house.other, "Who counted?")
    mine = factories.create_comment(house.reading, house.member, "The ferry left.")
    client = as_user(house.member)
    save(client, comment_address(house.reading), "Something new")
    save(client, of(asked, "answer"), "Nobody, it see")
    save(client, of(mine, "edit"), "The ferry left la", wording=1)
    assert "Nobody, it see</textarea>" in client.get(of(asked, "answer"), headers=HTMX).text
    edit = client.get(of(mine, "edit"), headers=HTMX).text
    assert "The ferry left la</textarea>" in edit
    assert 'name="wording" value="1"' in edit
    page = client.get(page_of(house.reading)).text
    assert "Something new</textarea>" in page
    assert "an answer to <bdi>Milo</bdi>" in page  # the box that is closed says that there is something in it
    assert "another wording of your comment" in page
    assert Draft.objects.count() == 3


def test_each_saving_raises_the_sequence_and_an_older_one_overwrites_nothing(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    assert sequence_in(save(client, address, "One.")) == 1
    assert sequence_in(save(client, address, "One. Two.", 1)) == 2
    stale = save(client, address, "One. Other.", 1)
    assert stale.status_code == 409
    assert sequence_in(stale) == 2
    assert "One. Two.</textarea>" in stale.text
    assert Draft.objects.get().body == "One. Two."
    assert sequence_in(save(client, address, "One. Other.", 2)) == 3  # chosen by the writer
    assert Draft.objects.get().body == "One. Other."


def test_a_tab_that_knows_of_no_draft_overwrites_none(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "Written in the first tab.")
    stale = save(client, address, "Written in the second.")
    assert stale.status_code == 409
    assert "Written in the first tab." in stale.text
    assert Draft.objects.get().body == "Written in the first tab."


def test_the_same_words_saved_twice_are_saved(house, as_user):
    """The answer was lost on its way: the script saves again, with the sequence that it still has."""
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "One.")
    save(client, address, "One. Two.", 1)
    again = save(client, address, "One. Two.", 1)
    assert again.status_code == 200
    assert sequence_in(again) == 2


@pytest.mark.parametrize("body", ["", " \n "])
def test_without_words_and_quotes_the_draft_goes(house, as_user, body):
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "One.")
    assert save(client, address, body, 0).status_code == 409  # an old tab, emptied, deletes nothing
    assert sequence_in(save(client, address, body, 1, quote=["a passage"])) == 2
    assert Draft.objects.get().quotes == ["a passage"]
    assert sequence_in(save(client, address, body, 2)) == 0
    assert not Draft.objects.exists()
    assert sequence_in(save(client, address, body, 2)) == 0


def test_a_draft_deleted_elsewhere_is_kept_anew_by_the_tab_that_goes_on(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "One.")
    Draft.objects.all().delete()
    assert sequence_in(save(client, address, "One. Two.", 1)) == 2
    assert Draft.objects.get().body == "One. Two."


def test_without_scripts_a_button_keeps_it_and_leads_back_to_the_box(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    assert f'formaction="{address}draft/"' in client.get(page_of(house.reading)).text
    answer = client.post(f"{address}draft/", {"body": "By hand.", "sequence": 0, "draft": 1, "key": uuid.uuid4()})
    assert (answer.status_code, answer["Location"]) == (302, f"{page_of(house.reading)}#composer")
    assert "By hand.</textarea>" in client.get(page_of(house.reading)).text
    asked = factories.create_comment(house.reading, house.other)
    answer = client.post(f"{of(asked, 'answer')}draft/", {"body": "An answer by hand.", "sequence": 0})
    assert "An answer by hand.</textarea>" in client.get(answer["Location"]).text


def test_without_scripts_two_tabs_are_shown_both_texts(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "Written in the first tab.")
    answer = client.post(f"{address}draft/", {"body": "Written in the second.", "sequence": 0, "quote": ["q"]})
    assert answer.status_code == 409
    assert "Written in the first tab." in answer.text
    assert "Written in the second." in answer.text
    assert 'name="sequence" value="1"' in answer.text  # sending this page replaces the other
    assert 'name="quote" value="q"' in answer.text


# --- Bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"body": "x" * 20_001},
        {"body": "nul \x00"},
        {"body": "fine", "quote": ["nul \x00"]},
        {"body": "fine", "quote": ["q"] * 21},
        {"body": "fine", "quote": ["q" * 100_001]},
        {"body": "fine", "sequence": "many"},
        {"body": "fine", "sequence": -1},
        {"body": "fine", "sequence": 2**31},
        {"body": "fine", "sequence": "9" * 400},
        {"body": "fine", "key": "no key"},
        {"body": "fine", "wording": "<b>"},
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_bad_input_is_refused_with_a_sentence_and_the_words(house, as_user, bad, headers):
    client = as_user(house.member)
    answer = client.post(f"{comment_address(house.reading)}draft/", {"sequence": 0} | bad, headers=headers)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    if not headers and "fine" in bad["body"]:
        assert "fine</textarea>" in answer.text
    assert not Draft.objects.exists()


def test_hostile_words_are_shown_as_they_were_typed(house, as_user):
    client = as_user(house.member)
    hostile = "</textarea><script>alert(1)</script>\"'&amp;"
    save(client, comment_address(house.reading), hostile, quote=['"><img src=x onerror=alert(1)>'])
    for page in (page_of(house.reading), reverse("discussion:my_drafts")):
        told = client.get(page).text
        assert "<script>alert" not in told
        assert "<img src=x" not in told
        assert "&lt;/textarea&gt;&lt;script&gt;" in told


def test_the_database_holds_neither_too_long_words_nor_too_long_quotes(house):
    place = {"author": house.member, "reading": house.reading}
    paragraph = factories.version_of(house.reading).paragraph
    for extra in ({"body": "x" * 20_001}, {"quotes": ["x" * 250_000]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Draft.objects.create(paragraph=paragraph, **place, **extra)


def test_row_46_there_are_at_most_so_many_drafts_a_person(house, as_user, monkeypatch):
    """Row 46: unlimited drafts."""
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 2)
    client = as_user(house.member)
    for number in (4, 5):
        assert save(client, comment_address(house.reading, number), "Begun.").status_code == 200
    full = save(client, comment_address(house.reading, 6), "One too many.")
    assert full.status_code == 422
    assert "2 drafts" in full.text
    plain = client.post(f"{comment_address(house.reading, 6)}draft/", {"body": "One too many.", "sequence": 0})
    assert plain.status_code == 422
    assert "One too many.</textarea>" in plain.text
    assert save(client, comment_address(house.reading, 5), "Gone on with.", 1).status_code == 200
    assert save(as_user(house.other), comment_address(house.reading, 6), "Somebody else's.").status_code == 200
    client.post(reverse("discussion:delete_draft", args=[Draft.objects.filter(author=house.member).first().public_id]))
    assert save(client, comment_address(house.reading, 6), "One too many.").status_code == 200


# --- Letting go -----------------------------------------------------------------------------------------------------


def send(client, address, body, sequence, **more):
    return client.post(address, {"body": body, "sequence": sequence, "key": uuid.uuid4(), **more})


def test_what_is_sent_is_no_draft_any_more(house, as_user):
    asked = factories.create_comment(house.reading, house.other)
    mine = factories.create_comment(house.reading, house.member, "The ferry left.")
    client = as_user(house.member)
    for address, more in (
        (comment_address(house.reading), {}),
        (of(asked, "answer"), {}),
        (of(mine, "edit"), {"wording": 1}),
    ):
        body = f"Sent to {address}"
        save(client, address, "Sent", **more)
        assert send(client, address, body, 1, **more).status_code == 302
        assert not Draft.objects.exists()
        assert Comment.objects.filter(body=body).exists()


def test_a_preview_or_a_refused_form_lets_nothing_go(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "Not yet.")
    for more in ({"preview": 1}, {"body": ""}, {"key": "no key"}):
        send(client, address, **{"body": "Not yet.", "sequence": 1} | more)
        assert Draft.objects.get().body == "Not yet."


def test_a_post_that_fails_in_the_database_lets_nothing_go(house, as_user, monkeypatch):
    client, address = as_user(house.member, raise_request_exception=False), comment_address(house.reading)
    save(client, address, "Not yet.")

    def fail(*args, **kwargs):
        raise IntegrityError("as if a trigger had refused")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "note_mentions", fail)
        assert send(client, address, "Not yet.", 1).status_code == 500
    assert Draft.objects.get().body == "Not yet."
    assert not Comment.objects.exists()


def test_newer_words_of_another_tab_stay(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading)
    save(client, address, "One.")
    save(client, address, "One. And much more, elsewhere.", 1)
    assert send(client, address, "One.", 1).status_code == 302
    assert Draft.objects.get().body == "One. And much more, elsewhere."


def test_the_same_words_go_whichever_tab_sent_them(house, as_user):
    """And the answer's draft, when its parent was taken back and the words were sent as a new comment."""
    asked = factories.create_comment(house.reading, house.other)
    client = as_user(house.member)
    save(client, of(asked, "answer"), "It is so.")
    actions.withdraw(comment=asked, by=house.other)
    assert send(client, of(asked, "answer"), "It is so.", 1).status_code == 409
    assert Draft.objects.exists()
    assert send(client, comment_address(house.reading), "It is so.", 0).status_code == 302
    assert not Draft.objects.exists()


def test_a_saving_that_comes_after_the_post_begins_no_draft(house, as_user):
    """The tab was saving when its words were sent."""
    client, address, key = as_user(house.member), comment_address(house.reading), uuid.uuid4()
    client.post(address, {"body": "Sent.", "sequence": 0, "key": key})
    late = save(client, address, "Sent. ", 0, key=key)
    assert (late.status_code, sequence_in(late)) == (200, 0)
    assert not Draft.objects.exists()
    mine = Comment.objects.get()
    client.post(of(mine, "edit"), {"body": "Sent again.", "sequence": 0, "wording": 1})
    assert sequence_in(save(client, of(mine, "edit"), "Sent again.", 0, wording=1)) == 0
    assert not Draft.objects.exists()


# --- The world changes ----------------------------------------------------------------------------------------------


def suspend(house):
    groups_actions.suspend(
        membership=house.group.memberships.get(user=house.member),
        until=timezone.now() + timedelta(days=1),
        reason="Rest a while.",
        by=house.owner,
    )


def close(house):
    Group.objects.filter(pk=house.group.pk).update(archived_at=timezone.now())


def end_reading(house):
    Reading.objects.update(state="finished")


def keep_for_members(house):
    Reading.objects.update(for_members=True)


@pytest.mark.parametrize("change", [suspend, close, end_reading, keep_for_members])
def test_words_are_kept_whatever_became_of_the_right_to_post(house, as_user, change):
    asked = factories.create_comment(house.reading, house.other)
    mine = factories.create_comment(house.reading, house.member, "Mine.")
    client = as_user(house.member)
    change(house)
    for address, more in (
        (comment_address(house.reading), {}),
        (of(asked, "answer"), {}),
        (of(mine, "edit"), {"wording": 1}),
    ):
        assert save(client, address, f"Words for {address}", **more).status_code == 200
        plain = client.post(f"{address}draft/", {"body": "More words.", "sequence": 1, **more}, follow=True)
        assert plain.status_code == 200
        assert "More words." in plain.text
    assert Draft.objects.count() == 3


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.HIDDEN])
def test_words_are_kept_when_what_they_answer_is_gone_and_can_become_a_new_comment(house, as_user, state):
    asked = factories.create_comment(house.reading, house.other, "Is it so?")
    client = as_user(house.member)
    save(client, of(asked, "answer"), "It is s", quote=["q"])
    if state == State.WITHDRAWN:
        actions.withdraw(comment=asked, by=house.other)
    else:
        Comment.objects.filter(pk=asked.pk).update(state=state)
    assert save(client, of(asked, "answer"), "It is so.", 1, quote=["q"]).status_code == 200
    told = client.get(reverse("discussion:my_drafts")).text
    assert "can no longer be answered" in told
    assert "It is so." in told
    move = reverse("discussion:move_draft", args=[Draft.objects.get().public_id])
    assert move in told
    answer = client.post(move)
    assert answer["Location"] == f"{page_of(house.reading)}#composer"
    page = client.get(page_of(house.reading)).text
    assert "It is so.</textarea>" in page
    assert Draft.objects.get().quotes == ["q"]


def test_moved_words_join_what_is_begun_there(house, as_user):
    asked = factories.create_comment(house.reading, house.other)
    client = as_user(house.member)
    save(client, comment_address(house.reading), "Begun.")
    save(client, of(asked, "answer"), "Answered.")
    move = reverse("discussion:move_draft", args=[Draft.objects.get(parent=asked).public_id])
    client.post(move)
    assert Draft.objects.get().body == "Begun.\n\nAnswered."
    assert save(client, comment_address(house.reading), "Begun. On.", 1).status_code == 409  # a tab that was open there
    assert client.post(move).status_code == 404  # twice


def test_together_too_long_stay_apart(house, as_user):
    asked = factories.create_comment(house.reading, house.other)
    client = as_user(house.member)
    save(client, comment_address(house.reading), "x" * 15_000)
    save(client, of(asked, "answer"), "y" * 15_000)
    told = client.post(
        reverse("discussion:move_draft", args=[Draft.objects.get(parent=asked).public_id]), follow=True
    ).text
    assert "too long for one comment" in told
    assert Draft.objects.count() == 2


def test_at_the_end_of_a_chain_the_words_can_become_a_new_comment(house, as_user):
    asked = factories.create_comment(house.reading, house.other)
    client = as_user(house.member)
    save(client, of(asked, "answer"), "Deeper still.")
    draft = drafts.all_of(house.member)[0]
    assert not drafts.is_lost(draft)
    draft.parent.depth = DEEPEST
    assert drafts.is_lost(draft)


def test_the_list_says_what_hinders(house, as_user):
    client = as_user(house.member)
    save(client, comment_address(house.reading), "Half a thought.")
    mine = reverse("discussion:my_drafts")
    assert f'href="{page_of(house.reading)}#composer"' in client.get(mine).text
    assert mine in client.get(reverse("accounts:profile")).text
    end_reading(house)
    assert "This reading has ended" in client.get(mine).text
    close(house)
    told = client.get(mine).text
    assert "Nobody writes in this group" in told
    assert "Half a thought." in told
    assert "#composer" not in told
    Group.objects.update(archived_at=None)
    suspend(house)
    assert "You cannot write in this group at present" in client.get(mine).text


def test_a_paragraph_that_is_no_longer_in_the_text(house, as_user):
    client, address = as_user(house.member), comment_address(house.reading, 3)
    save(client, address, "About what is gone.")
    version = factories.version_of(house.reading, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # a published revision does not change
        cursor.execute("DELETE FROM texts_paragraphversion WHERE id = %s", [version.pk])
        cursor.execute("SET session_replication_role = origin")
    assert save(client, address, "About what is gone, still.", 1).status_code == 200
    told = client.get(reverse("discussion:my_drafts")).text
    assert "no longer in the text" in told
    assert "About what is gone, still." in told


def test_who_has_left_still_has_the_words_and_learns_nothing_new(closed_house, as_user):
    house = closed_house
    asked = factories.create_comment(house.reading, house.other, "Is it so?")
    client = as_user(house.member)
    save(client, of(asked, "answer"), "It is so.")
    groups_actions.leave(membership=house.group.memberships.get(user=house.member), by=house.member)
    house.reading.edition.title = "A title given since"
    house.reading.edition.save()
    told = client.get(reverse("discussion:my_drafts")).text
    assert "It is so." in told
    assert "You do not belong to this group any more" in told
    for other in ("A title given since", "Milo", asked.public_id, house.reading.slug):
        assert other not in told
    assert save(client, of(asked, "answer"), "It is so!", 1).status_code == 404
    assert client.post(reverse("discussion:move_draft", args=[Draft.objects.get().public_id])).status_code == 302
    assert client.post(reverse("discussion:delete_draft", args=[Draft.objects.get().public_id])).status_code == 302
    assert not Draft.objects.exists()


# --- Nobody else ----------------------------------------------------------------------------------------------------


def test_nobody_else_reads_changes_or_deletes_a_draft(house, as_user):
    asked = factories.create_comment(house.reading, house.other)
    mine = factories.create_comment(house.reading, house.member, "Mine.")
    writer = as_user(house.member)
    save(writer, comment_address(house.reading), "canary of a new comment")
    save(writer, of(asked, "answer"), "canary of an answer")
    save(writer, of(mine, "edit"), "canary of an edit", wording=1)
    before = list(Draft.objects.order_by("pk").values())
    for other in (None, house.other, house.moderator, house.owner, house.outsider):
        client = as_user(other)
        pages = [page_of(house.reading), of(asked, "answer"), of(mine, "edit"), reverse("discussion:my_drafts")]
        pages += [reverse("moderation:queue", args=[house.group.slug]), reverse("group", args=[house.group.slug])]
        for page in pages:
            for headers in ({}, HTMX):
                assert "canary of" not in client.get(page, headers=headers).text
        for draft in Draft.objects.filter(author=house.member):
            client.post(reverse("discussion:delete_draft", args=[draft.public_id]))
            assert client.post(reverse("discussion:move_draft", args=[draft.public_id])).status_code in {302, 404}
        if other is not None and other is not house.outsider:
            told = save(client, comment_address(house.reading), "My own.")
            assert (told.status_code, sequence_in(told)) == (200, 1)
            assert save(client, of(mine, "edit"), "Not mine.", wording=1).status_code == 404
    assert list(Draft.objects.filter(author=house.member).order_by("pk").values()) == before


def test_a_tab_of_somebody_else_keeps_nothing_under_my_name(house, as_user):
    """Two people at one browser: the first one's tab still saves after the second has signed in."""
    client = as_user(house.other)
    refused = save(client, comment_address(house.reading), "Mara's words.", who=house.member.public_id)
    assert refused.status_code == 403
    assert not Draft.objects.exists()
    assert save(client, comment_address(house.reading), "Mine.", who=house.other.public_id).status_code == 200


def test_the_list_asks_as_many_questions_for_three_as_for_one(house, as_user):
    client = as_user(house.member)
    counts = []
    for numbers in ([4], [5, 6]):
        for number in numbers:
            save(client, comment_address(house.reading, number), "Begun.")
            asked = factories.create_comment(house.reading, house.other, number=number)
            save(client, of(asked, "answer"), "Begun.")
        client.get(reverse("discussion:my_drafts"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("discussion:my_drafts")).text.count("Begun.") == 2 * Draft.objects.count() // 2
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_draft_is_never_in_the_log(house, as_user, caplog):
    caplog.set_level("DEBUG", logger="readinggroup")
    save(as_user(house.member), comment_address(house.reading), "canary of a draft")
    assert "canary of a draft" not in caplog.text


# --- At once --------------------------------------------------------------------------------------------------------

at_once_in_the_database = pytest.mark.django_db(transaction=True)


@at_once_in_the_database
def test_of_many_tabs_that_begin_at_once_one_is_kept_and_the_others_are_shown_it(house, as_user):
    address = comment_address(house.reading)
    for _ in range(3):
        Draft.objects.all().delete()
        clients = [as_user(house.member) for _ in range(8)]
        answers = at_once(
            *(lambda c=c, n=n: save(c, address, f"Tab {n}.") for n, c in enumerate(clients)),
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        kept = Draft.objects.get()
        assert [answer.status_code for answer in answers].index(200) == int(kept.body[4:-1])
        assert all(kept.body in answer.text for answer in answers if answer.status_code == 409)


@at_once_in_the_database
def test_of_many_tabs_that_go_on_at_once_one_is_kept(house, as_user):
    address = comment_address(house.reading)
    clients = [as_user(house.member) for _ in range(8)]
    save(clients[0], address, "Begun.")
    for sequence in range(1, 4):
        answers = at_once(
            *(lambda c=c, n=n, s=sequence: save(c, address, f"{s} tab {n}.", s) for n, c in enumerate(clients)),
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        assert Draft.objects.get().sequence == sequence + 1


@at_once_in_the_database
def test_looking_first_would_lose_what_another_tab_wrote(house, as_user):
    """The control: the sequence compared, and the words written a moment later."""
    address = comment_address(house.reading)
    save(as_user(house.member), address, "Begun.")
    looked, written = Barrier(8), []

    def save_carelessly(number):
        draft = Draft.objects.get()
        looked.wait(SOON)
        if draft.sequence == 1:
            draft.body, draft.sequence = f"Tab {number}.", 2
            draft.save()
            written.append(number)

    at_once(*(lambda n=n: save_carelessly(n) for n in range(8)))
    assert len(written) > 1  # each was told that its words are kept, and all but one are gone


@at_once_in_the_database
def test_the_limit_holds_when_many_are_begun_at_once(house, as_user, monkeypatch):
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 3)
    numbers = [2, 3, 4, 5, 6, 7, 8, 9]
    tabs = [(as_user(house.member), comment_address(house.reading, number)) for number in numbers]
    answers = at_once(*(lambda c=client, a=address: save(c, a, "Begun.") for client, address in tabs))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [422] * 5
    assert Draft.objects.count() == 3


@at_once_in_the_database
def test_a_post_and_the_saving_of_the_same_words_leave_a_comment_and_no_draft(house, as_user):
    """Whichever comes first. The tab sends while its last saving is under way."""
    address = comment_address(house.reading)
    for number in range(10):
        key, body = uuid.uuid4(), f"Sent and saved {number}."
        poster, saver = as_user(house.member), as_user(house.member)
        answers = at_once(
            lambda p=poster, b=body, k=key: p.post(address, {"body": b, "sequence": 0, "key": k}),
            lambda s=saver, b=body, k=key: save(s, address, b, key=k),
        )
        assert [answer.status_code for answer in answers] == [302, 200]
        assert Comment.objects.filter(body=body).count() == 1
        assert not Draft.objects.exists()


@at_once_in_the_database
def test_without_holding_the_membership_a_draft_could_outlive_its_comment(house):
    """The control: a saving that asks whether the words were sent, and keeps them a moment later."""
    version, key = factories.version_of(house.reading), uuid.uuid4()
    place = {"reading": house.reading, "paragraph": version.paragraph, "parent": None, "edited": None}
    asked, posted = Barrier(2), Barrier(2)

    def save_carelessly():
        sent = drafts.was_sent(edited=None, body="Sent.", key=key, by=house.member)
        asked.wait(SOON)
        posted.wait(SOON)
        if not sent:
            Draft.objects.create(author=house.member, body="Sent.", **place)

    def post():
        asked.wait(SOON)
        actions.post(reading=house.reading, version=version, body="Sent.", key=key, by=house.member)
        posted.wait(SOON)

    at_once(save_carelessly, post)
    assert Draft.objects.exists()
