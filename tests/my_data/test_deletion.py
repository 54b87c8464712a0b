"""An account is deleted: said beforehand, undone for seven days; then nothing holds the name or the address."""

import base64
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from readinggroup.accounts.logins import SessionStore
from readinggroup.accounts.models import Contributions, Login, User
from readinggroup.accounts.names import new_pseudonym
from readinggroup.discussion.models import Comment, State
from readinggroup.groups import actions as groups
from readinggroup.groups.models import Group, Membership, Role, Term
from readinggroup.moderation.actions import Seen, Verdict, claim, decide, report
from readinggroup.moderation.models import Action, Case, Report
from readinggroup.my_data import actions, deletion
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Notice
from readinggroup.tasks import delete_accounts, mail_due_notices

from .. import factories
from ..moderation.conftest import decided

PAGE, UNDO = "/me/deletion/", "/me/deletion/undo/"


def ask(user, choice=Contributions.PSEUDONYM):
    return actions.ask_for_deletion(choice=choice, by=user)


def now(user) -> User:
    return User.objects.get(pk=user.pk)


# --- Asking and undoing ----------------------------------------------------------------------------------------------


def test_asked_for_it_is_said_everywhere_and_mailed_at_once(house, just_signed_in):
    client = just_signed_in(house.member)
    page = client.get(PAGE).content.decode()
    for said in ("Nothing happens for 7 days", "pseudonym", "withdrawn", "You leave all groups"):
        assert said in page
    answer = client.post(PAGE, {"choice": "withdrawn"}, follow=True).content.decode()
    assert "Keep my account" in answer
    assert "words erased" in answer
    person = now(house.member)
    assert timedelta(days=6, hours=23) < person.deletion_due_at - timezone.now() < timedelta(days=7)
    mail_due_notices()
    assert mail.outbox[-1].to == [person.email]
    assert "will be deleted" in mail.outbox[-1].subject
    assert PAGE in mail.outbox[-1].body
    reading = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    for address in ("/", reading, "/inbox/"):
        assert "your account will be deleted." in client.get(address).content.decode(), address
    assert "your account will be deleted" not in just_signed_in(house.other).get(reading).content.decode()
    assert "your account will be deleted" in just_signed_in(house.member).get("/").content.decode()


def test_the_day_is_told_in_the_persons_language_and_zone_whoever_writes_the_notice(house):
    person = house.member
    person.language, person.time_zone = "de", "Asia/Tokyo"
    person.save()
    with translation.override("fr"), timezone.override("America/New_York"):
        ask(person)
        actions.undo_deletion(by=person)
    told = Notice.objects.of(person).filter(kind__startswith="my_data/deletion")
    for notice in told:
        Notice.objects.filter(pk=notice.pk).update(facts=notice.facts | {"due": "2027-03-01T20:30:00+00:00"})
    mail_due_notices()
    assert [message.body.count("2. März 2027 05:30") for message in mail.outbox[-2:]] == [1, 1]


def test_the_banner_asks_nothing_of_the_database(house, just_signed_in, django_assert_num_queries):
    reading = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    client = just_signed_in(house.member)
    client.get(reading)
    for asked in (False, True):
        if asked:
            ask(house.member)
        with django_assert_num_queries(2):
            assert ("will be deleted" in client.get(reading).content.decode()) == asked


def test_undone_nothing_has_happened(full_life, just_signed_in, let_days_pass, canaries):
    ask(full_life.person, Contributions.WITHDRAWN)
    let_days_pass(full_life.person, days=6)
    client = just_signed_in(full_life.person)
    assert "Your account stays" in client.post(UNDO, follow=True).content.decode()
    delete_accounts(0)
    person = now(full_life.person)
    assert (person.display_name, person.deletion_due_at, person.deletion_choice) == (canaries.name, None, "")
    assert Comment.objects.get(pk=full_life.comment.pk).state == State.VISIBLE
    assert "nothing to undo" in client.post(UNDO, follow=True).content.decode()
    mail_due_notices()
    assert "stays" in mail.outbox[-1].subject


