"""The canary sweep: every string that is not for all holds a word of its own, and every channel is searched for it.

Who may see which canary is said here by hand, not asked from the code. For each actor and kind of group every page and
part is opened (plain and htmx, forms also sent empty); its words, its headers and the log lines it caused are searched:
no canary may stand where it may not, and each must be found somewhere by everyone whom it is for.
"""

import logging
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.digest import compose
from readinggroup.discussion import actions as talk
from readinggroup.discussion import moderating
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Draft, Level, RestrictionKind, State
from readinggroup.discussion.quoting import Quoted
from readinggroup.discussion.reactions import mark
from readinggroup.discussion.restricting import restrict
from readinggroup.groups import settling
from readinggroup.groups.actions import answer_review, ask_for_review, take_review_back
from readinggroup.groups.models import Membership, RulesReview, Visibility
from readinggroup.moderation.actions import report, write_statement
from readinggroup.moderation.models import Appeal
from readinggroup.notifications import digests
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Delivery, Digest, Notice
from readinggroup.proposals import actions as proposals
from readinggroup.proposals.models import Ballot, BallotState, Option, receipt_of
from readinggroup.readings.models import Reading, TextImport
from readinggroup.schedule import actions as schedule
from readinggroup.schedule.models import MinutesEntry
from readinggroup.tasks import mail_due_notices
from texts.importing.saving import keep_source
from texts.models import LinkedParagraph, ParallelLink
from texts.parallel.saving import confirm_all, join_works
from texts.quoting import passage

from . import factories
from .discussion.test_quoting import create_quoting
from .moderation.decisions import entered
from .proposals import ballots
from .proposals.counted import closed_ballot, receipts
from .proposals.steps import answered, proposed, said
from .schedule import sessions
from .test_permission_matrix import ACTORS, MATRIX, Cell
from .thoroughness import thoroughly

INSIDE = set(ACTORS[5:])
EVERYONE = set(ACTORS)
MODERATING = {"moderator", "owner"}
INVITING = KEEPING = {"organizer", "owner"}
# Forms that may be sent empty without harm: their 422 is a channel too.
SENT_EMPTY = {"discussion:post_comment", "discussion:answer_comment", "discussion:edit_comment", "groups:ask_to_join"}
CANARY = re.compile("canary[a-z]{12}")
# A word that stands beside every canary that can be searched for.
SUNG = "murmuration"
SHOWN_OF_A_COMMENT = (
    "discussion:comment", "discussion:answer_comment", "moderation:report_comment", "discussion:wordings",
    "discussion:question", "discussion:follow_thread", "discussion:take_back_wordings", "discussion:edit_comment",
    "discussion:mute_person", "discussion:words_written_about",
)  # fmt: skip
# Comments that quote another: what they quote must not come through.
SAID_ABOUT_A_QUOTE = {"Look at that.", "And at that."}
QUOTING = ["discussion:comment", "discussion:answer_comment", "discussion:wordings"]
# Of the comments that are in one state, each run opens one at all of these addresses, the others where words are shown.
WORDS_SHOWN = ["discussion:comment", "discussion:wordings", "discussion:edit_comment"]
# Addresses that act when they are opened.
NOT_OPENED = {"accounts:sign_in_by_link"}


@dataclass
class Aviary:
    """A house full of canaries: name -> (the word, who is to see it, who may see it besides)."""

    cell: Cell
    canaries: dict = field(default_factory=dict)
    keys: list = field(default_factory=list)  # of papers in boxes: for nobody who does not have them

    def canary(self, name, audience, besides=()):
        word = "canary" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
        self.canaries[name] = (word, frozenset(audience), frozenset({*audience, *besides}))
        return word


def known_to(visibility):
    return EVERYONE if visibility != Visibility.MEMBERS else INSIDE


def readable_by(visibility):
    return EVERYONE if visibility == Visibility.PUBLIC else INSIDE


