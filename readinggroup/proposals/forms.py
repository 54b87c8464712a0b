"""What is asked when a text is proposed, withdrawn, answered."""

import uuid

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.groups.models import Group
from readinggroup.lib.form_fields import Line, Words
from readinggroup.lib.languages import LONGEST_TAG, spelled_as_usual, validate_language_tag
from texts.importing import ACCEPTED
from texts.importing.bounded import read_bounded
from texts.importing.document import Unreadable
from texts.importing.limits import SOURCE_BYTES
from texts.importing.saving import count_words, sections_of

from .actions import ANSWERS
from .models import SAYS, Proposal, ProposalEvent, ProposalState

OLDEST = -3_000  # the year of the oldest texts that we have


def label_of(name):
    """What the model calls the field."""
    return capfirst(Proposal._meta.get_field(name).verbose_name)


class ProposalForm(forms.Form):
    """A text that is proposed: what it is, why it is worth reading, and the text itself if somebody has it as a file.

    What the file says of itself fills what was left empty. A draft may have no reason yet.
    """

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    title = Line(label=label_of("title"), max_length=300, required=False)
    author = Line(label=label_of("author"), max_length=300, required=False)
    why = Words(
        label=label_of("why"),
        max_length=Proposal.LONGEST_WHY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("In your own words. What others say about the proposal, they say beside these."),
    )
    language = Line(
        label=label_of("language"),
        max_length=LONGEST_TAG,
        required=False,
        validators=[validate_language_tag],
        widget=forms.TextInput(attrs={"list": "languages"}),
        help_text=_("In which it would be read: a tag such as en, de or pt-BR."),
    )
    translator = Line(label=label_of("translator"), max_length=300, required=False)
    year = forms.IntegerField(
        label=label_of("year"), min_value=OLDEST, required=False, help_text=_("Before our era: with a minus.")
    )
    words = forms.IntegerField(
        label=label_of("words"),
        min_value=1,
        max_value=Proposal.MOST_WORDS,
        required=False,
        help_text=_("About. A page of a book has some 300. Of a file it is counted."),
    )
    where = Line(
        label=label_of("where"),
        max_length=500,
        required=False,
        help_text=_("An address on the internet, a book, a library. Nothing is fetched from there."),
    )
    rights = Line(label=label_of("rights"), max_length=500, required=False)
    file = forms.FileField(
        label=_("The text itself, as a file"),
        required=False,
        help_text=_(
            "Word (.docx), EPUB, OpenDocument (.odt), a saved web page (.html), Markdown (.md) or plain text (.txt), "
            "up to 8 MB. It is read at once, and kept for the organizers and those who propose it, until it is put on "
            "the shelf."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )

    def __init__(self, data=None, files=None, *, for_draft=False, **kwargs):
        super().__init__(data, files, **kwargs)
        self.for_draft, self.document = for_draft, None
        self.fields["year"].max_value = timezone.localdate().year + 1
        self.fields["year"].validators.append(MaxValueValidator(timezone.localdate().year + 1))

    def clean_language(self):
        tag = self.cleaned_data["language"]
        return spelled_as_usual(tag) if tag else tag

    def clean_file(self):
        """The file is read here, so that what is wrong with it is said at once."""
        file = self.cleaned_data["file"]
        if not file:
            return None
        if file.size > SOURCE_BYTES:
            raise forms.ValidationError(_("The file is larger than 8 MB. Divide it, or take the pictures out."))
        content = file.read()
        try:
            self.document = read_bounded(content, filename=file.name)
        except Unreadable as problem:
            raise forms.ValidationError(str(problem)) from problem
        return content, file.name

    def clean(self):
        typed = self.cleaned_data
        if self.document:
            self.take_from(self.document, typed)
        if not typed.get("title") and "title" not in self.errors and "file" not in self.errors:
            self.add_error("title", _("Say what the text is called."))
        if not self.for_draft and not typed.get("why") and "why" not in self.errors:
            self.add_error("why", _("Say why it is worth reading. As a draft it can be kept without that."))
        return typed

    @staticmethod
    def take_from(document, typed) -> None:
        """What the file says of itself, where nothing was typed; and how long it is, whatever was."""
        said = {"title": document.title[:300], "author": document.author[:300], "language": document.language or ""}
        for name, value in said.items():
            typed[name] = typed.get(name) or " ".join(value.split())
        blocks = [block for section in sections_of(document.blocks) for block in section]
        typed["words"] = min(count_words(blocks), Proposal.MOST_WORDS) or None

    def details(self) -> dict:
        """What was typed, as `actions.propose` and `actions.reword` take it."""
        return {name: self.cleaned_data[name] for name in SAYS} | {"file": self.cleaned_data["file"]}

    @property
    def main(self):
        return [self[name] for name in ("title", "author", "why")]

    @property
    def more(self):
        return [self[name] for name in ("language", "translator", "year", "words", "where", "rights", "file")]


class ChangeProposalForm(ProposalForm):
    """The same of a proposal that is there. `wording` is the one that its writer had before them."""

    wording = forms.IntegerField(min_value=1, max_value=2_000_000_000, widget=forms.HiddenInput)
    key = None

    def __init__(self, data=None, files=None, *, proposal, **kwargs):
        initial = {name: getattr(proposal, name) for name in (*SAYS, "wording")}
        super().__init__(data, files, for_draft=proposal.state == ProposalState.DRAFT, initial=initial, **kwargs)

    def differences(self, standing) -> list:
        """(label, what stands, what was typed) of every field where these differ."""
        pairs = [(name, getattr(standing, name), self.cleaned_data.get(name)) for name in SAYS]
        return [
            (self.fields[name].label, "" if stands is None else stands, "" if typed is None else typed)
            for name, stands, typed in pairs
            if (stands or "") != (typed or "")
        ]


class AlikeForm(forms.Form):
    """A title and an author, to be compared while somebody writes."""

    title = Line(max_length=300, required=False)
    author = Line(max_length=300, required=False)


class WithdrawForm(forms.Form):
    """Why somebody takes a proposal back; they need not say."""

    reason = Words(
        label=pgettext_lazy("withdrawing a proposal", "Why, if you like to say"),
        max_length=ProposalEvent.LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands with the proposal, for all to read."),
    )


class CoProposerForm(forms.Form):
    """Which member is asked to propose it, too."""

    member = forms.ChoiceField(label=_("Another member"))

    def __init__(self, data=None, *, proposal, group, **kwargs):
        super().__init__(data, **kwargs)
        asked = {proposal.proposer_id, *proposal.co_proposers.values_list("user", flat=True)}
        members = group.memberships.active().exclude(user__in=asked).with_names().order_by("shown_name", "user_id")
        rows = list(members.values_list("user__public_id", "user_id", "shown_name"))
        self.people = {public_id: pk for public_id, pk, _name in rows}
        self.fields["member"].choices = [(public_id, name) for public_id, _pk, name in rows]

    @property
    def user_id(self):
        return self.people[self.cleaned_data["member"]]


ANSWERED = {
    ProposalState.NEXT_BALLOT: _("It comes onto the next ballot."),
    ProposalState.ACCEPTED: _("We read it, without a ballot."),
    ProposalState.LATER: _("Later: it stays on the list."),
    ProposalState.DECLINED: _("We do not read it."),
}


class AnswerForm(forms.Form):
    """What becomes of a proposal, and why. `seen` is the last thing that had happened to it."""

    state = forms.ChoiceField(
        label=_("What becomes of it"),
        choices=[(state.value, ANSWERED[state]) for state in ANSWERS],
        widget=forms.RadioSelect,
    )
    reason = Words(
        label=capfirst(ProposalEvent._meta.get_field("reason").verbose_name),
        max_length=ProposalEvent.LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Whoever proposes or supports it is told, with these words."),
    )
    seen = forms.IntegerField(min_value=0, max_value=2**62, widget=forms.HiddenInput)


class ProposalSettingsForm(forms.ModelForm):
    """How many proposals one person may have, and when one fades."""

    class Meta:
        model = Group
        fields = ["most_proposals", "proposals_fade_after"]
        help_texts = {
            "most_proposals": _("So many of one person can stand on the list. What is decided counts no more."),
            "proposals_fade_after": _(
                "A proposal leaves the list when for so many days nobody has raised a hand for it, answered or changed"
                " it. Any member can bring it back. 0: none fades."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, least, most in (
            ("most_proposals", 1, Group.MOST_PROPOSALS),
            ("proposals_fade_after", 0, Group.LONGEST_FADING),
        ):
            field = self.fields[name]
            field.min_value, field.max_value = least, most
            field.validators.append(MaxValueValidator(most))
            field.widget.attrs |= {"min": least, "max": most}
