"""Read first: a canary in all that lies under a veil, and every channel searched before the opening, at it and after.

Who may see which canary is said here by hand. The channels are those of the sweep over the whole site
(`tests/test_canaries.py`): every page and part, headers, log lines, search, feeds; and besides what is printed and
saved, exports, everybody's data, mail, digests and what devices are told.
"""

import io
import logging
import secrets
import zipfile
from datetime import timedelta
from unittest import mock

from django.core import mail
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from readinggroup.digest import compose
from readinggroup.discussion import actions as talk
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Level, State, comments
from readinggroup.group_export import zipped
from readinggroup.groups.models import Membership, Visibility
from readinggroup.moderation.actions import report
from readinggroup.my_data.contents import PARTS
from readinggroup.notifications import digests
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.tasks import mail_due_notices, mind_veils

from .. import factories
from ..discussion.test_quoting import create_quoting
from ..discussion.test_races import paragraph_page
from ..moderation.decisions import hidden
from ..test_canaries import SUNG, everything_told
from ..test_permission_matrix import Cell
from .read_first import read_first

ALL = {"visitor", "member", "organizer", "moderator", "owner"}
MODERATING = {"moderator", "owner"}
WROTE = {"organizer"}  # at each of the veiled paragraphs; Milan, whose words these are, is none of the actors


class Veiled:
    """A house in which much is said under a veil: name -> (canary, who sees it before, who sees it after)."""

    def __init__(self):
        self.cell, self.canaries = Cell(Visibility.PUBLIC), {}
        self.house = house = self.cell.house
        self.days = 0
        self.author = factories.create_member(house.group, "Milan")
        for person in (house.member, house.owner, house.moderator):
            choose(by=person, reading=house.reading, level=Level.WATCH)
        old = factories.create_comment(house.reading, house.member, f"Said before the veil. {SUNG}")
        self.session = read_first(house, first=4, last=5)
        for number in (4, 5):
            factories.create_comment(house.reading, house.organizer, f"{number} {SUNG}", number=number)
        self.say(old)

    def canary(self, name, before, after):
        word = "canary" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
        self.canaries[name] = (word, frozenset(before), frozenset(after))
        return word

    def comment(self, name, before, after, *, number=4, parent=None, by=None, more=""):
        body = f"{self.canary(name, before, after)} {SUNG} {more}"
        return factories.create_comment(self.house.reading, by or self.author, body, number=number, parent=parent)

    def say(self, old):
        house = self.house
        first = self.comment("an earlier wording", (), MODERATING)
        body = f"{self.canary('a comment', WROTE, ALL)} {SUNG}, @Mara"
        first = talk.reword(comment=first, body=body, wording=1, by=self.author)
        self.comment("an answer to it", WROTE, ALL, parent=first, by=house.organizer)
        self.comment("an answer to what all see", WROTE, ALL, parent=old)
        asks = self.comment("an open question", WROTE, ALL)
        Comment.objects.filter(pk=asks.pk).update(question="open", question_by=self.author, question_at=asks.created_at)
        for number in (4, 7):  # beside it, and where no veil lies
            create_quoting(house.reading, house.organizer, first, f"Look at that. {SUNG}", number=number)
        reported = self.comment("a reported comment", WROTE | MODERATING, ALL, number=5)
        report(comment=reported, words="Look.", by=house.organizer)
        held = self.comment("a held comment", MODERATING, MODERATING)
        Comment.objects.filter(pk=held.pk).update(state=State.HELD, held_for="links")
        withdrawn = self.comment("a withdrawn comment", (), ())
        talk.withdraw(comment=withdrawn, by=self.author)
        gone = self.comment("a hidden comment", MODERATING, MODERATING, number=5)
        report(comment=gone, words="Look.", by=house.organizer)
        hidden(house, gone.cases.get())

    # What tells.

    def told_to(self, actor, caplog):
        """(channel, what it told this actor). With a `caplog` all that the whole site has, else what is about this."""
        house, person = self.house, self.cell.people[actor]
        self.cell.whose_feed = person
        client = self.cell.client_of(actor)
        if caplog:
            yield from everything_told(client, self.cell, caplog)
        for address in self.addresses(actor):
            varies = True
            for headers in ({}, {"HX-Request": "true"}):
                if not varies:
                    continue  # as in tests/test_canaries.py
                answer = client.get(address, headers=headers)
                varies = "HX-Request" in answer.get("Vary", "") and answer.status_code == 200
                yield address, (b"".join(answer) if answer.streaming else answer.content).decode()
        for part in PARTS if person else ():
            yield f"my data: {part.name}", " ".join(str(row) for row in part.rows(person))
        if actor == "owner":
            with zipfile.ZipFile(io.BytesIO(zipped(Membership.objects.standing(person.pk, house.group.slug)))) as file:
                yield "export", " ".join(file.read(name).decode() for name in file.namelist())

    def addresses(self, actor):
        house, place = self.house, [self.house.group.slug, self.house.reading.slug]
        for number in (4, 5, 7):
            for order in ("", "newest", "discussed"):
                yield f"{paragraph_page(house.reading, number)}?order={order}"
        for comment in Comment.objects.filter(author__in=[self.author, house.organizer]):
            yield reverse("discussion:comment", args=[comment.public_id])
            yield reverse("discussion:wordings", args=[comment.public_id])
        for comment in Comment.objects.filter(author=self.author):
            yield f"{paragraph_page(house.reading, comment.version.number)}?thread={comment.public_id}"
        for name in ("whole", "save_whole", "questions", "next_unread"):
            yield reverse(f"discussion:{name}", args=place)
        for person in (self.author, house.organizer):
            yield reverse("discussion:contributions", args=[house.group.slug, person.public_id])
        search = reverse("discussion:search", args=[house.group.slug])
        for words in (SUNG, f"{SUNG}&by=Milan", f"{SUNG}&open=on"):
            yield f"{search}?q={words}"
        yield reverse("schedule:session", args=[house.group.slug, self.session.public_id])
        yield reverse("readings:reading_page", args=place)
        yield reverse("discussion:pulse", args=place)
        yield reverse("feeds:comments", args=[house.group.slug])
        yield reverse("group", args=[house.group.slug])
        yield "/inbox/"
        for case in house.group.cases.all() if actor in MODERATING else ():
            yield reverse("moderation:case", args=[house.group.slug, case.pk])

    def sweep(self, actor, moment, caplog=None):
        """What this actor found that is not theirs, and what they did not find that is."""
        leaks, found = [], set()
        for channel, words in self.told_to(actor, caplog):
            for name, (word, *audiences) in self.canaries.items():
                if word in words:
                    found.add(name)
                    if actor not in audiences[moment]:
                        leaks.append((actor, name, channel))
        wanted = {name for name, (_word, *audiences) in self.canaries.items() if actor in audiences[moment]}
        return leaks, wanted - found

    def found_by_search(self, actor) -> set:
        """What is found when one looks for the very word, as many times as for a word that nobody has said."""
        client, search = self.cell.client_of(actor), reverse("discussion:search", args=[self.house.group.slug])
        return {
            name
            for name, (word, *_who) in self.canaries.items()
            if "<mark>" in client.get(f"{search}?q={word}&kind=comments").text
        }

    def posted(self) -> list:
        """All that is mailed, at once and in digests, and told on devices: (actor, words)."""
        actors = {person.email: actor for actor, person in self.cell.people.items() if person is not None}
        actors[self.author.email] = "author"
        self.days += 2
        with mock.patch("readinggroup.notifications.sending.push") as push:
            mail_due_notices()
            Notice.objects.update(created_at=timezone.now() - timedelta(days=2))
            digests.begin_due(timezone.now() + timedelta(days=self.days))
            digests.mail_due(compose)
        told = [(actors.get(message.to[0], "another"), str(message.message())) for message in mail.outbox]
        mail.outbox.clear()
        return told + [(actors.get(call.args[0].email, "another"), str(call)) for call in push.call_args_list]