def build(visibility) -> Aviary:
    """A group of this kind in which everything that can be written is written."""
    aviary = Aviary(Cell(visibility))
    cell, house, canary = aviary.cell, aviary.cell.house, aviary.canary
    group, reading = house.group, house.reading
    group.name = canary("group's name", known_to(visibility), besides={"former"})  # who has left may settle their name
    group.description = canary("group's description", known_to(visibility))
    group.save()
    edition = reading.edition
    edition.title, edition.author, edition.translator = (
        canary(f"edition's {what}", readable_by(visibility)) for what in ("title", "author", "translator")
    )
    edition.save()
    planned = factories.create_reading(
        group,
        f"{canary('planned title', readable_by(visibility))}\n\nWords.\n",
        filename="planned.txt",
        state="planned",
    )
    Reading.objects.filter(pk=planned.pk).update(slug="planned")
    for person in cell.people.values():
        if Membership.objects.active().filter(group=group, user=person).exists():
            choose(by=person, reading=reading, level=Level.WATCH)
    say(aviary, visibility)
    silent = factories.create_member(group, canary("name of a silent member", INSIDE))
    otherwise = factories.create_member(group, canary("name of somebody called otherwise here", ()))
    group.memberships.filter(user=otherwise).update(name_here=canary("name in this group", INSIDE))
    settle(aviary, visibility)
    take_minutes(aviary, visibility)
    hold_ballots(aviary, visibility)
    for person in [*cell.people.values(), silent]:
        if person is not None:
            person.email = f"{canary(f'address of {person.display_name}', ())}@example.org"
            person.save()
            person.emailaddress_set.update(email=person.email)
    cell.request.words = canary("words of a request to join", INVITING)
    cell.request.save()
    content = f"{canary('text of an upload', KEEPING)}\n\nWords.\n".encode()
    cell.upload = TextImport.objects.create(group=group, source=keep_source(content, "up.txt"), by=house.organizer)
    answer_sessions(aviary)
    propose(aviary, visibility)
    decide_together(aviary, visibility)
    tell(
        recipients=[house.member],
        kind="groups/join_request_answered",
        category="decision",
        event="sung",
        facts={"group": canary("a notice", {"member"}), "accepted": True},
    )
    return aviary


def take_minutes(aviary, visibility):
    """What is written of a session that is under way; the member takes its minutes."""
    session, canary = aviary.cell.meeting.session, aviary.canary
    writing = {"member", "organizer", "owner"}
    item = aviary.cell.meeting.items[0]
    item.words = canary("what an item is about", INSIDE, besides=readable_by(visibility))
    item.save()
    said = ["minutes as they were worded before", "minutes that are not published"]
    for version, words in enumerate((canary(what, writing) for what in said), 2):
        entry = {"body": words, "body_html": f"<p>{words}</p>", "version": version}
        MinutesEntry.objects.filter(session=session, item=item).update(**entry)
    session.outcomes.update(words=canary("a decision that is not published", writing))


def hold_ballots(aviary, visibility):
    """What is on papers: of a ballot that is closed, for all who read; before that, and of a void one, for nobody.

    Who voted how is told of an open ballot alone, and to members.
    """
    cell, canary = aviary.cell, aviary.canary
    said = readable_by(visibility)

    def paper(name, audience, **more):
        return receipts({"named": [2], "reason": canary(name, audience), **more})

    voter = factories.create_member(cell.house.group, canary("name of who voted in an open ballot", INSIDE))
    cell.counted = closed_ballot(
        cell.house,
        papers=paper("a reason of a vote", said, by=str(voter.pk)),
        question=canary("what was voted on", said),
        options=[cell.to_bring, canary("what was chosen", said)],
        is_secret=False,
    )
    for state in (BallotState.OPEN, BallotState.VOID):
        ends = {"closes_at": timezone.now() + timedelta(days=1)} if state == BallotState.OPEN else {}
        papers = paper(f"a reason in a ballot that is {state}", ())
        closed_ballot(cell.house, papers=papers, state=state, is_counted=False, **ends)


