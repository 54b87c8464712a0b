"""The whole site killed in the middle of fifty posts: each is there whole or not at all, and none is there twice."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event, Lock
from urllib.parse import urlencode

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]
POSTS = 50
KILL_AFTER = 15  # of them acknowledged
TEXT = "The Well\n\nby Ada Lind\n\nNobody had drawn water here since the war.\n\nThe rope was new.\n"

# What is in the database, asked in a process of its own, as anybody would who looks after the site.
LOOK = """
import json
from django.db.models import Count
from readinggroup.discussion.models import Comment
from readinggroup.readings.models import ParagraphActivity
from readinggroup.lib.markup import render_markdown
comments = list(Comment.objects.all())
print(json.dumps({
    "keys": [str(comment.key) for comment in comments],
    "broken": [comment.body for comment in comments if comment.body_html != render_markdown(comment.body)],
    "counted": dict(ParagraphActivity.objects.filter(comments__gt=0).values_list("paragraph__public_id", "comments")),
    "listed": dict(
        Comment.objects.filter(state="visible").values_list("paragraph__public_id").annotate(Count("pk")).order_by()
    ),
}))
"""


class Site:
    """`manage.py up` on a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.out, self.err = folder / "up.out", folder / "up.err"
        self.up = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        not_ours = ("DATABASE_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "DATABASE_POOL")
        self.env = {name: value for name, value in os.environ.items() if name not in not_ours}
        self.env |= {"DATA_DIR": str(self.data), "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
        (folder / "well.txt").write_text(TEXT)

    def manage(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *arguments]

    def start(self) -> None:
        command = self.manage("up", str(self.folder / "well.txt"), "--no-browser", f"--port={self.port}", "--workers=2")
        with self.out.open("w") as out, self.err.open("w") as err:
            self.up = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=out, stderr=err)
        give_up = time.monotonic() + 180
        while "Sign in as owner" not in self.out.read_text():
            assert self.up.poll() is None, self.err.read_text()
            assert time.monotonic() < give_up, self.err.read_text()
            time.sleep(0.05)

    def processes(self) -> set[psutil.Process]:
        """Everything that runs for it: `up`, the servers, the worker, the database and its keeper."""
        found = set()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.cwd().startswith(str(self.data)) or str(self.data) in " ".join(process.cmdline())
                if ours or process.environ().get("DATA_DIR") == str(self.data):
                    found.add(process)
        return found

    def kill(self, found=()) -> set[str]:
        """`kill -9` of all of it, what was `found` before at once; the answer names what that was."""
        names = set()
        while processes := found or self.processes():
            for process in processes:
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    names.add(process.name())
            psutil.wait_procs(processes, timeout=5)
            found = ()
        if self.up:
            self.up.wait(5)
        return names

    def look(self) -> dict:
        command = self.manage("shell", "--no-imports", "-c", LOOK)
        asked = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60)
        assert asked.returncode == 0, asked.stderr
        return json.loads(asked.stdout)


class Browser:
    """Somebody signed in. Plain http.client: nothing stands between, and nothing is tried twice."""

    def __init__(self, port: int) -> None:
        self.port, self.cookies = port, {}

    def ask(self, method: str, path: str, data=None) -> tuple[int, str, str]:
        """Status, Location, body."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if data is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.cookies["csrftoken"]}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as site:
            site.request(method, path, data and urlencode(data), headers)
            answer = site.getresponse()
            body = answer.read().decode()
        if method == "GET":
            for cookie in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        return answer.status, answer.headers.get("Location", ""), body


@pytest.fixture
def site():
    """Not in pytest's own folder: run by root, the database has a user of its own, who must be let in."""
    with tempfile.TemporaryDirectory(prefix="killed-") as folder:
        made = Site(Path(folder))
        yield made
        made.kill()


def test_killed_in_the_middle_of_fifty_posts(site):
    site.start()
    browser = Browser(site.port)
    browser.ask("GET", re.search(r"http://\S+?(/sign-in/\S+)", site.out.read_text())[1])
    front = browser.ask("GET", "/")[2]
    reading = browser.ask("GET", re.search(r'"(/g/[\w-]+/)"', front)[1])[2]
    page = re.search(r'"(/g/[\w-]+/read/[\w-]+/)"', reading)[1]
    paragraphs = re.findall(r'href="(p/\w{10}/)"', browser.ask("GET", page)[2])
    browser.ask("GET", page + paragraphs[0])
    assert len(paragraphs) == 4
    posts = [(page + paragraphs[number % 4], uuid.uuid4(), f"Post *{number}*.") for number in range(POSTS)]
    acknowledged, lock, enough = {}, Lock(), Event()

    def send(post):
        path, key, body = post
        status, location, page = browser.ask("POST", f"{path}comment/", {"key": key, "body": body})
        if status == 503:  # the database went a moment before the web server: not acknowledged, and the words are kept
            assert body in page
            raise ConnectionError
        assert (status, location[:3]) == (302, "/c/"), page[:500]
        with lock:
            acknowledged[str(key)] = location
            if len(acknowledged) >= KILL_AFTER:
                enough.set()

    def send_while_it_lives(post):
        with contextlib.suppress(OSError, http.client.HTTPException):
            send(post)

    living = site.processes()
    with ThreadPoolExecutor(8) as threads:
        sending = [threads.submit(send_while_it_lives, post) for post in posts]
        assert enough.wait(30)
        killed = site.kill(living)
        for one in sending:
            one.result(30)
    assert {"postgres"} < killed
    before = dict(acknowledged)
    assert KILL_AFTER <= len(before) < POSTS

    site.start()
    after = site.look()
    assert set(before) <= set(after["keys"])  # what was acknowledged is there
    assert set(after["keys"]) <= {str(key) for _, key, _ in posts}
    assert len(after["keys"]) == len(set(after["keys"]))
    assert after["broken"] == []
    assert after["counted"] == after["listed"]

    # Everybody sends again, with the cookies of before.
    with ThreadPoolExecutor(8) as threads:
        for one in [threads.submit(send, post) for post in posts]:
            one.result(30)
    assert len(acknowledged) == len(set(acknowledged.values())) == POSTS
    assert before.items() <= acknowledged.items()  # the same comment as the first time
    after = site.look()
    assert sorted(after["keys"]) == sorted(str(key) for _, key, _ in posts)
    assert after["broken"] == []
    assert after["counted"] == after["listed"]
    assert sum(after["counted"].values()) == POSTS
