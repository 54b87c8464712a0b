"""What a muted person says is folded for whoever has muted them, also on pages that are kept for all: by slots."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.lib.stamps import slot

from .models import MutedPerson


def muted_by(membership) -> frozenset:
    """Whom this member has muted here, by key: one query, none for visitors."""
    if not membership.is_member:
        return frozenset()
    rows = _muted().rows(group=membership.group.pk, user=membership.user_id)
    return frozenset(person for (person,) in rows)


@prepared
def _muted():
    return MutedPerson.objects.filter(group=Parameter("group"), by=Parameter("user")).values_list("person")


def fold_slot(user_id) -> str:
    """Where the fold begins around what this person says, for a reader who has muted them."""
    return slot(f"m{user_id}")


def unfold_slot(user_id) -> str:
    """Where it ends."""
    return slot(f"u{user_id}")


def folds_for(people, muted, names) -> dict:
    """What these slots are filled with; `names` is what `naming.names_for` answers."""
    filled = {}
    for person in people:
        is_muted = person in muted
        filled[f"m{person}"] = fold(names[f"n{person}"]) if is_muted else ""
        filled[f"u{person}"] = UNFOLD if is_muted else ""
    return filled


def fold(name) -> str:
    """The beginning of what is folded; `name` is HTML: it was escaped where it was looked up."""
    told = _("you have muted this person.")
    return format_html('<details class="muted"><summary><bdi>{}</bdi>: {}</summary>', SafeString(name), told)


UNFOLD = "</details>"
