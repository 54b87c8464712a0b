"""What can be done with a comment: post, reword, withdraw, put back."""

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Subquery
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.markup import render_markdown
from readinggroup.lib.prepared import AnyOf, Parameter, prepared
from readinggroup.lib.quick_rows import insertion
from readinggroup.notifications.models import Category
from readinggroup.readings.models import Reading
from readinggroup.readings.veils import hold_over
from texts.models import Paragraph, ParagraphVersion
from texts.revising.publishing import hold_text

from . import drafts, restricting
from .holding import Place, why_held
from .mentions import note_mentions
from .models import (
    DEEPEST,
    OPEN_STATES,
    Comment,
    CommentWording,
    Draft,
    HeldFor,
    Level,
    Mention,
    Quote,
    State,
)
from .quoting import wanted_in
from .standing import anchor_late, where_it_stands
from .telling import tell_of

GONE, DEEP, SENT, SILENCED, UNQUOTABLE = "gone", "deep", "sent", "silenced", "unquotable"
RESTRICTED = "restricted"
HIDDEN, UNCHANGED = "hidden", "unchanged"


class AnswerRefused(Exception):  # noqa: N818 - said to the writer, not an error of the program
    """What was written cannot stand where it was meant to; `reason` says why. The words go back to their writer.

    `about` is the `restricting.Refusal` of a place that is RESTRICTED.
    """

    def __init__(self, reason, about=None):
        super().__init__(reason)
        self.reason, self.about = reason, about


class StaleWording(Exception):  # noqa: N818 - as above
    """The comment was reworded elsewhere since its author opened it; `comment` is as it stands now."""

    def __init__(self, comment):
        super().__init__(comment)
        self.comment = comment


def post(*, reading, version, body, key, by, parent=None, quotes=(), sequence=0) -> Comment:
    """Say something about a paragraph, with the passages that it quotes (`quoting.Quoted`), in one transaction.

    A second post with the same key answers with the first one. AnswerRefused when the parent, or a comment that is
    quoted, was withdrawn or hidden meanwhile, or the chain of answers is at its end; and when the key was used for
    other words (Back, other words, send again), so that the second words are not silently dropped; and when the writer
    was suspended or removed at this moment; and where nobody writes, or nobody so soon. Some of what is written is held
    (`holding.why_held`), and under a veil all of it waits, as the database sees to. The draft that these words were is
    let go with the post; `sequence` is the one that the form had.

    `version` is what its writer had before them. Where the text was revised since, the comment stands at the paragraph
    that it goes on in, and keeps the words that it was written about.
    """
    draft = {"by": by, "reading": reading, "paragraph": version.paragraph_id, "parent": parent, "body": body}
    draft["sequence"] = sequence
    try:
        with transaction.atomic():
            return _said(reading=reading, version=version, key=key, parent=parent, quotes=quotes, draft=draft)
    except (IntegrityError, AnswerRefused) as refusal:
        # Whatever is refused now: what this form has made before, or at this moment elsewhere, is its answer.
        posted = posted_before(key=key, body=body, quotes=quotes, by=by)
        if posted is not None:
            drafts.let_go(**draft)
            return posted
        if isinstance(refusal, AnswerRefused):
            raise
        if "who has left or is suspended" in str(refusal):
            raise AnswerRefused(SILENCED) from refusal
        restricted = restricting.refusal_in(refusal)
        if restricted is not None:
            raise AnswerRefused(RESTRICTED, restricted) from refusal
        raise


