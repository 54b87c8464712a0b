"""The reading plan: the rest of a text, divided into sessions."""

from dataclasses import dataclass
from itertools import accumulate

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can
from readinggroup.lib.bad_input import is_storable
from readinggroup.readings.access import of_reading

from . import actions
from .actions.planning import empty_sessions, ranges_planned
from .models import ReadingSession
from .plan import divide, ends_near, parts_between, pieces_of

MOST_PARTS = 60


class PlanForm(forms.Form):
    """From where on, into how many parts, and on which dates."""

    first = forms.IntegerField(label=gettext_lazy("From paragraph"), min_value=1)
    parts = forms.IntegerField(label=gettext_lazy("Into how many sessions"), min_value=1, max_value=MOST_PARTS)
    on = forms.ChoiceField(
        label=gettext_lazy("When they are"),
        required=False,
        help_text=gettext_lazy("Drafts get their dates one by one."),
    )
    again = forms.BooleanField(label=gettext_lazy("Plan paragraphs again that stand in a session"), required=False)

    def __init__(self, data=None, *, last, series, **options):
        super().__init__(data, **options)
        self.last, self.series = last, {one.public_id: one for one in series}
        offered = [(one.public_id, dates_in_words(one)) for one in series]
        self.fields["on"].choices = [("", _("without a date, as drafts")), *offered]

    def clean_first(self):
        if self.cleaned_data["first"] > self.last:
            raise forms.ValidationError(_("The text has %(last)d paragraphs."), params={"last": self.last})
        return self.cleaned_data["first"]


def dates_in_words(series):
    """A series with how many of its dates are free."""
    free = len(series.free)
    return ngettext(
        "%(title)s, %(rhythm)s: %(free)d date with nothing to read yet",
        "%(title)s, %(rhythm)s: %(free)d dates with nothing to read yet",
        free,
    ) % {"title": series.title, "rhythm": series.in_words, "free": free}


@dataclass
class Row:
    """A part as the page shows it: with its number, what was typed of it, and the session that it is for."""

    number: int
    part: object
    title: str
    end: object  # the number of its last paragraph, or what was typed instead
    session: ReadingSession | None
    trouble: str = ""


@require_http_methods(["GET", "POST"])
@of_reading(Can.SCHEDULE)
def plan(request, membership, reading):
    """Divide what is left of the text, move the ends, make the sessions."""
    pieces, series = pieces_of(reading.edition.current_id), series_with_dates(reading)
    data = request.POST if request.method == "POST" else defaults(reading, pieces, series, request.GET)
    form = PlanForm(data, last=len(pieces), series=series)
    context = {"membership": membership, "group": membership.group, "reading": reading, "form": form, "dated": series}
    context["planned"] = sorted(ranges_planned(reading))
    if not form.is_valid():
        return plan_page(request, context, status=422 if request.method == "POST" else 200)
    rest = pieces[form.cleaned_data["first"] - 1 :]
    chosen = form.series.get(form.cleaned_data["on"])
    context |= {"shown": shown_of(reading, form), "ends": ends_with_words(rest), "series": chosen}
    keep = data.get("shown") == context["shown"] and "divide" not in data
    parts = form.cleaned_data["parts"]
    ends, troubles = typed_ends(data, rest, parts) if keep else (divide(rest, parts), {})
    context["rows"] = rows_of(reading, rest, ends, chosen, data if keep else {}, troubles)
    if len(ends) < parts:
        form.add_error("parts", _("It can be divided into %(parts)d at most.") % {"parts": len(ends)})
    if chosen and len(ends) > len(chosen.free):
        form.add_error("parts", too_few_sentence(len(chosen.free)))
    wrong = bool(form.errors or any(row.trouble for row in context["rows"]))
    if wrong or not keep or "make" not in data:
        return plan_page(request, context, status=422 if wrong and request.method == "POST" else 200)
    return make_planned(request, context)


