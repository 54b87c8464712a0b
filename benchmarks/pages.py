"""The site's pages, each asked in turn with a bare view and, where there is one, with one SELECT and a template."""

import statistics
import urllib.request
import uuid
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from .load import load, request_bytes

ROUNDS = 3


@dataclass
class Row:
    """What was measured: the results of the page and of its yardsticks, a round each."""

    name: str
    pages: list
    bares: list
    selects: list

    @property
    def page(self):
        """The middle one."""
        return middle(self.pages)

    def share(self, of) -> float | None:
        """The median of the rounds' shares; None where there is no such yardstick."""
        if not of:
            return None
        return statistics.median(page.per_second / each.per_second for page, each in zip(self.pages, of, strict=True))

    @property
    def failed(self) -> int:
        every = [*self.pages, *self.bares, *self.selects]
        return sum(count for each in every for status, count in each.statuses.items() if not 200 <= status < 400)


def middle(results):
    return sorted(results, key=lambda result: result.per_second)[len(results) // 2] if results else None


class Asker:
    """Asks the server at `options.port`; `cookie` and `token` are a member's."""

    def __init__(self, options, cookie, token):
        self.options, self.token, self.member = options, token, {"Cookie": cookie}

    def request(self, method, path, headers, body=b""):
        headers = headers | ({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        return request_bytes(method, path, f"127.0.0.1:{self.options.port}", headers, body)

    def get(self, path, headers):
        """A maker of the same GET again and again."""
        made = self.request("GET", path, headers)
        return lambda: made

    def post(self, path):
        """A maker of a comment, each with a key of its own."""

        def make():
            body = "Posted by the benchmark: the ferry left before anyone had counted the sacks."
            form = {"body": body, "key": uuid.uuid4(), "csrfmiddlewaretoken": self.token}
            return self.request("POST", path, self.member, urlencode(form).encode())

        return make

    def unchanged(self, page):
        """A maker of the pulse of somebody who knows what there is: nothing has changed."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.options.port}{page}", headers=self.member)
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - our own server
            return self.get(page, self.member | {"If-None-Match": answer.headers["ETag"]})

    def in_turn(self, name, *makers, rounds=ROUNDS) -> Row:
        """Page and yardsticks, one after the other, so that a busy moment falls on all."""
        results = [[] for _ in range(3)]
        for _ in range(rounds):
            for maker, kept in zip(makers, results, strict=False):
                address = ("127.0.0.1", self.options.port)
                kept.append(load(address, maker, connections=self.options.connections, seconds=self.options.seconds))
        return Row(name, *results)

    def page(self, name, path, headers, select=None, **more) -> Row:
        """A page beside the bare view of its bytes, and beside `select`, an address of `selects.py`."""
        makers = [self.get(path, headers), self.get(f"/bare/?page={quote(path)}", headers)]
        return self.in_turn(name, *makers, *([self.get(select, {})] if select else []), **more)


def measure(options, pages, cookie, token):
    """A Row for each thing that is measured. The SELECT pages are asked signed out, also for members' pages."""
    from .data import COMMON, RARE, SOME

    ask = Asker(options, cookie, token)
    out, member, many = {}, ask.member, f"{options.comments:,} comments"
    slug, comment = pages["talked"].split("/")[-2], pages["comment"]
    select = f"/select/reading/{slug}/"
    yield ask.page("reading page, signed out, no comments", pages["quiet"], out)
    yield ask.page(f"reading page, signed out, {SOME:,} comments", pages["some"], out)
    yield ask.page(f"reading page, signed out, {many}", pages["talked"], out, select)
    yield ask.page("reading page, signed in, no comments", pages["quiet"], member)
    yield ask.page(f"reading page, signed in, {SOME:,} comments", pages["some"], member)
    yield ask.page(f"reading page, signed in, {many}", pages["talked"], member, select)
    thread, first, whole = pages["thread"], f"/select/thread/{comment}/", f"/select/whole/{comment}/"
    yield ask.page("discussion of 500, first page, signed out", thread, out, first)
    yield ask.page("discussion of 500, first page, signed in", thread, member, first)
    yield ask.page("discussion of 500, whole, signed out", f"{thread}?from=1&page=3", out, whole)
    yield ask.page("discussion of 500, whole, signed in", f"{thread}?from=1&page=3", member, whole)
    for name, page in ((f"{SOME:,} comments", pages["some"]), (many, pages["talked"])):
        bare = ask.get(f"/bare/?page={quote(page + 'pulse/')}", member)
        yield ask.in_turn(f"pulse, nothing new, {name}", ask.unchanged(f"{page}pulse/"), bare)
    posts = [ask.post(pages["post"]), ask.get("/bare/", member), ask.post("/select/post/")]
    yield ask.in_turn("post a comment", *posts)
    yield ask.in_turn("post an answer", ask.post(pages["answer"]), *posts[1:])
    for name, words in [("30 %", COMMON), ("1 %", RARE)]:
        for number in (1, 20):
            page = f"{pages['search']}?{urlencode({'q': words, 'page': number})}"
            what = f"search {many}, a word of {name} of them, page {number}"
            yield ask.page(what, page, member, f"/select/found/?q={words}")
    yield ask.page("group's page, signed out", pages["group"], out)
    yield ask.page("group's page, signed in", pages["group"], member)
    yield ask.page("inbox", "/inbox/", member)
    yield ask.in_turn("(one SELECT of nothing)", ask.get("/select/", out), ask.get("/bare/", out))


def table(rows):
    """The rows as lines of Markdown."""
    yield (
        "| what | share of the bare view | of one SELECT, a template | requests a second | bare | one SELECT | p50 ms"
        " | p95 ms | bytes | not 2xx or 3xx |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        select = middle(row.selects)
        yield (
            f"| {row.name} | {row.share(row.bares):.2f} | {f'{row.share(row.selects):.2f}' if select else ''}"
            f" | {row.page.per_second:.0f} | {middle(row.bares).per_second:.0f}"
            f" | {f'{select.per_second:.0f}' if select else ''} | {row.page.p50:.1f} | {row.page.p95:.1f}"
            f" | {row.page.bytes:,} | {row.failed} |"
        )
