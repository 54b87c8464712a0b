"""What is asked when a ballot is made, voted in, and declared void."""

from datetime import datetime, timedelta

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.form_fields import Line, Words
from readinggroup.lib.wall_time import wall_of
from readinggroup.lib.wall_time_forms import WallTimeForm

from .actions.balloting import CAN_BE_ASKED
from .models import Ballot, BallotBox, Method

AHEAD = timedelta(days=366)


class MomentForm(WallTimeForm):
    """A moment as the clocks show it in the group's zone; `instant` once it is valid."""

    def __init__(self, data=None, *, zone, instant=None, **kwargs):
        super().__init__(data, zone=zone, **kwargs)
        self.instant = None
        if instant is not None:
            wall = wall_of(instant, zone)
            self.initial |= {"date": wall.date(), "time": wall.time()}

    def clean(self):
        """The instant exists, is one, and lies within the next year or the last."""
        typed = self.cleaned_data
        if self.errors:
            return typed
        if abs(typed["date"] - timezone.localdate()) > AHEAD:
            self.add_error("date", _("Choose a day of the next twelve months."))
            return typed
        self.instant = self.instant_at(datetime.combine(typed["date"], typed["time"].replace(second=0, microsecond=0)))
        return typed


class BallotForm(forms.Form):
    """A ballot before it is opened: what is asked, what of, how it is counted, and when."""

    WHAT = ("question", "words", "proposals", "others")
    HOW = ("method", "seats", "secrecy", "quorum")
    SECRET, OPEN = "secret", "open"

    question = Line(label=_("Question"), max_length=300)
    words = Words(
        label=_("What it is about"), max_length=5_000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    proposals = forms.MultipleChoiceField(
        label=_("Proposals to choose from"), required=False, widget=forms.CheckboxSelectMultiple
    )
    others = Words(
        label=_("Other options, each in a line of its own"),
        max_length=15_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For a question that is not about proposals: names, rules, “yes” and “no”."),
    )
    method = forms.ChoiceField(
        label=_("How it is counted"), choices=Method.choices, widget=forms.RadioSelect, initial=Method.APPROVAL
    )
    seats = forms.IntegerField(label=_("How many are chosen"), min_value=1, max_value=50, initial=1)
    secrecy = forms.ChoiceField(
        label=_("Who learns who voted how"),
        choices=[(SECRET, _("nobody: it is secret")), (OPEN, _("all members, once it is closed: it is open"))],
        widget=forms.RadioSelect,
        initial=SECRET,
    )
    quorum = forms.IntegerField(
        label=_("Quorum, in percent of those who may vote"),
        min_value=0,
        max_value=100,
        initial=0,
        help_text=_("If fewer vote or abstain, nothing is chosen. 0: however few."),
    )
    version = forms.IntegerField(
        required=False, min_value=1, max_value=2_000_000_000, widget=forms.HiddenInput, initial=1
    )

    def __init__(self, data=None, *, group, ballot=None, **kwargs):
        initial = initial_of(ballot) if ballot else kwargs.pop("initial", {})
        super().__init__(data, initial=initial, **kwargs)
        self.ballot = ballot
        standing = {option.proposal_id for option in ballot.options.all()} if ballot else set()
        # Also what has fallen away since it was chosen: it is said at the opening, not here.
        proposals = group.proposals.filter(Q(state__in=CAN_BE_ASKED) | Q(pk__in=standing - {None}))
        self.known = {one.public_id: one for one in proposals.order_by("-supporters", "proposed_at", "pk")}
        self.fields["proposals"].choices = [(name, labelled(one)) for name, one in self.known.items()]
        now = timezone.now().replace(second=0, microsecond=0)
        opens_at = ballot.opens_at if ballot else now + timedelta(days=1)
        closes_at = ballot.closes_at if ballot else now + timedelta(days=8)
        self.opens = MomentForm(data, zone=group.zone, instant=opens_at, prefix="opens")
        self.closes = MomentForm(data, zone=group.zone, instant=closes_at, prefix="closes")

    def part(self, names):
        return [self[name] for name in names if name != "proposals" or self.known or self[name].errors]

    @property
    def what(self):
        return self.part(self.WHAT)

    @property
    def how(self):
        return self.part(self.HOW)

    def is_valid(self):
        return super().is_valid() & self.opens.is_valid() & self.closes.is_valid() and self.times_fit()

    def times_fit(self) -> bool:
        """Whether it closes after it opens, and has not closed yet."""
        if self.closes.instant <= timezone.now():
            self.closes.add_error("date", _("This time is over. Choose one that is still to come."))
        elif self.closes.instant <= self.opens.instant:
            self.closes.add_error("date", _("It closes after it opens."))
        return not self.closes.errors

    def clean_others(self):
        """The lines."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["others"].split("\n")]
        lines = [line for line in lines if line]
        if any(len(line) > 300 for line in lines):
            raise forms.ValidationError(_("An option has at most 300 characters."))
        if len({line.casefold() for line in lines}) < len(lines):
            raise forms.ValidationError(_("One option stands there twice."))
        return lines

    def clean(self):
        typed = super().clean()
        if self.errors:
            return typed
        options = len(typed["others"]) + len(typed["proposals"])
        if not Ballot.LEAST_OPTIONS <= options <= Ballot.MOST_OPTIONS:
            words = _("Give at least two options, and at most %(most)d.")
            field = "proposals" if self.known else "others"
            self.add_error(field, forms.ValidationError(words, params={"most": Ballot.MOST_OPTIONS}))
        elif typed["seats"] >= options:
            self.add_error("seats", _("Fewer are chosen than there are options."))
        return typed

    def details(self) -> dict:
        """What was typed, as `actions.create_ballot` and `actions.change_ballot` take it."""
        typed = self.cleaned_data
        return {name: typed[name] for name in ("question", "words", "method", "seats", "quorum", "others")} | {
            "is_secret": typed["secrecy"] == self.SECRET,
            "opens_at": self.opens.instant,
            "closes_at": self.closes.instant,
            "proposals": [self.known[name] for name in typed["proposals"]],
        }

    def differences(self, standing) -> list:
        """What was typed otherwise than it stands now: (label, what stands, what was typed)."""
        stands, found = initial_of(standing), []
        for name in (*self.WHAT, *self.HOW):
            field = self.fields[name]
            if field.has_changed(stands[name], self[name].data):
                found.append((field.label, said(field, stands[name]), said(field, self[name].data)))
        for label, form, instant in (
            (_("Opens"), self.opens, standing.opens_at),
            (_("Closes"), self.closes, standing.closes_at),
        ):
            wall = wall_of(instant, form.zone)
            typed = f"{form['date'].data} {form['time'].data}"
            if f"{wall:%Y-%m-%d %H:%M}" != typed[:16]:
                found.append((label, f"{wall:%Y-%m-%d %H:%M}", typed))
        return found


def labelled(proposal) -> str:
    return f"{proposal.title} · {proposal.author}" if proposal.author else proposal.title


def said(field, value) -> str:
    """A field's value for people."""
    if isinstance(field, forms.ChoiceField):
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(str(label) for key, label in field.choices if key in chosen) or "–"
    return str(value) if value not in (None, "") else "–"


def initial_of(ballot) -> dict:
    """The ballot as one would type it."""
    options = list(ballot.options.select_related("proposal"))
    return {
        "question": ballot.question,
        "words": ballot.words,
        "proposals": [option.proposal.public_id for option in options if option.proposal],
        "others": "\n".join(option.title for option in options if not option.proposal),
        "method": ballot.method,
        "seats": ballot.seats,
        "secrecy": BallotForm.SECRET if ballot.is_secret else BallotForm.OPEN,
        "quorum": ballot.quorum,
        "version": ballot.version,
    }


class VoidForm(forms.Form):
    """Why a ballot is void."""

    reason = Words(
        label=pgettext_lazy("a ballot that is void", "Why"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("All members read it. Nothing is counted, and it cannot be taken back."),
    )


class KeyField(forms.CharField):
    """The key of one's paper: 32 hex digits, however they are grouped."""

    def to_python(self, value):
        return "".join(super().to_python(value).split()).replace("-", "").lower()

    def validate(self, value):
        super().validate(value)
        if len(value) != 2 * BallotBox.KEY_BYTES or set(value) - set("0123456789abcdef"):
            raise forms.ValidationError(_("A key has 32 signs, digits and letters from a to f. Is one missing?"))


class PaperForm(forms.Form):
    """A paper: what one would like, or that one abstains; with a reason, if one likes.

    The field of the key has "secret" in its name: a form with such a field is kept nowhere and shown to nobody
    (`lib/kept_words.py`), so that no login data ever holds a paper beside its voter.
    """

    reason = Words(
        label=_("A reason, if you like"),
        max_length=BallotBox.LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    secret_key = KeyField(
        max_length=100,
        widget=forms.HiddenInput,
        error_messages={"required": _("Without the key of your paper you cannot change your vote.")},
    )

    def __init__(self, data=None, *, ballot, options, paper=None, asks_key=False, **kwargs):
        super().__init__(data, **kwargs)
        self.ballot, self.options, self.abstains = ballot, options, bool(data) and "abstain" in data
        self.label_suffix = ""
        if asks_key:
            self.fields["secret_key"] = KeyField(
                label=_("The key of your paper"),
                max_length=100,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
                error_messages=self.fields["secret_key"].error_messages,
            )
        else:
            self.fields["secret_key"].required = ballot.is_secret  # an open paper is found by who one is
        self.fields["reason"].help_text = reason_help(ballot)
        paper = paper or {}
        self.initial["reason"] = paper.get("reason", "")
        if ballot.method == Method.RANKING:
            for option in options:
                rank = paper.get("ranks", {}).get(str(option.number))
                self.fields[f"rank-{option.number}"] = forms.IntegerField(
                    label=option.title, min_value=1, max_value=Ballot.MOST_OPTIONS, required=False, initial=rank
                )
        else:
            many = ballot.method == Method.APPROVAL
            named = [str(number) for number in paper.get("named", [])]
            kind = forms.MultipleChoiceField if many else forms.ChoiceField
            self.fields["named"] = kind(
                label=_("What would you like?"),
                choices=[(str(option.number), option.title) for option in options],
                widget=forms.CheckboxSelectMultiple if many else forms.RadioSelect,
                required=False,
                initial=named if many else "".join(named[:1]),
            )

    @property
    def rows(self):
        """Each option with its field, or its box."""
        if self.ballot.method == Method.RANKING:
            return [(option, self[f"rank-{option.number}"]) for option in self.options]
        return list(zip(self.options, self["named"], strict=True))

    def clean(self):
        typed = super().clean()
        if self.errors or self.abstains:
            return typed
        if not self.ranks and not self.named:
            words = _("Your paper is empty. Choose something, or say that you abstain.")
            self.add_error(None, words)
        return typed

    @property
    def ranks(self) -> dict:
        given = {option.number: self.cleaned_data.get(f"rank-{option.number}") for option in self.options}
        return {str(number): rank for number, rank in given.items() if rank}

    @property
    def named(self) -> list:
        said = self.cleaned_data.get("named") or []
        return sorted(int(number) for number in ([said] if isinstance(said, str) else said))

    @property
    def paper(self) -> dict:
        """What is put into the box."""
        if self.abstains:
            paper = {"abstains": True}
        elif self.ballot.method == Method.RANKING:
            paper = {"ranks": self.ranks}
        else:
            paper = {"named": self.named}
        reason = self.cleaned_data["reason"]
        return paper | ({"reason": reason} if reason else {})


def reason_help(ballot):
    """What becomes of a reason."""
    if ballot.is_secret:
        return _("It is shown with your paper once the ballot is closed, without your name. Your style may tell.")
    return _("It is shown with your paper and your name once the ballot is closed.")


def key_in(text: str) -> str | None:
    """The key that was kept in a cookie; None if it is none."""
    if not is_storable(text) or len(text) != 2 * BallotBox.KEY_BYTES or set(text) - set("0123456789abcdef"):
        return None
    return text