def make_planned(request, context):
    """The sessions, as the page showed them."""
    form, reading, rows = context["form"], context["reading"], context["rows"]
    try:
        made = actions.make_plan(
            reading=reading,
            by=request.user,
            parts=[(row.title, *row.part.passage) for row in rows],
            zone=request.user.time_zone or context["group"].time_zone,
            series=context["series"],
            again=form.cleaned_data["again"],
        )
    except actions.NotPossible:
        raise PermissionDenied from None
    except actions.PlannedAlready:
        form.add_error("again", _("Some of these paragraphs stand in a session already. If that is meant, say so."))
        return plan_page(request, context, status=409)
    except actions.TooFewDates as few:
        form.add_error("parts", too_few_sentence(few.dates))
        return plan_page(request, context, status=409)
    said = ngettext("%(number)d session has its passage.", "%(number)d sessions have their passages.", len(made))
    messages.success(request, said % {"number": len(made)})
    if context["series"]:
        return redirect("schedule:series", group=context["group"].slug, series=context["series"].public_id)
    return redirect("schedule:sessions", group=context["group"].slug)


def plan_page(request, context, *, status):
    return TemplateResponse(request, "schedule/plan.html", context, status=status)


def too_few_sentence(dates):
    return ngettext(
        "The series has %(dates)d date with nothing to read yet. Divide into fewer parts, or add dates to it.",
        "The series has %(dates)d dates with nothing to read yet. Divide into fewer parts, or add dates to it.",
        dates,
    ) % {"dates": dates}


def series_with_dates(reading):
    """The series of this reading that have dates with nothing to read yet, each with these as `free`: two queries."""
    free = {}
    sessions = ReadingSession.objects.filter(reading=reading, series__isnull=False)
    for session in empty_sessions(sessions).select_related("series"):
        free.setdefault(session.series, []).append(session)
    for series, its in free.items():
        series.free = its
    return list(free)


def defaults(reading, pieces, series, asked) -> dict:
    """What is proposed: from what no session is about yet, on the series that is asked for, or as drafts."""
    last = max((last for _first, last in ranges_planned(reading)), default=0)
    chosen = next((one for one in series if one.public_id == asked.get("series")), None)
    first = last + 1 if last < len(pieces) else 1
    most = sum(piece.can_end for piece in pieces[first - 1 :])
    parts = min(len(chosen.free) if chosen else 6, most, MOST_PARTS)
    return {"first": first, "parts": parts, "on": chosen.public_id if chosen else ""}


def shown_of(reading, form) -> str:
    """What the ends were computed of: others are computed when it is no more what it was when they were shown."""
    said = form.cleaned_data
    return f"{reading.edition.current_id} {said['first']} {said['parts']}"


def ends_with_words(rest) -> list:
    """Where a part may end, each by its number with the words up to there: for the script that lets one drag."""
    sums = accumulate(piece.words for piece in rest)
    return [[piece.number, words] for piece, words in zip(rest, sums, strict=True) if piece.can_end]


def typed_ends(data, rest, parts):
    """The ends as they were typed, and what is wrong with them, by the number of the part. The last is the text's."""
    ends, troubles, offset = [], {}, rest[0].number
    for part in range(1, parts):
        typed = data.get(f"end-{part}", "").strip()
        position = int(typed) - offset if typed.isascii() and typed.isdecimal() and len(typed) < 7 else -1
        if not (ends[-1] if ends else -1) < position < len(rest) - 1:
            troubles[part] = _("Each part ends after the one before it, at a paragraph of the text.")
            continue
        if not rest[position].can_end:
            near = " · ".join(str(piece.number) for piece in ends_near(rest, position))
            troubles[part] = _("It would end within what belongs together. It can end at: %(near)s") % {"near": near}
        ends.append(position)
    # With one of them missing, the even ones are shown below what was typed.
    return ([*ends, len(rest) - 1] if len(ends) == parts - 1 else divide(rest, parts)), troubles


def rows_of(reading, rest, ends, series, typed, troubles) -> list[Row]:
    parts, rows = parts_between(rest, ends), []
    for number, part in enumerate(parts, start=1):
        own = _("%(title)s, part %(number)d of %(all)d") % {
            "title": reading.edition.title[:150],
            "number": number,
            "all": len(parts),
        }
        title = typed.get(f"title-{number}", part.section or own).strip()[: ReadingSession.LONGEST_TITLE]
        session = series.free[number - 1] if series and number <= len(series.free) else None
        trouble = troubles.get(number, "")
        if not title or not is_storable(title):
            trouble, title = _("Each session has a title."), own
        end = typed.get(f"end-{number}", part.last.number) if trouble else part.last.number
        rows.append(Row(number, part, title, end, session, trouble))
    return rows
