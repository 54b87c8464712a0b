"""Steps that several tests of moderation, and of what it replaced, share."""

import re

from django.urls import reverse
from django.utils import timezone

from readinggroup.moderation.case_views import seen_now, written
from readinggroup.moderation.models import Case

WORDS = "Three times the same advertisement."


def about(house, person):
    """The page on which is decided about a member."""
    return reverse("moderation:decide_about_member", args=[house.group.slug, person.public_id])


def decide_about(client, house, person, what, **more):
    """What the form says, sent as the page that was opened for it would send it."""
    page = client.get(about(house, person))
    last = re.search(r'name="last" value="(\w+)"', page.text) if page.status_code == 200 else None
    form = {"person": what, "on": "none" if what == "lift" else "law", "words": WORDS, "last": last[1] if last else ""}
    return client.post(about(house, person), form | more)


def queue_of(house, kind=""):
    return reverse("moderation:queue", args=[house.group.slug]) + (kind and f"?kind={kind}")


def page_of(house, case, act="case"):
    return reverse(f"moderation:{act}", args=[house.group.slug, case.pk])


def deciding(house):
    return reverse("moderation:decide", args=[house.group.slug])


def seen(case):
    """What the form of the case's page holds of what was seen."""
    return written(seen_now(Case.objects.get(pk=case.pk)))


def decide(client, house, *cases, **form):
    """Send the form for these cases as they stand."""
    return client.post(deciding(house), {"seen": [seen(case) for case in cases]} | form)


def case_of(comment):
    return Case.objects.get(comment=comment, closed_at=None)


def many_cases(house, comments):
    """An open case for each of these comments, at once."""
    now = timezone.now()
    cases = [Case(group=house.group, kind="comment", comment=one, due_at=now) for one in comments]
    return Case.objects.bulk_create(cases)
