"""What is asked when a session is planned, changed, cancelled."""

import uuid
from datetime import datetime, timedelta

from django import forms
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.lib.form_fields import Line, Words
from readinggroup.lib.time_zones import zone_choices
from readinggroup.readings.models import ReadingState
from readinggroup.readings.pages import outline_of

from .models import ReadingSession
from .passages import MOST, NoSuchPassage, paragraphs_of, read_passages, spans_of, typed_of

A_DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)
MOST_MINUTES = ReadingSession.LONGEST // A_MINUTE
MOST_DAYS = ReadingSession.LONGEST // A_DAY
# So far back a meeting may be noted down, and so far ahead one may be planned.
BACK, AHEAD = timedelta(days=366), timedelta(days=5 * 366)
WHICH = {"first": False, "second": True}


class SessionForm(forms.Form):
    """A session: what is read, when, where, who leads. Which of two equal wall times is meant is asked if need be."""

    WHAT = ("reading", "title", "words", "passages", "read_first")
    WHEN = ("date", "time", "minutes", "all_day", "days", "zone")
    WHERE = ("where", "link", "places")
    WHO = ("facilitator", "minute_taker")
    # Fields of the model that are typed as they are.
    PLAIN = ("title", "words", "read_first", "date", "time", "all_day", "zone", "where", "link", "places")

    reading = forms.ChoiceField(label=_("Text"))
    title = Line(label=_("Title"), max_length=ReadingSession.LONGEST_TITLE)
    words = Words(
        label=_("What it is about"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    passages = Line(
        label=_("Passages, by the numbers of their paragraphs"),
        max_length=1_000,
        required=False,
        help_text=_("Such as 41-58, 63. You can also choose them in the text, once the session is kept."),
    )
    read_first = forms.BooleanField(
        label=_("Read first, then see what others said"),
        required=False,
        help_text=_(
            "What is said at these paragraphs is shown when the session opens, or to whoever has written there."
        ),
    )
    date = forms.DateField(
        label=_("Date"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    time = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    minutes = forms.IntegerField(
        label=_("Length in minutes"), min_value=5, max_value=MOST_MINUTES, initial=90, required=False
    )
    all_day = forms.BooleanField(label=_("All day"), required=False)
    days = forms.IntegerField(
        label=_("If all day, for how many days"), min_value=1, max_value=MOST_DAYS, initial=1, required=False
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Of the place where it is. Each reads the time in their own.")
    )
    where = Words(
        label=_("Place"),
        max_length=ReadingSession.LONGEST_WHERE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Place and link are shown to those who have a place, and to organizers."),
    )
    link = forms.URLField(
        label=_("Link to meet at"),
        max_length=ReadingSession.LONGEST_WHERE,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    places = forms.IntegerField(
        label=_("Places"), min_value=1, max_value=32_000, required=False, help_text=_("Empty: as many as come.")
    )
    facilitator = forms.ChoiceField(label=_("Who leads through it"), required=False)
    minute_taker = forms.ChoiceField(label=_("Who writes the minutes"), required=False)
    # Which text the numbers of the passages are of: a corrected one counts otherwise.
    revision = forms.IntegerField(required=False, min_value=1, max_value=2**53, widget=forms.HiddenInput)

    def __init__(self, data=None, *, group, readings, standing_zone="", people_who_stay=(), **kwargs):
        super().__init__(taken(data), **kwargs)
        self.readings = {reading.slug: reading for reading in readings}
        self.fields["reading"].choices = [(slug, reading.edition.title) for slug, reading in self.readings.items()]
        if len(self.readings) == 1:
            self.fields["reading"].widget = forms.HiddenInput()
            self.fields["reading"].initial = next(iter(self.readings))
        self.fields["zone"].choices = zones_offered(standing_zone)
        self.people = people_of(group, people_who_stay)
        for name in ("facilitator", "minute_taker"):
            self.fields[name].choices = [("", "–"), *((key, name) for key, (_pk, name) in self.people.items())]
        self.suggestion = self.twice = None

    def part(self, names):
        return [self[name] for name in names if not self[name].is_hidden]

    @property
    def what(self):
        return self.part(self.WHAT)

    @property
    def when(self):
        return self.part(self.WHEN)

    @property
    def place(self):
        return self.part(self.WHERE)

    @property
    def who(self):
        return self.part(self.WHO)

    def clean_date(self):
        day = self.cleaned_data["date"]
        today = timezone.localdate()
        if day is not None and not today - BACK <= day <= today + AHEAD:
            raise forms.ValidationError(_("Choose a day of the last year or of the next five years."))
        return day

    def clean_time(self):
        time = self.cleaned_data["time"]
        return time and time.replace(second=0, microsecond=0)

    def clean(self):
        typed = self.cleaned_data
        if self.errors:
            return typed
        if typed["all_day"]:
            typed["time"] = None
            if not typed["days"]:
                self.add_error("days", _("Say for how many days."))
        elif not typed["minutes"]:
            self.add_error("minutes", _("Say for how many minutes."))
        elif typed["date"] and typed["time"] is None:
            self.add_error("time", _("Say at what time, or that it is all day."))
        if typed.get("time") is not None and typed["date"] is None:
            self.add_error("date", _("Say on which day."))
        self.read_ranges(typed)
        return typed

    def read_ranges(self, typed) -> None:
        """The passages as pairs of paragraphs, by the numbers of the text that the form showed."""
        edition = self.readings[typed["reading"]].edition
        self.outline = outline_of(revision_meant(edition, typed["revision"]))
        try:
            ranges = read_passages(typed["passages"], self.outline)
        except NoSuchPassage as refusal:
            words = _("“%(typed)s” is no passage of this text: it has the paragraphs 1 to %(last)d.")
            said = {"typed": refusal.typed, "last": len(self.outline.addresses)}
            self.add_error("passages", forms.ValidationError(words, params=said))
            return
        if len(ranges) > MOST:
            self.add_error("passages", _("These are too many passages for one session."))
        typed["ranges"] = paragraphs_of(ranges)

    def details(self) -> dict:
        """What was typed, as `actions.create` and `actions.change` take it."""
        typed = self.cleaned_data
        details = {name: typed[name] for name in self.PLAIN}
        details["length"] = typed["days"] * A_DAY if typed["all_day"] else typed["minutes"] * A_MINUTE
        for name in self.WHO:
            details[f"{name}_id"] = self.people[typed[name]][0] if typed[name] else None
        return details | {"second": WHICH.get(self.data.get("second")), "passages": typed["ranges"]}

    def suggest(self, suggestion: datetime) -> None:
        """The clocks jump over this time: refuse it, and offer what they show instead."""
        self.suggestion = suggestion
        field = "date" if self.cleaned_data["all_day"] else "time"
        self.add_error(field, _("There is no such time: the clocks jump over it there."))

    def ask_which(self, twice) -> None:
        """The clocks show this time twice: ask which is meant."""
        self.twice = twice
        self.add_error("time", _("The clocks show this time twice that day. Say which one you mean."))


class ChangeSessionForm(SessionForm):
    """The same of a session that is there; its text stays."""

    version = forms.IntegerField(min_value=1, max_value=2_000_000_000, widget=forms.HiddenInput)

    def __init__(self, data=None, *, session, **kwargs):
        people = [person for person in (session.facilitator, session.minute_taker) if person]
        super().__init__(data, readings=[session.reading], standing_zone=session.zone, people_who_stay=people, **kwargs)
        self.session = session
        self.fields["reading"].required = False

    def clean_reading(self):
        return self.session.reading.slug

    def clean(self):
        typed = super().clean()
        if not self.errors and self.session.is_on_the_calendar and typed["date"] is None:
            self.add_error("date", _("The session is on the calendar, so it has a day."))
        return typed

    def details(self) -> dict:
        """As above. Passages that were not changed are left alone, with those that the text has no more."""
        details = super().details()
        standing = {(passage.first_id, passage.last_id) for passage in self.session.passages.all()}
        known = {pair for pair in standing if all(pk in self.outline.by_paragraph for pk in pair)}
        if set(details["passages"]) == known:
            details["passages"] = None
        return details

    def differences(self, standing) -> list:
        """What was typed otherwise than it stands now: (label, what stands, what was typed)."""
        stands = initial_of(standing)
        found = []
        for name in (*self.WHAT, *self.WHEN, *self.WHERE, *self.WHO):
            field, typed = self.fields[name], self[name].data
            if name != "reading" and field.has_changed(stands.get(name), typed):
                found.append((field.label, said(field, stands.get(name)), said(field, typed)))
        return found


def said(field, value) -> str:
    """A field's value for people."""
    if isinstance(field, forms.BooleanField):
        return _("yes") if value and value != "False" else _("no")
    if isinstance(field, forms.ChoiceField):
        return next((name for key, name in flat(field.choices) if key == value), value)
    if value in (None, ""):
        return "–"
    return str(field.widget.format_value(value) if hasattr(field.widget, "format") else value)


def flat(choices):
    """The choices of a list without their headings."""
    for key, name in choices:
        yield from name if isinstance(name, (list, tuple)) else [(key, name)]


def initial_of(session) -> dict:
    """The session as one would type it; numbers are those of the text as it is now."""
    initial = {name: getattr(session, name) for name in SessionForm.PLAIN}
    days, minutes = max(1, session.length // A_DAY), session.length // A_MINUTE
    return initial | {
        "reading": session.reading.slug,
        "passages": typed_of(spans_of(session)),
        "minutes": 90 if session.all_day else minutes,
        "days": days if session.all_day else 1,
        "facilitator": session.facilitator.public_id if session.facilitator else "",
        "minute_taker": session.minute_taker.public_id if session.minute_taker else "",
        "revision": session.reading.edition.current_id,
        "version": session.version,
    }


def taken(data):
    """What was sent, with the wall time that was offered in the place of one that does not exist."""
    if not data or "take" not in data:
        return data
    try:
        wall = datetime.fromisoformat(data["take"])
    except ValueError:
        return data
    data = data.copy()
    data["date"], data["time"] = wall.date().isoformat(), wall.strftime("%H:%M")
    return data


def revision_meant(edition, revision_id) -> int:
    """The revision whose numbers were shown; that of now if the edition has no such one."""
    if revision_id in {None, edition.current_id}:
        return edition.current_id
    return edition.revisions.filter(pk=revision_id).values_list("pk", flat=True).first() or edition.current_id


def zones_offered(standing: str) -> list:
    """UTC and the places of the world; and the zone that stands, if it goes by another name."""
    offered = zone_choices()
    known = {"UTC"}.union(*(dict(places) for _region, places in offered[1:]))
    return [*offered, *([(standing, standing)] if standing and standing not in known else [])]


def people_of(group, more=()) -> dict:
    """Who may lead or write: the members by their names here, and these: public id -> (key, name)."""
    members = group.memberships.active().with_names().order_by("shown_name", "user_id")
    rows = members.values_list("user__public_id", "user_id", "shown_name")
    people = {public_id: (pk, name) for public_id, pk, name in rows}
    return people | {one.public_id: (one.pk, group.name_of(one)) for one in more if one.public_id not in people}


def readings_to_meet_about(group) -> list:
    """The group's texts, what is read now first."""
    readings = [reading for reading in group.readings.on_the_shelf().with_text() if reading.edition.current_id]
    order = [ReadingState.CURRENT, ReadingState.PLANNED, ReadingState.FINISHED]
    return sorted(readings, key=lambda reading: order.index(reading.state))


def new_key() -> str:
    return uuid.uuid4().hex


class CancelForm(forms.Form):
    """Why a session does not take place."""

    reason = Words(
        label=pgettext_lazy("cancelling a session", "Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever meant to come is told, with these words. They stand on the session's page."),
    )
