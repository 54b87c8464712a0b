"""The archive, another owner, and deletion: what is closed stays closed, and what is deleted is gone, all of it."""

import uuid
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.actions import reword
from readinggroup.discussion.models import (
    Comment,
    Draft,
    Follow,
    Level,
    Mention,
    MutedPerson,
    Quote,
    Reaction,
    ReactionKind,
    RestrictionKind,
    ThreadMove,
)
from readinggroup.discussion.restricting import restrict
from readinggroup.group_deletion import delete_due_groups, remove_group
from readinggroup.groups import actions, settling
from readinggroup.groups.inviting_by_mail import invite_by_email
from readinggroup.groups.letters import send_letter
from readinggroup.groups.models import Group, GroupChange, GroupExport, Handover, Membership, Role, Visibility
from readinggroup.moderation.actions import appeal, report, write_statement
from readinggroup.moderation.models import Appeal, Case, Juror, Reason
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions as proposals
from readinggroup.proposals.models import Support
from readinggroup.readings import veils
from readinggroup.readings.actions import keep_place
from readinggroup.readings.models import TextImport
from readinggroup.revisions import actions as revisions
from readinggroup.schedule import actions as schedule
from readinggroup.schedule.actions import note_decision, publish_minutes, write_minutes
from readinggroup.schedule.models import Series
from readinggroup.tasks import delete_due_groups as delete_due_groups_task
from texts.importing.saving import keep_source
from texts.models import LinkStatus, ParagraphLink
from texts.quoting import passage

from .. import factories
from ..conftest import make_house
from ..moderation.conftest import decided
from ..moderation.decisions import hidden, reversed_
from ..proposals import ballots
from ..proposals.steps import proposed, said
from ..schedule import sessions
from ..schedule.agenda_steps import ended, under_way
from ..schedule.houses import passages, scheduled_session
from ..side_by_side.houses import two_editions
from .test_coming_and_going import address, at_once

BANNER = "nobody writes, joins or invites"


def front(house):
    return reverse("group", args=[house.group.slug])


def page_of(house):
    return reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])


def roles(house, *people):
    return [house.group.memberships.get(user=person).roles for person in people]


# --- Archive ----------------------------------------------------------------------------------------------------------


def test_an_archived_group_says_so_on_every_page_and_is_read_as_before(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    paragraph = reverse(
        "discussion:paragraph", args=[house.group.slug, house.reading.slug, comment.paragraph.public_id]
    )
    pages = [front(house), page_of(house), paragraph, f"{page_of(house)}whole/", address("rules", house)]
    client = as_user(house.member)
    for page in pages:
        assert BANNER not in client.get(page).text, page
    as_user(house.owner).post(address("archive_group", house), {"act": "archive"})
    for who in (None, house.member):
        for page in pages:
            answer = as_user(who).get(page)
            assert answer.status_code == 200
            assert BANNER in answer.text, page
    shown = client.get(paragraph).text
    for act in ('id="composer"', "/answer/", "/withdraw/", "/report/"):
        assert act not in shown
    assert "Ask to join" not in as_user(house.outsider).get(front(house)).text
    assert "is in the archive" in as_user(house.other).get("/inbox/").text


def test_nobody_writes_in_the_archive_whatever_they_are(house, as_user):
    comment = factories.create_comment(house.reading, house.owner)
    settling.archive(group=house.group, by=house.owner)
    place = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, comment.paragraph.public_id])
    for who in (house.member, house.organizer, house.moderator, house.owner):
        client = as_user(who)
        assert client.post(place, {"body": "Late.", "key": uuid.uuid4()}).status_code == 403
        assert client.post(f"/c/{comment.public_id}/withdraw/").status_code == 403
        assert client.post(address("invite", house), {"uses": 1, "days": 1}).status_code == 403
    assert (Comment.objects.count(), house.group.invitations.count()) == (1, 0)
    kept = {"paragraph": comment.paragraph.public_id}
    assert as_user(house.member).post(f"{page_of(house)}place/", kept).status_code == 302  # a reader's place is reading


def test_a_link_opens_nothing_while_the_group_is_closed_and_something_again_after(house, as_user):
    link = reverse("groups:join", args=[actions.invite(group=house.group, uses=1, days=9, roles=[], by=house.owner)])
    client = as_user(house.outsider)
    settling.archive(group=house.group, by=house.owner)
    assert client.get(link).status_code == client.post(link).status_code == 404
    assert client.post(address("ask_to_join", house), {"words": "Let me in."}).status_code == 403
    assert not house.group.memberships.filter(user=house.outsider).exists()
    as_user(house.owner).post(address("archive_group", house), {"act": "reopen"})
    assert client.post(link).status_code == 302
    assert BANNER not in client.get(page_of(house)).text