def _said(*, reading, version, key, parent, quotes, draft) -> Comment:
    """The comment, with all that hangs on it, in the caller's transaction.

    One person's posts, and those at one paragraph, wait for one another until the commit: whatever a statement, or
    a question of the ORM, takes here, it takes from all of them.
    """
    by, body = draft["by"], draft["body"]
    hold_text(reading.edition_id)  # before everything else: see there
    # Whether they may write, the database says (trigger said_by_who_may): that holds the counter already.
    membership, *stands = hold_membership(group=reading.group_id, user=by, paragraph=version.paragraph_id)
    now = where_it_stands(version, quotes, *stands, is_new=parent is None)
    if parent is not None or quotes:  # else the trigger that lays veils holds them, and nothing is held before that
        hold_over(reading=reading.pk, paragraph=now, under=parent and parent.veil_id)
    parent, version = held_to_answer(parent, version, quotes)
    paragraph = parent.paragraph_id if parent else now
    root, html = (parent.root_id or parent.pk) if parent else None, render_markdown(body)
    place = Place(reading, paragraph, root)
    held_for = why_held(membership=membership, place=place, body=body, html=html) if membership else ""
    comment = Comment(
        reading=reading,
        paragraph_id=paragraph,
        version=version,
        parent=parent,
        root_id=root,
        depth=parent.depth + 1 if parent else 0,
        author=by,
        key=key,
        body=body,
        body_html=html,
        state=State.HELD if held_for else State.VISIBLE,
        held_for=held_for,
    )
    keep(comment, draft)
    rows = [quote.row(comment, position) for position, quote in enumerate(quotes)]
    if rows:
        anchor_late(Quote.objects.bulk_create(rows))
    note_mentions(comment, group=reading.group_id)
    tell_of(comment)
    return comment


def hold_membership(*, group, user, paragraph) -> tuple:
    """The writer's membership, held (`Membership.objects.hold`), and how the text, which is held, stands there.

    That is the paragraph's heir and the current revision of its edition, as keys. Whoever has no membership holds none.
    """
    membership = _held_to_write().first(group=group, user=user.pk, paragraph=paragraph)
    if membership is not None:
        return membership, membership.heir, membership.current
    return None, *Paragraph.objects.values_list("heir", "edition__current").get(pk=paragraph)


@prepared
def _held_to_write():
    here = Paragraph.objects.filter(pk=Parameter("paragraph"))
    held = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("group")
    held = held.annotate(heir=Subquery(here.values("heir")), current=Subquery(here.values("edition__current")))
    return held.filter(group=Parameter("group"), user=Parameter("user"))


# The draft goes with the comment; and whoever writes in a thread wants to be told of it, unless they have chosen for
# that thread before. All in one statement, since the paragraph's row is held from its first moment on.
_KEEP = """
    WITH sent AS ({sent}), said AS ({said} RETURNING *), followed AS (
        INSERT INTO discussion_follow (user_id, reading_id, paragraph_id, thread_id, level, by_writing)
        SELECT author_id, reading_id, paragraph_id, coalesce(root_id, id), '{watch}', true FROM said
        ON CONFLICT DO NOTHING
    )
    SELECT {given} FROM said
"""
# What the database knows better: it numbers comments, and lays veils.
_GIVEN = ("id", "root_id", "depth", "sequence", "state", "veil_id", "shown_to_moderators", "created_at")


def keep(comment, draft) -> None:
    """Write the new comment, follow its thread, and let the draft go that it was."""
    sent, of_sent = drafts.letting_go(**draft)
    said, of_said = insertion(comment)
    statement = _KEEP.format(sent=sent, said=said, given=", ".join(_GIVEN), watch=Level.WATCH.value)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*of_sent, *of_said])
        row = cursor.fetchone()
    comment.__dict__.update(zip(_GIVEN, row, strict=True))
    del comment.search  # stays in the database, as of every comment that is asked for
    comment._state.adding, comment._state.db = False, connection.alias


def posted_before(*, key, body, by, quotes=()) -> Comment | None:
    """The comment that this form has made already. AnswerRefused if it said, or quoted, something else."""
    posted = _posted().first(author=by.pk, key=key)
    if posted is None:
        return None
    if posted.wording == 1 and posted.body != body:
        raise AnswerRefused(SENT)
    kept = posted.quotes.order_by("position").values_list("version_id", "source_id", "wording", "start", "end")
    if list(kept) != [quote.place for quote in quotes]:
        raise AnswerRefused(SENT)
    return posted


@prepared
def _posted():
    return Comment.objects.filter(author=Parameter("author"), key=Parameter("key"))