def amiss(veiled, told, moment) -> list:
    """Of what was posted, what was not for its reader. All but one are words of Milan's, who may be told of them."""
    return [
        (actor, name)
        for actor, words in told
        for name, (word, *audiences) in veiled.canaries.items()
        if word in words
        and actor not in audiences[moment]
        and not (actor == "author" and (moment == AFTER or name != "an answer to it"))
    ]


BEFORE, AFTER = 0, 1


def test_nothing_is_told_before_the_opening_and_all_of_it_afterwards(db, caplog, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    caplog.set_level(logging.INFO)
    veiled = Veiled()
    assert veiled.sweep("member", BEFORE, caplog) == ([], set())
    for actor in ("visitor", "moderator", "owner", "organizer"):
        assert veiled.sweep(actor, BEFORE) == ([], set()), actor
    assert veiled.found_by_search("visitor") == veiled.found_by_search("member") == set()
    theirs = {name for name, (_word, who, _after) in veiled.canaries.items() if "organizer" in who}
    assert veiled.found_by_search("organizer") == theirs
    assert amiss(veiled, veiled.posted(), BEFORE) == []
    # At the opening: of the pages that were kept until now none is told any more.
    actions.open_session(session=veiled.session, by=veiled.house.organizer)
    for actor in ("visitor", "member"):
        assert veiled.sweep(actor, AFTER) == ([], set()), actor
    theirs = {name for name, (_word, _before, who) in veiled.canaries.items() if "visitor" in who}
    assert veiled.found_by_search("visitor") == theirs
    mind_veils(timestamp=0)
    told = veiled.posted()
    for name, (word, _before, after) in veiled.canaries.items():
        readers = {actor for actor, words in told if word in words}
        assert ("member" in readers) == (after == ALL), name
        assert "another" not in readers or after == ALL, name
    assert [each for each in amiss(veiled, told, AFTER) if each[0] != "another"] == []


def test_the_sweep_bites(db, monkeypatch, rules_may_change):
    """The control: were a veil open to every member, the sweep would find what it hides."""
    veiled = Veiled()
    monkeypatch.setattr(comments, "_veil_is_open_to", lambda viewer: Q(pk__isnull=False))
    leaks, _missed = veiled.sweep("member", BEFORE)
    assert {name for _actor, name, _channel in leaks} >= {"a comment", "an answer to it", "an open question"}
    assert len(leaks) > 20