def test_one_can_leave_an_archived_group(house, as_user):
    settling.archive(group=house.group, by=house.owner)
    assert (
        as_user(house.member)
        .post(reverse("discussion:leave", args=[house.group.slug]), {"contributions": "name"})
        .status_code
        == 302
    )
    assert not Membership.objects.active().filter(user=house.member).exists()


def test_archived_twice_is_told_and_logged_once(house, as_user):
    for _again in range(2):
        as_user(house.owner).post(address("archive_group", house), {"act": "archive"})
    assert [change.kind for change in GroupChange.objects.all()] == ["archived"]
    assert Notice.objects.filter(recipient=house.member).count() == 1


def test_the_table_says_what_is_left_while_the_group_is_closed(house, as_user):
    def yes():
        return as_user(house.member).get(address("who_may", house)).text.count("<td>yes</td>")

    open_cells = yes()
    settling.archive(group=house.group, by=house.owner)
    assert yes() < open_cells / 1.5


# --- Another owner ----------------------------------------------------------------------------------------------------


def offer(house, as_user, to):
    theirs = house.group.memberships.get(user=to)
    return as_user(house.owner).post(address("hand_over", house), {"to": theirs.pk})


def test_the_group_changes_hands_when_the_other_accepts(house, as_user):
    offer(house, as_user, house.organizer)
    assert roles(house, house.owner, house.organizer) == [["owner"], ["organizer"]]
    assert "offers you to own" in as_user(house.organizer).get("/inbox/").text
    as_user(house.organizer).post(address("answer_handover", house), {"answer": "accept"})
    assert roles(house, house.owner, house.organizer) == [[], ["owner", "organizer"]]
    assert "Omar owns" in as_user(house.member).get("/inbox/").text
    assert "no owner of it any more" in as_user(house.owner).get("/inbox/").text
    assert GroupChange.objects.get().kind == "handed_over"


def test_declined_or_taken_back_nothing_changes(house, as_user):
    offer(house, as_user, house.member)
    as_user(house.member).post(address("answer_handover", house), {"answer": "decline"})
    assert "You own the group as before." in as_user(house.owner).get("/inbox/").text
    offer(house, as_user, house.member)
    as_user(house.owner).post(address("hand_over", house), {"take_back": "1"})
    assert as_user(house.member).post(address("answer_handover", house), {"answer": "accept"}).status_code == 404
    assert roles(house, house.owner, house.member) == [["owner"], []]


@pytest.mark.parametrize("gone", ["giver", "receiver"])
def test_an_offer_is_void_when_one_of_the_two_is_not_what_they_were(house, gone):
    second = factories.create_member(house.group, "Oda", roles=[Role.OWNER])
    handover = settling.offer_group(group=house.group, to=house.member, by=house.owner)
    membership = house.group.memberships.get(user=house.owner if gone == "giver" else house.member)
    actions.leave(membership=membership, by=membership.user)
    assert settling.answer_handover(handover=handover, accept=True, by=house.member) is False
    assert roles(house, second, house.member) == [["owner"], []]
    assert not Handover.objects.filter(answered_at=None).exists()  # and another can be made


@pytest.mark.parametrize("to", ["outsider", "owner", "none"])
def test_a_group_is_offered_to_members_only(house, as_user, to):
    elsewhere = factories.create_member(factories.create_group(), roles=[Role.OWNER])
    pk = {
        "outsider": Membership.objects.get(user=elsewhere).pk,
        "owner": house.group.memberships.get(user=house.owner).pk,
        "none": "x",
    }[to]
    assert as_user(house.owner).post(address("hand_over", house), {"to": pk}).status_code == 422
    assert not Handover.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_and_the_givers_leaving_keep_an_owner(as_user):
    for _round in range(3):
        house = make_house(Visibility.PUBLIC)
        settling.offer_group(group=house.group, to=house.member, by=house.owner)
        receiver, giver = [as_user(house.member), as_user(house.member)], as_user(house.owner)

        def act(number, house=house, receiver=receiver, giver=giver):
            if number == 2:
                return giver.post(reverse("discussion:leave", args=[house.group.slug]), {"contributions": "name"})
            return receiver[number].post(address("answer_handover", house), {"answer": "accept"})

        assert all(answer.status_code in {302, 404} for answer in at_once(3, act))
        owners = Membership.objects.active().filter(group=house.group, roles__contains=[Role.OWNER])
        assert owners.count() == 1
        assert Notice.objects.filter(kind="groups/handed_over", recipient=house.other).count() <= 1


