"""What is asked when a group is founded, when people are invited, and when roles are handed out."""

from datetime import timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.names import LONGEST_NAME, name_clash_sentence, validate_display_name

from .models import EmailInvitation, Group, Invitation, JoinRequest, Membership, Role, Visibility


class GroupForm(forms.ModelForm):
    """A group's name, what it is about, and who sees it."""

    class Meta:
        model = Group
        fields = ["name", "description", "visibility"]
        widgets = {"description": forms.Textarea(attrs={"rows": 4}), "visibility": forms.RadioSelect}


# What a change of visibility means, in a sentence of its own, said before it happens.
VISIBILITY_SENTENCES = {
    Visibility.PUBLIC: _("Everyone on the internet will at once be able to read the texts and all that was written."),
    Visibility.LISTED: _(
        "Everyone will see that the group exists and what it is about; only members will see texts and discussion."
    ),
    Visibility.MEMBERS: _("From now on only members see the group; for everyone else its pages are gone."),
}


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

    def __init__(self, *args, with_roles, **kwargs):
        super().__init__(*args, **kwargs)
        if not with_roles:
            del self.fields["roles"]


class RolesForm(forms.Form):
    """One member's roles."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class JoinRequestForm(forms.ModelForm):
    """A word of introduction."""

    class Meta:
        model = JoinRequest
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}


class EmailInvitationForm(forms.ModelForm):
    """To which address, and as what. Only who hands out roles may invite to one."""

    roles = forms.MultipleChoiceField(
        label=_("Besides member, they become"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = EmailInvitation
        fields = ["email"]

    def __init__(self, *args, with_roles, **kwargs):
        super().__init__(*args, **kwargs)
        if not with_roles:
            del self.fields["roles"]

    def clean_email(self):
        return self.cleaned_data["email"].lower()


class JoinRequestAnswerForm(forms.ModelForm):
    """A word to who asked, which may stay empty."""

    class Meta:
        model = JoinRequest
        fields = ["answer"]


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
        WITHDRAWN: _("I take it all back. Where somebody has answered, a line says so; the answers stay."),
    }

    contributions = forms.ChoiceField(
        label=_("What you have written here"), choices=list(CHOICES.items()), widget=forms.RadioSelect, initial=NAME
    )

    def name_is_taken(self):
        """Their own name cannot be shown again: somebody bears it by now."""
        self.add_error("contributions", name_clash_sentence())


class ForHowLong(forms.Form):
    """For how many days, or for good."""

    LONGEST = 3_650

    reason = forms.CharField(
        label=_("Why"),
        max_length=Membership.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("They are told this."),
    )
    days = forms.IntegerField(
        label=_("For how many days"),
        min_value=1,
        max_value=LONGEST,
        required=False,
        help_text=_("Empty: until somebody lifts it."),
    )

    def until(self):
        """The moment at which it ends."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else Membership.FOR_GOOD


class RemovalForm(ForHowLong):
    """Why somebody is removed, and whether they may come back."""

    barred = forms.BooleanField(
        label=_("They may not come back"), required=False, help_text=_("Before the days below are over, if you say so.")
    )
    field_order = ["reason", "barred", "days"]

    def not_before(self):
        """The moment before which they do not come back, or None."""
        return self.until() if self.cleaned_data["barred"] or self.cleaned_data["days"] else None
