"""What is asked when a group is founded, when people are invited, and when roles are handed out."""

import uuid

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.names import LONGEST_NAME, name_clash_sentence, validate_display_name
from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.languages import spelled_as_usual
from readinggroup.lib.time_zones import zone_choices

from .models import (
    EmailInvitation,
    Group,
    Invitation,
    JoinRequest,
    Letter,
    Membership,
    Role,
    Rule,
    RuleSet,
    RulesReview,
    Term,
    Visibility,
)


class GroupForm(forms.ModelForm):
    """A group's name, what it is about, and who sees it: enough to found it."""

    class Meta:
        model = Group
        fields = ["name", "description", "visibility"]
        widgets = {"description": forms.Textarea(attrs={"rows": 4}), "visibility": forms.RadioSelect}


class SettleForm(GroupForm):
    """The same, and the language of its words and the zone of its dates."""

    class Meta(GroupForm.Meta):
        fields = [*GroupForm.Meta.fields, "language", "time_zone"]
        widgets = GroupForm.Meta.widgets | {"language": forms.TextInput(attrs={"list": "languages"})}
        help_texts = {
            "language": _("In which the group writes about itself: a tag such as en, de or pt-BR."),
            "time_zone": _("In which the group's dates are told."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offered, standing = zone_choices(), self.instance.time_zone
        known = {"UTC"}.union(*(dict(places) for _region, places in offered[1:]))
        more = [] if standing in known else [(standing, standing)]
        self.fields["time_zone"].widget = forms.Select(choices=[*offered, *more])

    def clean_language(self):
        return spelled_as_usual(self.cleaned_data["language"])


# What a change of visibility means, in a sentence of its own, said before it happens.
VISIBILITY_SENTENCES = {
    Visibility.PUBLIC: _(
        "Everyone on the internet will at once be able to read the texts and all that was written, except the texts "
        "that are kept for members. The members are told."
    ),
    Visibility.LISTED: _(
        "Everyone will see that the group exists and what it is about; only members will see texts and discussion. "
        "The members are told."
    ),
    Visibility.MEMBERS: _(
        "From now on only members see the group; for everyone else its pages are gone. The members are told."
    ),
}


class TermField(forms.DateField):
    """The last day on which somebody moderates, or empty."""

    def __init__(self):
        super().__init__(
            label=_("As a moderator, until"),
            required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            help_text=_("The last day of their term. Empty: until an owner ends it."),
        )


def end_of_term(day, group):
    """The moment at which the term ends of which that is the last day; None for none."""
    if day is None:
        return None
    if day > timezone.localdate() + Term.LONGEST or Term.end_of(day, group) <= timezone.now():
        raise forms.ValidationError(_("Choose a day that is still to come, within ten years."))
    return Term.end_of(day, group)


class InvitationForm(forms.Form):
    """For how many people, until when, and as what. Only who hands out roles may invite to one."""

    uses = forms.IntegerField(label=_("For how many people"), min_value=1, max_value=Invitation.MOST_USES, initial=1)
    days = forms.IntegerField(
        label=_("Good for how many days"), min_value=1, max_value=Invitation.LONGEST.days, initial=7
    )
    roles = forms.MultipleChoiceField(
        label=_("Besides member, they become"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    moderates_until = TermField()

    def __init__(self, *args, group, with_roles, **kwargs):
        super().__init__(*args, **kwargs)
        self.group = group
        if not with_roles:
            del self.fields["roles"], self.fields["moderates_until"]

    def clean_moderates_until(self):
        return end_of_term(self.cleaned_data["moderates_until"], self.group)


class RolesForm(forms.Form):
    """One member's roles."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    moderates_until = TermField()

    def __init__(self, *args, group, **kwargs):
        super().__init__(*args, **kwargs)
        self.group = group

    def clean_moderates_until(self):
        return end_of_term(self.cleaned_data["moderates_until"], self.group)


class JoinRequestForm(forms.ModelForm):
    """A word of introduction."""

    class Meta:
        model = JoinRequest
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}


class RuleForm(forms.ModelForm):
    """One rule. Without a title and words it is none."""

    class Meta:
        model = Rule
        fields = ["title", "words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 3})}


class _RulesFormSet(forms.BaseFormSet):
    """All rules of a group, to be put in order by their numbers, added to and removed from."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        order, remove = form.fields["ORDER"], form.fields["DELETE"]
        order.label, remove.label = _("Number"), _("Remove this rule")
        order.min_value, order.max_value = 1, 999
        order.validators += [MinValueValidator(1), MaxValueValidator(999)]
        order.initial = order.initial or index + 1

    def in_order(self) -> list:
        """The rules as pairs of title and words, by the numbers that were typed.

        Of two with one number, the one that was moved gets the place: moved up it comes before, moved down after.
        """
        places = []
        for index, form in enumerate(self.forms, 1):
            typed = form.cleaned_data
            if typed.get("title") and not typed.get("DELETE"):
                number = typed["ORDER"] or index
                places.append((number, (number > index) - (number < index), index, (typed["title"], typed["words"])))
        return [rule for *_place, rule in sorted(places)]


RulesFormSet = forms.formset_factory(
    RuleForm,
    formset=_RulesFormSet,
    extra=1,
    can_order=True,
    can_delete=True,
    max_num=RuleSet.MOST_RULES,
    validate_max=True,
    absolute_max=RuleSet.MOST_RULES + 20,
)


class RulesNoteForm(forms.Form):
    """What the change is about, and which set it began from."""

    note = forms.CharField(
        label=_("What you change, and why"),
        max_length=500,
        required=False,
        help_text=_("The members read it in the notice, and everyone in the history."),
    )
    based_on = forms.IntegerField(min_value=0, max_value=1_000_000, widget=forms.HiddenInput)


class RulesReviewForm(forms.ModelForm):
    """Which rule is to be looked at again, and why."""

    class Meta:
        model = RulesReview
        fields = ["rule", "words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args, rule_set, **kwargs):
        super().__init__(*args, **kwargs)
        if rule_set is None:
            del self.fields["rule"]
            return
        self.fields["rule"].queryset = rule_set.rules.all()
        self.fields["rule"].empty_label = _("All of them")

    def clean_words(self):
        return storable(self.cleaned_data["words"])


class RulesReviewAnswerForm(forms.Form):
    """What the owners did, and why."""

    LEFT, CHANGED = "left", "changed"

    outcome = forms.ChoiceField(
        label=_("What you did"),
        choices=[(LEFT, _("We leave the rules as they are.")), (CHANGED, _("We have changed the rules."))],
        widget=forms.RadioSelect,
    )
    changed_by = forms.ModelChoiceField(
        label=_("If you changed them: by which version"), queryset=RuleSet.objects.none(), required=False
    )
    answer = forms.CharField(
        label=capfirst(RulesReview._meta.get_field("answer").verbose_name),
        max_length=RulesReview.LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Whoever asked and whoever supported it is told."),
    )

    def __init__(self, *args, versions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["changed_by"].queryset = versions
        self.fields["changed_by"].label_from_instance = lambda version: (
            _("Version %(number)d") % {"number": version.number}
        )

    def clean_answer(self):
        return storable(self.cleaned_data["answer"])

    def clean(self):
        typed = super().clean()
        if typed.get("outcome") == self.CHANGED and not typed.get("changed_by") and "changed_by" not in self.errors:
            self.add_error("changed_by", _("Say by which version. If there is none yet, change the rules first."))
        if typed.get("outcome") == self.LEFT:
            typed["changed_by"] = None
        return typed


class HandOverForm(forms.Form):
    """To whom a group is offered."""

    to = forms.ModelChoiceField(label=_("The new owner"), queryset=Membership.objects.none(), empty_label=None)

    def __init__(self, *args, members, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = members
        self.fields["to"].label_from_instance = lambda membership: membership.name


class DeleteForm(forms.Form):
    """The name of the group, typed, so that none is deleted by a slip."""

    name = forms.CharField(label=_("The name of the group, to be sure"), max_length=100)

    def __init__(self, *args, group, **kwargs):
        super().__init__(*args, **kwargs)
        self.group = group

    def clean_name(self):
        if self.cleaned_data["name"].casefold() != self.group.name.strip().casefold():
            raise forms.ValidationError(_("That is not the name of this group."))
        return self.cleaned_data["name"]


class EmailInvitationForm(forms.ModelForm):
    """To which address, and as what. Only who hands out roles may invite to one."""

    roles = forms.MultipleChoiceField(
        label=_("Besides member, they become"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    moderates_until = TermField()

    class Meta:
        model = EmailInvitation
        fields = ["email"]

    def __init__(self, *args, group, with_roles, **kwargs):
        super().__init__(*args, **kwargs)
        self.group = group
        if not with_roles:
            del self.fields["roles"], self.fields["moderates_until"]

    def clean_moderates_until(self):
        return end_of_term(self.cleaned_data["moderates_until"], self.group)

    def clean_email(self):
        return self.cleaned_data["email"].lower()


class JoinRequestAnswerForm(forms.ModelForm):
    """A word to who asked, which may stay empty."""

    class Meta:
        model = JoinRequest
        fields = ["answer"]


class LetterForm(forms.ModelForm):
    """A letter to all members. `key` is drawn when the form is shown: sent twice, it is one letter."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    class Meta:
        model = Letter
        fields = ["subject", "body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 12})}
        help_texts = {"body": _("Markdown: *emphasis*, **strong**, > quotation, - list, [words](address), `code`.")}

    def clean_subject(self):
        """One line, whatever was sent."""
        subject = " ".join(self.cleaned_data["subject"].split())
        if not is_storable(subject):
            raise forms.ValidationError(_UNSTORABLE)
        return subject

    def clean_body(self):
        return storable(self.cleaned_data["body"])


def storable(words):
    """The words with line ends of one kind, if the database can keep them."""
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if not is_storable(words):
        raise forms.ValidationError(_UNSTORABLE)
    return words


_UNSTORABLE = _("The text holds characters that cannot be kept. Take them out and send again.")


class NameHereForm(forms.Form):
    """How a group is to call somebody; empty for their own name."""

    name_here = forms.CharField(
        label=_("Your name in this group"),
        max_length=LONGEST_NAME,
        required=False,
        validators=[validate_display_name],
        help_text=_("It stands beside what you write here. Leave it empty to be called by your own name."),
    )


class ContributionsForm(forms.Form):
    """What is to become of what somebody wrote who leaves."""

    NAME, PSEUDONYM, WITHDRAWN = "name", "pseudonym", "withdrawn"
    CHOICES = {
        NAME: _("It stays, with my name."),
        PSEUDONYM: _("It stays, under a pseudonym that nobody else bears."),
        WITHDRAWN: _("I withdraw it all. Where somebody has answered, a line says so; the answers stay."),
    }

    contributions = forms.ChoiceField(
        label=_("What you have written here"), choices=list(CHOICES.items()), widget=forms.RadioSelect, initial=NAME
    )

    def name_is_taken(self):
        """Their own name cannot be shown again: somebody bears it by now."""
        self.add_error("contributions", name_clash_sentence())
