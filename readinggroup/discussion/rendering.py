"""A discussion as HTML that serves every reader: what differs between them are slots.

Five hundred comments are ordinary here, so a comment is stamped, not templated, and what was made once is kept
(`kept.py`). The slots of a comment: `f` flags (is it new to me), `a` acts with the marks, each with the comment's
key; people's names and roles (`naming.py`); and the fold around what a muted person says (`folds.py`). `values_for`
fills them for one reader.
"""

from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext, ngettext

from readinggroup.lib.ago import ago
from readinggroup.lib.stamps import slot, stamp

from .folds import fold_slot, unfold_slot
from .holding import sentences_of
from .models import State
from .naming import name_slot, role_slot
from .restricting import words_of
from .threads import DEEPEST_INDENT

MOST_MOMENTS = 5_000  # some 500 bytes each; filled within minutes, so that a process does not grow for hours
_SLOTS = (
    "id", "author", "role", "iso", "exact", "ago", "above", "words", "to", "form", "flags", "acts",
    "answered_in", "why", "rules", "rule", "rule_title", "place", "fold", "unfold",
    "was",
)  # fmt: skip


def as_html(discussion, above=None) -> str:
    """The comments as nested lists, with slots. `above` is what stands above the words of some (key -> HTML)."""
    return mark_safe("".join(_tree(discussion, above or {})))  # noqa: S308 - every value in it is escaped or sanitised


def _tree(discussion, above):
    """The tree, depth first, without recursion: a chain of answers may be longer than Python's stack."""
    render = Renderer(discussion, above)
    waiting = [("</ol>", None, None), *((None, row, None) for row in reversed(discussion.roots))]
    yield '<ol class="thread">'
    while waiting:
        html, row, parent = waiting.pop()
        if row is None:
            yield html
            continue
        yield render.comment(row, parent)
        answers = discussion.answers.get(row.pk, ())
        beyond = discussion.beyond.get(row.pk)
        more = render.beyond(row, beyond) if beyond else ""
        if discussion.to_keep and row.depth >= DEEPEST_INDENT:
            yield "</li>"  # on paper its answers follow on the same level, and name whom they answer
        elif answers:
            yield '<ol class="answers">'
            waiting.append((f"</ol>{more}</li>", None, None))
        else:
            yield f"{more}</li>"
        waiting += [(None, answer, row) for answer in reversed(answers)]


class Renderer:
    """Stamps the comments of one page: what is the same for all of them is asked once."""

    def __init__(self, discussion, above):
        self.discussion, self.above = discussion, above
        self.authors = {row.pk: row for row in discussion}
        self.now = timezone.now().replace(second=0, microsecond=0)
        self.zone = timezone.get_current_timezone_name()
        self.language = get_language()

    def comment(self, row, parent) -> str:
        """One comment's `<li>`, left open for its answers. `parent` is the one that it stands below."""
        discussion = self.discussion
        out_of_place = parent is not None and (
            row.parent_id != parent.pk or (discussion.to_keep and row.depth > DEEPEST_INDENT)
        )
        answered = self.authors.get(row.parent_id)
        deep = out_of_place and answered is not None and answered.html != ""
        state = "waits" if row.state == State.HELD and not row.html else row.state
        minute = row.created_at.replace(second=0, microsecond=0)
        chosen = stamp(
            "discussion/_comment.html",
            _SLOTS,
            state="visible" if row.html else state,
            edited=row.edited_at is not None,
            deep=deep,
            is_held=row.state == State.HELD,
            is_veiled=row.state == State.VEILED,
            question=row.question,
            answer_shown=row.answer_state == State.VISIBLE,
            has_rule=row.rule is not None,
            other_words=discussion.is_about_other_words(row),
            other_place=row.about != discussion.paragraph,
        )
        when = dated(minute, self.zone, self.language) if discussion.to_keep else self.ago(row)
        return chosen.fill(
            {
                "id": row.public_id,
                "author": name_slot(row.author_id),
                "role": role_slot(row.author_id),
                "iso": row.created_at.isoformat(timespec="seconds"),
                "exact": exact(minute, self.zone, self.language),
                "ago": when,
                "above": self.above.get(row.pk, ""),
                "words": row.html,
                "to": name_slot(answered.author_id) if deep else "",
                "form": discussion.forms.get(row.pk, ""),
                "flags": "" if discussion.to_keep else slot(f"f{row.pk}"),
                "acts": "" if discussion.to_keep else slot(f"a{row.pk}"),
                "answered_in": row.answered_in or "",
                "why": self.why(row) if row.state == State.HELD else "",
                "rules": self.rules(row) if row.rule else "",
                "rule": str(row.rule),
                "rule_title": escape(row.rule_title or ""),
                "place": self.place(row),
                "fold": fold_slot(row.author_id),
                "unfold": unfold_slot(row.author_id),
                "was": str(row.about_number),
            }
        )

    def why(self, row) -> str:
        """Why it is held, for its author and for moderators."""
        return escape(sentences_of(row.held_for, self.discussion.group if self.discussion.wait else None))

    def rules(self, row) -> str:
        """The page of the rules in the version by which it was hidden."""
        return reverse("groups:rules_version", args=[self.discussion.group.slug, row.rule_set])

    def place(self, row) -> str:
        """What is restricted in the thread that begins with this comment."""
        kinds = () if self.discussion.to_keep else self.discussion.restricted.get(row.pk, {}).values()
        return format_html_join("", '<p class="notice">{}</p>', ((words_of(each),) for each in kinds))

    def ago(self, row) -> str:
        """How long ago, as of this minute: a comment of this very minute is of now."""
        return ago(min(row.created_at, self.now), self.now)

    def beyond(self, row, count) -> str:
        """The way to what is below the end of the indent, or after a thread's first hundred comments."""
        is_long = row.parent_id is None and row.pk in self.discussion.answers
        words = ngettext("Continue this thread: %(count)d comment", "Continue this thread: %(count)d comments", count)
        page = "&amp;page=2" if is_long else ""
        return stamp("discussion/_beyond.html", ("address", "id", "page", "words")).fill(
            {
                "address": self.discussion.address,
                "id": row.public_id,
                "page": page,
                "words": escape(words % {"count": count}),
            }
        )


def people_of(discussion) -> set:
    """Whose names stand on the page."""
    return {row.author_id for row in discussion}


@lru_cache(maxsize=MOST_MOMENTS)
def exact(minute, zone, language) -> str:
    """The minute in full, with its zone, in the language that is active."""
    return escape(gettext("%(moment)s (%(zone)s)") % {"moment": dated(minute, zone, language), "zone": zone})


def in_words(moment) -> str:
    """The moment's minute as a date and a time of day, in the zone and the language that are active."""
    return dated(moment.replace(second=0, microsecond=0), timezone.get_current_timezone_name(), get_language())


@lru_cache(maxsize=MOST_MOMENTS)
def dated(minute, zone, language) -> str:
    """The minute as a date and a time of day, in the zone and the language that are active."""
    return escape(date_format(timezone.localtime(minute), "DATETIME_FORMAT"))
