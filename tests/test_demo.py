"""The invented group of `up --demo`, and the crowd of `manage.py demo`."""

import random
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.demo import crowd, living_group
from readinggroup.demo.placing import filled_in, places
from readinggroup.demo.talk import AMONG, DOMAIN, PEOPLE, THE_TALK, Talk, read_talk
from readinggroup.discussion.models import Comment, CommentWording, State
from readinggroup.first_run import owner_of
from readinggroup.groups.models import Membership, Role, Term
from readinggroup.lib.markup import render_markdown
from readinggroup.moderation.models import Case, Decision, LogEntry, Report
from readinggroup.notifications.models import Notice
from readinggroup.proposals.models import Ballot, BallotBox, BallotState, Proposal, ProposalState, Support
from readinggroup.readings.models import DiscussedMark, ParagraphActivity, Place, ReadingState
from readinggroup.schedule.models import (
    AgendaItem,
    Answer,
    Attendance,
    MinutesEntry,
    Outcome,
    PollReply,
    ReadingSession,
)

from . import factories
from .essay import PATH as ESSAY
from .essay import needs_the_essay

pytestmark = pytest.mark.django_db


@pytest.fixture
def reading():
    """Sixty paragraphs of our own, read by a group that has its founder."""
    group = factories.create_group()
    factories.create_member(group, "Olga", roles=[Role.OWNER])
    return factories.create_reading(group, factories.long_text(60))


def everything():
    """What a second call must not change."""
    models = (
        User, Membership, Comment, CommentWording, Report, Place, ParagraphActivity, Term, Decision, LogEntry, Notice,
        ReadingSession, Attendance, AgendaItem, MinutesEntry, Outcome, PollReply, Proposal, Support, Ballot, BallotBox,
    )  # fmt: skip
    return [list(model.objects.order_by("pk").values()) for model in models]


def as_told(reading):
    """Who said what in answer to what, without anything that is random by nature."""
    rows = Comment.objects.filter(reading=reading).order_by("created_at")
    return list(rows.values_list("version__number", "depth", "state", "author__display_name", "body", "parent__body"))


# --- The living group -------------------------------------------------------------------------------------------------


def test_it_has_twelve_members_of_every_role(reading):
    living_group(reading.group)
    members = Membership.objects.active().filter(group=reading.group, user__email__endswith=f"@{DOMAIN}")
    roles = [set(member.roles) for member in members]
    assert len(roles) == 12
    assert set().union(*roles) == set(Role)
    assert {Role.ORGANIZER, Role.MODERATOR} in roles
    assert roles.count(set()) > 4
    assert Place.objects.filter(reading=reading).count() > 6


def test_whoever_founded_the_group_still_gets_its_link(reading):
    living_group(reading.group)
    assert owner_of(reading.group).display_name == "Olga"


def test_its_names_are_valid_and_of_several_scripts(reading):
    living_group(reading.group)
    for user in User.objects.filter(email__endswith=f"@{DOMAIN}"):
        user.full_clean(exclude=["password"])
    names = "".join(person.name for person in PEOPLE)
    assert any("а" <= letter <= "я" for letter in names)
    assert any("\u0621" <= letter <= "\u064a" for letter in names)


def test_twice_is_once(reading):
    assert "12 invented members" in living_group(reading.group)
    before = everything()
    assert "nothing was changed" in living_group(reading.group)
    assert everything() == before


def test_it_has_proposals_and_votes_about_three_of_them(reading):
    living_group(reading.group)
    states = Counter(Proposal.objects.filter(group=reading.group).values_list("state", flat=True))
    assert states == {ProposalState.ON_BALLOT: 3, ProposalState.LATER: 1}
    ballot = Ballot.objects.get(group=reading.group)
    assert ballot.state == BallotState.OPEN
    assert len(ballot.box.papers) == 6
    assert Support.objects.count() == 9


def test_a_role_that_was_changed_since_stays_changed(reading):
    living_group(reading.group)
    member = Membership.objects.get(user__email=f"ines@{DOMAIN}")
    member.roles = []
    member.save()
    living_group(reading.group)
    member.refresh_from_db()
    assert member.roles == []


