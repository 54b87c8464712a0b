"""What is hidden is hidden everywhere: counts, search, quotes, mail that waits, feeds, exports, history, drafts.

Each fate of a comment is lived through, and then every channel is searched for its words, as those read them who may
not. Beside it stands the control: before, each of these channels has shown them.
"""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.digest import compose
from readinggroup.discussion import actions, moderating
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Draft, Level, State
from readinggroup.discussion.reactions import mark
from readinggroup.group_export import zipped
from readinggroup.groups.models import Group, Membership
from readinggroup.my_data.contents import PARTS
from readinggroup.notifications import digests
from readinggroup.notifications.models import Notice
from readinggroup.tasks import mail_due_notices

from .. import factories
from ..conftest import signed_in_as
from ..thoroughness import thoroughly
from .test_moving import move
from .test_quoting import create_quoting
from .test_races import assert_counters_are_true, paragraph_page
from .test_unread import unread_of

CANARY, EARLIER = "oropendola", "turnstone"  # in the words as they stand, and in a wording before
LINKS = " ".join(f"[there](https://example.org/{number})" for number in range(9))


@transaction.atomic
def decide(decision, comment, **more):
    decision(comment=actions.held([comment.pk])[comment.pk], **more)


@pytest.fixture
def said(house):
    """A comment with an earlier wording, asked as a question, answered, quoted here and elsewhere, marked, followed."""
    for person in (house.other, house.organizer):
        choose(by=person, reading=house.reading, level=Level.WATCH)
    comment = factories.create_comment(house.reading, house.member, f"The {EARLIER} of the quay.")
    create_quoting(house.reading, house.other, comment, "Quoted early.", number=4)
    comment = actions.reword(
        comment=comment, body=f"The {CANARY} of the quay, @Milo.", wording=comment.wording, by=house.member
    )
    Comment.objects.filter(pk=comment.pk).update(
        question="open", question_by=house.member, question_at=comment.created_at
    )
    factories.create_comment(house.reading, house.other, "An answer to it.", parent=comment)
    create_quoting(house.reading, house.other, comment, "Quoted here.", number=4)
    quoting = create_quoting(house.reading, house.other, comment, "Quoted elsewhere.", number=3)
    factories.create_comment(house.reading, house.member, "An answer to a quote.", number=3, parent=quoting)
    mark(comment=comment, kind="agree", by=house.other, is_set=True)
    begin_to_quote(house, comment)
    return comment


def begin_to_quote(house, comment):
    """A draft of somebody else that quotes the comment, as the browser holds it."""
    client = signed_in_as(house.other)
    page = client.get(paragraph_page(house.reading)).text
    assert comment.public_id in page
    words = f"The {CANARY} of the quay"
    selectors = {"exact": words, "prefix": "", "suffix": "", "start": 0, "end": len(words)}
    value = json.dumps({"comment": comment.public_id, "wording": comment.wording, **selectors})
    Draft.objects.create(
        author=house.other, reading=house.reading, paragraph=comment.paragraph, body="Half.", quotes=[value]
    )


def pages(house, comment):
    """Every address at which something of the comment might stand."""
    group, reading = house.group.slug, house.reading.slug
    here = paragraph_page(house.reading)
    yield "paragraph", here
    yield "newest", f"{here}?order=newest"
    yield "discussed", f"{here}?order=discussed"
    yield "thread", f"{here}?thread={comment.public_id}"
    yield "paragraph of a quote", paragraph_page(house.reading, 3)
    yield "paragraph where it was moved to", paragraph_page(house.reading, 7)
    yield "whole", reverse("discussion:whole", args=[group, reading])
    yield "saved", reverse("discussion:save_whole", args=[group, reading])
    yield "reading", reverse("readings:reading_page", args=[group, reading])
    yield "pulse", f"{reverse('discussion:pulse', args=[group, reading])}?since=0&at={comment.paragraph.public_id}"
    yield "group", reverse("group", args=[group])
    for words in (CANARY, EARLIER, "quay", "quay -nowhere"):
        yield f"search {words}", f"{reverse('discussion:search', args=[group])}?q={words}"
    yield "search by its author", f"{reverse('discussion:search', args=[group])}?q=quay&by=Mara"
    yield "questions", reverse("discussion:questions", args=[group, reading])
    yield "feed", reverse("feeds:comments", args=[group])
    yield "inbox", "/inbox/"
    yield "contributions", reverse("discussion:contributions", args=[group, house.member.public_id])
    yield "contributions of who quotes", reverse("discussion:contributions", args=[group, house.other.public_id])
    yield "my contributions", reverse("discussion:my_contributions")
    yield "my drafts", reverse("discussion:my_drafts")
    for name in ("comment", "answer_comment", "wordings", "question", "follow_thread", "edit_comment"):
        yield name, reverse(f"discussion:{name}", args=[comment.public_id])
    yield "report", reverse("moderation:report_comment", args=[comment.public_id])


