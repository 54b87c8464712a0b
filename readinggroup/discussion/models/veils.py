"""What becomes of comments when the veil that they lie under is opened, or taken away from their paragraph."""

import pgtrigger
from django.db import models

from readinggroup.readings.models import Veil, VeiledParagraph

from .comments import Comment

# In the order of their keys, as whoever holds several comments does; then the counters, by the triggers on comments.
_LET_GO = """
    PERFORM FROM discussion_comment said WHERE {which} ORDER BY said.id FOR NO KEY UPDATE;
    WITH opened AS (
        UPDATE discussion_comment said SET veil_id = {under} WHERE {which} RETURNING said.id, said.state
    )
    INSERT INTO discussion_openedcomment (comment_id) SELECT id FROM opened WHERE state = 'visible' ORDER BY id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
"""


class OpenedComment(models.Model):
    """A comment that a veil has let go, until those whom it concerns have been told of it."""

    comment = models.OneToOneField(Comment, on_delete=models.CASCADE, related_name="+")

    def __str__(self):
        return str(self.comment_id)


class OpenedVeil(Veil):
    """A veil that is opened lets go of what lies under it, and of all that waits at its paragraphs under others.

    This holds the trigger.
    """

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="lets_comments_go",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("opened_at"),
                condition=pgtrigger.Q(old__opened_at__isnull=True, new__opened_at__isnull=False),
                func=_LET_GO.format(
                    under="NULL",
                    which="""
                        said.veil_id = NEW.id OR said.veil_id IS NOT NULL AND said.reading_id = NEW.reading_id
                        AND said.paragraph_id IN (
                            SELECT paragraph_id FROM readings_veiledparagraph WHERE veil_id = NEW.id
                        )
                    """,
                ),
            ),
        ]


class UncoveredParagraph(VeiledParagraph):
    """A paragraph from which a veil is taken lets go of what lay under it, unless another veil lies there.

    This holds the trigger.
    """

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="lets_comments_go",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_values"),
                func=_LET_GO.format(
                    under="""(
                        SELECT min(veil.id) FROM readings_veil veil JOIN readings_veiledparagraph here
                            ON here.veil_id = veil.id AND here.paragraph_id = said.paragraph_id
                        WHERE veil.reading_id = said.reading_id AND veil.opened_at IS NULL
                    )""",
                    which="(said.veil_id, said.paragraph_id) IN (SELECT veil_id, paragraph_id FROM old_values)",
                ),
            ),
        ]
