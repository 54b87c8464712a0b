"""Searching a group: words in its texts, and in what was said about them.

Everything begins at what this reader may read, so that neither a hit nor a number nor a snippet tells of more.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from html import escape
from urllib.parse import urlencode

from django import forms
from django.contrib.postgres.search import SearchQuery
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import Case, DateTimeField, Q, TextField, Value, When
from django.http import Http404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from psycopg.errors import QueryCanceled

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.full_text import configuration_of, without_signs
from readinggroup.lib.paging import number_asked_for
from readinggroup.lib.stamps import stamp
from readinggroup.readings.views import page_at
from texts.models import ParagraphVersion, Section

from .folds import muted_by
from .models import Comment, QuestionState
from .places import place_of, section_name
from .rendering import dated
from .snippets import marked, plain

A_PAGE = 20
MOST = 2_000  # comments, and paragraphs, that are ranked and listed: the last page costs what the first does
LONGEST_QUERY = 200
LONGEST_NAME = Membership._meta.get_field("name_here").max_length
PATIENCE = 2_000  # milliseconds that the database may take for one search

COMMENTS, TEXTS = "comments", "texts"


class SearchForm(forms.Form):
    """What is looked for, and where."""

    q = forms.CharField(
        label=_("Words"),
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(attrs={"type": "search"}),
        help_text=_("Put “what stands together” in quotes; -word leaves a word out; this or that finds either."),
        error_messages={
            "required": _("Write what you look for."),
            "max_length": _("That is long. Look for at most %(limit_value)d characters."),
        },
    )
    kind = forms.ChoiceField(
        label=_("Look in"),
        required=False,
        choices=[("", _("texts and comments")), (TEXTS, _("texts only")), (COMMENTS, _("comments only"))],
    )
    where = forms.ChoiceField(label=_("Text"), required=False)
    by = forms.CharField(label=_("Said by"), max_length=LONGEST_NAME, required=False)
    since = forms.DateField(label=_("Said from"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Said until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    open = forms.BooleanField(label=_("open questions only"), required=False)

    def __init__(self, *args, places, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["where"].choices = [("", _("all texts")), *places]

    def clean_q(self):
        return self.cleaned_data["q"].translate(dict.fromkeys(map(ord, "“”„«»"), '"'))

    def clean_since(self):
        return self.day_that_can_be("since")

    def clean_until(self):
        return self.day_that_can_be("until")

    def day_that_can_be(self, field):
        """The day; one that no zone's clock reaches is refused."""
        day = self.cleaned_data[field]
        if day and not date(1900, 1, 1) <= day <= date(9000, 1, 1):
            raise forms.ValidationError(_("Choose a day of our time."))
        return day

    @property
    def is_about_comments(self):
        """Whether something is asked that only comments have: who said it, when, whether it is open."""
        return any(self.cleaned_data[field] for field in ("by", "since", "until", "open"))


class TookTooLong(Exception):  # noqa: N818 - said to whoever searches
    """The database was stopped in the middle of a search."""