def told_to(house, person, comment):
    """(channel, what it told this person), pages first."""
    client = signed_in_as(person)
    for channel, address in pages(house, comment):
        words, varies = fetched(client, address, {})
        yield channel, without_echo(client, address, channel, words, {})
        if varies:
            headers = {"HX-Request": "true"}
            yield channel, without_echo(client, address, channel, fetched(client, address, headers)[0], headers)
    if person is not None:
        for part in PARTS:
            yield f"my data: {part.name}", " ".join(str(row) for row in part.rows(person))
        yield "mail", mailed_to(person)


def fetched(client, address, headers):
    """What stands there, and whether it may be another for a part of a page: tests/test_headers.py holds it to that."""
    answer = client.get(address, headers=headers, follow=not headers)
    varies = "HX-Request" in answer.get("Vary", "") and answer.status_code in {200, 422}
    return b"".join(answer).decode() if answer.streaming else answer.text, varies


def without_echo(client, address, channel, words, headers):
    """A search says what was searched for, found or not: as often as of a word that nobody has said."""
    asked = channel.removeprefix("search ")
    if asked not in {CANARY, EARLIER}:
        return words
    echoes = fetched(client, address.replace(asked, "xyzzy"), headers)[0].count("xyzzy")
    return words.replace(asked, "") if words.count(asked) == echoes else words


def mailed_to(person):
    """What has waited to be mailed, at once and in a digest."""
    mail_due_notices()
    Notice.objects.update(created_at=timezone.now() - timedelta(days=2))
    digests.begin_due()
    digests.mail_due(compose)
    return " ".join(f"{message.subject} {message.body} {message.message()}" for message in mail.outbox
                    if message.to == [person.email])  # fmt: skip


def exported(house, person):
    standing = Membership.objects.standing(person.pk, house.group.slug)
    with zipfile.ZipFile(io.BytesIO(zipped(standing))) as file:
        return " ".join(file.read(name).decode() for name in file.namelist())


# --- What may become of it --------------------------------------------------------------------------------------------


def is_held(house, comment):
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for="newcomer")


def is_hidden(house, comment):
    decide(moderating.hide, comment, rule=None)


def is_edited_and_held(house, comment):
    """Approved once, then edited: the words that all could see go with it."""
    is_held(house, comment)
    decide(moderating.approve, comment)
    comment.refresh_from_db()
    body = f"The {CANARY}. {LINKS}"
    held = actions.reword(comment=comment, body=body, wording=comment.wording, by=house.member)
    assert held.state == State.HELD


def is_handed_in_again(house, comment):
    is_hidden(house, comment)
    body = f"The {CANARY}, kindly."
    actions.reword(comment=comment, body=body, wording=comment.wording, by=house.member, hands_in=True)


def is_hidden_and_moved(house, comment):
    is_hidden(house, comment)
    move(comment, 7, house.reading)


def is_moved_and_hidden(house, comment):
    move(comment, 7, house.reading)
    is_hidden(house, comment)


FATES = [is_held, is_hidden, is_edited_and_held, is_handed_in_again, is_hidden_and_moved, is_moved_and_hidden]
HELD_FATES = {is_held, is_edited_and_held, is_handed_in_again}


def readers(house):
    return {"visitor": None, "outsider": house.outsider, "member": house.other, "organizer": house.organizer}