def propose(aviary, visibility):
    """What is proposed, for all who read; drafts for those who make them; the text itself for who keeps texts, too."""
    cell, canary, readers = aviary.cell, aviary.canary, readable_by(visibility)
    house, other = cell.house, factories.create_member(cell.house.group)
    house.group.memberships.filter(user=other).update(name_here=canary("who supports a proposal", INSIDE))

    def words(what, audience):
        return {name: canary(f"{name} of {what}", audience) for name in ("title", "author", "why", "where", "rights")}

    text = f"{canary('a proposed text', KEEPING | {'member'})}\n\nWords.\n".encode()
    cell.mine = proposed(house, file=(text, "mine.txt"), **words("a proposal before it was changed", readers))
    cell.mine = proposals.reword(
        proposal=cell.mine, wording=1, by=house.member, **said(**words("a proposal", readers), translator="", year=None)
    )
    proposals.support(proposal=cell.mine, by=other)
    answered(house, cell.mine, "later", canary("an answer to a proposal", readers))
    factories.create_comment(
        cell.mine.talk, house.moderator, f"{canary('what is said of a proposal', readers)} {SUNG}", number=1
    )
    draft = {**words("a draft of a proposal", {"member"}), "publish": False}
    text = f"{canary('text of a draft of a proposal', {'member'})}\n\nWords.\n".encode()
    cell.my_draft = proposed(house, file=(text, canary("file of a draft", {"member"})), **draft)


def answer_sessions(aviary):
    """What members say about when they can and whether they come, which only members read; who is suspended, too."""
    cell, canary = aviary.cell, aviary.canary
    said, by = {sessions.times_of(cell.asked)[0]: "yes"}, cell.house.organizer
    schedule.answer_poll(session=cell.asked, answers=said, words=canary("a word in a date poll", INSIDE), by=by)
    words = canary("a word about coming", INSIDE - {"suspended"}, besides={"suspended"})
    schedule.answer(session=cell.met, answer="going", words=words, by=by)


def decide_together(aviary, visibility):
    """Ballots: drafts for who holds them, what is asked for all who read, what lies in an open box for nobody."""
    canary, readers = aviary.canary, readable_by(visibility)
    for ballot, audience, state in zip(
        aviary.cell.ballots, (INVITING, readers, readers), ("draft", "announced", "open"), strict=True
    ):
        with ballots.without_triggers():
            said = {what: canary(f"{what} of a ballot: {state}", audience) for what in ("question", "words")}
            Ballot.objects.filter(pk=ballot.pk).update(**said)
            title = canary(f"an option of a ballot: {state}", audience)
            Option.objects.filter(ballot=ballot, number=2).update(title=title)
    asked = aviary.cell.ballots[2]
    for person in ("member", "organizer"):
        reason = canary(f"why {person} voted so in an open box", ())
        aviary.keys = [*aviary.keys, ballots.votes(asked, aviary.cell.people[person], {"named": [1], "reason": reason})]


def settle(aviary, visibility):
    """What owners, organizers and moderators write about the group and its people."""
    cell, canary, group = aviary.cell, aviary.canary, aviary.cell.house.group
    rules = [(canary("a rule", known_to(visibility)), canary("a rule's words", known_to(visibility)))]
    note = canary("why a rule was changed", known_to(visibility))
    settling.change_rules(group=group, rules=rules, note=note, by=cell.house.owner, based_on=1)
    review(aviary, visibility)
    group.memberships.filter(user=cell.people["suspended"]).update(
        suspended_for=canary("why somebody is suspended", {"suspended"}, besides=MODERATING)
    )
    group.memberships.filter(user=cell.people["former"]).update(
        removed_by=cell.house.owner, removed_for=canary("why somebody was removed", {"former"})
    )
    for thread, name in ((None, "why one looks first at a text"), (cell.comment, "why one looks first at a thread")):
        reason = canary(name, readable_by(visibility))
        place = {"reading": cell.house.reading, "thread": thread, "kind": RestrictionKind.HELD_FIRST}
        restrict(**place, reason=reason, by=cell.house.moderator)
    cell.mailed.email = f"{canary('address of an invitation', {'organizer'})}@example.org"
    cell.mailed.save()
    cell.letter.subject, cell.letter.body_html = (canary(f"a letter's {what}", INSIDE) for what in ("subject", "words"))
    cell.letter.save()
    meet(aviary, visibility)
    cell.export.content = canary("an export", {"owner"}).encode()
    cell.export.save()
    title, words = canary("title of a text for members", readable_by(visibility)), canary("a text for members", INSIDE)
    kept = factories.create_reading(
        group,
        f"{title}\n\n{words} {SUNG}.\n",
        filename="kept.txt",
        for_members=True,
    )
    inside = factories.create_comment(
        kept, cell.house.member, f"{canary('a comment on a text for members', INSIDE)} {SUNG}", number=2
    )
    entered(cell.house, inside, canary("reason of a decision about a text for members", INSIDE))
    Reading.objects.filter(pk=kept.pk).update(slug="kept")  # who asks for a name in an address knows it already
    read_beside(cell, kept)


