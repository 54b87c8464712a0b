"""Who may open the pages of one text: the group's table, and whether the text is kept for members."""

from functools import wraps

from django.http import Http404
from django.utils.cache import patch_cache_control

from readinggroup.groups.permissions import Can, check, requires
from readinggroup.lib.prepared import Parameter, prepared

from .models import Reading, ReadingState

# What is done with texts, not with what is said about them: the words of a proposal are no text.
OF_THE_SHELF = {Can.KEEP_TEXTS, Can.SCHEDULE}


def reading_or_404(membership, slug):
    """The group's reading of that name, with its edition and text, in one query."""
    reading = _reading().first(group=membership.group.pk, slug=slug)
    if reading is None or reading.edition.current is None:
        raise Http404
    reading.group = membership.group
    return reading


@prepared
def _reading():
    here = Reading.objects.filter(group=Parameter("group"), slug=Parameter("slug"))
    return here.with_text().with_passages_ahead().order_by()


def within(request, membership, *, for_members, make):
    """What `make()` answers; of a text for members, only to whom the table grants that, and kept in no cache."""
    if not for_members:
        return make()
    response = check(request, membership, Can.READ_ALL) or make()
    patch_cache_control(response, no_store=True, private=True)
    return response


def of_reading(verb):
    """Let in whom the table grants `verb` in the group, and this text to read; give the view the reading."""

    def decorator(view):
        @requires(verb)
        @wraps(view)
        def wrapper(request, membership, reading, **kwargs):
            found = reading_or_404(membership, reading)
            if verb in OF_THE_SHELF and found.state == ReadingState.PROPOSED:
                raise Http404
            return within(
                request,
                membership,
                for_members=found.for_members,
                make=lambda: view(request, membership, found, **kwargs),
            )

        return wrapper

    return decorator
