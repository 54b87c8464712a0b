"""Who walks through all pages of a site while it is replaced, and a form that was opened before that."""

import html
import http.client
import re
import threading
import time
from collections import Counter, deque

from .faults.people import Answer, Person, Post

PAUSE = 0.2  # seconds between two pages
LINK = re.compile(r'<a\b[^>]*?\shref="(/[^"#]*)')
FILE = re.compile(r'<(?:link|script|img)\b[^>]*?\s(?:href|src)="(/static/[^"]+)"')
# Not followed: what ends the login, leads away, or makes something large.
LEFT_OUT = re.compile(r"^/(accounts/|static/)|logout|/export|/archive|\.(ics|json|csv|zip|xml|html)$|/print|/feed")


class Walker:
    """Opens page after page as a member, each with the styles and scripts that it names; as a context, till its end."""

    def __init__(self, site) -> None:
        self.person, self.known = Person(site, 0), site.known
        self.pages = self.files = 0
        self.bad: Counter = Counter()
        self.problems: list[str] = []
        self.slowest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk)

    def __enter__(self) -> "Walker":
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._stop.set()
        self._thread.join(60)

    def _walk(self) -> None:
        waiting, seen = deque(["/", self.known["page"]]), {"/", self.known["page"]}
        while not self._stop.wait(PAUSE):
            path = waiting.popleft()
            answer = self._ask(path)
            self.pages += 1
            for link in map(html.unescape, LINK.findall(answer.body)):
                if link not in seen and not LEFT_OUT.search(link):
                    seen.add(link)
                    waiting.append(link)
            for file in dict.fromkeys(FILE.findall(answer.body)):
                self._ask(html.unescape(file))
                self.files += 1
            waiting.append(path)  # around again: what was opened before is opened by the next release, too

    def _ask(self, path: str) -> Answer:
        begun = time.monotonic()
        try:
            answer = self.person.ask("GET", path)
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(0, body=repr(error))
        self.slowest = max(self.slowest, time.monotonic() - begun)
        if not 200 <= answer.status < 400:
            self.bad[answer.status] += 1
            self.problems.append(f"GET {path}: {answer.status} {answer.body[:80]!r}")
        return answer


class OldForm(Post):
    """A comment in a form as a page brought it, with all its fields."""

    fields: dict

    def send(self) -> Answer:
        answer = self.person.ask("POST", self.path, self.fields | {"key": self.key, "body": self.words})
        self.acknowledged = answer.status in {200, 302}
        return answer


def old_form(site) -> OldForm:
    """The form of a paragraph's page, opened now, to be sent when the site is another release."""
    person = Person(site, 1)
    page = person.ask("GET", f"{site.known['page']}p/{site.known['paragraphs'][1]}/")
    found = re.search(r'<form\b[^>]*action="([^"]*/comment/)"[^>]*>(.*?)</form>', page.body, re.S)
    if not found:
        raise RuntimeError(f"No form to comment on the page of a paragraph: {page.status}")
    shown = re.sub(
        r"<template\b.*?</template>", "", found[2], flags=re.S
    )  # what scripts may put there, a browser does not send
    fields = {}
    for tag in re.findall(r"<input\b[^>]*>", shown):
        name, value = re.search(r'\sname="([^"]*)"', tag), re.search(r'\svalue="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken" and 'type="hidden"' in tag:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    form = OldForm(person, html.unescape(found[1]), False)
    form.fields, form.key = fields, fields.get("key", form.key)
    return form
