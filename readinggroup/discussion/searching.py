"""Searching a group: words in its texts, and in what was said about them.

Everything begins at what this reader may read, so that neither a hit nor a number nor a snippet tells of more.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib.postgres.search import SearchQuery
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import Case, DateTimeField, Q, TextField, Value, When
from django.http import Http404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from psycopg.errors import QueryCanceled

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.full_text import configuration_of, without_signs
from readinggroup.lib.kept import Kept
from readinggroup.lib.paging import number_asked_for
from readinggroup.lib.prepared import AnyOf, Parameter, prepared
from readinggroup.lib.stamps import Stamp, slot
from readinggroup.readings.models import Reading
from texts.models import ParagraphVersion, Section

from .hits import COMMENTS, TEXTS, shown
from .models import Comment, QuestionState, Viewer, words_are_for
from .places import section_name

A_PAGE = 20
MOST = 1_000  # comments, and paragraphs, that are ranked and listed: the last page costs what the first does
LONGEST_QUERY = 200
LONGEST_NAME = Membership._meta.get_field("name_here").max_length
PATIENCE = 2_000  # milliseconds that the database may take for one search

_sections = Kept(1_000_000)


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
        # As a function, since Django looks through all of a list at once: for most searches in vain.
        self.fields["where"].choices = lambda: [("", _("all texts")), *places]

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
    context |= {"narrowed": len(chosen), "words": words_part(form), "choices": choices_part(form, places, chosen)}
    return TemplateResponse(request, "discussion/search.html", context, status=status)


def words_part(form) -> str:
    """The field for the words, with what was typed. A template takes longer for it than Postgres for the search."""
    if form.errors:
        return render_to_string("discussion/_search_words.html", {"form": form})
    return mark_safe(_words_part(get_language()).fill({"q": escape(form["q"].value() or "")}))  # noqa: S308 - escaped


@lru_cache(maxsize=20)
def _words_part(_language) -> Stamp:
    form = SearchForm(initial={"q": slot("q")}, places=())
    return Stamp(render_to_string("discussion/_search_words.html", {"form": form}))


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
    readings = _readings(may(membership, Can.READ_ALL)).objects(group=membership.group.pk)
    for reading in readings:
        reading.group = membership.group
    return readings


@prepared
def _readings(reads_all):
    readings = Reading.objects.filter(group=Parameter("group")).with_text().exclude(edition__current=None)
    return readings if reads_all else readings.filter(for_members=False)


def places_in(readings) -> tuple:
    """The texts, and the sections of those that have several, as choices: `slug`, and `slug:2` for a section."""
    revisions = tuple(reading.edition.current_id for reading in readings)
    named = _sections.get_or_make(revisions, lambda: sections_of(revisions), size_of=size_of_sections)
    choices = []
    for reading in readings:
        inside = named.get(reading.edition.current_id, [])
        whole, title = (reading.slug, reading.edition.title), reading.edition.title
        parts = ((f"{reading.slug}:{number}", name) for number, name in inside)
        choices.append((title, (whole, *parts)) if len(inside) > 1 else whole)
    return tuple(choices)


def sections_of(revisions) -> dict:
    """Of each of these revisions its sections, by their numbers and names. What was published never changes: kept."""
    sections = {}
    for section in Section.objects.filter(revision__in=revisions):
        sections.setdefault(section.revision_id, []).append((section.position + 1, section_name(section)))
    return sections


def size_of_sections(sections) -> int:
    return sum(100 + len(name) for inside in sections.values() for _number, name in inside)


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
            parts = searches(membership, form.cleaned_data, by_language, words, int(section) - 1 if section else None)
            rows, counts = best(parts, by_language, words, number)
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
        "hits": shown(membership, readings, rows, words),
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


class Narrowed(NamedTuple):
    """Which choices of the form are made: what the SQL of a search depends on, besides languages and who looks."""

    section: bool
    by: bool
    since: bool
    until: bool
    open: bool


def searches(membership, asked, by_language, words, section) -> list:
    """What is asked of the comments, the newest that match, and of the texts, as (SQL, values).

    Each row is (kind, key, vector, date, rules).
    """
    viewer, names = Viewer.of(membership), tuple(by_language)
    readings = [reading for each in by_language.values() for reading in each]
    since, until = asked["since"], asked["until"]
    values = {
        "group": viewer.group,
        "user": viewer.user,
        "words": words,
        "section": section,
        "revision": readings[0].edition.current_id,  # of the section
        "people": asked["by"] and list(membership.group.memberships.called(asked["by"]).values_list("user", flat=True)),
        "since": since and beginning_of(since),
        "until": until and beginning_of(until + timedelta(days=1)),
    }
    for name, each in by_language.items():
        values[f"reading_{name}"] = [reading.pk for reading in each]
        values[f"revision_{name}"] = [reading.edition.current_id for reading in each]
    narrowed = Narrowed(section is not None, *(bool(asked[field]) for field in Narrowed._fields[1:]))
    parts = []
    if asked["kind"] != TEXTS:
        parts.append(_comments(viewer.traits, names, narrowed, MOST).with_values(values))
    if asked["kind"] != COMMENTS and not any(narrowed[1:]):
        parts.append(_texts(names, narrowed.section, MOST).with_values(values))
    return parts


@prepared
def _comments(traits, names, narrowed, most):
    """The comments that a reader of these traits may read, narrowed by the form. What is shown is asked anew.

    Without a join, by which Postgres would read all that matches before it takes the newest.
    """
    matches, rules = matching("reading", names)
    comments = Comment.objects.filter(matches).filter(words_are_for(Viewer.with_traits(traits)))
    if narrowed.section:
        inside = ParagraphVersion.objects.filter(revision=Parameter("revision"), section__position=Parameter("section"))
        comments = comments.filter(paragraph__in=inside.values("paragraph"))
    if narrowed.by:
        comments = comments.filter(AnyOf("author_id", Parameter("people")))
    if narrowed.since:
        comments = comments.filter(created_at__gte=Parameter("since"))
    if narrowed.until:
        comments = comments.filter(created_at__lt=Parameter("until"))
    if narrowed.open:
        comments = comments.filter(question=QuestionState.OPEN)
    return comments.order_by("-pk").values_list(Value(COMMENTS), "pk", "search", "created_at", rules)[:most]


@prepared
def _texts(names, in_section, most):
    matches, rules = matching("revision", names)
    versions = ParagraphVersion.objects.filter(matches)
    if in_section:
        versions = versions.filter(section__position=Parameter("section"))
    undated = Value(None, output_field=DateTimeField())
    return versions.order_by("-pk").values_list(Value(TEXTS), "pk", "search", undated, rules)[:most]


def beginning_of(day) -> datetime:
    """When the day begins where the reader is."""
    return timezone.make_aware(datetime.combine(day, time.min))


def matching(column, names):
    """(condition, rules) for rows whose `column` is one of the places searched by the rules of each language."""
    condition, rules = Q(), []
    for name in names:
        here = Q(AnyOf(f"{column}_id", Parameter(f"{column}_{name}")))
        condition |= here & Q(search=SearchQuery(Parameter("words"), config=name, search_type="websearch"))
        rules.append(When(here, then=Value(name)))
    return condition, Case(*rules, output_field=TextField())


def best(parts, names, words, number) -> tuple[list, dict]:
    """(kind, key) of the hits on this page in the order of their rank, and how many there are of each kind. One query.

    Rank is worth what it costs for so many: of more comments than MOST, the newest are ranked.
    """
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
