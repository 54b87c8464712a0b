"""What is typed in the box: a comment, new or edited."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.markup import LONGEST

from .quoting import QuotesInForm


class CommentForm(QuotesInForm, forms.Form):
    """A new comment or an answer, with what it quotes.

    `key` is drawn when the form is shown: sent twice, it is one comment.
    """

    body = forms.CharField(
        label=_("Your comment"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("There is nothing to send yet: write a few words."),
            "max_length": _("That is %(show_value)d characters; a comment holds %(limit_value)d. Make two of it."),
        },
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def clean_body(self):
        body = self.cleaned_data["body"].replace("\r\n", "\n").replace("\r", "\n")
        if not is_storable(body):
            raise forms.ValidationError(
                _("The text holds characters that cannot be kept. Take them out and send again.")
            )
        return body


class EditForm(CommentForm):
    """A comment reworded. `wording` says which wording the author had before them."""

    key = None
    wording = forms.IntegerField(widget=forms.HiddenInput)
