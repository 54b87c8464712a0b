"""The newest comments of a group, as one reader may see them."""

from django.db.models import Sum
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _

from readinggroup.discussion.models import Comment, MutedPerson, State
from readinggroup.discussion.places import place_of
from readinggroup.discussion.quotations import quotes_shown
from readinggroup.groups.permissions import Can, may

from .atom import Entry

MOST = 50


class NewComments:
    """What the feed of comments holds at this moment; `stamp` is cheap, and another one when an entry would be.

    Never what is held, withdrawn or hidden, also not to its author: a program keeps what it has fetched. Nor what
    somebody says whom the reader has muted: a feed folds nothing.
    """

    def __init__(self, membership):
        self.membership = membership
        readings = membership.group.readings.with_text().exclude(edition__current=None)
        if not may(membership, Can.READ_ALL):
            readings = readings.filter(for_members=False)
        # A change of what is said anywhere may change what a quotation of it shows.
        self.readings = {reading.pk: reading for reading in readings.annotate(changes=Sum("activity__changes"))}
        newest = self.readable().order_by("-created_at", "-pk").values_list("pk", "wording", "author__display_name")
        self.rows = list(newest[:MOST])

    def readable(self):
        comments = Comment.objects.readable_in(self.readings.values(), self.membership)
        muted = MutedPerson.objects.of(self.membership).values("person")
        return comments.filter(state=State.VISIBLE).exclude(author__in=muted)

    @property
    def stamp(self):
        texts = [
            (reading.pk, reading.edition.current_id, reading.edition.title, reading.changes)
            for reading in self.readings.values()
        ]
        return texts, self.rows, sorted(self.membership.group.names_here.items())

    def entries(self) -> list:
        """Newest first. What was hidden since the stamp was taken is not among them."""
        keys = [pk for pk, *_rest in self.rows]
        comments = self.readable().filter(pk__in=keys).select_related("author", "version")
        quotes = quotes_shown(self.membership, keys)
        return [
            self.entry(comment, quotes.get(comment.pk, ()))
            for comment in sorted(comments, key=lambda comment: keys.index(comment.pk))
        ]

    def entry(self, comment, quotes) -> Entry:
        reading = self.readings[comment.reading_id]
        name = self.membership.group.name_of(comment.author)
        number = place_of(reading, comment.paragraph_id, comment.version.number).number
        place = {"name": name, "text": reading.edition.title, "number": number}
        quoted = "".join(f"<blockquote><p>{escape(quote.exact)}</p></blockquote>" for quote in quotes if quote.exact)
        return Entry(
            name=f"comment/{comment.public_id}",
            title=_("%(name)s on %(text)s, paragraph %(number)d") % place,
            address=reverse("discussion:comment", args=[comment.public_id]),
            html=quoted + comment.body_html,
            author=name,
            at=comment.created_at,
            updated=comment.edited_at or comment.created_at,
        )
