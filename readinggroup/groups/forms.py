"""What is asked when a group is founded, when people are invited, and when roles are handed out."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Group, Invitation, JoinRequest, Role, Visibility


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
