"""What is asked of a series: its rhythm, then each of its dates."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.time_zones import zone_called
from readinggroup.lib.wall_time import instants_of, standing_wall, wall_of

from .actions import NoneLeft, When
from .actions.series import IN_COMMON, ahead_of, iso
from .forms import Line, Words, zones_offered
from .models import Series
from .recurrence import Every, at, choices_of, rule_of

A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
LONGEST_AHEAD = 3 * 366 * A_DAY
COUNT, UNTIL, NEVER = "count", "until", "never"
ENDS = (
    (COUNT, _("after a number of sessions")),
    (UNTIL, _("on a day")),
    (NEVER, _("when you end it: sessions are made for half a year ahead")),
)
# What is asked of each date: the names of the fields.
TAKES_PLACE, WHICH = "takes_place", "which-"


def day_field(label, **options):
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **options)


@dataclass
class OneDate:
    """A wall time of the rule, to be ticked or left out."""

    recurrence: str
    wall: object
    stands: object  # what the clocks show instead, if they jump over it
    is_twice: bool
    takes_place: bool
    which: str  # of two equal ones: "first", "second", or "" while nobody has said it
    can_take_place: bool = True

    @property
    def is_missing(self):
        return self.stands != self.wall


class SeriesForm(forms.Form):
    """A series as it is made, or changed from some session on. Each of its dates is asked for when they are known."""

    WHAT = ("reading", "title", "words")
    WHEN = ("first_date", "first_time", "all_day", "minutes", "zone")
    RHYTHM = ("interval", "every", "weekdays", "ends", "count", "until")
    WHERE = ("where", "link", "places", "read_first")

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reading = forms.ChoiceField(label=_("Text"))
    title = Line(label=_("Title"), max_length=200)
    words = Words(
        label=_("What it is about"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    first_date = day_field(_("The first on"))
    first_time = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    all_day = forms.BooleanField(label=_("All day"), required=False)
    minutes = forms.IntegerField(
        label=_("Length in minutes"), min_value=5, max_value=7 * A_DAY // A_MINUTE, initial=90, required=False
    )
    zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Of the place where it is. Each reads the time in their own.")
    )
    interval = forms.IntegerField(label=_("Every how many"), min_value=1, max_value=12, initial=1)
    every = forms.ChoiceField(label=_("Of what"), choices=Every.choices, initial=Every.WEEK, widget=forms.RadioSelect)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("If by weeks, also on"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The day of the first one is always among them."),
    )
    ends = forms.ChoiceField(label=_("It ends"), choices=ENDS, initial=COUNT, widget=forms.RadioSelect)
    count = forms.IntegerField(
        label=_("Number of sessions"), min_value=1, max_value=Series.MOST, initial=6, required=False
    )
    until = day_field(_("The last day"), required=False)
    where = Words(
        label=_("Place"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Place and link are shown to those who have a place, and to organizers."),
    )
    link = forms.URLField(
        label=_("Link to meet at"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    places = forms.IntegerField(
        label=_("Places"), min_value=1, max_value=32_000, required=False, help_text=_("Empty: as many as come.")
    )
    read_first = forms.BooleanField(label=_("Read first, then see what others said"), required=False)

    def __init__(self, data=None, *, readings=(), zone="UTC", **options):
        super().__init__(data, **options)
        self.dates, self.when = [], None
        self.readings = {reading.slug: reading for reading in readings}
        self.fields["zone"].choices = zones_offered(zone)
        self.initial.setdefault("zone", zone)
        if not self.readings:
            del self.fields["reading"]
        else:
            self.fields["reading"].choices = [(slug, reading.edition.title) for slug, reading in self.readings.items()]

    def part(self, names):
        return [self[name] for name in names if name in self.fields]

    what = property(lambda self: self.part(self.WHAT))
    begins = property(lambda self: self.part(self.WHEN))
    rhythm = property(lambda self: self.part(self.RHYTHM))
    place = property(lambda self: self.part(self.WHERE))

    def clean(self):
        data = super().clean()
        self.clean_begin(data)
        self.clean_end(data)
        if not self.errors:
            self.find_dates(data)
        return data

    def clean_begin(self, data):
        first, today = data.get("first_date"), timezone.localdate()
        if first and not today - A_DAY <= first <= today + LONGEST_AHEAD:
            self.add_error("first_date", _("Choose a day that is still to come, within three years."))
        if data.get("all_day"):
            data["first_time"], data["minutes"] = None, max(data.get("minutes") or 0, A_DAY // A_MINUTE)
        elif data.get("first_time") is None and "first_time" not in self.errors:
            self.add_error("first_time", _("Say when it begins, or that it takes all day."))
        elif data.get("minutes") is None and "minutes" not in self.errors:
            self.add_error("minutes", _("Say how long it takes."))

    def clean_end(self, data):
        """The end that is chosen is to be said; what is said of another one does not count."""
        ends, first, until = data.get("ends"), data.get("first_date"), data.get("until")
        if ends != COUNT:
            self.errors.pop("count", None)
        if ends != UNTIL:
            self.errors.pop("until", None)
        if ends == COUNT and data.get("count") is None and "count" not in self.errors:
            self.add_error("count", _("Say how many sessions."))
        if ends == UNTIL and until is None and "until" not in self.errors:
            self.add_error("until", _("Say until when."))
        if ends == UNTIL and until and first and not first <= until <= first + LONGEST_AHEAD:
            self.add_error("until", _("The last day is not before the first, and at most three years after it."))

    def find_dates(self, data):
        """The wall times that all this means."""
        rule = rule_of(
            every=data["every"],
            interval=data["interval"],
            first=data["first_date"],
            weekdays=data["weekdays"],
            count=data["count"] if data["ends"] == COUNT else None,
            until=data["until"] if data["ends"] == UNTIL else None,
        )
        zone, first = zone_called(data["zone"]), at(data["first_date"], data["first_time"])
        if first <= wall_of(timezone.now(), zone) and not (data["all_day"] and first.date() > timezone.localdate()):
            self.add_error("first_date", _("This time is over."))
            return
        try:
            walls = ahead_of(rule, first, zone)
        except NoneLeft:
            self.add_error("ends", _("No date comes of this."))
            return
        self.when = When(rule, first, data["zone"], data["all_day"])
        self.dates = [self.date_of(wall, zone) for wall in walls]

    def date_of(self, wall, zone) -> OneDate:
        """A wall time as the page shows it, with what was said of it."""
        recurrence = iso(wall)
        all_day = self.when.all_day
        return OneDate(
            recurrence=recurrence,
            wall=wall,
            stands=wall if all_day else standing_wall(wall, zone),
            is_twice=not all_day and len(instants_of(wall, zone)) == 2,
            takes_place=not self.dates_were_shown or recurrence in self.data.getlist(TAKES_PLACE),
            which=self.data.get(f"{WHICH}{recurrence}", ""),
        )

    @property
    def shown(self) -> str:
        """What the dates come of: they are asked for again when it is no more what it was when they were shown."""
        when = self.when
        return f"{when.rule} {iso(when.first)} {when.zone} {when.all_day}" if when else ""

    @property
    def dates_were_shown(self) -> bool:
        return self.data.get("shown") == self.shown != ""

    def leave_out(self, left_out, cannot=frozenset()):
        """These are not ticked, as long as nobody has said otherwise; some cannot be."""
        for date in self.dates:
            date.can_take_place = date.recurrence not in cannot
            ticked = date.takes_place if self.dates_were_shown else date.recurrence not in left_out
            date.takes_place = date.can_take_place and ticked

    def check_dates(self) -> bool:
        """Whether the dates can be made as they are ticked; else it says what is missing."""
        going = [date for date in self.dates if date.takes_place]
        if len(going) > Series.MOST:
            self.add_error(None, _("These are more sessions than are made at once. Choose an earlier end."))
        elif not going:
            self.add_error(None, _("Tick at least one of the dates."))
        elif any(date.is_twice and date.which not in {"first", "second"} for date in going):
            self.add_error(None, _("On one of these days the clocks show this time twice. Say which is meant."))
        return not self.errors

    def chosen(self, *, with_left_out=True) -> When:
        """When it is, with what was said of each date."""
        second = {date.recurrence for date in self.dates if date.is_twice and date.which == "second"}
        left_out = {date.recurrence for date in self.dates if not date.takes_place and date.can_take_place}
        when = self.when
        return When(
            when.rule, when.first, when.zone, when.all_day, frozenset(left_out) if with_left_out else None,
            frozenset(second),
        )  # fmt: skip

    def details(self) -> dict:
        """What the sessions have in common."""
        data = self.cleaned_data
        said = {name: data[name] for name in IN_COMMON if name != "length"}
        return said | {"length": data["minutes"] * A_MINUTE}


def asked_of(series, *, rule, first) -> dict:
    """A series as its form asks for it, by this rule from this wall time on."""
    said = choices_of(rule, first)
    ends = COUNT if said["count"] else UNTIL if said["until"] else NEVER
    common = {name: getattr(series, name) for name in IN_COMMON}
    begin = {"first_date": first.date(), "first_time": series.first_time, "all_day": series.all_day}
    more = {"ends": ends, "minutes": series.length // A_MINUTE, "version": series.version, "zone": series.zone}
    return {**said, **common, **begin, **more}


class CancelSeriesForm(forms.Form):
    """Why what is still to come does not take place."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = Line(label=_("Reason"), max_length=500, help_text=_("Whoever meant to come is told."))
