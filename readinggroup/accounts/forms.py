"""How a shown name and preferences are changed."""

from django import forms
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.time_zones import LONGEST_ZONE, zone_named

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


class PreferencesForm(forms.ModelForm):
    """How a person likes the site."""

    language = forms.ChoiceField(
        label=_("Language of the site"),
        choices=[("", _("as the browser asks for")), *settings.LANGUAGES],
        required=False,
        help_text=_("Texts and comments stay in the language in which they were written."),
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=LONGEST_ZONE,
        required=False,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = User
        fields = ["language", "time_zone", "text_size", "measure", "scheme", "motion", "letter_keys"]
        widgets = dict.fromkeys(["text_size", "measure", "scheme", "motion"], forms.RadioSelect)
        help_texts = {
            "letter_keys": _("j, k, o, r and ? while reading. Switch them off if you speak to your device."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        guessed = "" if self.instance.time_zone_chosen else self.instance.time_zone
        help_text = _("A city, such as Berlin, or the zone’s name, such as Europe/Berlin. Empty: as your device says.")
        if guessed:
            self.initial["time_zone"] = ""
            help_text = _(
                "Your device says %(zone)s. To keep another, type its city, such as Berlin, or the zone’s name, such "
                "as Europe/Berlin."
            ) % {"zone": guessed}
        self.fields["time_zone"].help_text = help_text

    def clean_time_zone(self):
        typed = self.cleaned_data["time_zone"]
        zone = zone_named(typed) if typed else ""
        if zone is None:
            message = _("“%(typed)s” is no time zone that is known here. Type a city or a name such as Europe/Berlin.")
            raise forms.ValidationError(message, params={"typed": typed}, code="unknown_zone")
        return zone

    def clean(self):
        """An empty zone is no choice: what was guessed or chosen last stays, and the next guess may change it."""
        chosen = self.cleaned_data.get("time_zone", "")
        self.instance.time_zone_chosen = bool(chosen)
        self.cleaned_data["time_zone"] = chosen or self.instance.time_zone
        return self.cleaned_data