def read_beside(cell, kept):
    """The text for members is another edition of the other one, linked with it, and quoted where that is discussed."""
    reading = cell.house.reading
    pair = join_works(reading.edition, kept.edition)
    link = ParallelLink.objects.create(parallel=pair)
    places = [factories.version_of(reading, 4), factories.version_of(kept, 2)]
    for place in places:
        LinkedParagraph.objects.filter(parallel=pair, paragraph=place.paragraph).delete()
        LinkedParagraph.objects.create(parallel=pair, link=link, paragraph=place.paragraph)
    confirm_all(parallel=pair)
    quoted = Quoted(passage(places[1].text, 0, len(places[1].text)), version_id=places[1].pk)
    said = {"body": "So it is there.", "key": uuid.uuid4(), "by": cell.house.member}
    talk.post(reading=reading, version=places[0], quotes=[quoted], **said)


def meet(aviary, visibility):
    """A session: that it is, for all who read; where, for who goes and who runs it."""
    canary, session = aviary.canary, aviary.cell.announced
    session.title, session.words = (
        canary(f"a session's {what}", readable_by(visibility)) for what in ("title", "words")
    )
    session.where = canary("where a session is", {"member", "organizer", "owner"})
    session.link = f"https://example.org/{canary('the link of a session', {'member', 'organizer', 'owner'})}"
    session.save()


def review(aviary, visibility):
    """What was asked of the rules, and who moderates for how long; and by whom, which only members learn."""
    cell, canary, group = aviary.cell, aviary.canary, aviary.cell.house.group
    RulesReview.objects.filter(pk=cell.review().pk).update(words=canary("a review", readable_by(visibility)))
    friend = factories.create_member(group)
    asked = canary("an answered review", readable_by(visibility))
    answered = ask_for_review(group=group, rule_set=None, words=asked, by=friend)
    answer = canary("an answer to a review", readable_by(visibility))
    answer_review(review=answered, answer=answer, by=cell.house.owner)
    group.memberships.filter(user=friend).update(
        roles=["moderator"], name_here=canary("a moderator who asked", INSIDE, besides=())
    )
    given_up = ask_for_review(group=group, rule_set=None, words=canary("a review taken back", ()), by=friend)
    take_review_back(review=given_up, by=friend)


