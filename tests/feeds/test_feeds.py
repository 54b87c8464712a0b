"""Feeds: what stands in them for whom, and whom a private address serves no more."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.actions import reword, withdraw
from readinggroup.discussion.models import Comment, State
from readinggroup.feeds import comments as comments_feed
from readinggroup.groups import actions, settling
from readinggroup.groups.letters import send_letter
from readinggroup.groups.models import FeedAddress, GroupChange, Visibility
from readinggroup.readings.actions import change_state, keep_for_members

from .. import factories
from ..discussion.test_quoting import create_quoting
from ..discussion.test_races import at_once
from ..moderation.decisions import hidden, reversed_

ATOM = {"a": "http://www.w3.org/2005/Atom"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def open_feed(house, feed="comments"):
    return reverse(f"feeds:{feed}", args=[house.group.slug])


def private_feed(house, user, feed="comments"):
    """The feed under the private address that the person made."""
    mine = FeedAddress.objects.standing().filter(group=house.group, user=user).first()
    mine = mine or actions.make_feed_address(group=house.group, by=user)
    return reverse(f"feeds:private_{feed}", args=[mine.token])


def read(address, client=None, **headers):
    """The feed as a program reads it, which holds no cookie."""
    answer = (client or Client()).get(address, headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314 - our own feed


def told(feed, what="title"):
    return [entry.findtext(f"a:{what}", namespaces=ATOM) for entry in feed.findall("a:entry", ATOM)]


# --- What stands in it ------------------------------------------------------------------------------------------------


def test_a_comment_is_told_with_who_said_it_where_and_what(house, settings):
    settings.SITE_URL = "https://read.example.org"
    house.group.memberships.filter(user=house.member).update(name_here="Mara K.")
    comment = factories.create_comment(house.reading, house.member, "Whose *sacks* & whose [song](/g/)?")
    feed = read(open_feed(house))
    assert feed.findtext("a:title", namespaces=ATOM) == "Harbour readers: new comments"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}base") == "https://read.example.org/"
    assert told(feed) == ["Mara K. on The Ferry, paragraph 4"]
    assert told(feed, "id") == [f"tag:read.example.org,2026:comment/{comment.public_id}"]
    assert told(feed, "content") == [comment.body_html]
    assert told(feed, "author/a:name") == ["Mara K."]
    link = feed.find("a:entry/a:link", ATOM).get("href")
    assert link == f"https://read.example.org/c/{comment.public_id}/"
    assert Client().get(link.removeprefix("https://read.example.org")).status_code in {200, 302}


def test_it_speaks_the_groups_language_whoever_asks(house):
    factories.create_comment(house.reading, house.member)
    type(house.group).objects.update(language="de-AT")
    feed = read(open_feed(house), **{"Accept-Language": "fr"})
    assert feed.get(XML_LANG) == "de-AT"
    etags = {Client().get(open_feed(house), headers={"Accept-Language": each})["ETag"] for each in ("en", "de", "fr")}
    assert len(etags) == 1


def test_an_edit_keeps_the_name_of_an_entry_and_moves_its_date(house):
    comment = factories.create_comment(house.reading, house.member)
    before = read(open_feed(house))
    reword(comment=comment, body="I read this twice, aloud.", wording=1, by=house.member)
    after = read(open_feed(house))
    assert told(before, "id") == told(after, "id")
    assert told(before, "published") == told(after, "published")
    assert told(after, "updated") >= told(before, "updated")
    assert after.findtext("a:updated", namespaces=ATOM) == told(after, "updated")[0]
    assert "aloud" in told(after, "content")[0]


def test_what_is_quoted_stands_above_and_goes_with_its_source(house):
    source = factories.create_comment(house.reading, house.member, "Nobody counted anything.")
    create_quoting(house.reading, house.other, source, "Somebody did.")
    assert told(read(open_feed(house)), "content")[0].startswith("<blockquote><p>")
    etag = Client().get(open_feed(house))["ETag"]
    Comment.objects.filter(pk=source.pk).update(state=State.HIDDEN)
    answer = Client().get(open_feed(house), headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert "Nobody counted" not in answer.text
    assert "blockquote" not in answer.text
    assert "Somebody did." in answer.text


@pytest.mark.parametrize("state", [State.HELD, State.HIDDEN, State.WITHDRAWN])
def test_what_is_held_hidden_or_withdrawn_is_in_no_feed_from_that_moment(house, as_user, state):
    comment = factories.create_comment(house.reading, house.member, "A canary sings.")
    factories.create_comment(house.reading, house.other, "Yes.", parent=comment)
    readers = {
        open_feed(house): [None, house.member, house.moderator],
        private_feed(house, house.member): [None],
        private_feed(house, house.moderator): [None],
    }
    for address, people in readers.items():
        for person in people:
            assert "A canary sings." in as_user(person).get(address).text
    etags = {address: Client().get(address)["ETag"] for address in readers}
    if state == State.WITHDRAWN:
        withdraw(comment=comment, by=house.member)
    else:
        Comment.objects.filter(pk=comment.pk).update(state=state)
    for address, people in readers.items():
        for person in people:
            answer = as_user(person).get(address, headers={"If-None-Match": etags[address]})
            assert answer.status_code == 200
            assert "A canary sings." not in answer.text
            assert "Yes." in answer.text


def test_hidden_between_the_stamp_and_the_words_it_is_not_told(house):
    factories.create_comment(house.reading, house.member, "This stays.")
    comment = factories.create_comment(house.reading, house.member, "A canary sings.")
    membership = type(house.member.memberships.get()).objects.standing(None, house.group.slug)
    newest = comments_feed.NewComments(membership)
    Comment.objects.filter(pk=comment.pk).update(state=State.HIDDEN)
    assert [entry.html for entry in newest.entries()] == ["<p>This stays.</p>"]


def test_a_text_for_members_is_discussed_among_members(house):
    factories.create_comment(house.reading, house.member, "A canary sings.")
    assert "A canary sings." in Client().get(open_feed(house)).text
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    assert "A canary sings." not in Client().get(open_feed(house)).text
    assert "A canary sings." in Client().get(private_feed(house, house.other)).text


def test_it_holds_the_newest_and_no_more(house, monkeypatch):
    monkeypatch.setattr(comments_feed, "MOST", 3)
    for number in range(5):
        factories.create_comment(house.reading, house.member, f"Number {number}.")
    assert told(read(open_feed(house)), "content") == [f"<p>Number {number}.</p>" for number in (4, 3, 2)]


HOSTILE = "<script>alert(1)</script> ]]> &amp; \x08\x0b\x1f\ufffe\uffff\u202e [x](javascript:alert(2)) <img src=x>"


def test_hostile_words_break_no_xml_and_carry_no_markup(house):
    factories.create_comment(house.reading, house.member, HOSTILE)
    group = type(house.group).objects
    group.update(name="A \x08 </title><script> & ]]> group")
    house.member.memberships.update(name_here="<b>M</b>\x0c")
    edition = house.reading.edition
    edition.title, edition.author = "The </entry> Ferry \x01", "I. & \ufffe <R>"
    edition.save()
    settling.change_rules(group=house.group, rules=[("x", "")], note=HOSTILE, by=house.owner)
    send_letter(group=house.group, subject=HOSTILE[:150], body=HOSTILE, key=factories.uuid.uuid4(), by=house.organizer)
    for feed in ("comments", "news"):
        for address in (open_feed(house, feed), private_feed(house, house.member, feed)):
            told_in = [html for html in told(read(address), "content") if html]
            assert told_in
            for html in told_in:
                assert "<script" not in html
                assert "<img" not in html
                assert 'href="javascript' not in html


def test_an_empty_feed_is_a_feed_and_the_same_tomorrow(house):
    assert read(open_feed(house)).findtext("a:updated", namespaces=ATOM)
    assert Client().get(open_feed(house)).content == Client().get(open_feed(house)).content


# --- News -------------------------------------------------------------------------------------------------------------


def test_the_news_hold_the_log_the_rules_and_the_shelf(house):
    change_state(reading=house.reading, state="finished", by=house.organizer)
    change_state(reading=house.reading, state="finished", by=house.organizer)
    change_state(reading=house.reading, state="current", by=house.organizer)
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    settling.change_rules(group=house.group, rules=[("Be brief", "")], note="Less is more.", by=house.owner)
    settling.archive(group=house.group, by=house.owner)
    titles = [
        "Put into the archive",
        "The rules have changed: version 1",
        "A text kept for members: The Ferry",
        "Reading begun: The Ferry",
        "Reading ended: The Ferry",
        "New on the shelf: The Ferry",
    ]
    feed = read(open_feed(house, "news"))
    # Rules are of the moment at which their transaction began: here, with the whole test.
    assert [title for title in told(feed) if "rules" not in title] == titles[:1] + titles[2:]
    assert sorted(told(feed)) == sorted(titles)
    assert len(set(told(feed, "id"))) == len(titles)
    assert "<p>Less is more.</p>" in told(feed, "content")
    for entry in feed.findall("a:entry/a:link", ATOM):
        assert Client().get(entry.get("href")[len("http://127.0.0.1:8000") :]).status_code in {200, 302}


def test_visitors_are_not_told_who_did_it_nor_the_letters(house):
    settling.archive(group=house.group, by=house.owner)
    settling.reopen(group=house.group, by=house.owner)
    GroupChange.objects.create(group=house.group, kind="handed_over", after="Somebody of old", by=house.owner)
    send_letter(group=house.group, subject="A canary", body="Sings.", key=factories.uuid.uuid4(), by=house.organizer)
    visitor, member = (
        Client().get(open_feed(house, "news")).text,
        Client().get(private_feed(house, house.other, "news")),
    )
    assert [name in visitor for name in ("Olga", "Omar", "canary", "Sings")] == [False] * 4
    assert [name in member.text for name in ("Olga", "Omar", "canary", "Sings")] == [True] * 4
    assert "Somebody of old" not in visitor + member.text


# --- Private addresses ------------------------------------------------------------------------------------------------


def page(house):
    return reverse("feeds:addresses", args=[house.group.slug])


def make(house, as_user, user):
    """By the page, as a person does it; the address that the page then shows."""
    client = as_user(user)
    assert client.post(reverse("feeds:make_address", args=[house.group.slug])).status_code == 302
    token = FeedAddress.objects.standing().get(user=user).token
    address = reverse("feeds:private_comments", args=[token])
    assert address in client.get(page(house)).text
    return address


def test_a_member_of_a_hidden_group_reads_by_it_without_a_login(closed_house, as_user):
    factories.create_comment(closed_house.reading, closed_house.other, "A canary sings.")
    address = make(closed_house, as_user, closed_house.member)
    assert Client().get(open_feed(closed_house)).status_code == 404
    answer = Client().get(address)
    assert "A canary sings." in answer.text
    assert answer["Cache-Control"] == "no-cache, private"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer.cookies == {}
    assert address.split("/")[2] not in answer.text  # handed on, the file does not hand on the key


def test_revoked_it_leads_nowhere_and_a_new_one_is_another(closed_house, as_user):
    first = make(closed_house, as_user, closed_house.member)
    second = make(closed_house, as_user, closed_house.member)
    assert first != second
    assert [Client().get(address).status_code for address in (first, second)] == [404, 200]
    as_user(closed_house.member).post(reverse("feeds:revoke_address", args=[closed_house.group.slug]))
    assert Client().get(second).status_code == 404
    assert second not in as_user(closed_house.member).get(page(closed_house)).text
    third = make(closed_house, as_user, closed_house.member)
    assert [Client().get(address).status_code for address in (first, second, third)] == [404, 404, 200]


@pytest.mark.parametrize("end", ["left", "removed", "account"])
def test_who_belongs_no_more_reads_no_more_with_an_etag_neither(closed_house, end):
    house = closed_house
    addresses = [private_feed(house, house.member, feed) for feed in ("comments", "news")]
    etags = [Client().get(address)["ETag"] for address in addresses]
    membership = house.group.memberships.get(user=house.member)
    if end == "left":
        actions.leave(membership=membership, by=house.member)
    elif end == "removed":
        actions.remove(membership=membership, reason="Too loud.", by=house.owner)
    else:
        type(house.member).objects.filter(pk=house.member.pk).update(is_active=False)
    for address, etag in zip(addresses, etags, strict=True):
        assert Client().get(address).status_code == 404
        assert Client().get(address, headers={"If-None-Match": etag}).status_code == 404


def test_who_comes_back_makes_a_new_one(closed_house):
    address = private_feed(closed_house, closed_house.member)
    actions.leave(membership=closed_house.group.memberships.get(user=closed_house.member), by=closed_house.member)
    actions.take_in(group=closed_house.group, user=closed_house.member)
    assert Client().get(address).status_code == 404
    actions.make_feed_address(group=closed_house.group, by=closed_house.member)
    assert Client().get(private_feed(closed_house, closed_house.member)).status_code == 200


def test_who_is_suspended_reads_on(closed_house):
    address = private_feed(closed_house, closed_house.member)
    membership = closed_house.group.memberships.get(user=closed_house.member)
    until = timezone.now() + timedelta(days=1)
    actions.suspend(membership=membership, until=until, reason="Rest.", by=closed_house.owner)
    assert Client().get(address).status_code == 200


def test_no_address_is_made_up(closed_house):
    token = private_feed(closed_house, closed_house.member).split("/")[2]
    mine = FeedAddress.objects.get()
    foreign = Signer(salt="groups.email_invitation").sign(mine.public_id)
    wrong = [mine.public_id, f"{mine.public_id}:", token[:-1], f"{token}x", foreign, "x" * 500, "%00", "\ud7ff"]
    for made_up in wrong:
        assert Client().get(f"/feed/{made_up}/comments/").status_code in {400, 404}, made_up
    assert not FeedAddress.objects.filter(public_id=token).exists()  # the key itself stands nowhere


def test_one_group_s_address_says_nothing_of_another(closed_house):
    elsewhere = factories.create_group("Elsewhere", visibility=Visibility.MEMBERS)
    actions.take_in(group=elsewhere, user=closed_house.member)
    factories.create_comment(factories.create_reading(elsewhere), closed_house.member, "A canary sings.")
    assert "A canary sings." not in Client().get(private_feed(closed_house, closed_house.member)).text


def test_visitors_see_the_open_addresses_and_make_none(house, as_user):
    answer = as_user(None).get(page(house))
    assert open_feed(house) in answer.text
    assert "private" not in answer.text.lower().replace("private-", "")
    assert as_user(house.outsider).post(reverse("feeds:make_address", args=[house.group.slug])).status_code == 403


def test_public_groups_say_in_their_head_where_their_feeds_are(house, closed_house, as_user):
    reading = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    for address in (reverse("group", args=[house.group.slug]), reading):
        head = as_user(None).get(address).text.split("</head>")[0]
        assert f'rel="alternate" type="application/atom+xml" href="{open_feed(house)}"' in head
        assert open_feed(house, "news") in head
    hidden = as_user(closed_house.member).get(reverse("group", args=[closed_house.group.slug]))
    assert "atom+xml" not in hidden.text
    assert page(closed_house) in hidden.text
    as_user(house.member).get(reading)
    type(house.group).objects.filter(pk=house.group.pk).update(visibility=Visibility.LISTED)
    assert "atom+xml" not in as_user(house.member).get(reading).text


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_address(closed_house, as_user):
    address = reverse("feeds:make_address", args=[closed_house.group.slug])
    clients = [as_user(closed_house.member) for _ in range(8)]
    answers = at_once(*(lambda client=client: client.post(address).status_code for client in clients))
    assert set(answers) == {302}
    assert FeedAddress.objects.standing().count() == 1


# --- What it costs ----------------------------------------------------------------------------------------------------


def queries(address, **headers):
    with CaptureQueriesContext(connection) as captured:
        answer = Client().get(address, headers=headers)
    return answer, len(captured)


@pytest.mark.parametrize("feed", ["comments", "news"])
def test_one_entry_and_thirty_cost_as_many_questions(house, feed):
    def add(times):
        for number in range(times):
            source = factories.create_comment(house.reading, house.member, f"Number {number}.", number=1 + number % 4)
            create_quoting(house.reading, house.other, source, "Look at that.", number=4)
            GroupChange.objects.create(group=house.group, kind="text_kept", after="T", by=house.owner)
            before = house.group.current_rules
            rules = [(f"Rule {number} of {before and before.number}", "")]
            settling.change_rules(
                group=house.group, rules=rules, by=house.owner, based_on=before.number if before else 0
            )

    for address in (open_feed(house, feed), private_feed(house, house.member, feed)):
        add(1)
        Client().get(address)  # the outline of the text is kept, and the address is noted as fetched
        few = queries(address)[1]
        add(15)
        answer, many = queries(address)
        assert answer.text.count("<entry>") > 15
        assert many == few < 18


def test_who_has_it_as_it_is_gets_304_without_the_words(house):
    factories.create_comment(house.reading, house.member, "A canary sings.")
    for feed in ("comments", "news"):
        for address in (open_feed(house, feed), private_feed(house, house.member, feed)):
            Client().get(address)
            whole, cost = queries(address)
            with CaptureQueriesContext(connection) as captured:
                answer = Client().get(address, headers={"If-None-Match": whole["ETag"]})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer["ETag"] == whole["ETag"]
            assert "no-cache" in answer["Cache-Control"]
            if feed == "comments":
                assert len(captured) < cost
                assert not any("body" in query["sql"] for query in captured)


@pytest.mark.parametrize("change", ["comment", "name", "title", "group", "mark of nobody"])
def test_another_etag_when_another_entry(house, change):
    comment = factories.create_comment(house.reading, house.member)
    etag = Client().get(open_feed(house))["ETag"]
    if change == "comment":
        reword(comment=comment, body="Otherwise.", wording=1, by=house.member)
    elif change == "name":
        type(house.member).objects.filter(pk=house.member.pk).update(display_name="Maria", name_skeleton="maria")
    elif change == "title":
        type(house.reading.edition).objects.update(title="The Quay")
    elif change == "group":
        type(house.group).objects.update(name="Quay readers")
    answer = Client().get(open_feed(house), headers={"If-None-Match": etag})
    assert answer.status_code == (304 if change == "mark of nobody" else 200)


def test_head_says_the_same_without_the_feed(house):
    factories.create_comment(house.reading, house.member)
    for address in (open_feed(house), private_feed(house, house.member)):
        head, whole = Client().head(address), Client().get(address)
        assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])
        assert Client().post(address).status_code == 405


def test_a_fetch_is_noted_once_an_hour(house):
    address = private_feed(house, house.member)
    Client().get(address)
    first = FeedAddress.objects.get().last_fetched_at
    Client().get(address)
    assert FeedAddress.objects.get().last_fetched_at == first
    FeedAddress.objects.update(last_fetched_at=first - timedelta(hours=2))
    Client().get(address)
    assert FeedAddress.objects.get().last_fetched_at >= first


# --- Decisions --------------------------------------------------------------------------------------------------------


def decisions_in(feed):
    return [title for title in told(feed) if title.startswith("Moderation: ")]


def test_a_decision_is_news_as_the_log_tells_it(house, settings):
    settings.SITE_URL = "https://read.example.org"
    rules = settling.change_rules(group=house.group, rules=[("No trade", "")], by=house.owner)
    decision = hidden(house, words="Mara sells <boats> & more.", rule=rules.rules.get())
    reversed_(house, decision)
    feed = read(open_feed(house, "news"))
    assert decisions_in(feed) == [
        "Moderation: Shown again: The Ferry, paragraph 4",
        "Moderation: Hidden: The Ferry, paragraph 4",
    ]
    later, first = feed.findall("a:entry", ATOM)[:2]
    assert first.find("a:link", ATOM).get("href") == f"https://read.example.org/g/{house.group.slug}/log/1/"
    words = first.findtext("a:content", namespaces=ATOM)
    assert "Rule 1: No trade" in words
    assert "[…] sells &lt;boats&gt; &amp; more." in words
    assert "Reverses entry 1" in later.findtext("a:content", namespaces=ATOM)
    assert first.find("a:author", ATOM) is None
    text = ET.tostring(feed, encoding="unicode")
    for secret in ("Mara", "Milo", "Mona", "Buy my boats", "It is trade"):
        assert secret not in text, secret


def test_decisions_of_a_group_that_is_not_public_are_news_under_a_private_address(closed_house):
    hidden(closed_house)
    assert Client().get(open_feed(closed_house, "news")).status_code == 404
    assert decisions_in(read(private_feed(closed_house, closed_house.other, "news")))


def test_the_reason_of_a_decision_inside_is_told_to_members_alone(house):
    hidden(house, words="A canary was sold.")
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    openly, privately = (
        Client().get(address) for address in (open_feed(house, "news"), private_feed(house, house.other, "news"))
    )
    assert "canary" not in openly.text
    assert "paragraph 4" not in openly.text
    assert "canary" in privately.text


def test_a_decision_and_three_ask_the_database_as_often(house):
    counts = []
    for _again in range(3):
        hidden(house)
        with CaptureQueriesContext(connection) as captured:
            Client().get(open_feed(house, "news"))
        counts.append(len(captured))
    assert counts[0] == counts[2]
