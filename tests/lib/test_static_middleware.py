"""Files of another release: as they are on the disk, or under their name as it is here; and nothing else."""

import pytest
from django.test import Client, RequestFactory

from readinggroup.lib.static_middleware import StaticFilesMiddleware


@pytest.fixture
def answer(tmp_path, settings):
    settings.DEBUG = False
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH, settings.WHITENOISE_USE_FINDERS = tmp_path, False, False
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "site.css").write_text("this release")
    middleware = StaticFilesMiddleware(lambda request: None)

    def ask(path):
        found = middleware(RequestFactory().get(path))
        if found is None:
            return None
        words = b"".join(found.streaming_content).decode()
        found.file_to_stream.close()
        return words, found.get("Cache-Control", "")

    ask.folder = tmp_path
    return ask


def test_a_file_that_was_collected_since_is_served(answer):
    (answer.folder / "css" / "site.0123456789ab.css").write_text("the next release")
    words, kept = answer("/static/css/site.0123456789ab.css")
    assert words == "the next release"
    assert "immutable" not in kept


def test_a_file_of_another_release_is_the_one_of_that_name(answer):
    words, kept = answer("/static/css/site.ba9876543210.css")
    assert words == "this release"
    assert "immutable" not in kept


@pytest.mark.parametrize(
    "path", ["css/none.ba9876543210.css", "css/site.css.map", "../settings.py", "css/../../x", "", "css", "css/"]
)
def test_nothing_else_is(answer, path):
    (answer.folder.parent / "x").write_text("not for others")
    assert answer(f"/static/{path}") is None


def test_the_site_uses_it(db):
    assert Client().get("/static/none.ba9876543210.css").status_code == 404
