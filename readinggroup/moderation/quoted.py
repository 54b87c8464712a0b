"""The words that a decision was about, in the wording that was decided upon: for their author and for who decides.

They are shown on moderation's own pages alone, also while a comment is hidden. What its author has taken back, others
do not read.
"""

from readinggroup.discussion.models import CommentWording, State


def quote(parts, reader) -> None:
    """Give each part `quoted`, the HTML of the words as they were decided upon; "" where this person may not read them.

    One query, however many parts.
    """
    asked = {(part.comment_id, part.wording) for part in parts if part.comment and part.comment.wording != part.wording}
    rows = CommentWording.objects.filter(
        pgh_obj__in={comment for comment, _wording in asked}, wording__in={wording for _comment, wording in asked}
    )
    earlier = {(row.pgh_obj_id, row.wording): row.body_html for row in rows} if asked else {}
    for part in parts:
        comment = part.comment
        part.quoted = ""
        if comment is not None and (comment.state != State.WITHDRAWN or comment.author_id == reader.pk):
            part.quoted = earlier.get((comment.pk, part.wording), comment.body_html)