def test_before_the_day_nothing_happens(house, let_days_pass):
    ask(house.member)
    let_days_pass(house.member, days=6)
    delete_accounts(0)
    assert now(house.member).display_name == "Mara"


def test_asked_for_twice_the_first_stands(house, just_signed_in):
    client = just_signed_in(house.member)
    client.post(PAGE, {"choice": "pseudonym"})
    first = now(house.member)
    answer = client.post(PAGE, {"choice": "withdrawn"}, follow=True).content.decode()
    assert "asked for already" in answer
    second = now(house.member)
    assert (second.deletion_due_at, second.deletion_choice) == (first.deletion_due_at, "pseudonym")
    assert Notice.objects.filter(kind="my_data/deletion_asked").count() == 1


@pytest.mark.parametrize("data", [{}, {"choice": ""}, {"choice": "both"}, {"choice": "a\x00b"}, {"choice": "\ud800"}])
def test_without_a_choice_nothing_begins(house, just_signed_in, data):
    answer = just_signed_in(house.member).post(PAGE, {k: v.encode("utf-8", "surrogatepass") for k, v in data.items()})
    assert answer.status_code == 422
    assert now(house.member).deletion_due_at is None


def test_who_has_not_just_signed_in_is_asked_to_and_finds_the_choice_again(house, as_user, just_signed_in):
    client = as_user(house.member)
    answer = client.post(PAGE, {"choice": "withdrawn"})
    assert answer.headers["Location"] == "/me/again/?next=%2Fme%2Fdeletion%2F%3Fchoice%3Dwithdrawn"
    assert now(house.member).deletion_due_at is None
    page = just_signed_in(house.member).get(f"{PAGE}?choice=withdrawn").content.decode()
    assert page.count("checked") == 1


def test_who_has_a_password_is_asked_for_it_and_it_goes_on(house, as_user):
    house.member.set_password("a long enough one")
    house.member.save()
    client = as_user(house.member)
    where = client.post(PAGE, {"choice": "withdrawn"}).headers["Location"]
    assert now(house.member).deletion_due_at is None
    client.post(where, {"password": "wrong"})
    assert now(house.member).deletion_due_at is None
    client.post(where, {"password": "a long enough one"})
    assert now(house.member).deletion_choice == "withdrawn"


def test_nobody_deletes_or_undoes_for_another(house, just_signed_in):
    ask(house.member)
    just_signed_in(house.owner).post(UNDO, {"user": house.member.pk})
    assert now(house.member).deletion_due_at is not None
    assert just_signed_in(house.other).get(UNDO).status_code == 405
    assert Client(enforce_csrf_checks=True).post(PAGE, {"choice": "pseudonym"}).status_code == 403


def test_a_save_of_somebody_read_before_puts_nothing_back(house):
    """The name is changed in one window while the deletion is undone in another."""
    ask(house.member)
    stale = now(house.member)
    actions.undo_deletion(by=house.member)
    stale.display_name = "Mara the Second"
    stale.save()
    person = now(house.member)
    assert (person.display_name, person.deletion_due_at) == ("Mara the Second", None)


# --- Groups that would be left without an owner ----------------------------------------------------------------------


def test_the_only_owner_must_hand_over_first(house, just_signed_in):
    client = just_signed_in(house.owner)
    page = client.get(PAGE).content.decode()
    assert reverse("groups:members", args=[house.group.slug]) in page
    assert house.group.name in page
    assert 'name="choice"' not in page
    answer = client.post(PAGE, {"choice": "pseudonym"})
    assert answer.status_code == 409
    assert "Hand them over first" in answer.content.decode()
    assert now(house.owner).deletion_due_at is None
    groups.take_in(group=house.group, user=house.member, roles=[Role.OWNER])
    assert client.post(PAGE, {"choice": "pseudonym"}).status_code == 302
    assert now(house.owner).deletion_due_at is not None


