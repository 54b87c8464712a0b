"""How somebody says when, and by which way, they want to be told."""

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from .models import DEFAULTS, Category, MailSettings, When

# A reminder in a digest would come after what it reminds of.
IN_TIME = [(When.AT_ONCE.value, _("in time")), (When.NEVER.value, When.NEVER.label)]
CHOSEN = [category for category in Category if category != Category.ACCOUNT]


class MailSettingsForm(forms.ModelForm):
    """By which way, when digests come, and when nothing comes."""

    class Meta:
        model = MailSettings
        fields = [
            "at_once_by", "remind_week", "remind_day", "remind_hour",
            "digest_at", "digest_weekday", "quiet_from", "quiet_until",
        ]  # fmt: skip
        widgets = {
            "at_once_by": forms.RadioSelect,
            "digest_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "digest_weekday": forms.Select(choices=list(WEEKDAYS.items())),
        }
        labels = {"at_once_by": _("What is told at once reaches me")}
        help_texts = {
            "quiet_until": _(
                "Between the two nothing comes; what is told at once waits until then. Empty: at any time."
            )
        }

    @property
    def reminders(self):
        """The boxes of when one is reminded."""
        return [self[name] for name in self.fields if name.startswith("remind_")]

    @property
    def times(self):
        """When digests come, and when nothing comes."""
        return [self[name] for name in self.fields if name != "at_once_by" and not name.startswith("remind_")]

    def clean(self):
        data = super().clean()
        begin, end = data.get("quiet_from"), data.get("quiet_until")
        if (begin is None) != (end is None) and not self.errors:
            self.add_error("quiet_until", _("Quiet hours need a beginning and an end."))
        elif begin is not None and begin == end:
            self.add_error("quiet_until", _("Quiet hours end at another time than they begin."))
        return data

    def clean_digest_weekday(self):
        day = self.cleaned_data["digest_weekday"]
        if day not in WEEKDAYS:
            raise forms.ValidationError(_("Choose a day of the week."))
        return day


class MailWishesForm(forms.Form):
    """When mail of each category comes: everywhere, or in one group, where it may be as everywhere."""

    def __init__(self, *args, said, everywhere=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_chosen = bool(said)
        for category in CHOSEN:
            choices = IN_TIME if category == Category.REMINDER else When.choices
            if everywhere is not None:
                usual = dict(choices)[everywhere.get(category, DEFAULTS[category])]
                choices = [("", _("as in all groups (%(usual)s)") % {"usual": usual}), *choices]
            self.fields[category.value] = forms.ChoiceField(
                label=category.label,
                choices=choices,
                required=everywhere is None,
                initial=said.get(category, "" if everywhere is not None else DEFAULTS[category]),
            )

    def changes(self) -> dict:
        """What is wished otherwise than before: category -> When, or None for as usual."""
        return {
            category: self.cleaned_data[category.value] or None
            for category in CHOSEN
            if category.value in self.changed_data
        }
