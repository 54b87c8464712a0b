"""A form for a moment as the clocks show it in a zone."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .wall_time import NoSuchTime, TwiceThatTime, instant_of


class WallTimeForm(forms.Form):
    """A day, and what the clock shows.

    `suggestion` is the time that the clocks show instead of one that they jump over. A button takes it: it sends
    `<prefix>-take` with the time in it. Of a time that they show twice it is asked which of the two is meant.
    """

    date = forms.DateField(label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    second = forms.ChoiceField(
        label=_("Which of the two"), choices=[("first", ""), ("second", "")], required=False, widget=forms.RadioSelect
    )

    def __init__(self, data=None, *args, zone, **kwargs):
        super().__init__(data, *args, **kwargs)
        self.zone = zone
        self.suggestion, self.asks_which = None, False
        if data and data.get(self.add_prefix("take")):
            self.data = data.copy()
            day, _t, clock = data[self.add_prefix("take")].partition("T")
            self.data[self.add_prefix("date")], self.data[self.add_prefix("time")] = day, clock

    def instant_at(self, wall):
        """When that is; None, with a question at the field, if there is no such time or there are two."""
        said = self.cleaned_data.get("second")
        try:
            return instant_of(wall, self.zone, second=said == "second" if said else None)
        except NoSuchTime as refusal:
            self.suggestion = refusal.suggestion
            self.add_error("time", _("The clocks are put forward that day: they do not show this time."))
        except TwiceThatTime as question:
            self.ask_which(question)
        return None

    def ask_which(self, question) -> None:
        self.asks_which = True
        offsets = [f"{one.astimezone(self.zone):%z}" for one in (question.first, question.second)]
        labels = [gettext("the first (UTC%(offset)s)"), gettext("the second (UTC%(offset)s)")]
        said = [label % {"offset": offset} for label, offset in zip(labels, offsets, strict=True)]
        self.fields["second"].choices = list(zip(["first", "second"], said, strict=True))
        self.add_error("second", _("The clocks are put back that day, and show this time twice."))
