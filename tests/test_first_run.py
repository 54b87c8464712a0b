"""What `up` finds or makes before the site opens: the same call again changes nothing."""

import re
from collections import Counter

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from readinggroup.accounts.models import SignInLink, User
from readinggroup.first_run import GUIDE, OWNER_EMAIL, prepare
from readinggroup.groups.models import Group, Membership, Role, Visibility
from readinggroup.readings.models import Reading, ReadingState
from texts.importing import read
from texts.models import ParagraphVersion

from . import factories

pytestmark = pytest.mark.django_db

WELL = "The Well\n\nby Ada Lind\n\nNobody had drawn water here since the war.\n\nThe rope was new.\n"
SPRING = "The Spring\n\nby Ada Lind\n\nAnother text.\n\nIt is short.\n"


@pytest.fixture
def file(tmp_path):
    """A text of this name in a folder."""

    def write(name="well.txt", text=WELL):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def rows():
    """Every table of the site and how many rows it has, but for the sign-in links."""
    return {model.__name__: model._default_manager.count() for model in apps.get_models() if model is not SignInLink}


def contents():
    """The rows themselves of what `prepare` might touch."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in (Group, Membership, User, Reading)}


def test_a_fresh_site_gets_a_group_its_owner_and_the_guide():
    run = prepare(None)
    group, owner = Group.objects.get(), User.objects.get()
    assert group.visibility == Visibility.PUBLIC
    assert (owner.email, owner.has_usable_password()) == (OWNER_EMAIL, False)
    assert Membership.objects.get(group=group, user=owner).roles == [Role.OWNER]
    assert Reading.objects.get().state == ReadingState.CURRENT
    assert Reading.objects.get().edition.title.startswith("A Reader’s Guide")
    assert run.messages == ["No file was given: the site opens with a short reader's guide."]
    ((who, path),) = run.sign_in_links
    assert who == "owner"
    client = Client()
    assert client.get(path)["Location"] == "/"
    assert client.get(reverse("readings:import_text", args=[group.slug])).status_code == 200


def test_with_a_file_the_group_reads_it(file):
    run = prepare(file())
    reading = Reading.objects.get()
    assert (reading.edition.title, reading.state) == ("The Well", ReadingState.CURRENT)
    assert bytes(reading.edition.current.source.content) == WELL.encode()
    assert run.messages == ["“The Well” is on the shelf: 4 paragraphs, 17 words."]
    assert Client().get(reverse("readings:reading_page", args=[reading.group.slug, reading.slug])).status_code == 200


@pytest.mark.parametrize("name", ["well.txt", "renamed.txt"])
def test_the_same_file_again_changes_nothing(file, name):
    prepare(file())
    before = rows(), contents()
    run = prepare(file(name))
    assert (rows(), contents()) == before
    assert run.messages == ["“The Well” is on the shelf already; nothing was changed."]
    assert SignInLink.objects.count() == 2  # a link is good once, so that each run prints a new one


def test_no_file_again_changes_nothing():
    prepare(None)
    before = rows(), contents()
    assert prepare(None).messages == []
    assert (rows(), contents()) == before


def test_without_a_file_a_site_that_has_texts_is_left_alone(file):
    prepare(file())
    before = rows(), contents()
    assert prepare(None).messages == []
    assert (rows(), contents()) == before


def test_another_file_goes_to_the_shelf(file):
    prepare(file())
    prepare(file("spring.txt", SPRING))
    assert dict(Reading.objects.values_list("edition__title", "state")) == {
        "The Well": ReadingState.CURRENT,
        "The Spring": ReadingState.PLANNED,
    }
    assert Group.objects.count() == User.objects.count() == 1


def test_a_group_that_is_there_keeps_its_name_and_its_owner(file):
    group = factories.create_group("Harbour readers")
    owner = factories.create_member(group, "Olga", roles=[Role.OWNER])
    factories.create_member(group, "Milo")
    factories.create_group("A later one")
    run = prepare(file())
    assert Reading.objects.get().group == group
    assert not User.objects.filter(email=OWNER_EMAIL).exists()
    client = Client()
    client.get(run.sign_in_links[0][1])
    assert owner.display_name in client.get(reverse("accounts:profile")).content.decode()


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.txt", None, "No such file or directory"),
        (".", None, "Is a directory"),
        ("empty.txt", b"", ""),
        ("blank.md", b"  \n\n ", ""),
        ("book.pdf", b"%PDF-1.7 ...", "PDF files cannot be read yet"),
        ("rubbish.txt", b"\x00\x01\x02" * 500, ""),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_one_line_and_nothing_is_made(
    file, tmp_path, exists, name, content, says
):
    if exists:
        prepare(file())
    before, links = rows(), SignInLink.objects.count()
    path = tmp_path / name if content is None else file(name, content)
    with pytest.raises(CommandError) as refusal:
        prepare(path)
    said = str(refusal.value)
    assert said.startswith(f"{path}: ")
    assert says in said
    assert "\n" not in said
    assert (rows(), SignInLink.objects.count()) == (before, links)


def test_a_failure_half_way_makes_nothing(file, monkeypatch):
    before = rows()
    monkeypatch.setattr("readinggroup.first_run.sign_in_path", lambda user: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare(file())
    assert (rows(), SignInLink.objects.count()) == (before, 0)


# --- The guide --------------------------------------------------------------------------------------------------------


def test_the_guide_is_a_text_with_everything_that_a_text_may_have():
    document = read(GUIDE.read_bytes(), filename=GUIDE.name)
    kinds = Counter(block.kind for block in document.blocks)
    assert document.title.startswith("A Reader’s Guide")
    assert document.author
    assert document.language == "en"
    assert 25 <= len(document.blocks) - kinds["section_break"] <= 45
    assert kinds["heading"] >= 5
    assert kinds["list_item"] >= 5
    assert {block.list for block in document.blocks if block.kind == "list_item"} == {"bulleted", "numbered"}
    assert kinds["blockquote"] >= 1
    assert len(document.notes) >= 4
    assert all(note.body for note in document.notes)
    called = {mark.note for block in document.blocks for mark in block.notes}
    assert called == set(range(len(document.notes)))


def test_the_guide_reads_well_on_its_page():
    prepare(None)
    reading = Reading.objects.get()
    page = Client().get(reverse("readings:reading_page", args=[reading.group.slug, reading.slug])).content.decode()
    for raw in ("[^", "](", "**", "```", "\n## ", "title: "):
        assert raw not in page
    words = re.sub(r"<[^>]*>", "", page)
    for version in ParagraphVersion.objects.filter(revision=reading.edition.current):
        assert escape(version.text.split("\n")[0][:60]) in words


def test_the_first_owner_of_a_real_site_gets_a_link_once_and_again(capsys):
    for _ in range(2):
        call_command("first_owner", "Anna@example.org")
        link = capsys.readouterr().out.strip()
        assert Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code in {200, 302}
    owner = User.objects.get()
    assert (owner.email, owner.is_staff) == ("anna@example.org", True)
    assert Group.objects.get().memberships.get().user == owner
    with pytest.raises(CommandError, match="has groups already"):
        call_command("first_owner", "berta@example.org")


def test_a_first_owner_without_an_address_is_refused_in_a_line():
    with pytest.raises(CommandError, match="valid email"):
        call_command("first_owner", "nobody")
    assert not Group.objects.exists()
