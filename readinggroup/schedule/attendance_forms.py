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
    """Of each who has answered, whether they were there; and who else was. Only what was changed is written."""

    CHOICES = [("", _("nobody knows")), ("yes", _("was there")), ("no", _("was not there"))]
    SAID = {"": None, "yes": True, "no": False}

    else_there = forms.CharField(
        label=_("Somebody else who was there"),
        max_length=200,
        required=False,
        help_text=_("A member who had not said that they would come, by the name that they bear in this group."),
    )

    def __init__(self, *args, attendances, group, **kwargs):
        super().__init__(*args, **kwargs)
        self.group, self.people = group, {}
        for attendance in attendances:
            name = f"person-{attendance.user.public_id}"
            standing = next(key for key, value in self.SAID.items() if value is attendance.attended)
            self.people[name] = attendance.user_id
            self.fields[name] = forms.ChoiceField(
                label=group.name_of(attendance.user), choices=self.CHOICES, required=False, initial=standing,
                widget=forms.RadioSelect, show_hidden_initial=True,
            )  # fmt: skip

        self.order_fields([*self.people, "else_there"])

    @staticmethod
    def named_in(data) -> set:
        """The public ids of the people about whom such a form was sent."""
        names = {name.removeprefix("initial-") for name in data}
        ids = {name.removeprefix("person-") for name in names if name.startswith("person-")}
        return {public_id for public_id in ids if public_id.isascii() and public_id.isalnum()}

    def clean_else_there(self):
        """The member of that name, if one was typed."""
        name = self.cleaned_data["else_there"]
        if not name:
            return None
        called = self.group.memberships.active().called(name).with_names()
        found = [theirs for theirs in called if theirs.shown_name.casefold() == name.casefold()]
        if not found:
            raise forms.ValidationError(_("Nobody in this group has that name."))
        return found[0].user_id

    @property
    def was_there(self) -> dict:
        """What was changed in this form: the person's primary key, and whether they were there."""
        changed = [name for name in self.changed_data if name in self.people]
        said = {self.people[name]: self.SAID[self.cleaned_data[name]] for name in changed}
        if self.cleaned_data["else_there"]:
            said[self.cleaned_data["else_there"]] = True
        return said
