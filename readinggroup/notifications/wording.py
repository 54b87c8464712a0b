"""A notice in words: its subject and what it says, from the template of its kind."""

import re
from typing import NamedTuple

from django.template import Context
from django.template.loader import get_template
from django.utils.translation import gettext as _

# What no header may hold: line ends of any kind, NUL and other controls.
_NOT_IN_A_SUBJECT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST_SUBJECT = 200


class Words(NamedTuple):
    """What a notice says. `subject` and `body` are plain text; `html` is the body for those who read HTML, or ""."""

    subject: str
    body: str
    html: str = ""
    lead: str = ""  # of somebody's words: who has said them to whom
    excerpt: str = ""  # and how they begin
    sender: str = ""  # in whose name it is written, if in somebody's
    reply_to: str = ""  # where it is answered by mail, if it is about something else than a comment
    calendar: tuple | None = None  # an invitation that goes with its mail: iCalendar's method, and the calendar
    attached: tuple = ()  # several that go with it as files: name, method and calendar of each


def template_of(kind: str) -> str:
    """ "groups/archived" stands in groups/notices/archived.txt."""
    app, name = kind.split("/")
    return f"{app}/notices/{name}.txt"


def words_of_kind(kind: str, facts: dict) -> Words:
    """What is said of these facts in the active language, also to people who have no inbox here."""
    template = get_template(template_of(kind)).template
    text = template.render(Context(facts, autoescape=False)).strip()
    subject, _end, body = text.partition("\n")
    return Words(one_line(subject) or _("News from your reading group"), re.sub(r"\n{3,}", "\n\n", body).strip())


def one_line(text: str) -> str:
    """What people have named something, as a header may hold it."""
    return _NOT_IN_A_SUBJECT.sub(" ", text).strip()[:_LONGEST_SUBJECT]