@pytest.mark.parametrize("fate", thoroughly(FATES, [is_edited_and_held, is_hidden, is_hidden_and_moved]))
def test_nobody_reads_it_anywhere_who_may_not(house, said, fate):
    fate(house, said)
    said.refresh_from_db()
    leaks = [
        (name, channel, word)
        for name, person in readers(house).items()
        for channel, words in told_to(house, person, said)
        for word in (CANARY, EARLIER)
        if word in words
    ]
    assert leaks == []


def test_before_that_they_did_read_it_there(house, said):
    """The control: each channel would have told."""
    found = {channel for channel, words in told_to(house, house.other, said) if CANARY in words}
    assert found >= {
        "paragraph", "newest", "discussed", "thread", "paragraph of a quote", "whole", "saved", "search quay",
        "search by its author", "questions", "feed", "inbox", "contributions", "contributions of who quotes",
        f"search {CANARY}", "comment", "answer_comment", "wordings", "report", "mail", "my data: comments",
    }  # fmt: skip
    assert CANARY in exported(house, house.owner)


@pytest.mark.parametrize("fate", FATES)
def test_it_counts_nowhere(house, said, fate):
    """The paragraph's number, what is unread, what is found, how many answers there are."""
    before = {number: count_at(house, number) for number in (3, 4, 7)}
    assert unread_of(house.reading, house.moderator) == {3: 2, 4: 4}
    fate(house, said)
    after = {number: count_at(house, number) for number in (3, 4, 7)}
    moved = fate in {is_hidden_and_moved, is_moved_and_hidden}
    assert (before, after) == ({3: 2, 4: 4, 7: 0}, {3: 2, 4: 2, 7: 1} if moved else {3: 2, 4: 3, 7: 0})
    assert unread_of(house.reading, house.moderator) == {number: count for number, count in after.items() if count}
    found = signed_in_as(house.other).get(f"{reverse('discussion:search', args=[house.group.slug])}?q=quay").text
    assert said.public_id not in found
    assert f"c-{said.public_id}" not in signed_in_as(house.other).get("/inbox/").text
    assert_counters_are_true(house.reading)


def count_at(house, number):
    paragraph = factories.version_of(house.reading, number).paragraph_id
    return sum(house.reading.activity.filter(paragraph=paragraph).values_list("comments", flat=True))


@pytest.mark.parametrize("fate", FATES)
def test_its_author_and_moderators_read_what_is_theirs_to_read(house, said, fate):
    fate(house, said)
    said.refresh_from_db()
    page = paragraph_page(house.reading, said.version.number)
    wordings = reverse("discussion:wordings", args=[said.public_id])
    edit = reverse("discussion:edit_comment", args=[said.public_id])
    held = fate in HELD_FATES
    for person in (house.member, house.moderator, house.owner):
        assert (CANARY in signed_in_as(person).get(page).text) == held
    assert CANARY in signed_in_as(house.member).get(edit).text
    assert CANARY in signed_in_as(house.moderator).get(wordings).text
    assert EARLIER in signed_in_as(house.moderator).get(wordings).text
    mine = " ".join(str(row) for part in PARTS for row in part.rows(house.member))
    assert CANARY in mine
    assert (CANARY in exported(house, house.owner)) == held  # who moderates has it in the group's file as on its pages


@pytest.mark.parametrize("fate", [is_held, is_hidden])
def test_shown_again_it_stands_again_where_it_stood(house, said, fate):
    fate(house, said)
    decide(moderating.approve if fate is is_held else moderating.show_again, said)
    found = {channel for channel, words in told_to(house, house.other, said) if CANARY in words}
    assert found >= {"paragraph", "paragraph of a quote", "whole", "search quay", "feed", "inbox", "mail", "wordings"}
    assert unread_of(house.reading, house.moderator) == {3: 2, 4: 4}


