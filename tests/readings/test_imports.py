"""Organizers bring a text: upload, preview, shelf."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from readinggroup.readings.models import Reading, ReadingState, TextImport
from tests.texts.importing.written import archive, as_docx, as_epub, as_odt
from tests.thoroughness import thoroughly
from texts.importing import read
from texts.models import Edition

from .. import factories

SHORT = (
    b"The Well\n\nby Ada Lind\n\n"
    b"Nobody had drawn water here since the war, and nobody asked why.\n\nThe rope was new.\n"
)
WELL = SHORT.decode().replace("new.", "new.1") + "\n\nNotes\n\n1. A note <script>alert(1)</script>.\n"


def upload(client, group, content=SHORT, name="well.txt"):
    return client.post(reverse("readings:import_text", args=[group.slug]), {"file": SimpleUploadedFile(name, content)})


def test_from_upload_to_shelf(house, as_user):
    client = as_user(house.organizer)
    answer = upload(client, house.group)
    brought = TextImport.objects.get()
    preview = reverse("readings:preview_import", args=[house.group.slug, brought.pk])
    assert answer["Location"] == preview
    page = client.get(preview).content.decode()
    assert "The rope was new." in page
    assert 'value="The Well"' in page
    assert Edition.objects.filter(title="The Well").count() == 0
    details = {"title": "The Well, corrected", "author": "Ada Lind", "language": "en", "begin": "on"}
    answer = client.post(preview, details | {"section-0": "A heading of ours"})
    reading = Reading.objects.get(edition__title="The Well, corrected")
    assert answer["Location"] == reverse("readings:reading_page", args=[house.group.slug, reading.slug])
    assert reading.state == ReadingState.CURRENT
    assert reading.edition.current.sections.get(position=0).title == "A heading of ours"
    assert bytes(reading.edition.current.source.content) == SHORT
    assert client.get(preview)["Location"] == answer["Location"]


def test_the_same_file_again_leads_to_what_is_there(house, as_user):
    client = as_user(house.organizer)
    answer = upload(client, house.group, factories.TEXT.encode(), "ferry.txt")
    assert answer["Location"] == reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    assert Reading.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.txt"),
        (b"\x00\x01\x02" * 500, "rubbish.txt"),
        (b"%PDF-1.7 ...", "book.pdf"),
        (b"  \n\n ", "blank.md"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_kept(house, as_user, content, name):
    answer = upload(as_user(house.organizer), house.group, content, name)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert TextImport.objects.count() == 0


def test_wrong_details_are_said_with_what_was_typed(house, as_user):
    client = as_user(house.organizer)
    upload(client, house.group)
    preview = reverse("readings:preview_import", args=[house.group.slug, TextImport.objects.get().pk])
    answer = client.post(preview, {"title": "", "author": "typed by hand", "language": "en", "section-0": "kept"})
    assert answer.status_code == 422
    assert "typed by hand" in answer.content.decode()
    assert 'value="kept"' in answer.content.decode()


@pytest.mark.parametrize("who", ["member", "moderator"])
def test_only_who_keeps_texts_brings_one(house, as_user, who):
    assert upload(as_user(getattr(house, who)), house.group).status_code == 403


def test_a_preview_of_another_group_is_not_there(house, as_user):
    upload(as_user(house.organizer), house.group)
    elsewhere = factories.create_group()
    stranger = factories.create_member(elsewhere, roles=["organizer"])
    number = TextImport.objects.get().pk
    answer = as_user(stranger).get(reverse("readings:preview_import", args=[elsewhere.slug, number]))
    assert answer.status_code == 404


def test_another_encoding_can_be_chosen(house, as_user):
    client = as_user(house.organizer)
    upload(
        client, house.group, "Une soirée\n\nIl était déjà tard, et la marée montait vers le café.\n".encode("cp1252")
    )
    brought = TextImport.objects.get()
    preview = reverse("readings:preview_import", args=[house.group.slug, brought.pk])
    assert "déjà" in client.get(preview).content.decode()
    client.post(preview, {"encoding": "koi8-r"})
    assert "déjà" not in client.get(preview).content.decode()
    client.post(preview, {"encoding": "windows-1252"})
    assert "déjà" in client.get(preview).content.decode()


def test_dry_run_prints_json_and_saves_nothing(db, tmp_path, capsys):
    file = tmp_path / "well.txt"
    file.write_bytes(SHORT)
    call_command("import_text", str(file), "--dry-run", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["title"] == "The Well"
    assert [block["kind"] for block in document["blocks"]] == ["title", "byline", "paragraph", "paragraph"]
    assert set(document["blocks"][0]) >= {"kind", "section", "text", "number", "notes"}
    assert Edition.objects.count() == 0


def test_the_command_puts_a_text_on_the_shelf_once(house, tmp_path):
    file = tmp_path / "well.txt"
    file.write_bytes(SHORT)
    for _ in range(2):
        call_command("import_text", str(file), "--group", house.group.slug, "--title", "Well, well", verbosity=0)
    assert Edition.objects.get(title="Well, well").author == "Ada Lind"


def test_the_command_says_in_one_line_what_is_wrong(house, tmp_path):
    factories.create_group()
    with pytest.raises(CommandError, match="no-such-file"):
        call_command("import_text", str(tmp_path / "no-such-file.txt"))
    file = tmp_path / "well.txt"
    file.write_bytes(SHORT)
    with pytest.raises(CommandError, match="--group"):
        call_command("import_text", str(file))


def test_the_kinds_of_a_preview_are_named_in_words(house, as_user):
    client = as_user(house.organizer)
    text = factories.TEXT.replace("Renner", "Brenner").encode()
    answer = client.post(
        reverse("readings:import_text", args=[house.group.slug]), {"file": SimpleUploadedFile("other.txt", text)}
    )
    for language, words in (("en", "list item"), ("de", "Listenpunkt"), ("fr", "élément de liste")):
        page = client.get(answer["Location"], headers={"Accept-Language": language}).content.decode()
        assert page.count(f"<td>{words} ") == 3
        assert "list_item" not in page


@pytest.mark.parametrize("format_name", thoroughly(["docx", "epub", "odt"], ["docx", "epub"]))
def test_a_book_or_a_document_comes_to_the_shelf_as_any_text(house, as_user, format_name):
    client = as_user(house.organizer)
    document = read(WELL.encode(), filename="well.txt")
    content = {"docx": as_docx, "epub": as_epub, "odt": as_odt}[format_name](document)
    preview = upload(client, house.group, content, f"well.{format_name}")["Location"]
    page = client.get(preview).content.decode()
    assert 'value="The Well"' in page
    assert "The rope was new." in page
    assert "<p>1 · A note &lt;script&gt;alert(1)&lt;/script&gt;.</p>" in page
    client.post(preview, {"title": "The Well", "author": "Ada Lind", "language": "en"})
    revision = Edition.objects.get(title="The Well").current
    assert [one.text for one in revision.versions.order_by("number")] == [block.text for block in document.blocks]
    assert bytes(revision.source.content) == content
    assert list(revision.edition.notes.values_list("label", "body")) == [("1", "A note <script>alert(1)</script>.")]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"PK\x03\x04" + bytes(60), "broken.docx", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old.docx", "old Word"),
        (archive({"essay.docx": "x"}), "two.zip", "archive (ZIP)"),
    ],
)
def test_hostile_archives_are_refused_on_the_page(house, as_user, content, name, said):
    answer = upload(as_user(house.organizer), house.group, content, name)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert TextImport.objects.count() == 0
