"""What is measured on: a reading of 211 paragraphs with as many comments as asked for, and one paragraph with 500."""

from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone

from readinggroup import first_run
from readinggroup.discussion.models import Comment
from readinggroup.groups.models import Group
from readinggroup.lib.markup import render_markdown
from readinggroup.readings.actions import bring_text
from readinggroup.readings.models import ParagraphActivity, Reading
from texts.importing import read
from texts.importing.saving import keep_source

ESSAY = Path(__file__).resolve().parent.parent.parent / "shared" / "texts" / "the-latest-deception.txt"
SOME = 1_000  # comments of the reading beside the large one, to show what grows
BODY = (
    "I read this **twice** and it still turns on the second sentence: who counts, and who is counted?\n\n> as it says\n"
)
COMMON, RARE = "mallard", "heron"  # one in three comments holds the first, one in a hundred the second


def of_our_own(paragraphs=211) -> bytes:
    """A text about as long as the essay, for checkouts that have none beside them."""
    sentence = "The river rose by {} hands that day, and the clerk wrote it down for whoever would ask. "
    return "\n\n".join(sentence.format(number) * 7 for number in range(1, paragraphs + 1)).encode()


def essay() -> bytes:
    """The essay that stands beside the checkout, or a text as long."""
    return ESSAY.read_bytes() if ESSAY.is_file() else of_our_own()


def prepare(comments: int) -> dict:
    """Make what is missing; the addresses that are measured, by name."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    first_run.prepare(None)
    group = Group.objects.exclude(slug="hidden-group").get()
    quiet, some, talked = text(group, "quiet"), text(group, "some"), text(group, "talked")
    for reading, count in ((some, SOME), (talked, comments)):
        if not ParagraphActivity.objects.filter(reading=reading).exists() and count:
            call_command("demo", reading=reading.slug, comments=count, people=max(20, count // 50), verbosity=0)
    thread = discussion_of_500(group)
    let_birds_in(talked)
    return {
        "search": f"/g/{group.slug}/search/",
        "group": f"/g/{group.slug}/",
        "comment": thread.public_id,
        "answer": f"/c/{asked_in(quiet).public_id}/answer/",
        "quiet": f"/g/{group.slug}/read/{quiet.slug}/",
        "some": f"/g/{group.slug}/read/{some.slug}/",
        "talked": f"/g/{group.slug}/read/{talked.slug}/",
        "thread": f"/g/{group.slug}/read/{thread.reading.slug}/p/{thread.paragraph.public_id}/",
        "post": f"/g/{group.slug}/read/{quiet.slug}/p/{first_paragraph(quiet)}/comment/",
    }


def text(group, name) -> Reading:
    """The essay, or a text as long, once under this name."""
    reading = group.readings.filter(edition__title=name).first()
    if reading is None:
        # The name makes it another file, so that the two are two readings.
        content = essay() + f"\n\n{name}\n".encode()
        document = read(content, filename="text.txt")
        source = keep_source(content, f"{name}.txt")
        reading = bring_text(group=group, document=document, source_file=source, title=name)
    return reading


def let_birds_in(reading) -> None:
    """Words to be searched for, in so many of the comments; once."""
    comments = Comment.objects.filter(reading=reading)
    if comments.filter(search=RARE).exists():
        return
    for word, every in ((COMMON, 3), (RARE, 100)):
        rows = comments.annotate(turn=F("pk") % every).filter(turn=0)
        rows.update(
            body=Concat("body", Value(f"\n\nThat {word} again.")),
            body_html=Concat("body_html", Value(f"\n<p>That {word} again.</p>")),
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE discussion_comment")


def first_paragraph(reading) -> str:
    """The public id of the reading's first paragraph."""
    return reading.edition.current.versions.select_related("paragraph").first().paragraph.public_id


def asked_in(reading) -> Comment:
    """A comment at the reading's first paragraph, to be answered."""
    version = reading.edition.current.versions.first()
    found = Comment.objects.filter(reading=reading, parent=None).order_by("pk").first()
    return found or Comment.objects.create(
        reading=reading, paragraph_id=version.paragraph_id, version=version, author=first_run.owner_of(reading.group),
        body=BODY, body_html=render_markdown(BODY),
    )  # fmt: skip


def discussion_of_500(group) -> Comment:
    """Fifty conversations of ten at one paragraph of the guide; one of the comments."""
    reading = group.readings.order_by("created_at").first()
    version = reading.edition.current.versions.get(number=5)
    found = Comment.objects.filter(reading=reading, paragraph=version.paragraph).first()
    if found:
        return found
    author = first_run.owner_of(group)

    def comment(parent=None):
        return Comment(
            reading=reading,
            paragraph=version.paragraph,
            version=version,
            parent=parent,
            root=parent and (parent.root or parent),
            depth=parent.depth + 1 if parent else 0,
            author=author,
            body=BODY,
            body_html=render_markdown(BODY),
            created_at=timezone.now(),
        )

    level = Comment.objects.bulk_create(comment() for _ in range(50))
    first = level[0]
    for _ in range(3):
        level = Comment.objects.bulk_create(comment(parent) for parent in level for _ in range(1))
        Comment.objects.bulk_create(comment(parent.parent) for parent in level for _ in range(2))
    return first