def test_under_a_hidden_parent_answers_stay_and_do_not_say_what_or_whom_they_answer(house, said):
    """The answer, and the notice and the mail of it, without the words above it."""
    parent_and_below = factories.create_comment(house.reading, house.member, f"Again {CANARY}.", parent=said)
    below = factories.create_comment(house.reading, house.other, "Below of it.", parent=parent_and_below)
    is_hidden(house, parent_and_below)
    is_hidden(house, said)
    for person in readers(house).values():
        page = signed_in_as(person).get(paragraph_page(house.reading)).text
        assert "Below of it." in page
        assert page.count("Hidden by the moderators.") == 2
        assert CANARY not in page
    for person in (house.organizer, house.member):
        inbox = signed_in_as(person).get("/inbox/").text
        assert "Below of it." in inbox
        assert CANARY not in inbox
        mailed = mailed_to(person)
        assert "Below of it." in mailed
        assert CANARY not in mailed
    page = signed_in_as(house.organizer).get(
        reverse("discussion:contributions", args=[house.group.slug, house.other.public_id])
    )
    assert "Below of it." in page.text
    assert "in answer to <bdi>Mara</bdi>" not in page.text
    assert signed_in_as(None).get(reverse("discussion:comment", args=[below.public_id]), follow=True).status_code == 200


def test_a_wording_that_its_author_took_back_is_quoted_nowhere(house, said):
    actions.show_wordings_from(comment=said, by=house.member, earlier=False)
    told = {name: list(told_to(house, person, said)) for name, person in readers(house).items()}
    assert [
        (name, channel) for name, all_of_it in told.items() for channel, words in all_of_it if EARLIER in words
    ] == []
    assert CANARY in signed_in_as(None).get(paragraph_page(house.reading)).text


def test_who_has_begun_to_answer_or_quote_it_keeps_their_words_and_not_its_own(house, said):
    draft = reverse("discussion:draft_answer", args=[said.public_id])
    client = signed_in_as(house.organizer)
    client.post(draft, {"body": "My own half.", "sequence": 0}, headers={"HX-Request": "true"})
    is_hidden(house, said)
    mine = client.get(reverse("discussion:my_drafts")).text
    assert "My own half." in mine
    assert CANARY not in mine
    theirs = signed_in_as(house.other).get(paragraph_page(house.reading)).text
    assert "Half." in theirs
    assert CANARY not in theirs


def test_no_mark_and_no_answer_is_set_at_it_and_its_marks_are_not_shown(house, said):
    is_hidden(house, said)
    client = signed_in_as(house.organizer)
    act = reverse("discussion:reactions", args=[said.public_id])
    assert client.post(act, {"set": "agree"}).status_code == 302  # with a word why
    assert said.reactions.count() == 1
    page = client.get(paragraph_page(house.reading)).text
    stub = page.split(f'id="c-{said.public_id}"')[1].split("</article>")[0]
    assert "agree" not in stub
    assert "Mara" not in stub


def test_the_kept_page_is_made_anew_at_once(house, said):
    """A page is kept as bytes; hiding raises the paragraph's number of changes, of quotes elsewhere it is asked."""
    addresses = [paragraph_page(house.reading), paragraph_page(house.reading, 3)]
    client = signed_in_as(house.other)
    assert all(CANARY in client.get(address).text for address in addresses)
    is_hidden(house, said)
    assert not any(CANARY in client.get(address).text for address in addresses)
    decide(moderating.show_again, said)
    assert all(CANARY in client.get(address).text for address in addresses)


def test_a_discussion_in_which_all_is_hidden_shows_that_something_was(house, as_user):
    comment = factories.create_comment(house.reading, house.member, CANARY, number=5)
    is_hidden(house, comment)
    whole = reverse("discussion:whole", args=[house.group.slug, house.reading.slug])
    for address in (paragraph_page(house.reading, 5), whole):
        page = as_user(None).get(address).text
        assert "Hidden by the moderators." in page
        assert CANARY not in page
    assert count_at(house, 5) == 0


def test_the_group_of_a_rule_is_deleted_with_what_was_hidden_under_it(house, said):
    from readinggroup.group_deletion import delete_due_groups
    from readinggroup.groups.models import Rule
    from readinggroup.groups.settling import change_rules

    change_rules(group=house.group, rules=[("Be kind", "")], by=house.owner)
    decide(moderating.hide, said, rule=Rule.objects.get())
    Group.objects.filter(pk=house.group.pk).update(delete_at=timezone.now() - timedelta(minutes=1))
    assert delete_due_groups() == 1
    assert not Comment.objects.exists()
    assert not Rule.objects.exists()
