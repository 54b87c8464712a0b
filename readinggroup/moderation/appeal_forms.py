"""What is written when somebody appeals, answers an appeal, votes, reverses, or writes about a decision."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Appeal, Decision, Juror, Statement, Vote


class AppealForm(forms.ModelForm):
    """Why the decision is wrong."""

    class Meta:
        model = Appeal
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 8})}


class ReversalForm(forms.ModelForm):
    """Why a decision is reversed."""

    class Meta:
        model = Decision
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 5})}
        help_texts = {"words": _("It is told to everybody concerned, and stands in the public log.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["words"].required = True


class AnswerForm(ReversalForm):
    """Whether the decision stands, and why."""

    answer = forms.ChoiceField(label=_("Your decision"), choices=Vote.choices, widget=forms.RadioSelect)
    field_order = ["answer", "words"]


class VoteForm(forms.ModelForm):
    """What a juror thinks, and why."""

    class Meta:
        model = Juror
        fields = ["vote", "words"]
        widgets = {"vote": forms.RadioSelect, "words": forms.Textarea(attrs={"rows": 5})}
        help_texts = {"words": _("If most vote as you do, your reason stands in the public log, without your name.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["vote"].choices = Vote.choices
        for field in self.fields.values():
            field.required = True


class StatementForm(forms.ModelForm):
    """Something to the other side; `to` is the public id of the person with whom the conversation is."""

    to = forms.CharField(max_length=10, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    class Meta:
        model = Statement
        fields = ["words"]
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}
