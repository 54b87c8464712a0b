"""Nothing tells who voted how in a secret ballot: no page, file, log, mail, table, or order of rows.

One vote is cast twice over, once by Mara and once by Milo, under the same key. Whatever others can ask for must be the
same to the letter in both worlds: then nothing of it tells the two apart.
"""

import json
import logging
import re
import zipfile
from io import BytesIO

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from readinggroup import group_export
from readinggroup.groups.models import Membership
from readinggroup.my_data import archive
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions
from readinggroup.proposals.actions import voting
from readinggroup.proposals.actions.closing import close_due, remind_due
from readinggroup.proposals.models import receipt_of
from readinggroup.proposals.models.ballots import BallotQuerySet
from readinggroup.tasks import mail_due_notices

from ..conftest import signed_in_as
from ..thoroughness import thoroughly
from .ballots import address, closed, let_time_pass, new_key, opened, votes
from .test_voting import key_on, send

REASON = "Because of the murmuration."
PAPER = {"named": [2], "reason": REASON}
VOTERS = {"member", "other"}  # one's own pages tell whether one has voted
WATCHERS = ["owner", "organizer", "moderator", "other", "member", "outsider", None]


def pages_of(ballot):
    """Every page of ours whose address holds no more than the group and the ballot; in short those of the ballot."""

    def names(patterns, namespace=""):
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                converters = {**pattern.pattern.converters}
                yield f"{namespace}{pattern.name}", set(converters)
            else:
                inner = f"{pattern.app_name}:" if pattern.app_name else namespace
                for name, more in names(pattern.url_patterns, inner):
                    yield name, more | set(pattern.pattern.converters)

    kwargs = {"group": ballot.group.slug, "ballot": ballot.public_id}
    for name, wanted in names(get_resolver().url_patterns):
        is_near = "ballot" in wanted or name in {"group", "proposals:ballots", "groups:members", "feeds:news"}
        if wanted and wanted <= set(kwargs) and thoroughly(True, is_near):
            yield reverse(name, kwargs={key: kwargs[key] for key in wanted})
    yield "/"
    yield "/inbox/"


def told_to(person, ballot) -> dict:
    """Everything that this person can ask for about the group and the ballot: address -> what it says."""
    client, told = signed_in_as(person), {}
    for page in sorted(set(pages_of(ballot))):
        answer = client.get(page)
        told[page] = (answer.status_code, ANEW.sub("", answer.content.decode(errors="replace")))
    return told


# What is new on each page: keys of forms, names of notices, how long ago; and when each world was closed.
ANEW = re.compile(
    r"""value="(\w{64}|[0-9a-f-]{32,36})"|/inbox/\w+/|id="n-\w+"|>(now|[^<]* ago)</time>|T\d\d:\d\d:\d\d[^"<]*"""
)


def exported(house) -> str:
    """The group's file, as its owner gets it."""
    membership = Membership.objects.standing(house.owner.pk, house.group.slug)
    with zipfile.ZipFile(BytesIO(group_export.zipped(membership))) as file:
        words = " ".join(file.read(name).decode() for name in sorted(file.namelist()))
    return re.sub(r'"(exported_at|closed_at|counted_at)": "[^"]+"', "", words)


def worlds(house, ballot, look):
    """What `look()` answers if Mara voted so, and if Milo did, with the same key; everything else is the same."""
    key, answers = new_key(), []
    for voter in (house.member, house.other):
        with transaction.atomic():
            votes(ballot, voter, PAPER, key)
            answers.append(look())
            transaction.set_rollback(True)
    return answers


@pytest.mark.parametrize("watcher", [watcher for watcher in WATCHERS if watcher not in VOTERS], ids=str)
def test_while_it_is_open_no_page_tells_who_voted_or_how(house, watcher):
    ballot = opened(house)
    person = watcher and getattr(house, watcher)
    one, other = worlds(house, ballot, lambda: told_to(person, ballot))
    assert [page for page in one if one[page] != other[page]] == []
    assert len(one) > 10
    words = " ".join(said for _status, said in one.values())
    assert REASON not in words
    assert "1 of 5 has voted" in words


