"""What is typed in the box: a comment, new or edited."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.markup import LONGEST

from .models import Level, QuestionState
from .models.drafts import LONGEST_QUOTES
from .quoting import QuotesInForm

MOST_IN_A_DRAFT = 20  # quotations: more than a comment holds, so that none is lost
LAST_SEQUENCE = 2**31 - 2  # how far a column of the database counts, and one more


class Hidden(forms.HiddenInput):
    """What nobody sees has no id, since several of these forms stand on one page, and nothing describes it."""

    def get_context(self, name, value, attrs):
        return super().get_context(name, value, attrs=None)


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
    key = forms.UUIDField(widget=Hidden, initial=uuid.uuid4)
    # The version of the paragraph that the writer has before them: the text may be revised while they write.
    seen = forms.IntegerField(widget=Hidden, required=False, min_value=1, max_value=2**63 - 1)
    sequence = forms.IntegerField(widget=Hidden, initial=0, required=False, min_value=0, max_value=LAST_SEQUENCE)

    @property
    def quotes(self) -> list:
        """The quotes as the form holds them; of a form that is shown first, those of the draft."""
        if not self.is_bound:
            return self.initial.get("quotes", [])
        return self.data.getlist("quote") if hasattr(self.data, "getlist") else self.data.get("quote", [])

    def continues(self, draft):
        """The form with the words of the draft in it, if there is one."""
        if draft is not None and not self.is_bound:
            self.initial |= {"body": draft.body, "sequence": draft.sequence, "quotes": draft.quotes}
            if draft.wording is not None:
                self.initial["wording"] = draft.wording
        return self

    def clean_sequence(self):
        return self.cleaned_data["sequence"] or 0

    def clean_body(self):
        body = self.cleaned_data["body"].replace("\r\n", "\n").replace("\r", "\n")
        if not is_storable(body):
            raise forms.ValidationError(
                _("The text holds characters that cannot be kept. Take them out and send again.")
            )
        return body


class EditForm(CommentForm):
    """A comment reworded. `wording` says which wording the author had before them.

    `hands_in` says that they know that it is hidden, and what sending its new words means.
    """

    seen = None  # what is reworded, or kept, stays about what it was written about
    key = None
    wording = forms.IntegerField(widget=Hidden)
    hands_in = forms.BooleanField(widget=Hidden, required=False)


class DraftForm(CommentForm):
    """What is in the box before it is sent: it may be empty, end in a space, and quote without a word."""

    seen = None  # what is reworded, or kept, stays about what it was written about
    body = forms.CharField(
        required=False, strip=False, max_length=LONGEST, error_messages=CommentForm.base_fields["body"].error_messages
    )
    key = forms.UUIDField(required=False)
    wording = forms.IntegerField(required=False, min_value=1, max_value=LAST_SEQUENCE)

    def clean(self):
        cleaned, quotes = super().clean(), self.quotes
        too_much = len(quotes) > MOST_IN_A_DRAFT or sum(map(len, quotes)) > LONGEST_QUOTES // 2
        if too_much or not all(map(is_storable, quotes)):
            raise forms.ValidationError(_("These are more quotations than a comment holds. Take some out."))
        return cleaned | {"quotes": quotes}


class QuestionForm(forms.Form):
    """What is said of a thread. `was` is how that stood when the form was shown."""

    question = forms.ChoiceField(
        choices=[*QuestionState.choices, ("", _("no question"))],
        required=False,
        error_messages={"invalid_choice": _("A thread is an open question, an answered one, or none.")},
    )
    was = forms.CharField(max_length=40, required=False)


class FollowForm(forms.Form):
    """How much somebody wants to be told of a reading, a paragraph or a thread; "" leaves it to the wider choice."""

    level = forms.ChoiceField(
        label=_("Tell me"),
        choices=Level.choices,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of the levels.")},
    )

    def __init__(self, *args, otherwise, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [*Level.choices, ("", otherwise)]
