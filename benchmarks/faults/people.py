"""People who post and read while something breaks, and what came of it: acknowledged held against stored."""

import contextlib
import html
import http.client
import itertools
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

from .machinery import PEOPLE, Site

PACE = 0.5  # seconds between two requests of one person: eight a second in all
WELL_WITHIN = 10  # seconds after the fault is over
TOKEN = "abcdefghijABCDEFGHIJ0123456789ab"  # of a form: the cookie and the field only have to be the same


@dataclass
class Answer:
    """What came back: 0 where the connection broke, as it does when the web process is killed."""

    status: int
    headers: dict = field(default_factory=dict)
    body: str = ""


class Person:
    """Somebody signed in. Plain http.client, a new connection for each request: nothing is tried twice unseen."""

    def __init__(self, site: Site, number: int, *, signed_in: bool = True) -> None:
        self.site = site
        self.cookies = f"csrftoken={TOKEN}"
        if signed_in:
            self.cookies += f"; sessionid={site.known['sessions'][number]}"

    def ask(self, method: str, path: str, data: dict | None = None, *, part: bool = False) -> Answer:
        headers = {"Cookie": self.cookies, **({"HX-Request": "true"} if part else {})}
        body = None
        if data is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            body = urlencode({"csrfmiddlewaretoken": TOKEN, **data})
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(
                answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read().decode(errors="replace")
            )


@dataclass
class Post:
    """A comment that somebody wants to say, with the key that makes it one however often it is sent."""

    person: Person
    path: str
    part: bool
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    acknowledged: bool = False

    @property
    def words(self) -> str:
        return f"Words <worth> keeping & “saying”, {self.key}"

    def send(self) -> Answer:
        try:
            answer = self.person.ask("POST", self.path, {"key": self.key, "body": self.words}, part=self.part)
        except (OSError, http.client.HTTPException):
            return Answer(0)
        if answer.status in {200, 302}:
            self.acknowledged = True
        return answer

    def is_kept_in(self, answer: Answer) -> bool:
        """Whether a refusal leaves the words: on a page in a form that can be sent again under the same key; for htmx
        a line that the composer shows, whose words stay where they are."""
        if self.part:
            return "data-refusal" in answer.body and "<html" not in answer.body
        shown = html.unescape(answer.body)
        return self.words in shown and self.key in answer.body and f'action="{self.path}"' in answer.body


class Load:
    """People who post and read at an even pace; as a context, till its end. Whatever they see is noted."""

    def __init__(self, site: Site, *, may_break: bool = False, pace: float = PACE) -> None:
        self.site, self.may_break = site, may_break  # whether connections may break: where the web process is killed
        self.pace = pace  # seconds between two requests of one person
        self.posts: list[Post] = []
        self.refused: list[tuple[Post, Answer]] = []
        self.reads: Counter = Counter()
        self.seen: Counter = Counter()
        self.problems: list[str] = []
        self.last_bad = self.over_at = 0.0
        self.slowest = 0.0  # seconds
        self._reads_matter = False
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._be, args=(number,)) for number in range(PEOPLE)]

    def __enter__(self) -> "Load":
        self._before = self.stored().keys()  # of another load
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(40)

    def fault_is_over(self) -> None:
        self.over_at = time.monotonic()

    def reads_must_go_on(self) -> None:
        """From here on a page that cannot be read is a problem."""
        self._reads_matter = True

    def _be(self, number: int) -> None:
        person, known = Person(self.site, number), self.site.known
        for turn in itertools.count():
            if self._stop.wait(self.pace):
                return
            if turn % 2:
                self._read(person, known["page"])
            else:
                path = f"{known['page']}p/{known['paragraphs'][number]}/comment/"
                self._post(Post(person, path, part=turn % 4 == 0))

    def _read(self, person: Person, path: str) -> None:
        begun = time.monotonic()
        try:
            answer = person.ask("GET", path)
        except (OSError, http.client.HTTPException):
            answer = Answer(0)
        with self._lock:
            self.reads[answer.status] += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self._judge(f"GET {path}", answer)
            if self._reads_matter and answer.status != 200:
                self.problems.append(f"GET {path}: {answer.status}, though reading goes on")

    def _post(self, post: Post) -> None:
        begun = time.monotonic()
        answer = post.send()
        with self._lock:
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.posts.append(post)
            self.seen[answer.status] += 1
            self._judge(f"POST {post.path}", answer)
            if not post.acknowledged:
                self.refused.append((post, answer))
                if answer.status and not post.is_kept_in(answer):
                    self.problems.append(
                        f"{answer.status}: the words are not there ({'part' if post.part else 'page'})"
                    )

    def _judge(self, what: str, answer: Answer) -> None:
        if answer.status in {200, 302}:
            return
        self.last_bad = time.monotonic()
        if answer.status == 0 and self.may_break:
            return
        if answer.status != 503 or "retry-after" not in answer.headers or "Traceback" in answer.body:
            self.problems.append(f"{what}: {answer.status} {answer.body[:200]!r}")

    def outcome(self, name: str, *, remarks: str = "") -> "Outcome":
        """Send again what was refused, once and once more, and hold what was acknowledged against what is stored."""
        before = {post.key for post in self.posts if post.acknowledged}
        missing = before - self.stored().keys()
        for post, _answer in self.refused:
            for _time in (1, 2):
                status = post.send().status
                if status not in {200, 302}:
                    self.problems.append(f"sent again: {status}")
        stored, wanted = self.stored(), {post.key: post.words for post in self.posts}
        problems = [*self.problems]
        problems += [f"acknowledged and not stored: {len(missing)}"] if missing else []
        problems += [f"stored {number} times" for _words, number in stored.values() if number != 1]
        if {key: words for key, (words, _number) in stored.items() if key not in self._before} != wanted:
            problems.append("what is stored is not what was said")
        recovered = max(0.0, self.last_bad - self.over_at) if self.over_at else 0.0
        if recovered > WELL_WITHIN:
            problems.append(f"well again only after {recovered:.1f} s")
        return Outcome(
            name, acknowledged=len(before), stored=len(before) - len(missing), kept=self.seen[503], broken=self.seen[0],
            sent_again=len(self.refused), reads=self.reads[200], reads_refused=self.reads.total() - self.reads[200],
            recovered=recovered, problems=problems, remarks=remarks,
        )  # fmt: skip

    def stored(self) -> dict[str, tuple[str, int]]:
        """Key -> (words, how often) of every comment in the database."""
        with self.site.postgres.connect("postgres") as admin:
            rows = admin.execute("SELECT key::text, min(body), count(*) FROM discussion_comment GROUP BY key")
            return {key: (body, number) for key, body, number in rows}


@dataclass
class Outcome:
    """What came of a fault: a row of the table."""

    name: str
    acknowledged: int = 0
    stored: int = 0
    kept: int = 0
    broken: int = 0
    sent_again: int = 0
    reads: int = 0
    reads_refused: int = 0
    recovered: float = 0
    problems: list[str] = field(default_factory=list)
    remarks: str = ""
    skipped: str = ""