def test_who_has_become_the_only_owner_waits_whole_and_is_told_once(house, let_days_pass, just_signed_in):
    second = factories.create_member(house.group, "Oona", roles=[Role.OWNER])
    comment = factories.create_comment(house.reading, house.owner)
    ask(house.owner, Contributions.WITHDRAWN)
    let_days_pass(house.owner)
    groups.hand_out_roles(membership=house.group.memberships.get(user=second), roles=[], by=house.owner)
    for _hour in range(3):
        delete_accounts(0)
    person = now(house.owner)
    assert (person.display_name, person.is_active) == ("Olga", True)
    assert Comment.objects.get(pk=comment.pk).state == State.VISIBLE
    assert Notice.objects.filter(recipient=person, kind="my_data/deletion_waits").count() == 1
    page = just_signed_in(person).get(PAGE).content.decode()
    assert "only owner of these groups" in page
    assert "Keep my account" in page
    groups.hand_out_roles(membership=house.group.memberships.get(user=second), roles=["owner"], by=house.owner)
    delete_accounts(0)
    assert now(house.owner).deleted_at is not None


def test_of_two_owners_who_go_at_once_one_waits(house, let_days_pass):
    second = factories.create_member(house.group, "Oona", roles=[Role.OWNER])
    for owner in (house.owner, second):
        ask(owner)
        let_days_pass(owner)
    delete_accounts(0)
    assert sorted(now(owner).deleted_at is None for owner in (house.owner, second)) == [False, True]
    assert Membership.objects.active().filter(group=house.group, roles__contains=[Role.OWNER]).count() == 1


# --- What is left ----------------------------------------------------------------------------------------------------


def said_in_the_database() -> str:
    """All that stands in any column of any table, with what is packed there unpacked."""
    said = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        columns = cursor.fetchall()
        for schema, table, column, kind in columns:
            as_text = f"encode({column}, 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT {as_text} FROM "{schema}"."{table}" WHERE "{column}" IS NOT NULL')  # noqa: S608 - names of our own columns
            said += [f"{table}.{column}: {value}" for (value,) in cursor.fetchall()]
        cursor.execute("SELECT value FROM cache")
        said += [f"cache: {pickle.loads(base64.b64decode(value))}" for (value,) in cursor.fetchall()]  # noqa: S301 - our own cache
    said += [f"login: {SessionStore().decode(login.session_data)}" for login in Login.objects.all()]
    assert len(columns) > 150
    return "\n".join(said)


@pytest.fixture
def a_cache(db):
    """The table that Django's cache keeps itself."""
    call_command("createcachetable", verbosity=0)


@pytest.mark.parametrize("choice", list(Contributions))
def test_nothing_in_the_database_holds_the_name_or_the_address(
    full_life, canaries, let_days_pass, a_cache, settings, choice
):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "request_login_code": "20/m/ip,3/m/key"}
    email = f"{canaries.email}@example.org"
    # Browsers that were about to sign in: by a code, by a password that was wrong, by a new password.
    Client().post(reverse("account_request_login_code"), {"email": email})
    Client().post(reverse("account_login"), {"login": email.upper(), "password": "wrong"})
    Client().post(reverse("account_reset_password"), {"email": email})
    full_life.client.get("/")
    cache.set("one", "other")
    actions.ask_for_archive(by=full_life.person)
    ask(full_life.person, choice)
    mail_due_notices()
    before = said_in_the_database()
    for kind in ("name", "email", "second_email", "device", "passkey", "provider", "request", "notice", "token"):
        assert getattr(canaries, kind) in before, kind
    assert before.count(canaries.email) > 2  # also in a login that is nobody's
    let_days_pass(full_life.person)
    delete_accounts(0)
    assert now(full_life.person).deleted_at is not None
    after = said_in_the_database()
    assert full_life.person.public_id not in after
    gone = ["name", "email", "second_email", "device", "passkey", "provider", "request", "notice", "token", "secret"]
    gone += ["reported"]  # a report that was decided; what still waits keeps its words
    if choice == Contributions.WITHDRAWN:
        gone += ["comment", "earlier", "withdrawn", "held", "review"]
    for kind in gone:
        assert getattr(canaries, kind) not in after, [
            line[:200] for line in after.splitlines() if getattr(canaries, kind) in line
        ]
    for kind in ("report", "theirs", "hidden", "file", "verdict", "appeal", "statement", "vote", "minutes", "outcome"):
        assert getattr(canaries, kind) in after, kind


