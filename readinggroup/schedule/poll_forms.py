"""Date polls: which times are proposed, until when answers are taken, and when one can."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.wall_time import meant_by, wall_of
from readinggroup.lib.wall_time_forms import WallTimeForm

from .models import Availability, DatePoll, PollReply

TO_THE_MINUTE = "%H:%M"
LAST_MINUTE = time(23, 59)


def date_input():
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ProposedTimeForm(WallTimeForm):
    """One time: a day and, unless the session takes all day, what the clock shows there."""

    time = forms.TimeField(label=_("Begins at"), widget=forms.TimeInput(format=TO_THE_MINUTE, attrs={"type": "time"}))

    def __init__(self, data=None, *args, session, **kwargs):
        super().__init__(data, *args, zone=ZoneInfo(session.zone), **kwargs)
        if session.all_day:
            del self.fields["time"], self.fields["second"]

    def clean(self):
        """The instant exists, is one, and is still to come."""
        data = self.cleaned_data
        if self.errors or "date" not in data:
            return data
        if "time" not in self.fields:
            starts_at = meant_by(datetime.combine(data["date"], time.min), self.zone)
        elif (starts_at := self.instant_at(datetime.combine(data["date"], data["time"]))) is None:
            return data
        if starts_at <= timezone.now():
            self.add_error("date", _("This time is over. Choose one that is still to come."))
        return data

    @property
    def wall(self) -> tuple:
        """The time as `actions.propose` takes it: date, time or None, whether the second of two."""
        data = self.cleaned_data
        return data["date"], data.get("time"), data.get("second") == "second"


class ProposedTimes(forms.BaseFormSet):
    """The times of a new poll; rows that are left empty are none."""

    def clean(self):
        if any(self.errors):
            return
        walls = self.walls
        if not walls:
            raise forms.ValidationError(_("Propose at least one time."))
        if len(set(walls)) < len(walls):
            raise forms.ValidationError(_("One time stands there twice."))

    @property
    def walls(self) -> list:
        return [form.wall for form in self.forms if form.has_changed() and form.is_valid()]


ProposedTimesFormSet = forms.formset_factory(
    ProposedTimeForm, formset=ProposedTimes, extra=4, max_num=DatePoll.MOST_TIMES, absolute_max=DatePoll.MOST_TIMES
)


class DeadlineForm(forms.Form):
    """The last day on which answers are taken, where the session is."""

    until = forms.DateField(label=_("Answers until the end of this day"), widget=date_input())

    def __init__(self, *args, session, closes_at=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(session.zone)
        if closes_at is not None:
            self.initial["until"] = wall_of(closes_at, self.zone).date()

    def clean_until(self):
        if self.closes_at <= timezone.now():
            raise forms.ValidationError(_("This day is over. Choose one that is still to come."))
        return self.cleaned_data["until"]

    @property
    def closes_at(self):
        return meant_by(datetime.combine(self.cleaned_data["until"], LAST_MINUTE), self.zone)


class ReplyForm(forms.ModelForm):
    """When one can: an answer to each time that is proposed, or none, and a word."""

    class Meta:
        model = PollReply
        fields = ["words"]
        labels = {"words": _("A word to all, if you like")}

    def __init__(self, *args, times, said, **kwargs):
        super().__init__(*args, **kwargs)
        self.names = {f"time-{proposed.pk}": proposed for proposed in times}
        for name, proposed in self.names.items():
            self.fields[name] = forms.ChoiceField(
                choices=Availability.choices, required=False, widget=forms.RadioSelect, initial=said.get(proposed.pk)
            )
        self.order_fields([*self.names, "words"])

    def clean(self):
        if not self.errors and not self.answers and not self.cleaned_data.get("words"):
            raise forms.ValidationError(_("Say of at least one time whether you can."))
        return self.cleaned_data

    @property
    def answers(self) -> dict:
        """What was said: primary key of a time -> Availability."""
        said = {proposed.pk: self.cleaned_data.get(name) for name, proposed in self.names.items()}
        return {pk: answer for pk, answer in said.items() if answer}

    def field_of(self, proposed):
        return self[f"time-{proposed.pk}"]