def test_it_is_the_same_in_every_group(reading):
    other = factories.create_reading(factories.create_group(), factories.long_text(60))
    living_group(reading.group)
    living_group(other.group)
    assert as_told(reading) == as_told(other)
    assert User.objects.filter(email__endswith=f"@{DOMAIN}").count() == 12


def test_a_group_that_reads_nothing_only_gets_its_members():
    group = factories.create_group()
    factories.create_reading(group, state=ReadingState.PLANNED)
    assert "no text" in living_group(group)
    assert group.memberships.count() == 12
    assert not Comment.objects.exists()


def test_its_talk_is_spread_over_the_text_and_over_time(reading):
    living_group(reading.group)
    comments = Comment.objects.filter(reading=reading)
    at = Counter(comments.values_list("paragraph", flat=True))
    assert len(at) >= 30
    assert at.most_common(1)[0][1] >= 20
    assert max(comments.values_list("depth", flat=True)) == 7
    now = timezone.now()
    assert comments.earliest("created_at").created_at < now - timedelta(days=150)
    assert now - timedelta(minutes=10) < comments.latest("created_at").created_at < now
    assert not comments.filter(created_at__lte=F("parent__created_at")).exists()
    assert not comments.filter(pk__lt=F("parent")).exists()
    # Numbered as they were said, as in a real group.
    assert list(comments.order_by("pk")) == list(comments.order_by("created_at"))


def test_it_has_what_a_moderator_meets(reading):
    living_group(reading.group)
    comments = Comment.objects.filter(reading=reading)
    assert comments.filter(state=State.HELD).count() == 1
    withdrawn = comments.filter(state=State.WITHDRAWN)
    assert sorted(bool(comment.answers.count()) for comment in withdrawn) == [False, True]
    report = Report.objects.get(outcome="open")
    assert report.comment.state == State.VISIBLE
    waiting = Case.objects.filter(group=reading.group).waiting()
    assert {case.comment.state for case in waiting} == {State.VISIBLE, State.HELD}
    assert report.reporter_id != report.comment.author_id
    edited = comments.get(wording=2)
    assert edited.created_at < edited.edited_at < timezone.now() - timedelta(days=100)
    assert edited.wordings.get().body != edited.body


def test_it_has_been_moderated_under_a_rule_by_one_who_was_elected(reading):
    living_group(reading.group)
    assert [rule_set.number for rule_set in reading.group.rule_sets.all()] == [2, 1]
    decision = Decision.objects.get()
    assert decision.rule.rule_set == reading.group.current_rules
    assert decision.rule.title == "Speak of the text, not of one another"
    hidden = decision.parts.get().comment
    assert (hidden.state, hidden.hidden_under) == (State.HIDDEN, decision.rule)
    assert hidden.created_at > decision.rule.rule_set.created_at  # a rule does not hold for what was said before it
    assert Report.objects.get(comment=hidden).outcome == "upheld"
    assert LogEntry.objects.get(group_key=reading.group.pk).is_whole
    terms = Term.objects.open().filter(membership__group=reading.group)
    assert {(term.membership.user_id == decision.by_id, term.came_by) for term in terms} == {
        (True, "elected"), (False, "appointed"),
    }  # fmt: skip
    assert terms.get(membership__user=decision.by).until > timezone.now() + timedelta(days=100)


def test_it_has_met_is_about_to_meet_and_looks_for_a_day(reading, as_user):
    living_group(reading.group)
    was, comes, asked = ReadingSession.objects.filter(reading=reading).order_by("pk")
    now = timezone.now()
    assert [one.state for one in (was, comes, asked)] == ["held", "scheduled", "poll"]
    assert was.ends_at < now - timedelta(days=6) < now < comes.starts_at < now + timedelta(days=6)
    assert was.closed_at == was.ends_at < was.minutes.published_at < now
    assert DiscussedMark.objects.filter(reading=reading).count() == 2
    assert {attendance.answer for attendance in comes.attendances.all()} == set(Answer)
    assert comes.agenda_items.count() == 3
    assert asked.poll.closes_at > now
    assert {len(reply.answers.all()) for reply in asked.poll.replies.all()} == {3}
    invented = User.objects.filter(email__endswith=f"@{DOMAIN}")
    assert not Notice.objects.filter(recipient__in=invented, kind__startswith="schedule/").exists()
    client = as_user(User.objects.get(display_name="Olga"))
    for session in (was, comes, asked):
        page = client.get(reverse("schedule:session", args=[reading.group.slug, session.public_id]))
        assert page.status_code == 200
    text = client.get(reverse("readings:reading_page", args=[reading.group.slug, reading.slug])).text
    assert text.count("Discussed on") == 2


