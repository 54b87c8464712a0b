"""A person of whom the site holds one of everything, each with its own canary."""

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import Login, SignInLink
from readinggroup.discussion import actions
from readinggroup.discussion.models import (
    Comment,
    Draft,
    Follow,
    Level,
    Mention,
    MutedPerson,
    Reaction,
    ReactionKind,
    State,
)
from readinggroup.groups import settling
from readinggroup.groups.actions import (
    ask_for_review,
    ask_to_join,
    invite,
    make_feed_address,
    support_review,
    take_in,
)
from readinggroup.groups.inviting_by_mail import invite_by_email
from readinggroup.groups.letters import send_letter
from readinggroup.groups.models import ChangeKind, GroupChange
from readinggroup.moderation import actions as moderation
from readinggroup.moderation.models import Action, Case, Ground, Juror
from readinggroup.notifications.actions import tell, wish
from readinggroup.notifications.models import Category, Digest, MailSettings, PushSubscription, When
from readinggroup.proposals import actions as proposals
from readinggroup.readings.actions import keep_upload, settle_place
from readinggroup.readings.models import Correction
from readinggroup.schedule import actions as schedule
from readinggroup.schedule.actions import make_calendar_address

from .. import factories
from ..moderation.conftest import decided
from ..notifications.push_service import create_subscription
from ..proposals import ballots
from ..proposals.steps import answered, proposed, said
from ..schedule import sessions
from ..schedule.agenda_steps import under_way
from ..schedule.houses import scheduled_session, series_of


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def just_signed_in():
    """A browser in which this person signed in a moment ago, by a one-time link."""

    def sign_in(user):
        client = Client()
        client.get(reverse("accounts:sign_in_by_link", args=[SignInLink.issue(user)]))
        return client

    return sign_in


@pytest.fixture
def canaries():
    """Words that stand nowhere else, by what they are."""
    kinds = ("name", "email", "second_email", "comment", "earlier", "withdrawn", "held", "hidden", "report", "request")
    kinds += (
        "device",
        "notice",
        "passkey",
        "provider",
        "file",
        "correction",
        "password",
        "token",
        "secret",
        "theirs",
        "other_name",
        "name_here",
        "draft",
        "push_device",
        "push_address",
        "review",
        "minutes",
        "outcome",
        "reported",
        "verdict",
        "appeal",
        "statement",
        "vote",
        "attendance",
        "poll_word",
        "session",
        "series",
        "proposal",
        "reworded_proposal",
        "proposed_file",
        "answered_proposal",
        "ballot",
        "open_paper",
        "secret_paper",
    )
    return SimpleNamespace(**{kind: f"{kind.replace('_', '')}-{uuid.uuid4().hex[:12]}" for kind in kinds})


