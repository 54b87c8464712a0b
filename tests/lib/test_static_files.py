"""Sheets and scripts in fewer bytes, and the sheet that stands in the pages that are read."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage as Plain
from django.core.files.base import ContentFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from readinggroup.lib import static_files
from readinggroup.lib.static_files import minified_sheet

SHEETS = [settings.BASE_DIR / "static" / "css" / name for name in ("site.css", "other-pages.css", "gallery.css")]


@pytest.mark.parametrize(
    ("sheet", "less"),
    [
        ("/* why: it's so */\na { color: red; }\n", "a{color:red}"),
        ("a :is(b, c) > d { margin: 0.5em -0.5em; }", "a :is(b,c)>d{margin:.5em -0.5em}"),
        ("p { width: calc(10% + 0.25rem); }", "p{width:calc(10% + .25rem)}"),
        ('p::before { content: "/* a ,  b */ 0.5" / ""; }', 'p::before{content:"/* a ,  b */ 0.5" / ""}'),
        ("@layer a {\n  .b :not(.c) {\n    & > .d { top: 1px; }\n  }\n}", "@layer a{.b :not(.c){&>.d{top:1px}}}"),
        ("@media (min-width: 48rem) { a:hover { --x: 1; } }", "@media (min-width: 48rem){a:hover{--x:1}}"),
    ],
)  # fmt: skip
def test_a_sheet_says_the_same_in_fewer_bytes(sheet, less):
    assert minified_sheet(sheet) == less


def test_our_sheets_keep_every_string_and_rule():
    for sheet in SHEETS:
        text = sheet.read_text(encoding="utf-8")
        bare, less = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL), minified_sheet(text)
        assert len(less) < 0.9 * len(text)
        assert re.findall(r'"[^"]*"', less) == re.findall(r'"[^"]*"', bare)
        assert less.count("{") == bare.count("{")
        assert less.count("}") == bare.count("}")
        assert len(re.findall(r"[\w)\]*] :", less)) == len(re.findall(r"[\w)\]*] :", bare))  # `a :is(b)`, not `a:is(b)`


@given(st.text(alphabet='a .:;{}"\\/*0,>\n', max_size=40))
def test_it_takes_whatever_comes(text):
    less = minified_sheet(text)
    assert len(less) <= len(text)


def test_collected_files_are_ours_in_fewer_bytes_and_others_as_they_are(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path / "collected"
    source = Plain(location=tmp_path / "source")
    sent = {
        "css/own.css": "a { top: 0; } /* x */",
        "js/own.js": "// x\nlet a = 1;\n\nlet b = `  ${a}`;\n",
        "app/vendor.js": "// kept\n",
    }
    for name, text in sent.items():
        source.save(name, ContentFile(text.encode()))
    storage = static_files.StaticFilesStorage(location=tmp_path / "collected", base_url="/static/")
    for name in sent:
        with source.open(name) as file:
            storage.save(name, file)
    made = {name: hashed for name, hashed, _ in storage.post_process({name: (source, name) for name in sent})}
    read = lambda name: Path(storage.path(storage.hashed_files[name])).read_text()  # noqa: E731 - as short as what it says
    assert set(made) >= set(sent)
    assert read("css/own.css") == "a{top:0}"
    assert read("js/own.js") == "let a=1;let b=`  ${a}`;"
    assert read("app/vendor.js") == "// kept\n"


def test_what_is_read_brings_its_sheet_along_and_the_policy_knows_it(house, as_user):
    version = house.reading.edition.current.versions.first()
    address = [house.group.slug, house.reading.slug]
    pages = [
        reverse("readings:reading_page", args=address),
        reverse("discussion:paragraph", args=[*address, version.paragraph.public_id]),
    ]
    for page in pages:
        for person in (None, house.member):
            answer = as_user(person).get(page)
            (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
            policy = answer["Content-Security-Policy"]
            assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
            assert "unsafe" not in policy
            assert 'rel="stylesheet"' not in answer.text
            assert not re.search(r"<script[^>]*htmx", answer.text)
    group = as_user(None).get(reverse("group", args=[house.group.slug])).text
    assert "<style>" not in group
    assert group.count('rel="stylesheet"') == 2
