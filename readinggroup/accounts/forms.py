"""How a shown name is changed."""

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from .models import User
from .names import is_name_clash, name_clash_sentence


class ProfileForm(forms.ModelForm):
    """The shown name, changed."""

    class Meta:
        model = User
        fields = ["display_name"]
        help_texts = {"display_name": _("How others see you, beside everything you write.")}

    def renames(self) -> bool:
        """Save the name; if somebody in a group of theirs has it, say so beside the field."""
        try:
            with transaction.atomic():
                self.instance.save(update_fields=["display_name"])
        except IntegrityError as refusal:
            if not is_name_clash(refusal):
                raise
            self.add_error("display_name", name_clash_sentence(refusal))
        return not self.errors