# --- Deletion ---------------------------------------------------------------------------------------------------------


def announce(house, as_user, name=None):
    return as_user(house.owner).post(address("delete_group", house), {"name": name or house.group.name})


def test_deletion_wants_the_name_is_told_at_once_and_can_be_undone(house, as_user):
    assert announce(house, as_user, "Harbor").status_code == 422
    assert Group.objects.get(pk=house.group.pk).delete_at is None
    assert announce(house, as_user).status_code == 302
    left = Group.objects.get(pk=house.group.pk).delete_at - timezone.now()
    assert timedelta(days=13, hours=23) < left <= timedelta(days=14)
    assert "will be deleted" in as_user(house.member).get("/inbox/").text
    assert BANNER in as_user(None).get(page_of(house)).text
    assert (
        reverse("group_export", args=[house.group.slug])
        in as_user(house.owner).get(address("delete_group", house)).text
    )
    as_user(house.owner).post(address("delete_group", house), {"keep": "1"})
    assert "will not be deleted" in as_user(house.member).get("/inbox/").text
    assert BANNER not in as_user(None).get(page_of(house)).text
    assert [change.kind for change in GroupChange.objects.order_by("pk")] == ["deletion", "kept"]


def test_the_date_is_told_to_each_in_their_own_language_and_zone(house, as_user):
    """It was written into the notice as the one who deletes says it."""
    house.owner.language, house.owner.time_zone = "fr", "America/New_York"
    house.member.time_zone = "Asia/Tokyo"
    house.other.language = "de"
    for person in (house.owner, house.member, house.other):
        person.save()
    announce(house, as_user)
    Notice.objects.update(facts=Notice.objects.first().facts | {"delete_at": "2027-03-01T20:30:00+00:00"})
    assert "on March 2, 2027, 5:30 a.m. (Asia/Tokyo)." in as_user(house.member).get("/inbox/").text
    assert "1. März 2027 20:30 (UTC)" in as_user(house.other).get("/inbox/").text


def test_it_is_not_removed_before_its_time_nor_after_it_was_undone(house, as_user):
    announce(house, as_user)
    assert delete_due_groups() == 0
    Group.objects.update(delete_at=timezone.now() - timedelta(minutes=1))
    as_user(house.owner).post(address("delete_group", house), {"keep": "1"})
    assert delete_due_groups() == 0
    assert remove_group(house.group.pk) is False
    assert as_user(None).get(page_of(house)).status_code == 200


# What stays: people and what they were told, jobs, content types and the like.
NOT_OF_A_GROUP = {
    "accounts",
    "account",
    "notifications",
    "procrastinate",
    "contenttypes",
    "auth",
    "sessions",
    "pghistory",
}


def rows():
    """How many rows there are in every table that a group may have some in."""
    models = [
        one
        for one in apps.get_models()
        if one._meta.managed and not one._meta.proxy and one._meta.app_label not in NOT_OF_A_GROUP
    ]
    return {model.__name__: model._base_manager.count() for model in models}


def held_by_a_group():
    """Every model whose rows hang on a group, near or far."""
    found, waiting = set(), [Group]
    while waiting:
        for relation in waiting.pop()._meta.related_objects:
            if relation.related_model not in found and not relation.many_to_many:
                found.add(relation.related_model)
                waiting.append(relation.related_model)
    return found