@pytest.mark.parametrize("watcher", [watcher for watcher in WATCHERS if watcher not in VOTERS], ids=str)
def test_when_it_is_closed_papers_are_published_and_nobody_can_tell_whose(house, watcher):
    ballot = opened(house)
    person = watcher and getattr(house, watcher)

    def look():
        let_time_pass(ballot)
        close_due()
        return told_to(person, ballot)

    one, other = worlds(house, ballot, look)
    assert [page for page in one if one[page] != other[page]] == []


def test_the_two_worlds_are_told_apart_by_an_open_ballot(house):
    """The control: in an open ballot the exported papers bear names."""
    ballot = opened(house, is_secret=False)

    def look():
        let_time_pass(ballot)
        close_due()
        return exported(house)

    one, other = worlds(house, ballot, look)
    assert one != other
    assert REASON in one


def test_the_groups_file_tells_the_same_in_both_worlds(house):
    ballot = opened(house)
    one, other = worlds(house, ballot, lambda: exported(house))
    assert one == other
    assert REASON not in one

    def look():
        let_time_pass(ballot)
        close_due()
        return exported(house)

    one, other = worlds(house, ballot, look)
    assert one == other
    assert REASON in one


def test_the_archive_of_a_persons_data_holds_no_paper_of_a_secret_ballot(house):
    ballot = opened(house)
    key = votes(ballot, house.member, PAPER)
    for person in (house.member, house.organizer):
        for over in (False, True):
            if over and ballot.state == "open":
                ballot = closed(ballot)
            file = BytesIO()
            archive.write(file, person)
            with zipfile.ZipFile(file) as made:
                words = " ".join(made.read(name).decode() for name in made.namelist())
            assert ballot.question in words
            for secret in (REASON, key, receipt_of(key)):
                assert secret not in words


# --- The database -----------------------------------------------------------------------------------------------------


def tables():
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)


def rows_with(*words) -> set:
    """The tables with a row in which one of these stands, whatever the column: what a dump would hold."""
    found = set()
    with connection.cursor() as cursor:
        for table in tables():
            for word in words:
                any_column = f"SELECT 1 FROM {table} AS held WHERE held::text LIKE %s LIMIT 1"  # noqa: S608 - our tables
                cursor.execute(any_column, [f"%{word}%"])
                if cursor.fetchone():
                    found.add(table)
    return found


def test_the_paper_stands_in_the_box_and_its_key_nowhere(house, settings, as_user):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ballot, client = opened(house), as_user(house.member)
    send(client, ballot, named=["2"], reason=REASON)
    key = key_on(client.get(address("vote", ballot)))
    client.get(address("voted", ballot))
    let_time_pass(ballot, 23)
    remind_due()
    let_time_pass(ballot, 2)
    close_due()
    mail_due_notices()
    assert rows_with(key) == set()
    assert rows_with(receipt_of(key), REASON) == {"proposals_ballotbox"}
    assert mail.outbox
    assert not any(word in str(sent.message()) for sent in mail.outbox for word in (key, receipt_of(key), REASON))
    facts = json.dumps(list(Notice.objects.values_list("facts", flat=True)))
    assert house.member.display_name not in facts


def box_row(ballot) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT voted::text, papers::text FROM proposals_ballotbox WHERE ballot_id = %s", [ballot.pk])
        return cursor.fetchone()


def test_the_box_is_the_same_in_whatever_order_they_voted(house):
    ballot = opened(house)
    people = [house.member, house.other, house.owner, house.organizer, house.moderator]
    keys, rows = {person.pk: new_key() for person in people}, set()
    for order in (people, people[::-1], [*people[2:], *people[:2]]):
        with transaction.atomic():
            for person in order:
                votes(ballot, person, {"named": [1 + person.pk % 3]}, keys[person.pk])
            rows.add(box_row(ballot))
            transaction.set_rollback(True)
    assert len(rows) == 1
    [(voted, papers)] = rows
    assert voted != papers


