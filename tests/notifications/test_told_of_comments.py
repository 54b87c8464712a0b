"""Who is told of a comment, as what, and how it stands in the inbox; and that nobody is told what they may not see."""

import re
from html import unescape

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.logins import CARRIED
from readinggroup.discussion import actions
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Level, State
from readinggroup.groups import settling
from readinggroup.groups.actions import leave
from readinggroup.groups.models import Membership
from readinggroup.notices import MOST_LOOKED_AT, UNREAD
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, Delivery, Notice
from readinggroup.tasks import mail_due_notices

from .. import factories
from ..discussion.test_comments import act, paragraph_page, post


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def told(comment):
    """Who is told of it, and as what."""
    return dict(Notice.objects.filter(about=comment.public_id).values_list("recipient__display_name", "category"))


def words_on(page):
    return unescape(re.sub(r"<[^>]+>", " ", page))


def inbox(client, **asked):
    return words_on(client.get("/inbox/", asked).text.split("<main", 1)[1])


def standing(house, person):
    return Membership.objects.standing(person.pk, house.group.slug)


# --- Whom -------------------------------------------------------------------------------------------------------------


def test_an_answer_tells_whom_it_answers_and_calls_by_name_and_who_follows(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who counted the sacks?")
    choose(by=house.organizer, reading=house.reading, level=Level.WATCH)
    choose(by=house.moderator, reading=house.reading, level=Level.NORMAL)
    post(as_user(house.other), house.reading, "@Olga did.", parent=first.public_id)
    act(as_user(house.other), first, "answer_comment", {"body": "@Olga did.", "key": "0" * 32})
    answer = Comment.objects.get(parent=first)
    assert told(answer) == {"Mara": Category.REPLY, "Olga": Category.MENTION, "Omar": Category.FOLLOWED}


def test_each_is_told_once_for_the_nearest_reason(house):
    first = factories.create_comment(house.reading, house.member, "Who?")
    choose(by=house.member, reading=house.reading, level=Level.WATCH)
    answer = factories.create_comment(house.reading, house.other, "@Mara, she.", parent=first)
    assert told(answer) == {"Mara": Category.REPLY}


def test_nobody_is_told_of_their_own_words(house):
    first = factories.create_comment(house.reading, house.member, "@Mara asks herself.")
    factories.create_comment(house.reading, house.member, "And answers.", parent=first)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("level", [Level.MUTE, Level.NORMAL, None])
def test_what_is_muted_tells_nothing(house, level):
    first = factories.create_comment(house.reading, house.member, "Who?")
    if level:
        choose(by=house.member, reading=house.reading, level=level)
        choose(by=house.member, reading=house.reading, paragraph_id=first.paragraph_id, thread_id=first.pk, level=level)
    answer = factories.create_comment(house.reading, house.other, "@Mara: she.", parent=first)
    other = factories.create_comment(house.reading, house.owner, "Nobody.", parent=answer)
    assert told(answer) == ({} if level == Level.MUTE else {"Mara": Category.REPLY})
    # Whoever has written in a thread follows it.
    assert told(other) == {"Milo": Category.REPLY} | ({"Mara": Category.FOLLOWED} if level is None else {})


def test_who_has_left_is_not_told(house):
    first = factories.create_comment(house.reading, house.member, "Who?")
    choose(by=house.member, reading=house.reading, level=Level.WATCH)
    leave(membership=standing(house, house.member), by=house.member)
    assert told(factories.create_comment(house.reading, house.other, "@Mara: she.", parent=first)) == {}


def test_a_name_that_is_put_in_later_is_called_once_and_an_edit_tells_nobody_else(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who?")
    answer = factories.create_comment(house.reading, house.other, "She.", parent=first)
    for wording, words in ((1, "She, @Olga."), (2, "She, @Olga!"), (3, "She.")):
        act(as_user(house.other), answer, "edit_comment", {"body": words, "wording": wording})
    assert told(answer) == {"Mara": Category.REPLY, "Olga": Category.MENTION}
    assert Notice.objects.count() == 2


def test_what_is_refused_was_not_told(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who?")
    actions.withdraw(comment=first, by=house.member)
    answer = act(as_user(house.other), first, "answer_comment", {"body": "@Olga", "key": "0" * 32})
    assert answer.status_code in {404, 409}
    assert not Notice.objects.exists()


def test_a_post_asks_the_same_for_one_who_follows_and_for_twenty(house, as_user):
    client = as_user(house.other)
    post(client, house.reading, "First.")

    def questions(words):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert post(client, house.reading, words).status_code == 302
        return len(asked)

    choose(by=house.member, reading=house.reading, level=Level.WATCH)
    one = questions("To one.")
    for _ in range(20):
        choose(by=factories.create_member(house.group), reading=house.reading, level=Level.WATCH)
    assert questions("To twenty.") == one
    assert Notice.objects.filter(category=Category.FOLLOWED).count() == 22


# --- The inbox --------------------------------------------------------------------------------------------------------


def test_a_thread_stands_in_one_piece_and_is_read_by_going_there(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who counted the sacks?")
    answer = factories.create_comment(house.reading, house.other, "She *did*.", parent=first)
    factories.create_comment(house.reading, house.owner, "Nobody did.", parent=answer)
    factories.create_comment(house.reading, house.owner, "Elsewhere, @Mara.", number=7)
    client = as_user(house.member)
    page = client.get("/inbox/").text
    assert "(3 new)" in page
    assert page.count("<li id=") == 2
    words = words_on(page)
    for said in ("Milo has answered you", "She did.", "Olga has written, where you follow", "Elsewhere, @Mara."):
        assert said in words
    assert "The Ferry, paragraph 4" in words
    notice = Notice.objects.get(about=answer.public_id)
    led = client.post(reverse("open_notice", args=[notice.public_id]))
    assert led["Location"] == reverse("discussion:comment", args=[answer.public_id])
    assert [each.category for each in Notice.objects.of(house.member).unread()] == [Category.MENTION]


def test_what_was_seen_where_it_stands_is_read_and_not_mailed(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who?")
    one = factories.create_comment(house.reading, house.other, "She.", parent=first)
    two = factories.create_comment(house.reading, house.other, "Or he.", parent=first)
    client = as_user(house.member)
    seen = paragraph_page(house.reading) + "seen/"
    assert client.post(seen, {"comment": one.public_id}).status_code in {200, 204, 302}
    assert list(Notice.objects.unread().values_list("about", flat=True)) == [two.public_id]
    until = f"{two.paragraph.public_id}:{two.sequence}"
    page = reverse("discussion:mark_all_seen", args=[house.group.slug, house.reading.slug])
    assert client.post(page, {"until": until}).status_code == 302
    mail_due_notices()
    assert mail.outbox == []


def test_it_can_be_sifted(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who?")
    factories.create_comment(house.reading, house.other, "She did.", parent=first)
    factories.create_comment(house.reading, house.owner, "@Mara, look.", number=7)
    elsewhere = factories.create_group("Mill readers")
    settling.change_rules(group=elsewhere, rules=[("A", "B")], by=house.owner)
    client = as_user(house.member)
    assert "She did." in inbox(client, kind="reply")
    assert "look" not in inbox(client, kind="reply")
    Notice.objects.filter(category=Category.REPLY).update(read_at=timezone.now())
    assert "She did." not in inbox(client, show="unread")
    assert "look" in inbox(client, show="unread")
    for nonsense in ({"kind": "x"}, {"group": "none"}, {"show": "\0"}, {"kind": "reply", "page": "1"}):
        assert client.get("/inbox/", nonsense).status_code in {200, 400}


@pytest.mark.parametrize("end", ["withdrawn", "hidden", "held", "left"])
def test_nothing_stands_there_that_its_reader_may_no_longer_see(house, as_user, end):
    first = factories.create_comment(house.reading, house.member, "Who?")
    answer = factories.create_comment(house.reading, house.other, "Words that go.", parent=first)
    client = as_user(house.member)
    assert "Words that go." in inbox(client)
    if end == "left":
        leave(membership=standing(house, house.member), by=house.member)
    elif end == "withdrawn":
        actions.withdraw(comment=answer, by=house.other)
    else:
        Comment.objects.filter(pk=answer.pk).update(state=State(end))
    page = client.get("/inbox/").text
    assert "Words that go." not in page
    assert "new)" not in page
    notice = Notice.objects.get(about=answer.public_id)
    assert client.post(reverse("open_notice", args=[notice.public_id])).status_code == 404


def test_what_stands_no_more_does_not_slow_every_page(house, as_user, monkeypatch):
    """Whoever left with very much unread has it counted no further than it takes; what is new is counted."""
    first = factories.create_comment(house.reading, house.member, "Who?")
    for number in range(6):
        factories.create_comment(house.reading, house.other, f"Answer {number}.", parent=first)
    leave(membership=standing(house, house.member), by=house.member)
    client = as_user(house.member)
    assert "new)" not in client.get("/").text
    tell(
        recipients=[house.member], kind="my_data/archive_ready", category=Category.ACCOUNT, event="e", facts={"days": 7}
    )
    assert "(1 new)" in client.get("/").text
    monkeypatch.setitem(CARRIED, "unread_notices", UNREAD.replace(f"LIMIT {MOST_LOOKED_AT}", "LIMIT 3"))
    assert "(1 new)" in client.get("/").text
    assert UNREAD.count(f"LIMIT {MOST_LOOKED_AT}") == 1


def test_it_says_the_words_as_they_stand_now(house, as_user):
    first = factories.create_comment(house.reading, house.member, "Who?")
    answer = factories.create_comment(house.reading, house.other, "Words that go.", parent=first)
    act(as_user(house.other), answer, "edit_comment", {"body": "Better words.", "wording": 1})
    assert "Better words." in inbox(as_user(house.member))
    assert "Words that go." not in inbox(as_user(house.member))
    mail_due_notices()
    assert "Better words." in mail.outbox[0].body


def test_it_asks_the_same_for_one_thread_and_for_three(house, as_user):
    client = as_user(house.member)
    for number in (4, 5, 7, 8):
        first = factories.create_comment(house.reading, house.member, "Who?", number=number)
        factories.create_comment(house.reading, house.other, "She.", parent=first, number=number)
        client.get("/inbox/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/inbox/")
        if number == 4:
            one = len(asked)
    assert len(asked) == one


def test_a_name_from_the_right_turns_no_sentence(house, as_user):
    samira = factories.create_member(house.group, "سميرة")
    first = factories.create_comment(house.reading, house.member, "Who?")
    factories.create_comment(house.reading, samira, "She.", parent=first)
    assert "\u2068سميرة\u2069 has answered you" in inbox(as_user(house.member))


# --- Mail -------------------------------------------------------------------------------------------------------------


def test_the_mail_of_an_answer(house):
    first = factories.create_comment(house.reading, house.member, "Who counted the sacks?")
    answer = factories.create_comment(house.reading, house.other, "She *did* <b>.", parent=first)
    again = factories.create_comment(house.reading, house.other, "I was there.", parent=first)
    mail_due_notices()
    one, two = mail.outbox
    raw = one.message()
    assert one.to == [house.member.email]
    assert one.subject == two.subject == "The Ferry, paragraph 4"
    assert raw["From"] == "=?utf-8?q?Milo_=C2=B7_Harbour_readers?= <reading-group@localhost>"
    assert raw["References"] == two.message()["References"] == f"<thread-{first.public_id}@localhost>"
    assert raw["Message-ID"] != two.message()["Message-ID"]
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert raw["Auto-Submitted"] == "auto-generated"
    assert "Milo has answered you" in one.body
    assert "> Who counted the sacks?" in one.body
    assert f"/c/{answer.public_id}/" in one.body
    html = one.alternatives[0].content
    assert "<em>did</em> &lt;b&gt;" in html
    assert "I was there." in two.body
    assert set(Notice.objects.values_list("delivery", flat=True)) == {Delivery.SENT}
    assert again.public_id in two.body


def test_the_mail_speaks_its_readers_language(house):
    house.member.language = "de"
    house.member.save()
    first = factories.create_comment(house.reading, house.member, "Wer?")
    factories.create_comment(house.reading, house.other, "Sie.", parent=first)
    mail_due_notices()
    assert mail.outbox[0].subject == "The Ferry, Absatz 4"
    assert '<html lang="de"' in mail.outbox[0].alternatives[0].content


@pytest.mark.parametrize("end", ["removed", "hidden", "withdrawn", "erased", "archived", "to be deleted", "account"])
def test_queued_and_then_it_may_not_be_said_any_more(house, end):
    first = factories.create_comment(house.reading, house.member, "Who?")
    answer = factories.create_comment(house.reading, house.other, "Words that go.", parent=first)
    if end == "removed":
        leave(membership=standing(house, house.member), by=house.owner)
    elif end == "hidden":
        Comment.objects.filter(pk=answer.pk).update(state=State.HIDDEN)
    elif end == "withdrawn":
        actions.withdraw(comment=answer, by=house.other)
    elif end == "erased":
        actions.erase_all(by=house.other)
    elif end == "archived":
        settling.archive(group=house.group, by=house.owner)
    elif end == "to be deleted":
        settling.announce_deletion(group=house.group, by=house.owner)
    else:
        type(house.member).objects.filter(pk=house.member.pk).update(is_active=False)
    mail_due_notices()
    assert not [each for each in mail.outbox if "Words that go." in each.body]
    notice = Notice.objects.get(about=answer.public_id)
    assert notice.delivery == Delivery.NOT_WANTED
    assert notice.reason


@pytest.mark.parametrize("name", ["a\r\nBcc: x@example.org", "a\u2028b", "<b>&amp;</b>", '"; drop', "x" * 60])
def test_a_hostile_name_makes_no_header(house, name):
    first = factories.create_comment(house.reading, house.member, "Who?")
    factories.create_comment(house.reading, house.other, "She.", parent=first)
    type(house.other).objects.filter(pk=house.other.pk).update(display_name=name)
    house.reading.edition.title = name
    house.reading.edition.save()
    mail_due_notices()
    [message] = mail.outbox
    raw = message.message()
    assert raw.get_all("Bcc") is None
    assert len(raw.get_all("Subject")) == len(raw.get_all("From")) == 1
    assert raw["From"].endswith("<reading-group@localhost>")