def fill(house, as_user):
    """Something of everything that a group may have."""
    comment = factories.create_comment(house.reading, house.member)
    answer = factories.create_comment(house.reading, house.other, "Yes.", parent=comment)
    factories.create_comment(house.reading, house.member, "Why?", parent=answer)
    reword(comment=comment, body="I read this three times.", wording=1, by=house.member)
    quoting = Quote(comment=answer, position=0, source=comment, wording=1, exact="I read", start=0, end=6)
    quoting.save()
    Reaction.objects.create(comment=comment, by=house.other, kind=ReactionKind.AGREE)
    place = {"reading": house.reading, "paragraph": comment.paragraph}
    Mention.objects.create(comment=answer, user=house.member)
    Draft.objects.create(author=house.member, parent=answer, body="Not yet.", **place)
    Follow.objects.create(user=house.outsider, thread=comment, level=Level.MUTE, **place)
    MutedPerson.objects.create(group=house.group, by=house.member, person=house.other)
    slow = {"kind": RestrictionKind.SLOW, "every": timedelta(minutes=1), "by": house.moderator}
    restrict(reading=house.reading, thread=comment, **slow)
    restrict(reading=house.reading, kind=RestrictionKind.HELD_FIRST, by=house.moderator)
    fill_moderation(house, answer)
    fill_veils(house)
    fill_revisions(house)
    keep_place(reading=house.reading, user=house.member, paragraph=comment.paragraph)
    version = factories.version_of(house.reading)
    ParagraphLink.objects.create(old=version, new=version, change="unchanged", score=1, status=LinkStatus.AUTOMATIC)
    actions.invite(group=house.group, uses=1, days=1, roles=[], by=house.owner)
    actions.ask_to_join(group=house.group, words="Hello.", by=house.outsider)
    invite_by_email(group=house.group, email="ines@example.org", roles=[], by=house.owner)
    rules = settling.change_rules(group=house.group, rules=[("Be brief", "")], by=house.owner)
    review = actions.ask_for_review(group=house.group, rule_set=rules, words="Why brief?", by=house.member)
    actions.support_review(review=review, by=house.other)
    appeal_and_serve(house)
    settling.offer_group(group=house.group, to=house.member, by=house.owner)
    settling.ask_for_export(group=house.group, by=house.owner)
    actions.make_feed_address(group=house.group, by=house.member)
    send_letter(group=house.group, subject="Soon", body="Soon.", key=uuid.uuid4(), by=house.organizer)
    fill_proposals(house)
    fill_sessions(house)
    fill_a_series(house)
    fill_ballots(house)
    meet(house)
    two_editions(house)
    upload = SimpleUploadedFile("well.txt", b"The Well\n\nNobody had drawn water here since the war.\n")
    as_user(house.organizer).post(reverse("readings:import_text", args=[house.group.slug]), {"file": upload})
    assert TextImport.objects.filter(group=house.group).exists()


def fill_proposals(house):
    """A proposal with all that hangs on one, what is said about it, and a draft with its file."""
    proposal = proposed(house)
    proposals.reword(proposal=proposal, wording=1, by=house.member, **said(why="It is short."))
    proposals.support(proposal=proposal, by=house.other)
    proposals.ask_to_propose_with(proposal=proposal, user=house.moderator, by=house.member)
    factories.create_comment(proposal.talk, house.other, "Yes.", number=1)
    proposed(house, title="Winter", publish=False, file=(b"Winter\n\nNobody came.\n", "winter.txt"))


def fill_sessions(house):
    """A session to which somebody comes, and one whose time is asked for."""
    schedule.answer(session=sessions.scheduled(house), by=house.member, answer="going")
    asked = sessions.asked_when(house)
    schedule.answer_poll(session=asked, answers=dict.fromkeys(sessions.times_of(asked), "yes"), by=house.member)


def fill_ballots(house):
    """A ballot that is over and one that is open, about proposals; somebody has voted in both."""
    proposal = ballots.create_proposal(house)
    Support.objects.create(proposal=proposal, user=house.other)
    for made in (ballots.opened(house), ballots.opened(house, proposals=[proposal])):
        ballots.votes(made, house.member, {"named": [1]})
    ballots.closed(made)


def meet(house):
    """A session with its agenda, and published minutes that left a mark at a paragraph."""
    it = under_way(house)
    note = {"words": "So.", "key": uuid.uuid4()}
    note_decision(session=it.session, item=it.items[0], **note, by=house.other)
    write_minutes(session=it.session, item=it.items[0], version=0, body="Said.", by=house.other)
    write_minutes(session=it.session, item=it.items[0], version=1, body="Said twice.", by=house.other)
    publish_minutes(session=ended(it.session), by=house.organizer)


def fill_veils(house):
    """A comment that waits under a veil, and one that was opened and not told of yet."""
    paragraph = factories.version_of(house.reading, 7).paragraph_id
    for is_opened in (True, False):
        until = timezone.now() + timedelta(days=1)
        veil = veils.draw(reading=house.reading, paragraphs=[paragraph], until=until)
        factories.create_comment(house.reading, house.member, "It waits.", number=7)
        if is_opened:
            veils.open_veil(veil=veil)