@pytest.fixture
def full_life(house, canaries):
    """Somebody who has done everything that can be done here; an organizer in the house, an owner beside another."""
    person = factories.create_user(canaries.name, email=f"{canaries.email}@example.org", password=canaries.password)
    take_in(group=house.group, user=person, roles=["organizer"])
    person.emailaddress_set.create(email=f"{canaries.second_email}@example.org", verified=True)
    account = SocialAccount.objects.create(user=person, provider="oidc", uid=canaries.provider, extra_data={"sub": "x"})
    app = SocialApp.objects.create(provider="openid_connect", provider_id="oidc", name="P", client_id="c")
    SocialToken.objects.create(app=app, account=account, token=canaries.token)
    Authenticator.objects.create(user=person, type="totp", data={"secret": canaries.secret})
    Authenticator.objects.create(user=person, type="webauthn", data={"name": canaries.passkey, "credential": {}})
    client = Client(headers={"user-agent": canaries.device})
    client.get(reverse("accounts:sign_in_by_link", args=[SignInLink.issue(person)]))
    UserSession.objects.get_or_create(
        user=person, session_key=client.session.session_key, defaults={"ip": "192.0.2.7", "user_agent": canaries.device}
    )
    theirs = factories.create_comment(house.reading, house.member, canaries.theirs)
    comment = factories.create_comment(house.reading, person, canaries.earlier, parent=theirs)
    actions.reword(comment=comment, body=f"{canaries.comment} *now*", wording=1, by=person)
    said = {state: factories.create_comment(house.reading, person, getattr(canaries, state)) for state in
            (State.WITHDRAWN, State.HELD, State.HIDDEN)}  # fmt: skip
    actions.withdraw(comment=said[State.WITHDRAWN], by=person)
    for state in (State.HELD, State.HIDDEN):
        Comment.objects.filter(pk=said[state].pk).update(state=state)
    place = {"reading": house.reading, "paragraph": comment.paragraph}
    Draft.objects.create(author=person, body=canaries.draft, **place)
    Mention.objects.create(comment=theirs, user=person)
    Follow.objects.create(user=person, level=Level.MUTE, **place)
    MutedPerson.objects.create(group=house.group, by=person, person=house.organizer)
    Reaction.objects.create(comment=theirs, by=person, kind=ReactionKind.AGREE)
    moderation.report(comment=theirs, words=canaries.report, by=person)
    elsewhere = factories.create_group("Elsewhere")
    ask_to_join(group=elsewhere, words=canaries.request, by=person)
    factories.create_member(elsewhere, "Elmo", roles=["owner"])
    token = invite(group=house.group, uses=3, days=3, roles=[], by=person)
    settle_place(reading=house.reading, user=person, paragraph=comment.paragraph_id, shows_name=True)
    keep_upload(group=house.group, content=b"A text.", filename=f"{canaries.file}.txt", by=person)
    text = house.reading.edition.current
    Correction.objects.create(reading=house.reading, base=text, why=canaries.correction, by=person)
    here = {"login": Login.objects.get(pk=client.session.session_key), "name": canaries.push_device[:60]}
    PushSubscription.objects.create(user=person, **here, **create_subscription(path=canaries.push_address))
    facts = {"group": canaries.notice, "accepted": True}
    tell(recipients=[person], kind="groups/join_request_answered", category="decision", event="one", facts=facts)
    # Another is told of the person, by name.
    facts = {"group": canaries.name, "accepted": True}
    tell(recipients=[house.owner], kind="groups/join_request_answered", category="decision", event="two", facts=facts)
    wish(by=person, category=Category.REPLY, when=When.WEEKLY, group=house.group.pk)
    MailSettings.objects.create(user=person)
    Digest.objects.create(recipient=person, day=timezone.now().date())
    take_in(group=factories.create_group("Otherwise"), user=person, name_here=canaries.name_here)
    invite_by_email(group=house.group, email="ines@example.org", roles=[], by=person)
    invite_by_email(group=house.group, email=person.email, roles=[], by=house.owner)
    standing = settling.change_rules(group=house.group, rules=[("Be brief", "")], by=person)
    asked = {"group": house.group, "rule_set": standing}
    ask_for_review(**asked, words=canaries.review, by=person)
    support_review(review=ask_for_review(**asked, words="Why brief?", by=house.member), by=person)
    be_moderated(house, person, canaries)
    come_to_sessions(house, person, canaries)
    GroupChange.objects.create(group=house.group, kind=ChangeKind.ARCHIVED, by=person)
    settling.offer_group(group=house.group, to=house.member, by=person)
    make_feed_address(group=house.group, by=person)
    make_calendar_address(by=person)
    send_letter(group=house.group, subject="Soon", body="Soon.", key=uuid.uuid4(), by=person)
    meet(house, person, canaries)
    propose(house, person, canaries)
    session = scheduled_session(house, by=person, words=canaries.session, facilitator=person)
    schedule.cancel(session=session, reason="Ice.", by=person)
    series_of(house, by=person, words=canaries.series)
    vote(house, person, canaries)
    return SimpleNamespace(person=person, client=client, comment=comment, said=said, theirs=theirs, token=token)