def test_under_a_pseudonym_everything_stays_where_it_was(full_life, house, canaries, let_days_pass, as_user):
    ask(full_life.person)
    let_days_pass(full_life.person)
    delete_accounts(0)
    person = now(full_life.person)
    paragraph = reverse(
        "discussion:paragraph", args=[house.group.slug, house.reading.slug, full_life.comment.paragraph.public_id]
    )
    page = as_user(house.member).get(paragraph).content.decode()
    assert canaries.comment in page
    assert person.display_name in page
    assert canaries.name not in page
    members = as_user(house.owner).get(reverse("groups:members", args=[house.group.slug])).content.decode()
    assert person.display_name not in members.split("<table>")[1].split("</table>")[0]
    case = Report.objects.get(words=canaries.report).case_id
    waiting = as_user(house.moderator).get(reverse("moderation:case", args=[house.group.slug, case])).text
    assert canaries.report in waiting
    assert Report.objects.get(words=canaries.report).reporter == person
    assert canaries.name not in members + waiting
    assert person.display_name in as_user(house.owner).get("/inbox/").content.decode()
    assert not house.group.invitations.good().exists()


def test_withdrawn_each_is_a_stub_and_the_counters_are_true(full_life, house, canaries, let_days_pass, as_user):
    answer = factories.create_comment(house.reading, house.other, "I answer.", parent=full_life.comment)
    ask(full_life.person, Contributions.WITHDRAWN)
    let_days_pass(full_life.person)
    delete_accounts(0)
    paragraph = reverse(
        "discussion:paragraph", args=[house.group.slug, house.reading.slug, full_life.comment.paragraph.public_id]
    )
    for who in (None, house.member, house.moderator):
        page = as_user(who).get(paragraph).content.decode()
        assert "I answer." in page
        for kind in ("comment", "earlier", "withdrawn", "held", "hidden", "name"):
            assert getattr(canaries, kind) not in page, kind
    states = set(Comment.objects.filter(author=full_life.person).values_list("state", flat=True))
    assert states == {State.WITHDRAWN, State.HIDDEN}
    assert not Report.objects.filter(reporter=full_life.person).exclude(outcome="open").exclude(words="").exists()
    listed = Comment.objects.filter(state=State.VISIBLE, paragraph=answer.paragraph).count()
    assert house.reading.activity.get(paragraph=answer.paragraph).comments == listed == 2


def test_a_report_that_is_decided_later_loses_its_words_then(full_life, house, canaries, let_days_pass, monkeypatch):
    ask(full_life.person)
    let_days_pass(full_life.person)
    delete_accounts(0)
    report = Report.objects.get(words=canaries.report)
    assert report.outcome == "open"
    seen = Seen(report.case_id, full_life.theirs.state, full_life.theirs.wording)
    decide(group=house.group, seen=[seen], verdict=Verdict(action=Action.LEAVE), by=house.moderator)
    monkeypatch.setattr(deletion, "sweep", lambda user: None)  # as when the day after the deletion is over
    delete_accounts(0)
    report.refresh_from_db()
    assert (report.words, report.outcome) == ("", "not_upheld")
    others = Report.objects.exclude(reporter=full_life.person)
    assert set(others.values_list("words", flat=True)) == {"Look."}


def test_a_moderators_term_ends_and_what_they_look_at_is_let_go(house, let_days_pass):
    comment = factories.create_comment(house.reading, house.other)
    report(comment=comment, words="Look.", by=house.member)
    case = Case.objects.get()
    assert claim(case=case, by=house.moderator)
    ask(house.moderator)
    let_days_pass(house.moderator)
    delete_accounts(0)
    case.refresh_from_db()
    assert (case.claimed_by, case.claimed_until) == (None, None)
    assert Term.objects.get(membership__user=house.moderator).ended_at is not None