def held(comments) -> dict:
    """These comments by key, locked against being withdrawn: in order, so that nobody waits in a circle.

    With nothing joined: a row whose thread was moved while one waited for it would be lost.
    """
    return {row.pk: row for row in _held().objects(keys=list(comments))}


@prepared
def _held():
    held = Comment.objects.select_for_update(of=("self",), no_key=True)
    return held.filter(AnyOf("pk", Parameter("keys"))).order_by("pk")


def held_keys(comments) -> list:
    """The keys of these comments, however many, locked like `held`."""
    rows = comments.select_for_update(of=("self",), no_key=True).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def held_to_answer(parent, version, quotes) -> tuple:
    """What is answered, if anything, and what its paragraph reads: both as they stand, and held until the post is done.

    AnswerRefused if that, or what is quoted, is not there to be answered or quoted any more.
    """
    quoted = {quote.source_id for quote in quotes} - {None}
    # With the first comment of its thread, so that the thread is not moved away meanwhile.
    keys = quoted | ({parent.pk, parent.root_id or parent.pk} if parent else set())
    standing = held(keys) if keys else {}
    if parent is not None:
        parent = answerable(standing[parent.pk])
        version = version_at(parent, version)
    if not all(standing[pk].state in OPEN_STATES for pk in quoted):
        raise AnswerRefused(UNQUOTABLE)
    return parent, version


def version_at(parent, version) -> ParagraphVersion:
    """What an answer is written about: the words that its writer saw, if they are of the parent's paragraph.

    Else the thread was moved meanwhile: what the paragraph reads at which it stands now; if that was taken out of the
    text, what it read last.
    """
    if version.paragraph_id == parent.paragraph_id or version.paragraph_id == parent.version.paragraph_id:
        return version
    return ParagraphVersion.objects.filter(paragraph=parent.paragraph_id).order_by("-revision__number").first()


def answerable(parent) -> Comment:
    """The comment, if it can be answered."""
    if parent.state not in OPEN_STATES:
        raise AnswerRefused(GONE)
    if parent.depth >= DEEPEST:
        raise AnswerRefused(DEEP)
    return parent


@transaction.atomic
def reword(*, comment, body, wording, by, sequence=0, hands_in=False) -> Comment:
    """Change the words of one's own comment. The database keeps the earlier ones.

    Of a comment that is hidden this hands it in again: moderators look at the new words. Its author says that they know
    (`hands_in`), else AnswerRefused; and so if the words are the same. StaleWording if `wording` is not the one that
    stands: most likely the author was faster in another window. AnswerRefused if it was withdrawn meanwhile, or if its
    author may write no more.
    """
    membership = Membership.objects.hold(group=comment.reading.group_id, user=by)
    # no_key: an answer deep in the thread, just being written, holds the key of its root. A full lock would deadlock.
    standing = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=comment.pk)
    is_hidden = standing.state == State.HIDDEN
    if is_hidden and not hands_in:
        raise AnswerRefused(HIDDEN)
    if not is_hidden and standing.state not in OPEN_STATES:
        raise AnswerRefused(GONE)
    draft = {"by": by, "reading": standing.reading_id, "paragraph": standing.paragraph_id, "edited": standing}
    if is_hidden and standing.body.split() == body.split():
        raise AnswerRefused(UNCHANGED)
    if standing.body == body:
        drafts.let_go(**draft, body=body, sequence=sequence)
        return standing
    if standing.wording != wording:
        raise StaleWording(standing)
    # New comments are refused by a trigger; other words for one that stands are refused here.
    if membership is None or not may(membership, Can.DISCUSS):
        raise AnswerRefused(SILENCED)
    html, was_seen = render_markdown(body), standing.state == State.VISIBLE
    if held_for := why_held_now(standing, membership, body, html):
        standing.state, standing.held_for, standing.hidden_under = State.HELD, held_for, None
    standing.body, standing.body_html = body, html
    standing.wording += 1
    standing.edited_at = timezone.now()
    if not was_seen:  # what was held, or hidden, is not to be read in the history either, once these words are shown
        standing.oldest_cleared = standing.oldest_shown = standing.wording
    changed = ["body", "body_html", "wording", "edited_at", "oldest_cleared", "oldest_shown"]
    standing.save(update_fields=[*changed, "state", "held_for", "hidden_under"])
    note_mentions(standing, group=standing.reading.group_id, anew=True)
    tell_of(standing, only={Category.MENTION})
    drafts.let_go(**draft, body=body, sequence=sequence)
    return standing


