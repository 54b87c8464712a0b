"""What one person has said, in one group and in all, and the whole document as a file."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from lxml import html

from readinggroup.discussion.models import Comment, State
from readinggroup.groups.actions import take_in
from readinggroup.groups.models import Visibility

from .. import factories
from .test_search import HOSTILE, put

MINE = reverse("discussion:my_contributions")


def address_of(group, person):
    return reverse("discussion:contributions", args=[group.slug, person.public_id])


def listed(client, address, **asked):
    """The words of the comments on the page, in order, and the page."""
    answer = client.get(address, asked)
    assert answer.status_code == 200
    document = html.fromstring(answer.text)
    bodies = document.xpath("//article/div[@class='words'] | //article/p[@class='stub']")
    return [" ".join(body.text_content().split()) for body in bodies], document


def number_told(document):
    told = document.xpath("//p[@class='facts']/text()")
    return int(told[0].split()[0]) if told else 0


@pytest.fixture
def said(house):
    """One comment of Mara's in each state, and one of another's."""
    for state in factories.STATES:
        put(factories.create_comment(house.reading, house.member, f"This is {state}."), state)
    factories.create_comment(house.reading, house.other, "Not hers.")
    return house


WITHDRAWN, HIDDEN = "Withdrawn by its author.", "Hidden by the moderators."


def test_each_sees_of_it_what_they_may_read_and_the_number_says_so(said, as_user):
    address = address_of(said.group, said.member)
    for person, found in (
        (said.member, [HIDDEN, WITHDRAWN, "This is held.", "This is visible."]),
        (said.other, ["This is visible."]),
        (said.moderator, ["This is held.", "This is visible."]),
    ):
        words, document = listed(as_user(person), address)
        assert words == found
        assert number_told(document) == len(found)
    words, document = listed(as_user(said.member), MINE)
    assert words == [HIDDEN, WITHDRAWN, "This is held.", "This is visible."]
    assert number_told(document) == 4
    assert len(document.xpath("//a[text()='Put back']")) == 1


def test_mine_are_of_the_groups_that_i_belong_to(house, as_user):
    elsewhere = factories.create_group("Elsewhere", visibility=Visibility.MEMBERS)
    take_in(group=elsewhere, user=house.member, roles=[])
    there = factories.create_reading(elsewhere)
    factories.create_comment(house.reading, house.member, "Said here.")
    factories.create_comment(there, house.member, "Said there.")
    client = as_user(house.member)
    assert listed(client, MINE)[0] == ["Said there.", "Said here."]
    assert listed(client, MINE, order="oldest")[0] == ["Said here.", "Said there."]
    words, document = listed(client, MINE, reading=there.pk)
    assert words == ["Said there."]
    assert "Elsewhere: The Ferry" in document.xpath("//option/text()")
    assert listed(client, address_of(house.group, house.member))[0] == ["Said here."]
    elsewhere.memberships.filter(user=house.member).update(left_at=timezone.now())
    words, document = listed(client, MINE)
    assert words == ["Said here."]
    assert "Elsewhere" not in html.tostring(document, encoding="unicode")


def test_place_and_whom_it_answers_as_the_group_calls_them(house, as_user):
    first = factories.create_comment(house.reading, house.other, "Whose?", number=5)
    factories.create_comment(house.reading, house.member, "Mine.", number=5, parent=first)
    house.group.memberships.filter(user=house.other).update(name_here="Ferryman")
    for address in (MINE, address_of(house.group, house.member)):
        (header,) = listed(as_user(house.member), address)[1].xpath("//article/header")
        told = " ".join(header.text_content().split())
        assert "The Ferry, 1. The Ferry, paragraph 5, in answer to Ferryman" in told
        assert "Milo" not in told
    put(first, State.HELD)
    for person in (house.member, house.owner):
        (header,) = listed(as_user(person), address_of(house.group, house.member))[1].xpath("//article/header")
        assert "in answer" not in header.text_content()


def test_by_text_in_a_group(house, as_user):
    other = factories.create_reading(house.group, "One.\n\nTwo.\n", filename="two.txt", title="Two")
    factories.create_comment(house.reading, house.member, "Of the ferry.")
    factories.create_comment(other, house.member, "Of two.", number=2)
    client, address = as_user(house.owner), address_of(house.group, house.member)
    assert listed(client, address, reading=other.pk)[0] == ["Of two."]
    for reading in ("9" * 30, "x", "-1"):
        assert client.get(address, {"reading": reading}).status_code == 422
    for order in ("sideways",):
        assert client.get(address, {"order": order}).status_code == 422


def test_a_text_is_offered_only_where_something_of_it_is_shown(house, as_user):
    other = factories.create_reading(house.group, "One.\n\nTwo.\n", filename="two.txt", title="A text of silence")
    held = factories.create_comment(other, house.member, "Held.", number=2)
    factories.create_comment(house.reading, house.member, "Seen.")
    put(held, State.HELD)
    address = address_of(house.group, house.member)
    assert "A text of silence" not in as_user(house.other).get(address).text
    assert "A text of silence" in as_user(house.moderator).get(address).text


def test_pages_keep_what_was_chosen(house, as_user):
    for number in range(35):
        factories.create_comment(house.reading, house.member, f"Number {number}.")
    client = as_user(house.member)
    words, document = listed(client, MINE, order="oldest", reading=house.reading.pk)
    assert words[0] == "Number 0."
    assert number_told(document) == 35
    (following,) = document.xpath("//a[@rel='next']/@href")
    assert listed(client, MINE + following)[0] == [f"Number {number}." for number in range(30, 35)]


@pytest.mark.parametrize("address", ["mine", "theirs"])
def test_one_comment_costs_as_many_questions_as_three(house, as_user, address):
    address = MINE if address == "mine" else address_of(house.group, house.member)
    client = as_user(house.member)

    def queries():
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    first = factories.create_comment(house.reading, house.other)
    factories.create_comment(house.reading, house.member, parent=first)
    one = queries()
    elsewhere = factories.create_group()
    take_in(group=elsewhere, user=house.member, roles=[])
    there = factories.create_reading(elsewhere)
    factories.create_comment(there, house.member, parent=factories.create_comment(there, house.member))
    for person in (house.owner, house.moderator):
        factories.create_comment(
            house.reading, house.member, parent=factories.create_comment(house.reading, person, number=3), number=3
        )
    assert queries() == one <= 10


def test_the_ways_there(house, as_user):
    client = as_user(house.member)
    group, profile = client.get(f"/g/{house.group.slug}/").text, client.get("/me/").text
    assert f'href="{address_of(house.group, house.member)}"' in group
    assert f'action="{reverse("discussion:search", args=[house.group.slug])}"' in group
    assert f'href="{MINE}"' in profile
    search = f'href="{reverse("discussion:search", args=[house.group.slug])}?where={house.reading.slug}"'
    reading = f"/g/{house.group.slug}/read/{house.reading.slug}/"
    assert search in client.get(reading).text
    assert search in client.get(f"{reading}p/{factories.version_of(house.reading).paragraph.public_id}/").text


# --- The whole document as a file ---------------------------------------------------------------------------------


def saved(client, reading, **asked):
    answer = client.get(reverse("discussion:save_whole", args=[reading.group.slug, reading.slug]), asked)
    assert answer.status_code == 200
    return answer, html.fromstring(answer.content.decode())


def test_a_file_brings_its_look_and_runs_nothing(house, as_user):
    for words in HOSTILE:
        factories.create_comment(house.reading, house.member, words)
    group = house.group
    group.name = '"><script>alert(1)</script>'
    group.save()
    answer, document = saved(as_user(house.other), house.reading)
    assert re.fullmatch(
        rf'attachment; filename="{house.reading.slug}-\d{{4}}-\d\d-\d\d\.html"', answer["Content-Disposition"]
    )
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = document.xpath("//style/text()")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert document.xpath("//script | //link | //form | //img | //iframe | //svg[not(ancestor::nav)] | //@style") == []
    assert not [name for element in document.iter() for name in element.attrib if name.startswith("on")]
    assert "as Milo saw it on" in answer.text


def test_a_file_leads_to_the_site(house, as_user, settings):
    settings.READ_WHOLE_UP_TO_WORDS = 50
    comment = factories.create_comment(house.reading, house.member, '[away](/somewhere/) and href="/no/"')
    answer, document = saved(as_user(house.other), house.reading)
    assert "-section-1-" in answer["Content-Disposition"]
    links = document.xpath("//a/@href")
    assert f"http://testserver/c/{comment.public_id}/" in links
    assert "http://testserver/somewhere/" in links
    assert all(link.startswith(("#", "http://testserver/")) for link in links)
    assert any("/whole/?section=2#" in link for link in links)
    assert 'href="/no/"' in document.xpath("string(//article)")


def test_a_file_holds_what_its_reader_may_see(house, as_user):
    for state in (State.HELD, State.HIDDEN, State.VISIBLE):
        put(factories.create_comment(house.reading, house.member, f"This is {state}."), state)
    for person, words in (
        (None, {"visible"}), (house.other, {"visible"}), (house.member, {"visible", "held"}),
        (house.moderator, {"visible", "held"}),
    ):  # fmt: skip
        answer, _document = saved(as_user(person), house.reading)
        assert set(re.findall(r"This is (\w+)\.", answer.text)) == words
    assert Comment.objects.count() == 3
