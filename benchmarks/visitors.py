"""What people ask of the site, mixed as on a lively day: nine that read to one that writes.

Each asks at a group's reading; a few groups are asked for far more than others. What was written and acknowledged is
remembered, to be compared with what is stored (`kept_promises.py`).
"""

import uuid
from dataclasses import dataclass, field
from itertools import accumulate
from urllib.parse import urlencode

from .arrivals import Ask
from .load import request_bytes

READS = {
    "reading page, signed out": 22,
    "reading page, signed in": 20,
    "discussion": 20,
    "pulse": 12,
    "search": 5,
    "group's page": 5,
    "inbox": 4,
    "feed": 2,
}
WRITES = {"comment": 3, "answer": 2, "mark read": 3, "follow": 0.5, "attend": 0.5, "draft": 1}
WORDS = ["newspapers", "quarrel", "sentence", "footnote", "editor", "preface", "argues", "example"]
LEVELS = ["watch", "normal", "mute"]
ANSWERS = ["going", "maybe", "not_going"]


@dataclass
class Acknowledged:
    """What the site has said that it keeps. What was sent and not acknowledged may be there or not."""

    comments: dict = field(default_factory=dict)  # key -> (person, reading, words)
    seen: list = field(default_factory=list)  # (person, reading, paragraph's public id, sequence)
    follows: dict = field(default_factory=dict)  # (person, reading) -> level
    attendances: dict = field(default_factory=dict)  # (person, session) -> answer
    drafts: dict = field(default_factory=dict)  # (person, reading, paragraph's public id) -> words
    refused: int = 0  # writes that were answered, and not with a yes


