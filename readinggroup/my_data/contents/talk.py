"""What one has said, and what one has read of it."""

from django.db.models import OuterRef, Prefetch, Subquery
from django.utils.translation import gettext_lazy as _

from readinggroup.discussion.models import Comment, Draft, Follow, Mention, MutedPerson, Quote, Reaction, State
from readinggroup.discussion.quoting import wanted_in
from readinggroup.groups.models import Membership
from readinggroup.readings.models import Place, Seen

from .part import Part, Words, each, in_texts, on_this_site, place_of


def comments(user):
    """Every comment, whatever became of it, with all its wordings. Of what it answers only the address."""
    mine = (
        Comment.objects.filter(author=user)
        .select_related("reading__group", "reading__edition", "version", "parent")
        .defer("version__text", "version__html", "parent__body", "parent__body_html")
        .prefetch_related("wordings", Prefetch("quotes", Quote.objects.select_related("source")))
    )
    for comment in each(mine):
        yield {
            "id": comment.public_id,
            "address": on_this_site("discussion:comment", comment.public_id),
            "group": comment.reading.group.name,
            "text": comment.reading.edition.title,
            "paragraph": comment.version.number,
            "in_answer_to": comment.parent.public_id if comment.parent else None,
            "state": comment.state,
            "created_at": comment.created_at,
            "edited_at": comment.edited_at,
            "withdrawn_at": comment.withdrawn_at,
            "words": Words(comment.body, comment.body_html),
            "quotes": [quote.exact if may_be_kept(quote, user) else None for quote in comment.quotes.all()],
            "question": comment.question,
            "earlier_wordings": [
                {"replaced_at": earlier.pgh_created_at, "words": Words(earlier.body, earlier.body_html)}
                for earlier in sorted(comment.wordings.all(), key=lambda earlier: earlier.wording)
            ],
        }


def may_be_kept(quote, user) -> bool:
    """Whether its words are the text's, or a comment's that others may read as well."""
    source = quote.source
    if source is None or source.author_id == user.pk:
        return True
    return source.state == State.VISIBLE and quote.wording >= source.oldest_shown


def words_of_text(value) -> str:
    """What a draft quotes of a text. Of what it quotes of others' comments nothing: they may be gone by now."""
    wanted = wanted_in(value)
    return wanted.selectors.exact if wanted and wanted.paragraph else ""


def drafts(user):
    for draft in in_texts(Draft.objects.filter(author=user)):
        quotes = [words for value in draft.quotes if (words := words_of_text(value))]
        yield place_of(draft) | {"words": draft.body, "quotes": quotes, "saved_at": draft.saved_at}


def mentions(user):
    """Where others have called me by name: of their words only the address. What waits under a veil tells nobody."""
    for mention in each(Mention.objects.filter(user=user, comment__veil=None).select_related("comment")):
        yield {
            "comment": on_this_site("discussion:comment", mention.comment.public_id),
            "created_at": mention.created_at,
        }


def reactions(user):
    for reaction in each(Reaction.objects.filter(by=user).select_related("comment")):
        yield {
            "kind": reaction.kind,
            "comment": on_this_site("discussion:comment", reaction.comment.public_id),
            "created_at": reaction.created_at,
        }


def follows(user):
    for follow in in_texts(Follow.objects.filter(user=user).select_related("thread")):
        yield place_of(follow) | {
            "thread": follow.thread and on_this_site("discussion:comment", follow.thread.public_id),
            "level": follow.level,
            "by_writing": follow.by_writing,
            "created_at": follow.created_at,
        }


def seen(user):
    for place in in_texts(Seen.objects.filter(user=user)):
        yield place_of(place) | {"comments": place.comments}


def places(user):
    for place in in_texts(Place.objects.filter(user=user)):
        page = on_this_site("readings:reading_page", place.reading.group.slug, place.reading.slug)
        yield place_of(place) | {
            "address": f"{page}#{place.paragraph.public_id}",
            "shows_name": place.shows_name,
            "updated_at": place.updated_at,
        }


def muted_people(user):
    """Whom I do not want to read, by the names that they bear there."""
    here = Membership.objects.filter(group=OuterRef("group"), user=OuterRef("person")).with_names()
    mine = MutedPerson.objects.filter(by=user).select_related("group")
    for muted in each(mine.annotate(name=Subquery(here.values("shown_name")[:1]))):
        yield {"group": muted.group.name, "name": muted.name, "created_at": muted.created_at}


PARTS = [
    Part("comments", _("Comments"), ("discussion.Comment.author",), comments),
    Part("drafts", _("Drafts"), ("discussion.Draft.author",), drafts),
    Part("mentions", _("Where I was called by name"), ("discussion.Mention.user",), mentions),
    Part("reactions", _("Marks that I set at comments"), ("discussion.Reaction.by",), reactions),
    Part("muted_people", _("Whom I have muted"), ("discussion.MutedPerson.by",), muted_people),
    Part("follows", _("What I follow"), ("discussion.Follow.user",), follows),
    Part("seen", _("How much I have read of the discussion"), ("readings.Seen.user",), seen),
    Part("places", _("Where I stopped reading"), ("readings.Place.user",), places),
]
