"""A phone on a slow network, as Chromium imitates it: when something is seen, and how soon a discussion opens.

HTML comes compressed, as a proxy in front sends it. The bare page is the text of the same page without styles, scripts
and buttons, filled up with a comment to as many bytes: it is given by the same server.
"""

import os
import shutil
import statistics
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from .serving import running

TIMES = 5  # each page is opened so often; the median counts
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
CPU = 4  # times slower than this machine
WINDOW = {"width": 390, "height": 844}

# The end of the frame in which the discussion stands there.
SHOWN = """
    () => new Promise((done) => {
        const look = () => {
            const title = document.querySelector("#discussion #discussion-title");
            if (title && title.getBoundingClientRect().height > 0)
                requestAnimationFrame(() => setTimeout(() => done(performance.now() - window.clicked)));
            else requestAnimationFrame(look);
        };
        look();
    })
"""
WATCH = """
    window.longest = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
    }).observe({type: "event", durationThreshold: 16, buffered: true});
    addEventListener("click", (event) => { window.clicked = performance.now(); }, true);
"""
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


@dataclass
class Seen:
    """A page on the phone: milliseconds to the first content, the same of the bare page, and what was fetched.

    `opens` is how long after a tap the discussion stands there, and `responds` the longest that the page let a tap wait
    for the next frame; None of pages without one.
    """

    name: str
    first_paint: float
    bare: float | None
    requests: int
    bytes: int
    opens: float | None = None
    responds: float | None = None


def find_chromium() -> str | None:
    """Where it is, from the environment or as the system calls it."""
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def serving_compressed(options):
    """The site behind what compresses HTML."""
    os.environ["BENCHMARK_COMPRESSED"] = "on"
    try:
        with running(options):
            yield
    finally:
        del os.environ["BENCHMARK_COMPRESSED"]


def measure(options, pages, cookies) -> list[Seen]:
    """Each page as a phone shows it; nothing where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        return []
    times = 2 if options.quick else TIMES
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            phone = Phone(browser, f"http://127.0.0.1:{options.port}", times)
            found = []
            for who, theirs in (("signed out", None), ("signed in", cookies)):
                found.append(phone.look(f"reading page, {who}", pages["talked"], theirs, taps=True))
                found.append(phone.look(f"discussion of 500, first page, {who}", pages["thread"], theirs))
            return found
        finally:
            browser.close()


class Phone:
    """Opens pages in a browser of nobody's, each time anew: nothing is kept from one time to the next."""

    def __init__(self, browser, site, times):
        self.browser, self.site, self.times = browser, site, times

    def look(self, name, path, cookies, *, taps=False) -> Seen:
        """The page and its bare twin in turn."""
        pages, bares = [], []
        for _ in range(self.times):
            pages.append(self.open(path, cookies, taps=taps))
            bares.append(self.open(f"/bare/text/?page={quote(path)}", cookies))
        of = lambda rows, which: statistics.median(row[which] for row in rows)  # noqa: E731 - as short as what it says
        opens, responds = (of(pages, which) if taps else None for which in ("opens", "responds"))
        return Seen(
            name, of(pages, "paint"), of(bares, "paint"), pages[0]["requests"], pages[0]["bytes"], opens, responds
        )

    def open(self, path, cookies, *, taps=False) -> dict:
        """One visit: when something was seen, and all that was fetched until the page was quiet."""
        context = self.browser.new_context(viewport=WINDOW, device_scale_factor=2, is_mobile=True, has_touch=True)
        try:
            if cookies:
                context.add_cookies(
                    [{"name": name, "value": one.value, "url": self.site} for name, one in cookies.items()]
                )
            page = context.new_page()
            slow = context.new_cdp_session(page)
            slow.send("Network.enable")
            slow.send("Network.emulateNetworkConditions", SLOW)
            slow.send("Emulation.setCPUThrottlingRate", {"rate": CPU})
            answers = []
            page.on("response", lambda answer: answers.append(answer))  # Playwright marks what it calls
            page.add_init_script(WATCH)
            page.goto(self.site + path, wait_until="networkidle", timeout=60_000)
            got = [answer for answer in answers if answer.request.resource_type != "fetch"]
            size = sum(len(answer.body()) for answer in got if answer.status == 200)
            told = {"paint": page.evaluate(FIRST_PAINT), "requests": len(got), "bytes": size}
            return told | (self.tap(page) if taps else {})
        finally:
            context.close()

    def tap(self, page) -> dict:
        """Open the first discussion in the window, as a finger does."""
        page.locator("a.talk").first.tap(no_wait_after=True)
        opens = page.evaluate(SHOWN)
        return {"opens": opens, "responds": page.evaluate("() => window.longest")}


def table(rows):
    """The rows as lines of Markdown."""
    yield (
        f"A phone of {WINDOW['width']} points, its processor {CPU} times slower than this machine's, at 1.6 Mbit/s with"
        " 150 ms to the server; HTML compressed by gzip. The tap opens a discussion beside the text; the last column is"
        " how long the page let a tap wait for its next frame."
    )
    yield ""
    yield (
        "| what | first contentful paint ms | of the bare page | share | requests | bytes, not compressed |"
        " discussion open ms | next frame ms |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        opens, responds = (f"{value:.0f}" if value is not None else "" for value in (row.opens, row.responds))
        yield (
            f"| {row.name} | {row.first_paint:.0f} | {row.bare:.0f} | {row.first_paint / row.bare:.2f} | {row.requests}"
            f" | {row.bytes:,} | {opens} | {responds} |"
        )