class Visitors:
    """Draws who asks what next. `share_of_writes` is 0.1 for one in ten."""

    def __init__(self, places, host, rng, *, share_of_writes=0.1):
        self.places, self.host, self.rng = places, host, rng
        self.share_of_writes = share_of_writes
        self.kept = Acknowledged()
        self.unsure = set()  # places of writes that were not answered: what is stored there is not known
        self.busy = set()  # people who wait for a write to be answered: nobody does two things at once
        self.tags = {}  # what a page of a person was last, as its ETag says
        self.weights = list(accumulate(1 / (rank + 1) ** 0.7 for rank in range(len(places))))

    def __call__(self) -> Ask:
        kinds = WRITES if self.rng.random() < self.share_of_writes else READS
        (kind,) = self.rng.choices(list(kinds), kinds.values())
        (place,) = self.rng.choices(self.places, cum_weights=self.weights)
        person = self.rng.choice(place.people)
        if kinds is WRITES and person.pk in self.busy:
            kind = "inbox"
        return getattr(self, f"ask_{kind.replace(',', '').replace(' ', '_').replace(chr(39), '')}")(kind, place, person)

    # --- Reading ------------------------------------------------------------------------------------------------------

    def get(self, kind, path, person=None, then=None, **headers):
        if person:
            headers["Cookie"] = person.cookie
        return Ask(kind, request_bytes("GET", path, self.host, headers), then)

    def ask_reading_page_signed_out(self, kind, place, person):
        return self.get(kind, place.page)

    def ask_reading_page_signed_in(self, kind, place, person):
        return self.get(kind, place.page, person)

    def ask_discussion(self, kind, place, person):
        _comment, paragraph, _sequence = self.rng.choice(place.comments or [("", place.paragraphs[0], 0)])
        return self.get(kind, f"{place.page}p/{paragraph}/", person if self.rng.random() < 0.6 else None)

    def ask_pulse(self, kind, place, person):
        page = f"{place.page}pulse/"

        def then(answer):
            tag = answer.headers.partition(b"\r\netag: ")[2].partition(b"\r\n")[0].decode()
            self.tags[person.pk, page] = tag

        known = self.tags.get((person.pk, page))
        return self.get(kind, page, person, then, **({"If-None-Match": known} if known else {}))

    def ask_search(self, kind, place, person):
        words = " ".join(self.rng.sample(WORDS, self.rng.choice([1, 1, 2])))
        return self.get(kind, f"/g/{place.group}/search/?{urlencode({'q': words})}", person)

    def ask_groups_page(self, kind, place, person):
        return self.get(kind, f"/g/{place.group}/", person)

    def ask_inbox(self, kind, place, person):
        return self.get("inbox", "/inbox/", person)

    def ask_feed(self, kind, place, person):
        return self.get(kind, f"/g/{place.group}/feed/comments/")

    # --- Writing ------------------------------------------------------------------------------------------------------

    def post(self, kind, path, person, fields, keep, where, *, part=False):
        """A form; when it is answered with a yes, `keep()` remembers what was said. `where` names what it changes."""
        body = urlencode({**fields, "csrfmiddlewaretoken": person.token}).encode()
        headers = {"Cookie": person.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"HX-Request": "true"} if part else {}
        self.busy.add(person.pk)

        def then(answer):
            self.busy.discard(person.pk)
            if 200 <= answer.status < 400:
                keep()
                self.unsure.discard(where)
            elif answer.status >= 500 or not answer.status:
                self.unsure.add(where)
            else:
                self.kept.refused += 1

        return Ask(kind, request_bytes("POST", path, self.host, headers, body), then)

    def said(self, kind, path, place, person):
        key = uuid.uuid4()  # not of the seed: the same data may be asked again
        words = f"{kind} {key}: the ferry left before anyone had counted the *{self.rng.choice(WORDS)}*."
        return self.post(
            kind,
            path,
            person,
            {"body": words, "key": key},
            lambda: self.kept.comments.update({str(key): (person.pk, place.reading_pk, words)}),
            str(key),
        )

    def ask_comment(self, kind, place, person):
        return self.said(kind, f"{place.page}p/{self.paragraph(place)}/comment/", place, person)

    def ask_answer(self, kind, place, person):
        if not place.comments:
            return self.ask_comment("comment", place, person)
        comment, _paragraph, _sequence = self.rng.choice(place.comments)
        return self.said(kind, f"/c/{comment}/answer/", place, person)

    def ask_mark_read(self, kind, place, person):
        if not place.comments:
            return self.ask_comment("comment", place, person)
        _comment, paragraph, sequence = self.rng.choice(place.comments)
        kept = (person.pk, place.reading_pk, paragraph, sequence)
        path = f"{place.page}p/{paragraph}/seen/"
        return self.post(kind, path, person, {"until": sequence}, lambda: self.kept.seen.append(kept), kept, part=True)

    def ask_follow(self, kind, place, person):
        level, where = self.rng.choice(LEVELS), (person.pk, place.reading_pk)
        keep = lambda: self.kept.follows.update({where: level})  # noqa: E731 - as short as what it says
        return self.post(kind, f"{place.page}follow/", person, {"level": level}, keep, ("follow", where))

    def ask_attend(self, kind, place, person):
        answer, where = self.rng.choice(ANSWERS), (person.pk, place.session_pk)
        path = f"/g/{place.group}/sessions/{place.session}/attend/"
        keep = lambda: self.kept.attendances.update({where: answer})  # noqa: E731 - as above
        return self.post(kind, path, person, {"answer": answer, "guests": 0}, keep, ("attend", where))

    def ask_draft(self, kind, place, person):
        paragraph = self.paragraph(place)
        where, words = (person.pk, place.reading_pk, paragraph), f"What I meant is {self.rng.random()}"
        path = f"{place.page}p/{paragraph}/comment/draft/"
        keep = lambda: self.kept.drafts.setdefault(where, words)  # noqa: E731 - a later one would be another tab's
        return self.post(kind, path, person, {"body": words, "sequence": 0}, keep, ("draft", where), part=True)

    def paragraph(self, place):
        """One of the text's, the first ones more often."""
        return place.paragraphs[int(len(place.paragraphs) * self.rng.random() ** 2)]