def say(aviary, visibility):
    """Comments in every state."""
    cell, canary, reading = aviary.cell, aviary.canary, aviary.cell.house.reading
    author = cell.house.member

    def comment(words, **more):
        return factories.create_comment(reading, author, f"{words} {SUNG}", **more)

    first = canary("words before an edit", readable_by(visibility))
    cell.comment = comment(first)
    talk.reword(
        comment=cell.comment, body=f"{canary('a comment', readable_by(visibility))} {SUNG}", wording=1, by=author
    )
    cell.comment.refresh_from_db()
    held = comment(canary("a held comment", MODERATING | {"member"}))
    hidden = comment(canary("words before an edit of a hidden comment", MODERATING))
    # Who decides whether it stays hidden reads it, on the page of its wordings.
    # So does its author, who may change it and hand it in again.
    talk.reword(comment=hidden, body=canary("a hidden comment", MODERATING | {"member"}), wording=1, by=author)
    friend = factories.create_member(cell.house.group)
    answered = comment(canary("a hidden comment with an answer", MODERATING | {"member"}))
    factories.create_comment(
        reading, friend, canary("an answer to a hidden comment", readable_by(visibility)), parent=answered
    )
    withdrawn = comment(canary("words before an edit of a withdrawn comment", ()))
    withdrawn = talk.reword(comment=withdrawn, body=canary("a withdrawn comment", ()), wording=1, by=author)
    theirs = MODERATING | {"member"}
    approved = comment(canary("words that were approved, before an edit that is held", theirs))
    handed_in = comment(canary("words that were hidden, before they were handed in again", theirs))
    for quoted in (
        held,
        hidden,
        answered,
        withdrawn,
        approved,
        handed_in,
    ):  # before they were gone, beside them and at another paragraph
        create_quoting(reading, friend, quoted, "Look at that.", number=4)
        create_quoting(reading, friend, quoted, "And at that.", number=3)
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    for one in (hidden, answered, handed_in):
        moderating.hide(comment=Comment.objects.get(pk=one.pk), rule=None)
    links = " ".join(f"<https://example.org/{number}>" for number in range(9))
    talk.reword(comment=approved, body=f"{canary('an edit that is held', theirs)} {links}", wording=1, by=author)
    words = canary("what was handed in again", theirs)
    talk.reword(comment=handed_in, body=f"{words} {SUNG}", wording=1, by=author, hands_in=True)
    assert set(Comment.objects.filter(pk__in=[approved.pk, handed_in.pk]).values_list("state", flat=True)) == {"held"}
    talk.withdraw(comment=withdrawn, by=author)
    taken_back = comment(canary("words that their author took back", MODERATING | {"member"}))
    asks = canary("an open question", readable_by(visibility))
    taken_back = talk.reword(comment=taken_back, body=asks, wording=1, by=author)
    talk.show_wordings_from(comment=taken_back, by=author, earlier=False)
    for thread in (held, taken_back):
        Comment.objects.filter(pk=thread.pk).update(question="open", question_by=author, question_at=thread.created_at)
    cell.house.group.memberships.filter(user=friend).update(name_here=canary("who set a mark", readable_by(visibility)))
    mark(comment=taken_back, kind="agree", by=friend, is_set=True)
    begin_to_write(aviary, author, friend)
    report(comment=cell.comment, words=canary("words of a report", MODERATING), by=friend)
    entered(cell.house, cell.comment, canary("reason of a decision", readable_by(visibility)))
    decide_and_appeal(aviary)


def decide_and_appeal(aviary):
    """What was decided upon, why not, and what was written about it: for whom it concerns and who moderates."""
    cell, canary = aviary.cell, aviary.canary
    author, between = cell.house.member, MODERATING | {"member"}
    words = canary("words that were decided upon", between)
    Comment.objects.filter(pk=cell.decided.pk).update(body=words, body_html=f"<p>{words}</p>")
    Appeal.objects.filter(pk=cell.appeal.pk).update(words=canary("words of an appeal", between))
    said = canary("what was written about a decision", between)
    write_statement(decision=cell.decision, person=author, words=said, key=uuid.uuid4(), by=author)


def begin_to_write(aviary, author, friend):
    """Drafts of every kind: for nobody but who writes them, whoever moderates or owns the group."""
    place = {"reading": aviary.cell.house.reading, "paragraph": aviary.cell.comment.paragraph}
    theirs = factories.create_comment(place["reading"], friend, "A question.")
    for kind, more in {
        "a new comment": {},
        "an answer": {"parent": theirs},
        "an edit": {"edited": aviary.cell.comment, "wording": 2},
    }.items():
        word = aviary.canary(f"a draft of {kind}", {"member"})
        quote = aviary.canary(f"a quote in {kind}", (), {"member"})
        Draft.objects.create(author=author, body=word, quotes=[quote], **place, **more)
        hers = {"parent": aviary.cell.comment} if more else {}
        if more.get("wording") is None:
            Draft.objects.create(author=friend, body=aviary.canary(f"another's draft of {kind}", ()), **place, **hers)


