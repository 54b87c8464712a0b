"""Every text column says in the database how long it may be, whoever writes to it."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment
from readinggroup.groups.models import Group
from readinggroup.lib.constraints import at_most
from readinggroup.lib.markup import LONGEST
from readinggroup.moderation.actions.reporting import open_case
from readinggroup.moderation.models import Report
from texts.models import Note, ParagraphVersion

from .. import factories

OURS = ["texts", "accounts", "groups", "readings", "discussion", "moderation"]
# Rendered from a column that is bounded, or the history's own name for what happened.
WRITTEN_BY_US = {"body_html", "html", "pgh_label"}


def unbounded_texts():
    """The text columns of ours whose length nothing in the database bounds."""
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            checked = "".join(
                str(check.condition) for check in model._meta.constraints if isinstance(check, models.CheckConstraint)
            )
            for field in model._meta.local_concrete_fields:
                ours = isinstance(field, models.TextField) and field.name not in WRITTEN_BY_US
                if ours and f"F({field.name})" not in checked:
                    yield f"{model.__name__}.{field.name}"


def test_no_text_is_unbounded():
    # A wording that was replaced copies one that was bounded; what a login remembers is written by the site alone.
    assert set(unbounded_texts()) <= {"CommentWording.body", "Login.session_data"}


def test_every_check_is_in_the_database_too(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'c'")
        there = {name for (name,) in cursor.fetchall()}
    declared = {
        check.name
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        for check in model._meta.constraints
        if isinstance(check, models.CheckConstraint)
    }
    assert len(declared) > 10
    assert declared <= there


def test_characters_are_counted_not_bytes(house):
    comment = factories.create_comment(house.reading, house.member, "🙂" * LONGEST)
    assert len(Comment.objects.get(pk=comment.pk).body) == LONGEST


def too_long(house):
    """(what is written, its constraint) for each bounded text."""
    comment = factories.create_comment(house.reading, house.member)
    version, edition = comment.version, house.reading.edition
    comments, report = Comment.objects.filter(pk=comment.pk), Report(comment=comment, reporter=house.other)
    report.case = open_case(group=house.group, comment=comment)
    yield lambda: comments.update(body="x" * (LONGEST + 1)), "comment_is_not_too_long"
    yield lambda: Group.objects.update(description="x" * 2_001), "group_description_is_not_too_long"
    yield lambda: (setattr(report, "words", "x" * 2_001), report.save()), "report_is_not_too_long"
    yield (
        lambda: Note.objects.create(edition=edition, position=99, label="9", body="x" * 20_001),
        "note_body_is_not_too_long",
    )
    new = {"revision": version.revision, "section": version.section, "number": 99, "kind": "paragraph", "html": ""}
    paragraph = edition.paragraphs.create()
    yield (
        lambda: ParagraphVersion.objects.create(**new, paragraph=paragraph, text="x" * 100_001),
        "paragraph_version_is_not_too_long",
    )


def test_one_character_too_many_is_refused_by_the_database(house):
    tried = 0
    for write, name in too_long(house):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            write()
        tried += 1
    assert tried == 5


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"state": "unheard-of"}, "comment_state_is_known"),
        ({"body": ""}, "comment_says_something"),
        ({"depth": 61}, "comment_is_not_too_deep|comment_answer_has_a_root"),
        ({"depth": 1}, "comment_answer_has_a_root"),
    ],
)
def test_a_comment_that_cannot_be_is_refused_by_the_database(house, change, name):
    comment = factories.create_comment(house.reading, house.member)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(**change)


def test_a_person_without_a_name_is_refused_by_the_database(house):
    with pytest.raises(IntegrityError, match="user_has_a_name"), transaction.atomic():
        User.objects.filter(pk=house.member.pk).update(display_name="")


def test_the_constraint_says_what_it_is():
    check = at_most("words", 5, name="few")
    assert check.name == "few"
    assert check.condition.rhs == 5
    assert not isinstance(check.condition, Q)