def why_held_now(comment, membership, body, html) -> str:
    """Why a comment is held from now on that gets these words; "" where it stays as it is."""
    if comment.state == State.HIDDEN:
        return HeldFor.HANDED_IN
    if comment.state == State.HELD:
        return ""
    place = Place(comment.reading, comment.paragraph_id, comment.root_id or comment.pk)
    return why_held(membership=membership, place=place, body=body, html=html, before=comment.body_html)


def show_wordings_from(*, comment, by, earlier: bool) -> None:
    """Let others see the earlier wordings of one's own comment, or only the one that stands.

    What was held or hidden when it was changed is no author's to show.
    """
    oldest = F("oldest_cleared") if earlier else F("wording")
    Comment.objects.filter(pk=comment.pk, author=by, state__in=OPEN_STATES).update(oldest_shown=oldest)


def withdraw(*, comment, by) -> None:
    """Take one's own comment back. Its words are kept, and shown to nobody; a stub stands where it was answered."""
    Comment.objects.filter(pk=comment.pk, author=by, state__in=OPEN_STATES).update(
        state=State.WITHDRAWN, withdrawn_from=F("state"), withdrawn_at=timezone.now()
    )


@transaction.atomic
def withdraw_all(*, group, by) -> int:
    """Take back everything that one has said in this group, as one by one; the answer is how much."""
    Membership.objects.hold(group=group, user=by)
    mine = Comment.objects.filter(author=by, reading__group=group, state__in=OPEN_STATES)
    return Comment.objects.filter(pk__in=held_keys(mine)).update(
        state=State.WITHDRAWN, withdrawn_from=F("state"), withdrawn_at=timezone.now()
    )


def put_back(*, comment, by) -> None:
    """Show again what one has withdrawn oneself; what was held is held again."""
    Comment.objects.filter(pk=comment.pk, author=by, state=State.WITHDRAWN).update(
        state=F("withdrawn_from"), withdrawn_from="", withdrawn_at=None
    )


# What stands for words that are gone: the database wants a comment to say something.
ERASED = "–"


@transaction.atomic
def erase_all(*, by) -> None:
    """Withdraw all that a person has written and erase the words, since nobody will put them back.

    What a moderator has hidden stays as it was decided upon, shown to nobody.
    """
    mine = Comment.objects.filter(pk__in=held_keys(Comment.objects.filter(author=by)))
    mine.filter(state__in=OPEN_STATES).update(
        state=State.WITHDRAWN, withdrawn_from=F("state"), withdrawn_at=timezone.now()
    )
    gone = mine.filter(state=State.WITHDRAWN)
    gone.exclude(body=ERASED).update(body=ERASED, body_html="")
    Quote.objects.filter(source__in=gone).update(exact=ERASED, prefix="", suffix="")
    Quote.objects.filter(comment__in=gone).delete()
    Mention.objects.filter(comment__in=gone).delete()
    forget_in_drafts(set(gone.values_list("public_id", flat=True)))
    # Also the wordings that the database has kept of the words that were just erased.
    CommentWording.objects.filter(pgh_obj__in=gone).delete()


def forget_in_drafts(comments) -> None:
    """Take these comments, by their public ids, out of what others have begun to quote."""
    readings = Reading.objects.filter(comments__public_id__in=comments)
    quoting = Draft.objects.filter(reading__in=readings).exclude(quotes=[])
    for draft in quoting.select_for_update(of=("self",)).order_by("pk"):
        asked = ((value, wanted_in(value)) for value in draft.quotes)
        kept = [value for value, wanted in asked if wanted is None or wanted.comment not in comments]
        if kept != draft.quotes:
            Draft.objects.filter(pk=draft.pk).update(quotes=kept)
