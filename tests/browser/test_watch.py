"""The control of all other browser tests: the watch sees what it is there for, and lets pass what a test expects."""

import pytest

from .conftest import TELL_OF_REFUSALS, Watch

pytestmark = pytest.mark.browser


@pytest.fixture
def watched(browser, live_server, house):
    """A page, and the watch over it."""
    context = browser.new_context(base_url=live_server.url)
    context.add_init_script(TELL_OF_REFUSALS)
    watch = Watch(context, live_server.url, [422])
    page = context.new_page()
    page.goto("/")
    assert watch.complaints == []
    yield page, watch
    context.close()


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("console.error('ouch')", "console: ouch"),
        ("setTimeout(() => { throw new Error('torn') })", "a script failed: torn"),
        ("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))", "refused by the"),
        ("document.body.setAttribute('style', 'color: red')", "refused by the policy: style-src"),
        ("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example/a.png'}))", "img-src"),
        ("await fetch('/static/css/gone.css').then((answer) => answer.text())", "404 from "),
        ("await fetch('/g/nothing-here/').then((answer) => answer.text())", "404 from "),
    ],
)
def test_it_complains(watched, harm, complaint):
    page, watch = watched
    page.evaluate(f"async () => {{ {harm} }}")
    page.wait_for_load_state("networkidle")
    assert any(complaint in line for line in watch.complaints), watch.complaints


def test_it_complains_of_requests_to_elsewhere(watched):
    page, watch = watched
    page.context.route("http://elsewhere.example/**", lambda route: route.fulfill(body="there"))
    page.goto("http://elsewhere.example/")
    assert watch.complaints == ["a request to elsewhere: http://elsewhere.example/"]