@pytest.mark.django_db(transaction=True)
def test_no_row_lies_beside_a_paper_by_transaction_or_place(house):
    """`xmin` and `ctid` of every table: a vote writes one row and no other, and that row is of all voters."""
    ballot = opened(house)

    def stamps():
        found = {}
        with connection.cursor() as cursor:
            for table in tables():
                cursor.execute(f"SELECT ctid::text, xmin::text FROM {table}")  # noqa: S608 - our own tables
                found[table] = sorted(cursor.fetchall())
        return found

    before = stamps()
    for person in (house.member, house.other, house.owner):
        votes(ballot, person, PAPER)
    after = stamps()
    assert {table for table in before if before[table] != after[table]} == {"proposals_ballotbox"}
    assert len(after["proposals_ballotbox"]) == 1


def test_no_history_is_kept_of_the_box_and_nothing_points_at_it(db):
    named = [model._meta.label for model in apps.get_models() if "box" in model.__name__.lower()]
    assert named == ["proposals.BallotBox"]
    with connection.cursor() as cursor:
        columns = [
            column.name for column in connection.introspection.get_table_description(cursor, "proposals_ballotbox")
        ]
    assert columns == ["id", "voted", "papers", "ballot_id"]


# --- What is logged ---------------------------------------------------------------------------------------------------


def test_no_log_line_holds_a_paper_a_key_or_who_voted(house, as_user, caplog, monkeypatch):
    """Also where it goes wrong: refused by the form, by the database, or by an error of ours."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    ballot, client = opened(house), as_user(house.member, raise_request_exception=False)
    key = new_key()
    sent = {"secret_key": key, "named": ["2"], "reason": REASON}
    assert client.post(address("vote", ballot), sent | {"named": ["9"]}).status_code == 422
    assert client.post(address("vote", ballot), sent).status_code == 302
    let_time_pass(ballot)
    assert client.post(address("vote", ballot), sent).status_code == 409
    with monkeypatch.context() as patched:  # the moment between the look and the write: the database refuses
        patched.setattr(BallotQuerySet, "taking_votes", lambda ballots: ballots)
        with pytest.raises(actions.NoVotesNow) as refusal:
            votes(ballot, house.other, PAPER)
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__
        other = as_user(house.other, raise_request_exception=False)
        assert other.post(address("vote", ballot), sent | {"secret_key": new_key()}).status_code == 409
    with monkeypatch.context() as patched:
        patched.setattr(voting, "receipt_of", lambda key: 1 / 0)
        assert client.post(address("vote", ballot), sent).status_code == 500
    formatter = logging.Formatter("%(message)s")
    told = "\n".join(formatter.format(record) for record in caplog.records)
    assert "ZeroDivisionError" in told
    for secret in (REASON, key, receipt_of(key), '"named"', house.member.email, house.member.display_name):
        assert secret not in told


def test_the_database_is_never_told_a_voter_and_a_paper_alone(house):
    """A statement that is logged or fails holds both heaps, not who put in what."""
    ballot = opened(house)
    votes(ballot, house.other, {"named": [1]})
    with CaptureQueriesContext(connection) as captured:
        votes(ballot, house.member, PAPER)
    written = [query["sql"] for query in captured if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert len(written) == 1
    assert written[0].startswith('UPDATE "proposals_ballotbox"')
    assert str(house.other.pk) in written[0]
    assert str(house.member.pk) in written[0]


def test_who_has_voted_is_not_shown_to_others_by_reminding_either(house, as_user):
    ballot = opened(house)
    votes(ballot, house.member, PAPER)
    let_time_pass(ballot, 23)
    remind_due()
    for person in (house.owner, house.organizer, house.moderator):
        inbox = as_user(person).get("/inbox/").text
        assert "Mara" not in inbox
        assert "Milo" not in inbox
    assert Notice.objects.filter(kind="proposals/ballot_reminder", recipient=house.member).count() == 0


def test_of_a_void_ballot_nobody_ever_sees_a_paper(house):
    ballot = opened(house)
    votes(ballot, house.member, PAPER)
    actions.void_ballot(ballot=ballot, reason="No.", by=house.organizer)
    for watcher in WATCHERS:
        person = watcher and getattr(house, watcher)
        assert not [page for page, (_status, words) in told_to(person, ballot).items() if REASON in words]
    assert REASON not in exported(house)