def addresses(cell):
    """(method, address, data) of every channel that one can ask."""
    for name, method in MATRIX:
        if name in NOT_OPENED:
            continue
        if method == "GET":
            yield "GET", cell.address(name), None
        elif name in SENT_EMPTY:
            yield "POST", cell.address(name), {}
    for name in (
        "account_login",
        "account_signup",
        "account_email",
        "mfa_index",
        "usersessions_list",
        "account_logout",
    ):
        yield "GET", reverse(name), None
    opened = set()
    for comment in Comment.objects.filter(reading__group=cell.house.group).order_by("pk"):
        kind = (comment.state, comment.held_for, bool(comment.question), comment.reading_id)
        first = SHOWN_OF_A_COMMENT if kind not in opened else WORDS_SHOWN
        for name in thoroughly(SHOWN_OF_A_COMMENT, QUOTING if comment.body in SAID_ABOUT_A_QUOTE else first):
            yield "GET", reverse(name, args=[comment.public_id]), None
        if comment.body not in SAID_ABOUT_A_QUOTE:
            opened.add(kind)
        place = [cell.house.group.slug, comment.reading.slug, comment.paragraph.public_id]
        yield "GET", reverse("discussion:paragraph", args=place), None
        yield "GET", reverse("discussion:pulse", args=place[:2]) + f"?at={place[2]}&since=0", None
    for reading in cell.house.group.readings.all():
        yield "GET", reverse("readings:reading_page", args=[cell.house.group.slug, reading.slug]), None
    for ballot in cell.house.group.ballots.all():
        for name in ("ballot", "result", "papers", "recount_script"):
            yield "GET", reverse(f"proposals:{name}", args=[cell.house.group.slug, ballot.public_id]), None
    for one in cell.house.group.proposals.all():
        for name in ("proposal", "proposal_wordings", "proposal_text"):
            yield "GET", reverse(f"proposals:{name}", args=[cell.house.group.slug, one.public_id]), None
    yield "GET", reverse("proposals:alike", args=[cell.house.group.slug]) + "?title=canary", None
    for case in cell.house.group.cases.all():
        yield "GET", reverse("moderation:case", args=[cell.house.group.slug, case.pk]), None
    for asked in cell.house.group.rules_reviews.all():
        yield "GET", reverse("groups:rules_review", args=[cell.house.group.slug, asked.pk]), None
    # What a search shows of all that holds one word, and of what one person said.
    search = reverse("discussion:search", args=[cell.house.group.slug])
    for asked in (f"q={SUNG}", f"q={SUNG}&kind=texts", f"q={SUNG}&by=Mara", f"q={SUNG}+-nowhere"):
        yield "GET", f"{search}?{asked}", None
    yield "GET", "/nowhere/", None


def everything_told(client, cell, caplog):
    """(channel, all that it told) for everything that this client can ask for, once each."""
    for (method, address), data in {(method, address): data for method, address, data in addresses(cell)}.items():
        varies = True
        for headers in ({}, {"HX-Request": "true"}):
            if not varies:
                continue  # it says that a part is no other than the page: tests/test_headers.py holds it to that
            caplog.clear()
            answer = (client.post if method == "POST" else client.get)(address, data, headers=headers, follow=False)
            channel = f"{method} {address}{' htmx' if headers else ''}"
            # What is refused or leads elsewhere is no other for a part: tests/test_permission_matrix.py.
            varies = "HX-Request" in answer.get("Vary", "") and answer.status_code in {200, 422}
            body = b"".join(answer) if answer.streaming else answer.content
            yield channel, body.decode(errors="replace")
            yield f"{channel}: headers", str(answer.headers) + str(answer.cookies)
            yield f"{channel}: log", "\n".join(record.getMessage() for record in caplog.records)


@pytest.fixture(scope="module")
def aviary(request, module_db):
    """That of a kind of group; it takes long to make, so all who look at it do so in one process."""
    made = build(request.param)
    connection.check_constraints()  # once: what is put off is looked at again after each test that is undone
    return made