def fill_revisions(house):
    """A text that was corrected by hand, by which a thread with a quotation went elsewhere; and one in the making."""
    version = factories.version_of(house.reading, 3)
    comment = factories.create_comment(house.reading, house.member, "Who?", number=3)
    start = version.text.index("nobody")
    found = passage(version.text, start, start + 20)
    Quote.objects.create(comment=comment, position=0, version=version, **asdict(found))
    pieces = [
        "The ferry left before anyone had counted the sacks,",
        "and nobody could say whose they were.",
    ]
    change = {"change": "edit", "paragraph": version.paragraph.public_id, "texts": pieces}
    made = revisions.open_correction(reading=house.reading, by=house.organizer, changes=[change])
    revisions.publish_correction(correction=made, by=house.organizer, why="Too long.")
    assert ThreadMove.objects.filter(thread=comment).exists()
    source = keep_source(b"The Ferry\n\nIt left.\n", "ferry.txt")
    reading = type(house.reading).objects.with_text().get(pk=house.reading.pk)
    revisions.open_correction(reading=reading, by=house.organizer, source=source)
    house.reading = reading


def fill_a_series(house):
    """A session of a series, with a passage, to which somebody comes."""
    session = scheduled_session(house, passages=passages(house, (4, 5)))
    schedule.answer(session=session, by=house.member, answer="going")
    series = {"title": "Ferries", "rule": "FREQ=WEEKLY;INTERVAL=1;BYDAY=TH", "zone": session.zone}
    series |= {"first_date": session.date, "first_time": session.time}
    session.series = Series.objects.create(reading=house.reading, created_by=house.organizer, **series)
    session.save()


def fill_moderation(house, comment):
    """A report, the decision about it, an appeal with its case, and the decision that reverses the first."""
    Reason.objects.create(group=house.group, title="Trade", words="This is no market.")
    report(comment=comment, words="Look.", by=house.member)
    decision = hidden(house, Case.objects.get(comment=comment))
    appeal = Appeal.objects.create(
        decision=decision, by=house.other, words="No.", decided_at=timezone.now(), reversed=True
    )
    Case.objects.create(group=house.group, kind="appeal", appeal=appeal, due_at=timezone.now())
    reversed_(house, decision, appeal=appeal)


def appeal_and_serve(house):
    """A decision, an appeal against it with somebody drawn to decide, and a word about it."""
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy my boats.")])
    made = appeal(decision=decision, words="No.", by=house.member)
    Juror.objects.create(appeal=made, user=house.organizer, answer_by=timezone.now() + timedelta(days=3))
    write_statement(decision=decision, person=house.member, words="Why?", key=uuid.uuid4(), by=house.member)


def test_nothing_of_a_removed_group_is_left_and_nothing_of_another_is_missing(house, as_user):
    before = rows()
    gone = make_house(Visibility.PUBLIC)
    fill(gone, as_user)
    announce(gone, as_user)
    for model in held_by_a_group():
        # A new kind of row that hangs on a group: fill() makes one, and group_deletion knows in which order it goes.
        assert model._base_manager.count() > before[model.__name__], model
    Group.objects.filter(pk=gone.group.pk).update(delete_at=timezone.now() - timedelta(seconds=1))
    pages = [front(gone), page_of(gone), address("rules", gone), address("delete_group", gone)]
    delete_due_groups_task(timestamp=0)
    assert rows() == before | {"LogEntry": before["LogEntry"] + 3}  # the log of moderation outlives its group
    for who in (None, gone.member, gone.owner):
        client = as_user(who)
        absent = client.get("/g/no-such-group/")
        for page in pages:
            assert (client.get(page).status_code, absent.status_code) == (404, 404)
    assert as_user(gone.member).get("/inbox/").status_code == 200
    assert as_user(house.member).get(page_of(house)).status_code == 200


def test_a_text_that_another_group_reads_stays_with_its_words(house):
    other = factories.create_group()
    shared = other.readings.create(edition=house.reading.edition, slug="ferry")
    paragraphs = house.reading.edition.paragraphs.count()
    Group.objects.filter(pk=house.group.pk).update(delete_at=timezone.now() - timedelta(seconds=1))
    assert delete_due_groups() == 1
    shared.refresh_from_db()
    assert shared.edition.paragraphs.count() == paragraphs > 0


def test_what_is_said_by_others_elsewhere_is_untouched(house):
    twin = make_house(Visibility.PUBLIC)
    factories.create_comment(twin.reading, house.member)
    factories.create_comment(house.reading, house.member)
    Group.objects.filter(pk=house.group.pk).update(delete_at=timezone.now() - timedelta(seconds=1))
    assert delete_due_groups() == 1
    assert Comment.objects.get().reading == twin.reading
    assert twin.reading.activity.get().comments == 1


def test_old_exports_go_every_hour(house):
    for days in (6, 8):
        GroupExport.objects.create(
            group=house.group, asked_by=house.owner, made_at=timezone.now(), content=b"x",
            asked_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    delete_due_groups_task(timestamp=0)
    assert GroupExport.objects.count() == 1
