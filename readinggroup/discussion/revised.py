"""What is said goes along with the words when a text is revised: threads, quotations, what people follow, drafts.

Called with the text held alone (`texts.revising.publishing`), so nobody says anything meanwhile. A thread stays where
its paragraph's discussion stands; one that quotes words follows these. Each move is kept: an undo takes it back.
"""

from collections import defaultdict

from django.db import connection
from django.db.models import Q

from texts.models import ParagraphVersion
from texts.quoting import selectors
from texts.revising.tracking import follow

from .actions import held_keys
from .counters import hold_counters
from .models import Comment, Draft, Follow, Quote, QuoteAnchor, ThreadMove
from .standing import anchor_at, heir_of

A_BATCH = 1_000


def carry_discussion(published) -> None:
    """Everything that is said about the text finds its place in the revision that is being published."""
    places = carry_quotes(published)
    move_threads(published, planned_moves(published, places))
    copy_follows(published)
    carry_drafts(published)


# --- Quotations -------------------------------------------------------------------------------------------------------


def carry_quotes(published) -> dict[int, ParagraphVersion]:
    """Find quoted words again where their paragraph changed: quotation's key -> the version it is in now."""
    quotes = list(quotes_to_carry(published))
    found, anchors, places = {}, [], {}
    for quote in quotes:
        standing = quote.standing[0] if quote.standing else None
        place = found_again(published, quote, standing)
        found[quote.pk] = place
        anchors.append(anchor_at(published.revision.pk, quote, place))
        if place:
            places[quote.pk] = place[0]
    QuoteAnchor.objects.filter(quote__in=found, is_current=True).update(is_current=False)
    QuoteAnchor.objects.bulk_create(anchors, batch_size=A_BATCH)
    return places


def quotes_to_carry(published):
    """Quotations of paragraphs that are not what they were, and those that are lost: perhaps they come back."""
    changed = published.reworded
    anchored = QuoteAnchor.objects.filter(is_current=True, version__paragraph__in=changed)
    lost = QuoteAnchor.objects.filter(is_current=True, version=None)
    at_first = Q(version__paragraph__in=changed) & ~Q(anchors__is_current=True)
    quotes = Quote.objects.filter(version__revision__edition=published.revision.edition_id)
    keys = quotes.filter(Q(pk__in=anchored.values("quote")) | Q(pk__in=lost.values("quote")) | at_first)
    rows = Quote.objects.filter(pk__in=keys.values("pk")).select_related("version").order_by("pk")
    return with_standing(rows)


def with_standing(quotes):
    """The quotations, each with the anchor that counts now as the only one of `standing`, if it has one."""
    anchors = {
        anchor.quote_id: anchor for anchor in QuoteAnchor.objects.filter(quote__in=quotes, is_current=True)
        .select_related("version")
    }  # fmt: skip
    for quote in quotes:
        quote.standing = [anchors[quote.pk]] if quote.pk in anchors else []
    return quotes


def found_again(published, quote, standing):
    """(version, start, end, score, method) in the new revision, or None: from where the words stand now, or better
    from the wording that they were taken from."""
    first = quote.version
    now = first if standing is None else standing.version
    ways = []
    if now is not None and now is not first:
        ways.append((now.text, standing.start, standing.end))
    ways.append((first.text, quote.start, quote.end))
    goes_on = versions_after(published, now or first)
    texts = [version.text for version in goes_on]
    best = None
    for text, start, end in ways:
        found = follow(selectors(text, start, end), text, texts) if texts else None
        if found and (best is None or found.score >= best.score):
            best = found
    return best and (goes_on[best.index], best.start, best.end, best.score, best.method)


def versions_after(published, version) -> list[ParagraphVersion]:
    """In what the paragraph of this version goes on; that of its heir, if it was merged before."""
    key = version.paragraph_id
    if key in published.goes_on_in:
        return published.goes_on_in[key]
    return [each for each in published.new if each.paragraph_id in {key, heir_of(key)}]


# --- Threads ----------------------------------------------------------------------------------------------------------


def planned_moves(published, places) -> dict[int, tuple[int, int]]:
    """Which threads go to another paragraph: first comment's key -> (old paragraph, new paragraph)."""
    elsewhere = {old: each.paragraph_id for old, each in published.stands_at.items() if each.paragraph_id != old}
    threads = Comment.objects.filter(parent=None, paragraph__in=elsewhere).values_list("pk", "paragraph")
    moves = {thread: (paragraph, elsewhere[paragraph]) for thread, paragraph in threads}
    return moves | following_their_words(published, places) | back_where_they_were(published)


