"""After an act that changes how much is said, the reading page's other numbers come in the same answer."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions

from .. import factories

HTMX = {"HX-Request": "true"}


def post(client, reading, *, number=4, headers=HTMX, **more):
    paragraph = factories.version_of(reading, number).paragraph.public_id
    address = reverse("discussion:post_comment", args=[reading.group.slug, reading.slug, paragraph])
    return client.post(address, {"body": "Words.", "key": uuid.uuid4(), "shown": "", **more}, headers=headers)


def act(client, comment, name, **data):
    address = reverse(f"discussion:{name}", args=[comment.public_id])
    return client.post(address, {"shown": "", **data}, headers=HTMX)


def parts(answer):
    """What the answer brings for elsewhere: target -> HTML."""
    return dict(re.findall(r'<hx-partial hx-target="([^"]+)"[^>]*>(.*?)</hx-partial>', answer.content.decode(), re.S))


def flat(html):
    """Without the tokens of forms and the white space between lines."""
    return re.sub(r"\s+", " ", html)


def test_they_are_what_the_reading_page_shows_when_it_is_loaded(house, as_user):
    client = as_user(house.member)
    factories.create_comment(house.reading, house.other, number=10)
    renewed = parts(post(client, house.reading))
    page = client.get(reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])).content.decode()
    assert set(renewed) == {"#said-in-all", ".contents > .sections", ".rail"}
    for html in renewed.values():
        assert flat(html.strip()) in flat(page)
    assert renewed["#said-in-all"].strip() == "2 comments"
    assert "Paragraph 4: 1 comment" in renewed[".rail"]
    assert renewed[".contents > .sections"].count("1 comment") == 2


def test_each_act_that_changes_a_number_brings_them(house, as_user):
    client = as_user(house.member)
    comment = factories.create_comment(house.reading, house.member)
    answered = act(client, comment, "answer_comment", body="And more.", key=uuid.uuid4())
    assert parts(answered)["#said-in-all"].strip() == "2 comments"
    assert parts(act(client, comment, "withdraw_comment"))["#said-in-all"].strip() == "1 comment"
    assert parts(act(client, comment, "put_back_comment"))["#said-in-all"].strip() == "2 comments"


def test_what_changes_no_number_brings_none(house, as_user):
    client = as_user(house.member)
    comment = factories.create_comment(house.reading, house.member)
    assert parts(act(client, comment, "edit_comment", body="Other words.", wording=1)) == {}
    assert parts(post(client, house.reading, preview="1")) == {}
    assert parts(post(client, house.reading, body="")) == {}
    paragraph = reverse(
        "discussion:paragraph", args=[house.group.slug, house.reading.slug, comment.paragraph.public_id]
    )
    assert parts(client.get(paragraph + "?shown=", headers=HTMX)) == {}
    actions.withdraw(comment=comment, by=house.member)
    refused = act(as_user(house.other), comment, "answer_comment", body="Too late.", key=uuid.uuid4())
    assert refused.status_code == 409
    assert parts(refused) == {}


def test_the_paragraphs_own_page_asks_for_none_and_a_plain_post_gets_none(house, as_user):
    client = as_user(house.member)
    paragraph = factories.version_of(house.reading).paragraph.public_id
    address = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])
    assert parts(client.post(address, {"body": "Words.", "key": uuid.uuid4()}, headers=HTMX)) == {}
    plain = post(client, house.reading, headers={})
    assert plain.status_code == 302
    assert "hx-partial" not in client.get(plain["Location"], follow=True).content.decode()


@pytest.mark.parametrize("shown", ["1", "2", "", "0", "9", "²", "-1", "x" * 50, "9" * 50])
def test_links_lead_to_sections_as_on_the_page_that_is_shown(house, as_user, shown):
    client = as_user(house.member)
    factories.create_comment(house.reading, house.other, number=10)
    answer = post(client, house.reading, shown=shown)
    assert answer.status_code == 200
    contents, rail = parts(answer)[".contents > .sections"], parts(answer)[".rail"]
    first, second = (factories.version_of(house.reading, number).paragraph.public_id for number in (4, 10))
    if shown == "1":
        assert f'href="#{first}"' in rail
        assert f'href="?section=2#{second}"' in rail
        assert 'href="?section=2#section-2"' in contents
    elif shown == "2":
        assert f'href="?section=1#{first}"' in rail
        assert f'href="#{second}"' in rail
    else:
        assert "?section" not in rail + contents


def test_they_cost_one_query_more_however_much_is_said(house, as_user):
    client = as_user(house.member)
    paragraph = factories.version_of(house.reading).paragraph.public_id
    address = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])

    def queries(**more):
        with CaptureQueriesContext(connection) as captured:
            client.post(address, {"body": "Words.", "key": uuid.uuid4(), **more}, headers=HTMX)
        return len(captured)

    queries(shown="")
    without, one = queries(), queries(shown="")
    assert one == without + 1
    for number in range(1, 12):
        factories.create_comment(house.reading, house.other, number=number)
    assert queries(shown="") == one