def test_who_was_deleted_is_out_everywhere_and_may_come_anew(full_life, canaries, let_days_pass):
    email = f"{canaries.email}@example.org"
    ask(full_life.person)
    let_days_pass(full_life.person)
    assert full_life.client.get("/me/").status_code == 200
    delete_accounts(0)
    assert full_life.client.get("/me/").status_code == 302
    person = now(full_life.person)
    assert not person.is_active
    assert not check_password(canaries.password, person.password)
    assert not person.has_usable_password()
    assert not Membership.objects.active().filter(user=person).exists()
    sent = len(mail.outbox)
    Client().post(reverse("account_reset_password"), {"email": person.email})
    assert [message for message in mail.outbox[sent:] if canaries.email in str(message.to)] == []
    Client().post(reverse("account_signup"), {"display_name": "Anew", "email": email, "password1": ""})
    assert EmailAddress.objects.get(email=email).user_id != person.pk


def test_a_deleted_account_gets_no_name_again(house, let_days_pass):
    """A request that had read the person before, and saves them whole afterwards."""
    stale = now(house.member)
    ask(house.member)
    let_days_pass(house.member)
    delete_accounts(0)
    with pytest.raises(IntegrityError, match="no name again"), transaction.atomic():
        stale.save()
    assert now(house.member).display_name != "Mara"


def test_what_was_under_way_is_removed_an_hour_later(house, let_days_pass):
    ask(house.member, Contributions.WITHDRAWN)
    let_days_pass(house.member)
    delete_accounts(0)
    name = now(house.member).display_name
    groups.take_in(group=house.group, user=house.member)
    late = factories.create_comment(house.reading, house.member, "Too late.")
    facts = {"group": "G", "accepted": True}
    tell(recipients=[house.member], kind="groups/join_request_answered", category="decision", event="late", facts=facts)
    delete_accounts(0)
    assert Comment.objects.get(pk=late.pk).state == State.WITHDRAWN
    assert "Too late." not in said_in_comments()
    assert not Notice.objects.filter(recipient=house.member).exists()
    assert not Membership.objects.active().filter(user=house.member).exists()
    assert now(house.member).display_name == name


def said_in_comments():
    return json.dumps(list(Comment.objects.values_list("body", "body_html")))


def test_twice_is_once(house, let_days_pass):
    ask(house.member)
    let_days_pass(house.member)
    assert deletion.delete_due() == 1
    first = User.objects.filter(pk=house.member.pk).values().get()
    assert deletion.delete_due() == 0
    assert User.objects.filter(pk=house.member.pk).values().get() == first


def test_one_that_fails_stops_no_other_and_is_whole(house, let_days_pass, monkeypatch, caplog):
    for person in (house.member, house.other):
        ask(person)
        let_days_pass(person)
    strip = deletion.strip

    def fail_for_one(user, pseudonym):
        if user.pk == house.member.pk:
            raise RuntimeError("out of luck")
        strip(user, pseudonym)

    monkeypatch.setattr(deletion, "strip", fail_for_one)
    caplog.set_level("CRITICAL", logger="readinggroup.my_data.deletion")
    delete_accounts(0)
    assert now(house.other).deleted_at is not None
    assert (now(house.member).display_name, now(house.member).is_active) == ("Mara", True)
    assert Membership.objects.active().filter(user=house.member).exists()
    assert house.member.emailaddress_set.exists()
    monkeypatch.undo()
    delete_accounts(0)
    assert now(house.member).deleted_at is not None


def test_a_named_moderator_who_is_deleted_leaves_the_rest_of_the_statement(house, let_days_pass):
    Group.objects.update(moderators_are_named=True)
    house.group.refresh_from_db()
    decided(house, [factories.create_comment(house.reading, house.member, "Boats.")])
    before = Notice.objects.get(kind="moderation/decided").facts
    assert (before["by"], before["actions"]) == ("Mona", ["hide"])
    ask(house.moderator)
    let_days_pass(house.moderator)
    delete_accounts(0)
    after = Notice.objects.get(kind="moderation/decided").facts
    assert after == before | {"by": now(house.moderator).display_name}
    assert after["by"].startswith("Reader ")


