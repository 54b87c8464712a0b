"""How moderation is set."""

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Group


class SettingsForm(forms.ModelForm):
    """How the group is moderated."""

    class Meta:
        model = Group
        fields = ["hold_first", "hold_links", "jury_decides", "moderators_are_named"]
        labels = {
            "hold_first": _("How many first comments of a newcomer are held"),
            "hold_links": _("With how many links a comment is still shown at once"),
        }
        help_texts = {
            "hold_first": _(
                "A moderator looks at them before others see them. 0: nothing of newcomers is held."
                " Whoever has written so many that were shown is a newcomer no more."
            ),
            "hold_links": _("A comment with more links than that is held. 0: every comment with a link is held."),
            "jury_decides": _(
                "An appeal is decided by a moderator or an owner who did not decide before. Where there is none, three"
                " members are drawn by lot and asked; without this, such an appeal has to wait for another moderator."
            ),
            "moderators_are_named": _(
                "Otherwise it tells only in which role somebody has decided. Entries that stand stay as they are."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, most in (("hold_first", Group.MOST_HELD_FIRST), ("hold_links", Group.MOST_LINKS)):
            self.fields[name].validators.append(MaxValueValidator(most))
            self.fields[name].widget.attrs |= {"max": most}