def test_where_the_invented_people_may_schedule_nothing_they_do_not(reading):
    nothing_read = factories.create_group()
    living_group(nothing_read)
    owner = factories.create_member(nothing_read, roles=[Role.OWNER])
    nothing_read.memberships.exclude(user=owner).update(roles=[])
    factories.create_reading(nothing_read, factories.long_text(6))
    assert "talk about" in living_group(nothing_read)
    assert not ReadingSession.objects.exists()


def test_counters_equal_what_can_be_listed(reading):
    living_group(reading.group)
    assert crowd.miscounted(reading) == []
    ParagraphActivity.objects.filter(reading=reading, comments__gt=1).update(comments=F("comments") + 1)
    assert crowd.miscounted(reading) != []


def test_quotes_are_taken_from_the_paragraph(reading):
    living_group(reading.group)
    quoting = Comment.objects.filter(reading=reading, body__startswith="> ").select_related("version")
    assert len(quoting) == 2
    for comment in quoting:
        assert comment.body.splitlines()[0].removeprefix("> ") == comment.version.text
        assert comment.body_html.startswith("<blockquote>")
    assert not Comment.objects.filter(body__contains="{").exists()


@pytest.mark.parametrize("text", [factories.TEXT, "One.\n", "# Only a heading\n"])
def test_a_short_text_will_do(text):
    reading = factories.create_reading(factories.create_group(), text, filename="short.md")
    living_group(reading.group)
    assert crowd.miscounted(reading) == []


@needs_the_essay
def test_in_the_essay_every_talk_stands_where_it_was_meant_and_takes_nothing_from_it():
    text = ESSAY.read_text(encoding="utf-8")
    reading = factories.create_reading(factories.create_group(), text, filename=ESSAY.name)
    versions = list(reading.edition.current.versions.all())
    assert len(versions) == AMONG
    assert [version.number for version in places(THE_TALK, versions, among=AMONG)] == [talk.at for talk in THE_TALK]

    def runs(words):
        words = words.casefold().split()
        return {" ".join(words[start : start + 7]) for start in range(len(words) - 6)}

    assert not runs(text) & runs("\n".join(words_of(THE_TALK)))


def words_of(talks):
    waiting = [said for talk in talks for said in talk.threads]
    while waiting:
        said = waiting.pop()
        yield said.words
        waiting += said.answers


# --- What it is made of -----------------------------------------------------------------------------------------------


def test_the_talk_is_read_as_it_is_written():
    (talk,) = read_talk(
        "# 7, 2.5 days ago: river boat\n\n@ ines\nYes.\n\nNo.\n~ at first\nMaybe.\n\n"
        "@@ wolf, 1 hour later, withdrawn\nWhy?\n~ reported by kenji\nHe knows why.\n\n@ priya, 0.1 days ago\nAh.\n"
    )
    assert (talk.at, talk.days, talk.about) == (7, 2.5, {"river", "boat"})
    first, second = talk.threads
    assert (first.by, first.words, first.at_first) == ("ines", "Yes.\n\nNo.", "Maybe.")
    (answer,) = first.answers
    assert (answer.after, answer.fate, answer.reported) == (1, "withdrawn", ("kenji", "He knows why."))
    assert (second.by, second.days, second.answers) == ("priya", 0.1, [])
    with pytest.raises(ValueError, match="@ ines, soon"):
        read_talk("# 7, 2 days ago: x\n@ ines, soon\nYes.")


def test_a_talk_goes_where_its_words_are_and_else_as_far_along():
    reading = factories.create_reading(factories.create_group(), "Stones.\n\nA boat.\n\nReeds.\n\nA ferry boat.\n")
    versions = list(reading.edition.current.versions.all())
    talks = [Talk(1, 1, {"boat", "ferry"}), Talk(50, 1, {"boat", "ferry"}), Talk(100, 1, {"sky"}), Talk(1, 1, {"sky"})]
    assert [version.number for version in places(talks, versions, among=100)] == [4, 4, 3, 1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*Stars* and [links](x) and <b> stay as they are.", "*Stars* and [links](x) and &lt;b&gt; stay as they are."),
        ("1) is no list", "1) is no list"),
        ("# is no heading", "# is no heading"),
        ("Oh! This is the first that is long enough to quote.", "This is the first that is long enough to quote."),
        ("word " * 200, "word " * 56 + "…"),
    ],
)  # fmt: skip
def test_a_quotation_reads_as_the_text_does(text, shown):
    html = render_markdown(filled_in("> {first}\n\nWell.", text))
    assert html == f"<blockquote>\n<p>{shown}</p>\n</blockquote>\n<p>Well.</p>"


