"""What is said when something is reported, and what moderators say when they decide."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Membership
from readinggroup.readings.models import Reading
from texts.models import ParagraphVersion

from .actions import Verdict
from .models import RESTRICTIVE, Action, Decision, Ground, Reason, Report

LONGEST_STAY = 3_650  # days
NONE = "none"

# What can be done with a comment or a name, as somebody says it who is about to.
DO = {
    Action.APPROVE: _("Show it to everybody"),
    Action.LEAVE: _("Leave it as it is"),
    Action.ASK: _("Ask whose it is to change it"),
    Action.HIDE: _("Hide it: a line says so in its place"),
    Action.MOVE: _("Move the thread to the paragraph where it belongs"),
    Action.RENAME: _("Put a pseudonym in its place"),
}
DO_WITH_PERSON = {
    Action.WARN: _("Warn them"),
    Action.SUSPEND: _("Suspend them from writing"),
    Action.REMOVE: _("Remove them from the group"),
    Action.LIFT: _("Lift the suspension"),
}
DO_WITH_PLACE = {
    Action.LOCK: _("Lock it: nobody writes there"),
    Action.UNLOCK: _("Unlock it: everybody writes there again"),
}


class ReportForm(forms.ModelForm):
    """Against which rule it goes, and why, in the reporter's own words."""

    rule = forms.ChoiceField(label=_("Against which rule does it go?"), widget=forms.RadioSelect)

    class Meta:
        model = Report
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}

    field_order = ["rule", "words"]

    def __init__(self, *args, rules, **kwargs):
        super().__init__(*args, **kwargs)
        self.rules = {str(rule.pk): rule for rule in rules}
        rest = [(NONE, _("None of these, or it is unlawful"))]
        self.fields["rule"].choices = [*((key, str(rule)) for key, rule in self.rules.items()), *rest]
        if not rules:
            del self.fields["rule"]

    def clean_rule(self):
        return self.rules.get(self.cleaned_data["rule"])


class ReasonSelect(forms.Select):
    """Reasons with the words that a script puts into the box; without one the server puts them before what is typed."""

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        if value:
            option["attrs"]["data-fills"] = value.instance.words
        return option


def number_of_days(label, help_text):
    """For how long something is to last."""
    return forms.IntegerField(label=label, min_value=1, max_value=LONGEST_STAY, required=False, help_text=help_text)


DAYS_HELP = _("How long they are suspended, or may not come back. Empty: suspended until somebody lifts it.")


class GroundedForm(forms.Form):
    """On what a decision rests, and why, as those concerned are told. Whatever restricts somebody needs both."""

    on = forms.ChoiceField(label=_("On what it rests"), required=False)
    reason = forms.ModelChoiceField(
        label=_("A reason that is given often"),
        queryset=Reason.objects.none(),
        required=False,
        widget=ReasonSelect,
        empty_label=_("Choose"),
    )
    words = forms.CharField(
        label=_("Why, in your own words"),
        max_length=Decision.LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Whom it concerns reads it, and everybody in the public log: name nobody."),
    )

    def __init__(self, *args, rules, reasons, **kwargs):
        super().__init__(*args, **kwargs)
        self.rules = {f"rule-{rule.pk}": rule for rule in rules}
        grounds = [("", _("Choose")), (Ground.LAW, _("It is unlawful")), (Ground.NONE, _("Nothing is against it"))]
        if rules:
            grounds[1:1] = [(_("Rules"), [(key, str(rule)) for key, rule in self.rules.items()])]
        self.fields["on"].choices = grounds
        self.fields["reason"].queryset = reasons
        if not reasons:
            del self.fields["reason"]

    def is_restrictive(self) -> bool:
        """Whether what was chosen restricts somebody: whatever is done besides to a place locks it."""
        given = self.cleaned_data
        return bool(given.get("place")) or any(given.get(act) in RESTRICTIVE for act in ("action", "person"))

    def clean(self):
        given = super().clean()
        chosen = given.get("reason")
        given["words"] = "\n\n".join(filter(None, [chosen and chosen.words, given.get("words", "")]))
        if len(given["words"]) > Decision.LONGEST:
            self.add_error("words", _("With the reason that you chose this is too long."))
        if self.is_restrictive():
            if given.get("on", "") in {"", Ground.NONE} and "on" not in self.errors:
                self.add_error("on", _("This restricts somebody: say which rule it rests on, or that it is unlawful."))
            if not given["words"] and "words" not in self.errors:
                self.add_error("words", _("This restricts somebody: they are told why."))
        return given

    def grounds(self) -> dict:
        """Ground, rule and words, as a Verdict has them."""
        on, words = self.cleaned_data["on"], self.cleaned_data["words"]
        if not self.is_restrictive() or on in {"", Ground.NONE}:
            return {"ground": Ground.NONE, "rule": None, "words": words}
        rule = self.rules.get(on)
        return {"ground": Ground.RULE if rule else Ground.LAW, "rule": rule, "words": words}

    def until(self, field):
        """The moment at which it ends by itself, or None."""
        given = self.cleaned_data.get(field)
        return timezone.now() + timedelta(days=given) if given else None