def come_to_sessions(house, person, canaries):
    """They come to a session, and have said when they can come to another, which they asked about."""
    schedule.answer(session=sessions.scheduled(house), by=person, answer="going", words=canaries.attendance)
    asked = sessions.asked_when(house, by=person)
    said = dict.fromkeys(sessions.times_of(asked), "yes")
    schedule.answer_poll(session=asked, answers=said, words=canaries.poll_word, by=person)


def propose(house, person, canaries):
    """They propose a text and change that, support another's proposal, propose a third together, and answer one."""
    file = (b"The Bridge\n\nNobody sang on it.\n", f"{canaries.proposed_file}.txt")
    mine = proposed(house, by=person, why=canaries.reworded_proposal, file=file)
    proposals.reword(proposal=mine, wording=1, by=person, **said(why=canaries.proposal))
    proposals.support(proposal=mine, by=house.other)
    theirs, ours = (proposed(house, by=house.moderator, title=title) for title in ("Winter", "Summer"))
    proposals.support(proposal=theirs, by=person)
    proposals.ask_to_propose_with(proposal=ours, user=person, by=house.moderator)
    answered(house, theirs, "later", canaries.answered_proposal, by=person)


def vote(house, person, canaries):
    """They have held a ballot, and voted in an open one and in a secret one."""
    for is_secret, reason in ((False, canaries.open_paper), (True, canaries.secret_paper)):
        ballot = ballots.opened(house, by=person, words=canaries.ballot, is_secret=is_secret)
        ballots.votes(ballot, person, {"named": [1], "reason": reason})


def meet(house, person, canaries):
    """They have written minutes, and noted what was decided."""
    it = under_way(house, 3, minute_taker=person)
    schedule.write_minutes(session=it.session, item=None, version=0, body=canaries.minutes, by=person)
    words = {"words": canaries.outcome, "key": uuid.uuid4()}
    schedule.note_decision(session=it.session, item=it.items[0], **words, by=person)


def be_moderated(house, person, canaries):
    """A report of theirs is decided, a comment of theirs is hidden, and they appeal."""
    for author, by, action in ((house.member, person, Action.LEAVE), (person, house.other, Action.HIDE)):
        comment = factories.create_comment(house.reading, author, f"Look at this, {author.pk}.", number=3)
        moderation.report(comment=comment, words=canaries.reported if by == person else "Look.", by=by)
        case = Case.objects.get(comment=comment)
        ground = {"ground": Ground.LAW, "words": canaries.verdict} if action == Action.HIDE else {}
        moderation.decide(
            group=house.group,
            seen=[moderation.Seen(case.pk, comment.state, comment.wording)],
            verdict=moderation.Verdict(action=action, **ground),
            by=house.moderator,
        )
    appeal_and_serve(house, person, canaries)


def appeal_and_serve(house, person, canaries):
    """A decision about them, their appeal and their question; and a place among three who decide about another's."""
    decisions = [decided(house, [factories.create_comment(house.reading, who, "Trade.")]) for who in
                 (person, house.member)]  # fmt: skip
    moderation.appeal(decision=decisions[0], words=canaries.appeal, by=person)
    moderation.write_statement(
        decision=decisions[0], person=person, words=canaries.statement, key=uuid.uuid4(), by=person
    )
    made = moderation.appeal(decision=decisions[1], words="No.", by=house.member)
    now = timezone.now()
    vote = {"state": "serving", "vote": "uphold", "words": canaries.vote, "voted_at": now}
    Juror.objects.create(appeal=made, user=person, answer_by=now + timedelta(days=3), **vote)


@pytest.fixture
def let_days_pass():
    """As if the deletion had been asked for so long ago."""

    def move(user, days=7):
        user = type(user).objects.get(pk=user.pk)
        due = user.deletion_due_at - timedelta(days=days, seconds=1)
        type(user).objects.filter(pk=user.pk).update(deletion_due_at=due)
        assert days < 7 or due < timezone.now()

    return move