def following_their_words(published, places) -> dict:
    """Of a paragraph that was split, or merged in part: the threads whose first words are about a quotation of it."""
    parted = [key for key, versions in published.goes_on_in.items() if len(versions) > 1]
    rows = Quote.objects.filter(pk__in=places, comment__parent=None, comment__paragraph__in=parted)
    moves = {}
    for quote, thread, paragraph in rows.order_by("comment", "position").values_list(
        "pk", "comment", "comment__paragraph"
    ):
        version = places[quote]
        if version in published.goes_on_in[paragraph] and thread not in moves:
            moves[thread] = (paragraph, version.paragraph_id)
    return moves


def back_where_they_were(published) -> dict:
    """By an undo: the threads that had gone along with the revision that is undone, if they are still there."""
    undone = published.revision.undoes
    if undone is None:
        return {}
    here = {version.paragraph_id for version in published.new}
    rows = ThreadMove.objects.filter(revision=undone).values_list("thread", "old", "new", "thread__paragraph")
    return {thread: (new, old) for thread, old, new, now in rows if now == new and old in here}


def move_threads(published, moves) -> None:
    """Move each thread with all that hangs on it. Their comments keep the version that they were written about."""
    moves = {thread: (old, new) for thread, (old, new) in moves.items() if old != new}
    if not moves:
        return
    whole = Comment.objects.filter(Q(pk__in=moves) | Q(root__in=moves))
    held_keys(whole)
    readings = dict(Comment.objects.filter(pk__in=moves).values_list("pk", "reading"))
    hold_counters((readings[thread], place) for thread, places in moves.items() for place in places)
    by_target = defaultdict(list)
    for thread, (_old, new) in moves.items():
        by_target[new].append(thread)
    for new, threads in sorted(by_target.items()):
        here = Q(root__in=threads) | Q(pk__in=threads)
        keys = list(Comment.objects.filter(here).order_by("pk").values_list("pk", flat=True))
        Comment.objects.filter(pk__in=keys).update(paragraph=new)
        Follow.objects.filter(thread__in=threads).update(paragraph=new)
        Draft.objects.filter(Q(parent__in=keys) | Q(edited__in=keys)).update(paragraph=new)
    ThreadMove.objects.bulk_create(
        (
            ThreadMove(thread_id=thread, revision=published.revision, old_id=old, new_id=new)
            for thread, (old, new) in sorted(moves.items())
        ),
        batch_size=A_BATCH,
    )


# --- What people follow, and what they have begun to write ------------------------------------------------------------


def continued_elsewhere(published) -> list[tuple[int, int]]:
    """Pairs of paragraphs: one that stood, and another in which it goes on."""
    return sorted(
        {
            (paragraph, version.paragraph_id)
            for paragraph, versions in published.goes_on_in.items()
            for version in versions
            if version.paragraph_id != paragraph
        }
    )


def copy_follows(published) -> None:
    """Who wants to be told of a paragraph, or of nothing there, wants that of all in which it goes on."""
    pairs = continued_elsewhere(published)
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO discussion_follow (user_id, reading_id, paragraph_id, level, by_writing)"
            " SELECT DISTINCT ON (user_id, reading_id, pair.new) user_id, reading_id, pair.new, level, by_writing"
            " FROM discussion_follow JOIN unnest(%s::bigint[], %s::bigint[]) AS pair (old, new)"
            " ON paragraph_id = pair.old WHERE thread_id IS NULL"
            " ORDER BY user_id, reading_id, pair.new, created_at DESC ON CONFLICT DO NOTHING",
            [[old for old, _new in pairs], [new for _old, new in pairs]],
        )


def carry_drafts(published) -> None:
    """What somebody has begun to write at a paragraph that is merged away goes on at its heir, after what is there."""
    here = {version.paragraph_id for version in published.new}
    heirs = {key: version.paragraph_id for key, version in published.stands_at.items() if key not in here}
    begun = Draft.objects.filter(paragraph__in=heirs, parent=None, edited=None).select_for_update(of=("self",))
    for draft in begun.order_by("pk"):
        join_draft(draft, heirs[draft.paragraph_id])


def join_draft(draft, paragraph) -> None:
    """The draft stands at this paragraph from now on; with one that stands there already it becomes one.

    Where both together are too long, this one stays in its author's list of drafts as it is.
    """
    there = Draft.objects.filter(
        author=draft.author_id, reading=draft.reading_id, paragraph=paragraph, parent=None, edited=None
    ).first()
    if there is None:
        Draft.objects.filter(pk=draft.pk).update(paragraph=paragraph)
        return
    body = f"{there.body}\n\n{draft.body}".strip()
    if len(body) <= Draft._meta.get_field("body").max_length:
        there.body, there.quotes, there.sequence = body, [*there.quotes, *draft.quotes], there.sequence + 1
        there.save()
        draft.delete()
