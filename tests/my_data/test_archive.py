"""An archive of everything of mine: all of it, nothing of others, to nobody else, and no longer than said."""

import io
import json
import logging
import re
import tempfile
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import Archive, ArchivePiece, ArchiveState, SignInLink, User
from readinggroup.my_data import actions, archive, contents
from readinggroup.notifications.models import Notice
from readinggroup.tasks import mail_due_notices, make_archive, tidy_archives

from .. import factories

PAGE = "/me/data/"


def made_for(user) -> Archive:
    """An archive as the worker leaves it."""
    asked = actions.ask_for_archive(by=user)
    make_archive(archive_id=asked.pk)
    asked.refresh_from_db()
    return asked


def files_in(answer) -> dict:
    """The archive's files by name, as text."""
    content = b"".join(answer.streaming_content)
    assert len(content) == int(answer["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        return {name: file.read(name).decode() for name in file.namelist()}


def address_of(asked):
    return reverse("my_data:fetch_archive", args=[asked.public_id])


def test_everything_of_mine_is_in_it_and_nothing_that_opens_a_door(full_life, canaries, just_signed_in):
    made = made_for(full_life.person)
    full_life.person.authenticator_set.all().delete()  # so that signing in by a link is enough
    full_life.person.set_unusable_password()
    full_life.person.save()
    client = just_signed_in(full_life.person)
    files = files_in(client.get(address_of(made)))
    as_json, pages = files.pop("my-data.json"), " ".join(files.values())
    for kind in ("name", "email", "second_email", "comment", "earlier", "withdrawn", "held", "hidden", "report",
                 "request", "device", "notice", "passkey", "provider", "file", "push_device",
                 "review", "reported", "verdict", "appeal", "statement", "vote", "minutes",
                 "outcome", "session", "proposal", "reworded_proposal", "proposed_file",
                 "answered_proposal", "ballot", "open_paper"):  # fmt: skip
        assert getattr(canaries, kind) in as_json, kind
        assert getattr(canaries, kind) in pages, kind
    secrets = [canaries.password, canaries.token, canaries.secret, canaries.theirs, full_life.token, "md5$"]
    secrets += [canaries.secret_paper]  # nobody knows that it is theirs
    secrets += [
        canaries.push_address,
        full_life.client.session.session_key,
        "token_hash",
        "session_key",
        "Mara",
        "Olga",
    ]
    secrets += list(SignInLink.objects.values_list("token_hash", flat=True))
    secrets += list(User.objects.exclude(pk=full_life.person.pk).values_list("email", flat=True))
    for secret in secrets:
        assert not re.search(rf"(?<![\w-]){re.escape(secret)}", as_json + pages), secret


def test_a_comment_comes_with_its_place_its_state_and_its_wordings(full_life, canaries, house, settings):
    mine = {row["id"]: row for row in contents.comments(full_life.person)}
    assert len(mine) == 6
    assert {row["state"] for row in mine.values()} == {"visible", "withdrawn", "held", "hidden"}
    row = mine[full_life.comment.public_id]
    assert (row["group"], row["text"], row["paragraph"]) == (house.group.name, "The Ferry", 4)
    assert row["address"] == f"{settings.SITE_URL}/c/{full_life.comment.public_id}/"
    assert row["in_answer_to"] == full_life.theirs.public_id
    assert [wording["words"] for wording in row["earlier_wordings"]] == [canaries.earlier]


def test_the_json_is_json_and_every_link_of_a_page_leads_to_a_file(full_life, canaries):
    actions.ask_for_archive(by=full_life.person)
    file = io.BytesIO()
    archive.write(file, full_life.person)
    with zipfile.ZipFile(file) as made:
        names = set(made.namelist())
        data = json.loads(made.read("my-data.json"))
        linked = set(re.findall(r'href="((?:pages/|my-data)[^"]+)"', made.read("index.html").decode()))
        page = made.read("pages/comments-1.html").decode()
    assert set(data) == {"about"} | {part.name for part in contents.PARTS}
    assert all(data[part.name] for part in contents.PARTS), [name for name, rows in data.items() if not rows]
    assert linked | {"index.html"} == names
    assert f"{canaries.comment} <em>now</em>" in page


def points_at_people(model):
    for field in model._meta.get_fields():
        if (field.many_to_one or field.one_to_one) and field.concrete and field.related_model is User:
            yield f"{model._meta.label}.{field.name}"


def test_whatever_points_at_a_person_is_in_the_archive_or_left_out_for_a_reason():
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    found = {name for model in models for name in points_at_people(model)}
    covered = {name for part in contents.PARTS for name in part.covers}
    assert len(found) > 12
    assert found == covered | set(contents.LEFT_OUT)
    assert not covered & set(contents.LEFT_OUT)
    assert all(contents.LEFT_OUT.values())


def test_hostile_words_stay_words(house):
    nasty = factories.create_user('<script>alert(1)</script>"&')
    factories.create_comment(house.reading, nasty, "<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))")
    Notice.objects.create(
        recipient=nasty,
        kind="groups/join_request_answered",
        category="decision",
        event="e",
        facts={"group": "<b>x</b>"},
    )
    file = io.BytesIO()
    archive.write(file, nasty)
    with zipfile.ZipFile(file) as made:
        pages = {name: made.read(name).decode() for name in made.namelist() if name.endswith(".html")}
    for name, page in pages.items():
        assert not re.search(r"<(script|img|b)\b|href=\"javascript", page), name
        assert "default-src 'none'" in page


def test_ready_is_told_and_shown_and_fetched(house, just_signed_in):
    client = just_signed_in(house.member)
    answer = client.post(PAGE, follow=True).content.decode()
    assert "is being made" in answer
    assert "Make an archive</button>" not in answer
    waiting = Archive.objects.get()
    assert client.get(address_of(waiting)).status_code == 404
    make_archive(archive_id=waiting.pk)
    page = client.get(PAGE).content.decode()
    assert address_of(waiting) in page
    mail_due_notices()
    assert "ready" in mail.outbox[-1].subject
    answer = client.get(address_of(waiting))
    assert answer["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "index.html" in files_in(answer)


def test_nobody_else_fetches_it(house, as_user, just_signed_in):
    made = made_for(house.member)
    for who in (house.other, house.owner, house.outsider):
        assert just_signed_in(who).get(address_of(made)).status_code == 404
    staff = factories.create_user(is_staff=True, is_superuser=True)
    assert just_signed_in(staff).get(address_of(made)).status_code == 404
    assert as_user(None).get(address_of(made)).headers["Location"].startswith("/accounts/login/")
    for made_up in ("nothing", "%00", "../x", "x" * 5_000):
        assert just_signed_in(house.member).get(f"{PAGE}{made_up}/").status_code in {400, 404}


def test_who_has_not_just_signed_in_is_asked_to(house, as_user):
    """A browser that was left open gives the file to nobody."""
    made = made_for(house.member)
    client = as_user(house.member)
    answer = client.get(address_of(made))
    assert answer.headers["Location"] == f"/me/again/?next=%2Fme%2Fdata%2F{made.public_id}%2F"
    again = client.get(answer.headers["Location"])
    assert "Sign in once more" in again.content.decode()
    to_login = client.post(answer.headers["Location"]).headers["Location"]
    assert to_login == f"/accounts/login/code/?next=%2Fme%2Fdata%2F{made.public_id}%2F"
    assert client.get(PAGE).status_code == 302  # signed out
    to_code = client.post(to_login, {"email": house.member.email}).headers["Location"]
    code = re.search(r"^([A-Z0-9]{3,5}-?[A-Z0-9]{3,5})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    assert client.post(to_code, {"code": code}).headers["Location"] == address_of(made)
    assert "index.html" in files_in(client.get(address_of(made)))


def test_who_has_a_password_is_asked_for_it(house, as_user):
    house.member.set_password("a long enough one")
    house.member.save()
    made = made_for(house.member)
    client = as_user(house.member)
    answer = client.get(address_of(made))
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    answer = client.post(answer.headers["Location"], {"password": "a long enough one"})
    assert answer.headers["Location"] == address_of(made)
    assert "index.html" in files_in(client.get(address_of(made)))


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""])
def test_the_way_back_leads_nowhere_else(house, as_user, back):
    answer = as_user(house.member).post(f"{reverse('accounts:sign_in_again')}?next={back}")
    assert answer.headers["Location"] == "/accounts/login/code/?next=%2Fme%2F"


def test_after_a_week_it_is_gone(house, just_signed_in):
    made, client = made_for(house.member), just_signed_in(house.member)
    Archive.objects.update(asked_at=timezone.now() - Archive.KEPT_FOR + timedelta(minutes=1))
    tidy_archives(0)
    assert client.get(address_of(made)).status_code == 200
    Archive.objects.update(asked_at=timezone.now() - Archive.KEPT_FOR)
    assert client.get(address_of(made)).status_code == 404  # also before it is removed
    assert address_of(made) not in client.get(PAGE).content.decode()
    tidy_archives(0)
    assert not Archive.objects.exists()
    assert not ArchivePiece.objects.exists()


def test_so_many_a_day(house, just_signed_in):
    client = just_signed_in(house.member)
    for _number in range(Archive.A_DAY):
        client.post(PAGE)
        make_archive(archive_id=Archive.objects.waiting().get().pk)
    assert "Try again tomorrow" in client.post(PAGE, follow=True).content.decode()
    assert Archive.objects.count() == Archive.A_DAY
    Archive.objects.update(asked_at=timezone.now() - timedelta(days=1))
    assert "is being made" in client.post(PAGE, follow=True).content.decode()


def test_a_failure_is_told_and_the_next_one_can_be_asked_for(house, just_signed_in, monkeypatch, caplog):
    client = just_signed_in(house.member)
    client.post(PAGE)
    broken = contents.Part("broken", "Broken", (), lambda user: iter([1 / 0]))
    monkeypatch.setattr(archive, "PARTS", [*contents.PARTS, broken])
    with caplog.at_level(logging.CRITICAL, logger="readinggroup.my_data.archive"):
        make_archive(archive_id=Archive.objects.get().pk)
    assert Archive.objects.get().state == ArchiveState.FAILED
    assert not ArchivePiece.objects.exists()
    page = client.get(PAGE).content.decode()
    assert "could not be made" in page
    assert "Make an archive</button>" in page
    assert Notice.objects.filter(recipient=house.member, kind="my_data/archive_failed").count() == 1


def test_too_large_is_a_failure_and_no_half_file(house, monkeypatch, caplog):
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    with caplog.at_level(logging.CRITICAL, logger="readinggroup.my_data.archive"):
        assert made_for(house.member).state == ArchiveState.FAILED
    assert not ArchivePiece.objects.exists()


def test_what_no_worker_makes_any_more_is_given_up(house):
    asked = actions.ask_for_archive(by=house.member)
    tidy_archives(0)
    assert Archive.objects.get().state == ArchiveState.WAITING
    Archive.objects.update(asked_at=timezone.now() - Archive.MADE_WITHIN)
    tidy_archives(0)
    assert Archive.objects.get().state == ArchiveState.FAILED
    make_archive(archive_id=asked.pk)  # the worker comes after all
    assert Archive.objects.get().state == ArchiveState.FAILED


def test_made_twice_is_made_once(house):
    made = made_for(house.member)
    size = made.size
    make_archive(archive_id=made.pk)
    archive.keep(made, io.BytesIO(b"another"))
    made.refresh_from_db()
    assert (made.size, Notice.objects.filter(kind="my_data/archive_ready").count()) == (size, 1)


def test_asking_is_in_the_transaction_of_the_request(house):
    actions.ask_for_archive(by=house.member)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'readinggroup.tasks.make_archive'")
        [(arguments,)] = cursor.fetchall()
    assert json.loads(arguments) == {"archive_id": Archive.objects.get().pk}


def test_a_large_archive_comes_in_pieces(house, monkeypatch, just_signed_in):
    monkeypatch.setattr(ArchivePiece, "SIZE", 1_000)
    monkeypatch.setattr(archive, "A_PAGE", 2)
    for number in range(5):
        factories.create_comment(house.reading, house.member, f"Thought {number}.")
    made = made_for(house.member)
    assert made.pieces.count() > 3
    files = files_in(just_signed_in(house.member).get(address_of(made)))
    pages = [files[f"pages/comments-{number}.html"] for number in (1, 2, 3)]
    assert ["Thought 4." in page for page in pages] == [False, False, True]
    assert 'href="../pages/comments-2.html"' in pages[0]
    assert 'href="../pages/comments-2.html"' in pages[2]


def test_what_is_in_memory_does_not_grow_with_what_was_written(tmp_path):
    def peak(rows):
        part = contents.Part("many", "Many", (), None)
        each = ({"words": f"Sentence {number}. " * 20} for number in range(rows))
        with tempfile.TemporaryFile("w") as as_json, zipfile.ZipFile(tmp_path / f"{rows}.zip", "w") as made:
            tracemalloc.start()
            assert archive.write_part(made, as_json, part, each) == rows
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    peak(600)
    assert peak(12_000) < 2 * peak(1_200)


def test_one_comment_or_three_cost_the_same(house, django_assert_num_queries):
    def cost():
        with django_assert_num_queries(3):
            list(contents.comments(house.member))

    factories.create_comment(house.reading, house.member)
    cost()
    for _number in range(2):
        factories.create_comment(house.reading, house.member)
    cost()


def test_one_archive_or_three_cost_the_same(house, as_user, django_assert_num_queries):
    client = as_user(house.member)
    for ready in (1, 2):
        for _number in range(ready):
            Archive.objects.create(user=house.member, state=ArchiveState.READY, size=1, made_at=timezone.now())
        with django_assert_num_queries(4):
            assert client.get(PAGE).status_code == 200


def at_once(times, act):
    barrier = Barrier(times)

    def run(number):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.django_db(transaction=True)
def test_asked_for_many_times_at_once_is_one(as_user):
    user = factories.create_user()
    clients = [as_user(user) for _ in range(8)]
    assert {answer.status_code for answer in at_once(8, lambda number: clients[number].post(PAGE))} == {302}
    assert Archive.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'readinggroup.tasks.make_archive'")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_ask_for_several():
    """The control: the same crowd, looking whether there is one; only the database's own refusal stands in its way."""
    user, looked = factories.create_user(), Barrier(8)

    def ask_carelessly(number):
        is_first = not Archive.objects.of(user).exists()
        looked.wait(30)
        if is_first:
            Archive.objects.create(user=user, state=ArchiveState.FAILED)
        return is_first

    assert sum(at_once(8, ask_carelessly)) == 8
