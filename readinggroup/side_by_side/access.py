"""Who may open a page of two readings: who may open either."""

from functools import wraps

from django.http import Http404

from readinggroup.groups.permissions import Can, may
from readinggroup.readings.access import of_reading, reading_or_404, within
from readinggroup.readings.models import ReadingState


def of_two_readings(verb):
    """Let in whom the table grants `verb` in the group, and both texts to read; give the view both readings.

    Http404 unless they are of one work. Of a text that is kept for members others do not learn whether it is.
    """

    def decorator(view):
        @of_reading(verb)
        @wraps(view)
        def wrapper(request, membership, reading, other, **kwargs):
            beside = reading_or_404(membership, other)
            if beside.state == ReadingState.PROPOSED:
                raise Http404

            def make():
                if beside == reading or beside.edition.work_id != reading.edition.work_id:
                    raise Http404
                return view(request, membership, reading, beside, **kwargs)

            return within(request, membership, for_members=beside.for_members, make=make)

        return wrapper

    return decorator


def other_editions(membership, reading):
    """The group's readings of other editions of the same work, those that this person may read: one query."""
    others = membership.group.readings.on_the_shelf().filter(edition__work=reading.edition.work_id)
    others = others.exclude(pk=reading.pk).exclude(edition__current=None).select_related("edition").order_by("pk")
    return others if may(membership, Can.READ_ALL) else others.filter(for_members=False)