# Inside, one group is like another: every role is asked in one that is for its members. Of the others each run asks
# those for whom they differ.
ASKED = {
    Visibility.MEMBERS: ACTORS,
    Visibility.PUBLIC: thoroughly(ACTORS, ["visitor", "elsewhere"]),
    Visibility.LISTED: thoroughly(ACTORS, ["visitor", "invited", "former"]),
}
SWEPT = [
    pytest.param(kind, actor, marks=pytest.mark.xdist_group(f"canaries-{kind}"))
    for kind in Visibility
    for actor in ASKED[kind]
]


@pytest.mark.parametrize(("aviary", "actor"), SWEPT, indirect=["aviary"], scope="module")
def test_every_channel_holds_what_its_reader_may_see_and_nothing_else(aviary, db, caplog, actor):
    caplog.set_level(logging.INFO)
    me = aviary.cell.people[actor]
    own = {f"address of {me.display_name}"} if me else set()
    if actor == "invited":
        own |= {"group's name", "group's description"}  # who holds an invitation sees what it is to
    client = aviary.cell.client_of(actor)
    aviary.cell.whose_feed = me
    leaks, found, checks = [], set(), 0
    named = {word: name for name, (word, *_who) in aviary.canaries.items()}
    for channel, words in everything_told(client, aviary.cell, caplog):
        checks += len(named)
        for name in {named[word] for word in CANARY.findall(words) if word in named}:
            found.add(name)
            if actor not in aviary.canaries[name][2] and name not in own and not invitation(channel, name):
                leaks.append((name, channel))
        leaks += [("a paper", channel) for key in aviary.keys if key in words or receipt_of(key) in words]
    assert leaks == []
    wanted = {name for name, (_word, audience, _allowed) in aviary.canaries.items() if actor in audience} | (
        own - {"group's description"}
    )
    assert wanted - found == set()
    assert checks > 1_800


def invitation(channel, name):
    """Whoever holds an invitation's link learns what it is to: its token is the key, not the person."""
    return "/join/" in channel and name in {"group's name", "group's description"}


def test_mail_holds_what_its_reader_may_see(db):
    aviary = build(Visibility.MEMBERS)
    mail_due_notices()
    Notice.objects.update(created_at=timezone.now() - timedelta(days=2))
    digests.begin_due()
    digests.mail_due(compose)
    assert Digest.objects.filter(delivery=Delivery.SENT).exists()
    actors = {person.email: name for name, person in aviary.cell.people.items() if person is not None}
    for message in mail.outbox:
        [address] = message.to
        told = f"{message.message()} {message.subject} {message.body}".replace("\n ", "").replace(address, "")
        told = told.replace(User.objects.get(email=address).display_name, "")  # a mail greets its reader
        for name, (word, _audience, allowed) in aviary.canaries.items():
            reader = actors.get(address)  # else another member, of whom nothing is said but what all members may see
            assert word not in told or (reader in allowed if reader else allowed >= INSIDE), (name, message.subject)


def test_nothing_of_a_hidden_group_stands_on_pages_for_all(db, as_user):
    """The start page, the outbox's absence, the join page of a link that is no good."""
    aviary = build(Visibility.MEMBERS)
    for address in ("/", "/join/no-such-token/", "/healthz", "/readyz"):
        words = as_user(None).get(address).text
        assert not [name for name, (word, *_who) in aviary.canaries.items() if word in words]


def test_the_sweep_bites(db, as_user, caplog, monkeypatch, rules_may_change):
    """With one filter taken out, the sweep finds the leak."""
    from django.db.models import F

    from readinggroup.discussion.models.comments import CommentQuerySet

    aviary = build(Visibility.PUBLIC)
    monkeypatch.setattr(
        CommentQuerySet, "visible_to", lambda comments, membership: comments.annotate(shown_html=F("body_html"))
    )
    word, audience, _allowed = aviary.canaries["a held comment"]
    told = [channel for channel, words in everything_told(as_user(None), aviary.cell, caplog) if word in words]
    assert "visitor" not in audience
    assert told