@require_safe
@requires(Can.READ)
def search(request, membership):
    """Words in the group's texts and in its discussion, as this reader may read them; the best hits first."""
    readings = readings_for(membership)
    asked = request.GET if "q" in request.GET else None
    places = places_in(readings)
    form = SearchForm(asked, initial=request.GET.dict(), places=places)
    context = {"membership": membership, "group": membership.group, "form": form, "most": MOST}
    status = 200
    if form.is_bound and form.is_valid():
        try:
            context |= found(membership, readings, form, number_asked_for(request, 2 * MOST // A_PAGE))
        except TookTooLong:
            context["took_too_long"], status = True, 503
    elif form.is_bound:
        status = 422
    chosen = tuple((name, value) for name in form.fields if name != "q" and (value := form[name].value()))
    context |= {"narrowed": len(chosen), "choices": choices_part(form, places, chosen)}
    return TemplateResponse(request, "discussion/search.html", context, status=status)


def choices_part(form, places, chosen) -> str:
    """The fields that narrow a search. Django takes longer for them than Postgres for the search: kept."""
    if form.errors:
        return render_to_string("discussion/_search_choices.html", {"form": form})
    return _choices_part(get_language(), places, chosen)


@lru_cache(maxsize=200)
def _choices_part(language, places, chosen) -> str:
    form = SearchForm(initial=dict(chosen), places=places)
    return render_to_string("discussion/_search_choices.html", {"form": form})


def readings_for(membership) -> list:
    """The texts that this reader may open, newest first."""
    readings = membership.group.readings.with_text().exclude(edition__current=None)
    if not may(membership, Can.READ_ALL):
        readings = readings.filter(for_members=False)
    readings = list(readings)
    for reading in readings:
        reading.group = membership.group
    return readings


def places_in(readings) -> tuple:
    """The texts, and the sections of those that have several, as choices: `slug`, and `slug:2` for a section."""
    sections = {}
    for section in Section.objects.filter(revision__in=[reading.edition.current_id for reading in readings]):
        sections.setdefault(section.revision_id, []).append(section)
    choices = []
    for reading in readings:
        inside = sections.get(reading.edition.current_id, [])
        whole, title = (reading.slug, reading.edition.title), reading.edition.title
        parts = ((f"{reading.slug}:{section.position + 1}", section_name(section)) for section in inside)
        choices.append((title, (whole, *parts)) if len(inside) > 1 else whole)
    return tuple(choices)


def found(membership, readings, form, number) -> dict:
    """One page of the hits, and how many there are."""
    slug, _colon, section = form.cleaned_data["where"].partition(":")
    readings = [reading for reading in readings if slug in {"", reading.slug}]
    words = without_signs(form.cleaned_data["q"])
    try:
        with transaction.atomic():
            by_language = with_patience(readings, words)
            if not by_language:
                return {"says_nothing": True}
            queries = list(searches(membership, form, by_language, words, int(section) - 1 if section else None))
            rows, counts = best(queries, by_language, words, number)
            hits = shown(membership, readings, rows, words)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong from error
        raise
    total = sum(counts.values())
    pages = Paginator(range(total), A_PAGE)
    if number > pages.num_pages or (number > 1 and not rows):
        raise Http404
    asked = {name: value for name in form.fields if (value := form[name].data)}
    return {
        "hits": hits,
        "page": pages.page(number),
        "total": total,
        "at_its_bound": MOST in counts.values(),
        "query": urlencode(asked) + "&",
        "only_comments": form.is_about_comments and form.cleaned_data["kind"] != COMMENTS,
    }


def with_patience(readings, words) -> dict:
    """The readings by the rules of their languages, without those by which the words say nothing that can be looked up.

    That is so when they are all stop words, or only say what is not to be there: `querytree` says it. In the same
    question Postgres is told how long it may take, and to plan with the words before it.
    """
    by_language = {}
    for reading in readings:
        by_language.setdefault(configuration_of(reading.edition.language), []).append(reading)
    trees = ", ".join(["querytree(websearch_to_tsquery(%s::regconfig, %s))"] * len(by_language))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('jit', 'off', true),"
            f" set_config('plan_cache_mode', 'force_custom_plan', true){', ' if trees else ''}{trees}",
            [str(PATIENCE), *(value for name in by_language for value in (name, words))],
        )
        trees = cursor.fetchone()[3:]
    return {name: by_language[name] for name, tree in zip(by_language, trees, strict=True) if tree not in {"", "T"}}


def searches(membership, form, by_language, words, section):
    """What is asked of the comments, the newest that match, and of the texts: (kind, key, vector, date, rules)."""
    asked = form.cleaned_data
    if asked["kind"] != TEXTS:
        places = {name: [reading.pk for reading in readings] for name, readings in by_language.items()}
        comments = comments_asked_for(membership, asked, by_language, section)
        matches, rules = matching("reading", places, words)
        yield comments.filter(matches).order_by("-pk").values_list(Value(COMMENTS), "pk", "search", "created_at", rules)
    if asked["kind"] != COMMENTS and not form.is_about_comments:
        places = {name: [reading.edition.current_id for reading in readings] for name, readings in by_language.items()}
        matches, rules = matching("revision", places, words)
        versions = ParagraphVersion.objects.filter(matches)
        if section is not None:
            versions = versions.filter(section__position=section)
        undated = Value(None, output_field=DateTimeField())
        yield versions.order_by("-pk").values_list(Value(TEXTS), "pk", "search", undated, rules)


def comments_asked_for(membership, asked, by_language, section):
    """The comments that this reader may read, narrowed by the form."""
    readings = [reading for each in by_language.values() for reading in each]
    comments = Comment.objects.readable_in(readings, membership)  # and what is shown of them is asked anew
    if section is not None:
        [[reading]] = by_language.values()
        inside = ParagraphVersion.objects.filter(revision=reading.edition.current, section__position=section)
        comments = comments.filter(paragraph__in=inside.values("paragraph"))
    if asked["by"]:
        comments = comments.filter(author__in=membership.group.memberships.called(asked["by"]).values("user"))
    if asked["since"]:
        comments = comments.filter(created_at__gte=beginning_of(asked["since"]))
    if asked["until"]:
        comments = comments.filter(created_at__lt=beginning_of(asked["until"] + timedelta(days=1)))
    if asked["open"]:
        comments = comments.filter(question=QuestionState.OPEN)
    return comments


def beginning_of(day) -> datetime:
    """When the day begins where the reader is."""
    return timezone.make_aware(datetime.combine(day, time.min))


def matching(column, places, words):
    """(condition, rules) for rows whose `column` is one of these places, each searched by the rules of its language."""
    condition, rules = Q(), []
    for name, keys in places.items():
        here = Q(**{f"{column}__in": keys})
        condition |= here & Q(search=SearchQuery(words, config=name, search_type="websearch"))
        rules.append(When(here, then=Value(name)))
    return condition, Case(*rules, output_field=TextField())


def best(queries, names, words, number) -> tuple[list, dict]:
    """(kind, key) of the hits on this page in the order of their rank, and how many there are of each kind. One query.

    Rank is worth what it costs for so many: of more comments than MOST, the newest are ranked.
    """
    parts = [query[:MOST].query.sql_with_params() for query in queries]
    if not parts:
        return [], {}
    union = " UNION ALL ".join(f"({sql})" for sql, _values in parts)
    tsquery = " ".join(["WHEN %s THEN websearch_to_tsquery(%s::regconfig, %s)"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
                SELECT kind, id, count(*) FILTER (WHERE kind = '{COMMENTS}') OVER (), count(*) OVER ()
                FROM ({union}) hit (kind, id, search, said, rules)
                ORDER BY ts_rank(search, CASE rules {tsquery} END, 16) DESC, said DESC NULLS LAST, id DESC
                LIMIT {A_PAGE} OFFSET {(number - 1) * A_PAGE}
            """,  # noqa: S608 - made by the ORM, and numbers of ours
            [value for _sql, values in parts for value in values]
            + [value for name in names for value in (name, name, words)],
        )
        rows = cursor.fetchall()
    counts = {COMMENTS: rows[0][2], TEXTS: rows[0][3] - rows[0][2]} if rows else {}
    return [(kind, key) for kind, key, *_counts in rows], counts


_SHOWN = (
    "public_id", "reading_id", "paragraph_id", "state", "question", "created_at", "author__display_name",
    "version__number",
)  # fmt: skip


def shown(membership, readings, rows, words) -> list[str]:
    """The hits of this page as HTML: three queries, one for names, one for whom one has muted."""
    keys = {kind: [key for each, key in rows if each == kind] for kind in (COMMENTS, TEXTS)}
    comments = Comment.objects.readable_by(membership).select_related("author", "version").only(*_SHOWN)
    versions = ParagraphVersion.objects.only("revision_id", "paragraph_id", "number", "text")
    found = {(COMMENTS, comment.pk): comment for comment in comments.filter(pk__in=keys[COMMENTS])}
    found |= {(TEXTS, version.pk): version for version in versions.filter(pk__in=keys[TEXTS])}
    by_key = {reading.pk: reading for reading in readings}
    by_revision = {reading.edition.current_id: reading for reading in reversed(readings)}
    places = [
        (row, by_key[found[row].reading_id] if row[0] == COMMENTS else by_revision[found[row].revision_id])
        for row in rows
        if row in found
    ]
    texts = [plain(found[row].shown_html) if row[0] == COMMENTS else found[row].text for row, _reading in places]
    names = [configuration_of(reading.edition.language) for _row, reading in places]
    snippets = marked(texts, names, words)
    muted = muted_by(membership) if keys[COMMENTS] else ()
    return [
        hit(found[row], reading, text, muted=row[0] == COMMENTS and found[row].author_id in muted)
        for (row, reading), text in zip(places, snippets, strict=True)
    ]


_SLOTS = ("author", "href", "iso", "when", "title", "section", "number", "language", "snippet")


def hit(thing, reading, snippet, *, muted=False) -> str:
    """One hit with its place in the text as it is now: stamped, since a template takes longer than all the rest."""
    comment = thing if isinstance(thing, Comment) else None
    place = place_of(reading, thing.paragraph_id, comment.version.number if comment else thing.number)
    values = {
        "title": escape(reading.edition.title),
        "section": escape(place.section),
        "number": str(place.number),
        "language": escape(reading.edition.language),
        "snippet": snippet,
        "href": escape(page_at(reading, place.address)),
    }
    flags = {"is_comment": comment is not None, "state": "", "question": "", "muted": muted}
    if comment:
        minute = comment.created_at.replace(second=0, microsecond=0)
        flags |= {"state": comment.state, "question": comment.question}
        values |= {
            "author": escape(reading.group.name_of(comment.author)),
            "href": reverse("discussion:comment", args=[comment.public_id]),
            "iso": comment.created_at.isoformat(timespec="seconds"),
            "when": dated(minute, timezone.get_current_timezone_name(), get_language()),
        }
    slots = _SLOTS if place.section else tuple(name for name in _SLOTS if name != "section")
    return mark_safe(stamp("discussion/_hit.html", slots, **flags).fill(values))  # noqa: S308 - escaped, each of them