# --- The crowd --------------------------------------------------------------------------------------------------------


def demo(**options):
    out = StringIO()
    call_command("demo", stdout=out, **{"people": 40, "comments": 500, **options})
    return out.getvalue()


def test_a_crowd_is_as_large_as_it_was_asked_for(reading):
    said = demo()
    assert "40 people and 500 comments" in said
    assert "The longest thread has" in said
    comments = Comment.objects.filter(reading=reading)
    assert comments.count() == 500
    assert Membership.objects.filter(group=reading.group).count() == 41
    assert crowd.miscounted(reading) == []
    assert not comments.filter(created_at__lt=F("parent__created_at")).exists()
    assert not comments.filter(pk__lt=F("parent")).exists()
    assert not comments.exclude(version__paragraph=F("paragraph")).exists()
    assert {State.VISIBLE, State.WITHDRAWN} <= set(comments.values_list("state", flat=True))
    assert max(comments.values_list("depth", flat=True)) > 5
    assert not User.objects.get(email=f"crowd-1-0@{DOMAIN}").has_usable_password()


def test_a_seed_makes_the_same_crowd_and_another_seed_another(reading):
    readings = [reading, *(factories.create_reading(factories.create_group(), factories.long_text(60)) for _ in "12")]
    for where, seed in zip(readings, (1, 1, 2), strict=True):
        demo(group=where.group.slug, seed=seed)
    first, same, other = map(as_told, readings)
    assert first == same
    assert first != other


def test_a_seed_fills_a_reading_once_and_another_adds_to_it(reading):
    demo()
    with pytest.raises(CommandError, match=r"Seed 1 has filled “.+” before\. Choose another --seed"):
        demo(people=50, comments=600)
    assert Comment.objects.count() == 500
    demo(seed=2, people=10, comments=100)
    assert Comment.objects.count() == 600
    assert User.objects.filter(email__endswith=f"@{DOMAIN}").count() == 50


def test_a_seed_can_fill_two_readings_of_a_group_with_the_same_people(reading):
    other = factories.create_reading(reading.group, factories.long_text(20), state=ReadingState.PLANNED)
    demo()
    demo(reading=other.slug)
    assert Comment.objects.filter(reading=other).count() == 500
    assert User.objects.filter(email__endswith=f"@{DOMAIN}").count() == 40


def test_one_comment_by_one_person_will_do(reading):
    assert "1 people and 1 comments" in demo(people=1, comments=1)


def test_a_large_crowd_has_one_very_long_thread():
    plan = crowd.plan_of(random.Random(1), places=200, people=50, bodies=10, comments=20_000)
    roots = Counter()
    for number, comment in enumerate(plan.comments):
        assert comment.answers is None or comment.answers < number
        assert comment.depth <= crowd.DEEPEST
        while comment.answers is not None:
            number = comment.answers
            comment = plan.comments[number]
        roots[number] += 1
    (_, longest), (_, next_longest) = roots.most_common(2)
    assert longest > 500
    assert next_longest < 200
    assert len({comment.place for comment in plan.comments}) == 200


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group": "none"}, "There is no group called none."),
        ({"reading": "none"}, "has no text called none on its shelf"),
        ({"people": 0}, "at least one person"),
        ({"comments": -1}, "at least one person"),
    ],
)
def test_what_cannot_be_filled_is_refused_in_a_line(reading, options, said):
    with pytest.raises(CommandError, match=said):
        demo(**options)
    assert not Comment.objects.exists()


def test_without_a_group_or_a_text_it_says_what_is_missing():
    with pytest.raises(CommandError, match="There is no group yet"):
        demo()
    factories.create_group()
    with pytest.raises(CommandError, match="reads no text now"):
        demo()
