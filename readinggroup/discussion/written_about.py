"""The words that a comment was written about, beside those that stand there now."""

from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can
from readinggroup.lib.differences import differences
from texts.models import ParagraphVersion

from .views import of_comment


@require_safe
@of_comment(Can.READ)
def words_written_about(request, membership, comment):
    """What the paragraph read when the comment was written, and what was changed since: three queries."""
    if not comment.is_shown_whole:
        raise Http404
    then = ParagraphVersion.objects.select_related("revision", "paragraph").get(pk=comment.version_id)
    edition = comment.reading.edition
    standing = ParagraphVersion.objects.filter(revision=edition.current_id, paragraph=comment.paragraph_id)
    now = standing.select_related("paragraph").first()
    group, reading = membership.group.slug, comment.reading.slug
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": comment.reading,
        "edition": edition,
        "comment": comment,
        "then": then,
        "now": now,
        "elsewhere": now is not None and now.paragraph_id != then.paragraph_id,
        "runs": differences(then.text, now.text) if now else [],
        "is_same": now is not None and now.text == then.text,
        "revision": reverse("revisions:revision", args=[group, reading, then.revision.number]),
    }
    return TemplateResponse(request, "discussion/words_written_about.html", context)
