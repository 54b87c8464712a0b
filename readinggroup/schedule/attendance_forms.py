"""Saying whether one comes; noting who was there."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Answer, Attendance


class AttendanceForm(forms.ModelForm):
    """Whether somebody comes, with how many, and a word."""

    answer = forms.ChoiceField(label=_("Do you come?"), choices=Answer.choices, widget=forms.RadioSelect)
    guests = forms.IntegerField(
        label=_("Guests that you bring"), min_value=0, max_value=Attendance.MOST_GUESTS, initial=0, required=False
    )

    class Meta:
        model = Attendance
        fields = ["answer", "guests", "words"]
        labels = {"words": _("A word to the others, if you like")}

    def clean_guests(self):
        return self.cleaned_data["guests"] or 0


class WhoWasThereForm(forms.Form):
    """Of each who has answered, whether they were there. What is sent as it was shown is not written again."""

    CHOICES = [("", _("nobody knows")), ("yes", _("was there")), ("no", _("was not there"))]
    SAID = {"": None, "yes": True, "no": False}

    def __init__(self, *args, attendances, name_of, **kwargs):
        super().__init__(*args, **kwargs)
        self.people = {}
        for attendance in attendances:
            name = f"person-{attendance.user.public_id}"
            standing = next(key for key, value in self.SAID.items() if value is attendance.attended)
            self.people[name] = attendance.user_id
            self.fields[name] = forms.ChoiceField(
                label=name_of(attendance.user), choices=self.CHOICES, required=False, initial=standing,
                widget=forms.RadioSelect, show_hidden_initial=True,
            )  # fmt: skip

    @property
    def was_there(self) -> dict:
        """What was changed in this form: the person's primary key, and whether they were there."""
        return {self.people[name]: self.SAID[self.cleaned_data[name]] for name in self.changed_data}