def test_others_of_the_same_name_keep_it(house, let_days_pass):
    """A notice far from the person speaks of somebody else."""
    namesake = factories.create_user("Mara")
    far = factories.create_member(factories.create_group(), "Fay")
    facts = {"group": "Mara", "accepted": True}
    tell(
        recipients=[far, house.owner],
        kind="groups/join_request_answered",
        category="decision",
        event="one",
        facts=facts,
    )
    ask(house.member)
    let_days_pass(house.member)
    delete_accounts(0)
    assert now(namesake).display_name == "Mara"
    assert Notice.objects.get(recipient=far).facts["group"] == "Mara"
    assert Notice.objects.get(recipient=house.owner).facts["group"] == now(house.member).display_name


# --- At once ---------------------------------------------------------------------------------------------------------


def at_once(*acts):
    barrier = Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(30) for future in [pool.submit(run, act) for act in acts]]


@pytest.mark.django_db(transaction=True)
def test_several_workers_delete_each_once(let_days_pass):
    people = [factories.create_user(f"Person {number}") for number in range(4)]
    for person in people:
        ask(person)
        let_days_pass(person)
    assert sum(at_once(*[deletion.delete_due] * 4)) == 4
    assert User.objects.filter(deleted_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_each_worker_would_delete(let_days_pass):
    """The control: the same two workers, looking whether it is due, and drawing a pseudonym a moment later."""
    person = factories.create_user("Person")
    ask(person)
    let_days_pass(person)
    looked, drawn = Barrier(2), []

    def delete_carelessly():
        is_due = User.objects.to_be_deleted().filter(pk=person.pk).exists()
        looked.wait(30)
        if is_due:
            drawn.append(new_pseudonym())
            User.objects.filter(pk=person.pk).update(display_name=drawn[-1])

    at_once(delete_carelessly, delete_carelessly)
    assert len(set(drawn)) == 2


@pytest.mark.django_db(transaction=True)
def test_undone_while_it_is_being_done_is_one_or_the_other(let_days_pass):
    for number in range(6):
        person = factories.create_user(f"Person {number}")
        ask(person)
        let_days_pass(person)
        acts = [lambda: deletion.delete_due(), lambda who=person: actions.undo_deletion(by=who)]
        deleted, undone = at_once(*acts)
        assert (deleted, undone) in {(1, False), (0, True)}
        assert (now(person).deleted_at is not None) == bool(deleted)


@pytest.mark.django_db(transaction=True)
def test_who_undoes_waits_for_who_deletes(let_days_pass, monkeypatch):
    person = factories.create_user("Person")
    ask(person)
    let_days_pass(person)
    has_begun, strip = Event(), deletion.strip

    def slowly(user, pseudonym):
        has_begun.set()
        Event().wait(0.3)
        strip(user, pseudonym)

    def undo():
        has_begun.wait(30)
        return actions.undo_deletion(by=person)

    monkeypatch.setattr(deletion, "strip", slowly)
    assert at_once(deletion.delete_due, undo) == [1, False]
    assert now(person).deleted_at is not None


@pytest.mark.django_db(transaction=True)
def test_asked_for_many_times_at_once_is_asked_for_once():
    person = factories.create_user()
    assert sorted(at_once(*[lambda: ask(person)] * 8)) == [False] * 7 + [True]
    assert Notice.objects.count() == 1


# --- What the site keeps ---------------------------------------------------------------------------------------------


def test_what_the_site_keeps_is_said_to_everyone_with_the_codes_own_numbers(db, settings):
    settings.SESSION_COOKIE_AGE = 60 * 60 * 24 * 17
    page = Client().get("/privacy/").content.decode()
    for number in ("17 days at most", f"undone for {User.DELETION_DELAY.days} days"):
        assert number in page
    assert 'href="/privacy/"' in Client().get("/").content.decode()