class VerdictForm(GroundedForm):
    """What is done with the comments, or names, and besides with whose they are and with the place."""

    action = forms.ChoiceField(label=_("What is to be done"), widget=forms.RadioSelect)
    to = forms.IntegerField(
        label=_("To which paragraph, by its number"), min_value=1, max_value=100_000, required=False
    )
    person = forms.ChoiceField(label=_("The person, too"), required=False)
    person_days = number_of_days(_("For how many days"), DAYS_HELP)
    place = forms.ChoiceField(label=_("And the place"), required=False)
    place_days = number_of_days(_("Locked for how many days"), _("Empty: until somebody unlocks it."))

    field_order = ["action", "to", "on", "reason", "words", "person", "person_days", "place", "place_days"]

    def __init__(self, *args, possible, persons, reading: Reading | None, has_place, **kwargs):
        super().__init__(*args, **kwargs)
        self.reading = reading
        self.fields["action"].choices = [(action, words) for action, words in DO.items() if action in possible]
        nothing = ("", _("Nothing more"))
        self.fields["person"].choices = [nothing, *((action, DO_WITH_PERSON[action]) for action in persons)]
        self.fields["place"].choices = [
            nothing,
            ("thread", _("Lock the thread")),
            ("paragraph", _("Lock the paragraph")),
        ]
        if Action.MOVE in possible:
            self.fields["place"].help_text = _("Of a thread that you move, the paragraph is the one to which it goes.")
        else:
            del self.fields["to"]
        if not persons:
            del self.fields["person"], self.fields["person_days"]
        if not has_place:
            del self.fields["place"], self.fields["place_days"]

    def clean(self):
        given = super().clean()
        if given.get("action") == Action.MOVE and "to" not in self.errors:
            given["version"] = self.version_called(given.get("to"))
            if given["version"] is None:
                self.add_error("to", _("The text has no such paragraph. Give the number that stands beside it."))
        return given

    def version_called(self, number) -> ParagraphVersion | None:
        """What the paragraph of that number reads now."""
        return self.reading.edition.current.versions.filter(number=number).first() if number else None

    def verdict(self) -> Verdict:
        given = self.cleaned_data
        return Verdict(
            action=Action(given["action"]),
            **self.grounds(),
            to=given.get("version"),
            person=Action(given["person"]) if given.get("person") else None,
            person_until=self.until("person_days") if given.get("person") in {Action.SUSPEND, Action.REMOVE} else None,
            place=given.get("place", ""),
            place_until=self.until("place_days"),
        )


class MemberVerdictForm(GroundedForm):
    """What is done about a member, without a report. `last` is the decision about them that its reader knew of."""

    person = forms.ChoiceField(label=_("What is to be done"), widget=forms.RadioSelect)
    barred = forms.BooleanField(
        label=_("They may not come back"),
        required=False,
        help_text=_("Only for who is removed: for the days above; without days, until somebody lets them."),
    )
    days = number_of_days(_("For how many days"), DAYS_HELP)
    last = forms.CharField(max_length=10, required=False, widget=forms.HiddenInput)

    field_order = ["person", "on", "reason", "words", "days", "barred", "last"]

    def __init__(self, *args, possible, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [(action, DO_WITH_PERSON[action]) for action in possible]
        if not set(possible) & {Action.SUSPEND, Action.REMOVE}:
            del self.fields["days"]
        if Action.REMOVE not in possible:
            del self.fields["barred"]

    def verdict(self) -> Verdict:
        person, until = Action(self.cleaned_data["person"]), None
        if person in {Action.SUSPEND, Action.REMOVE}:
            until = self.until("days") or (Membership.FOR_GOOD if self.cleaned_data.get("barred") else None)
        return Verdict(action=person, person=person, person_until=until, **self.grounds())


class PlaceVerdictForm(GroundedForm):
    """Locking a thread or a paragraph, and unlocking it. `standing` is the lock that its reader knew of."""

    action = forms.ChoiceField(label=_("What is to be done"), widget=forms.RadioSelect)
    days = number_of_days(_("For how many days"), _("Empty: until somebody unlocks it."))
    standing = forms.IntegerField(min_value=0, max_value=2**62, widget=forms.HiddenInput)

    field_order = ["action", "on", "reason", "words", "days", "standing"]

    def __init__(self, *args, possible, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [(action, DO_WITH_PLACE[action]) for action in possible]

    def verdict(self, place) -> Verdict:
        action = Action(self.cleaned_data["action"])
        until = self.until("days") if action == Action.LOCK else None
        return Verdict(action=action, place=place, place_until=until, **self.grounds())


class ReasonForm(forms.ModelForm):
    """A reason in the group's own words."""

    class Meta:
        model = Reason
        fields = ["title", "words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}
