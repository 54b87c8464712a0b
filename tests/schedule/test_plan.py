"""A reading plan: equal in words, whole where a thing is whole, and made once."""

import time
from itertools import combinations, pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from readinggroup.schedule.models import Passage, ReadingSession, SessionState
from readinggroup.schedule.plan import Piece, divide, parts_between, pieces_of

from .. import factories
from .test_series import make, wall

pytestmark = pytest.mark.usefixtures("contexts")

LONG = """The Ferry

by Ida Renner

# The first winter

{a}

They asked for this:

1. a list of the sacks;
2. a list of the owners;
3. a day.

> We were promised a list.
>
> We were given a song.

{b}

# The second winter

{c}

{d}

{e}
"""


def sentence(words):
    return " ".join(["river"] * words) + "."


def a_reading(group, **words):
    lengths = {"a": 40, "b": 40, "c": 40, "d": 40, "e": 40} | words
    text = LONG.format(**{name: sentence(count) for name, count in lengths.items()})
    return factories.create_reading(group, text, filename="ferry.md")


def pieces(*words, ends=None, sections=()):
    return tuple(
        Piece(number, number, count, ends is None or number in ends or number == len(words), number in sections, "")
        for number, count in enumerate(words, start=1)
    )


def numbers(pieces, parts):
    return [pieces[end].number for end in divide(pieces, parts)]


# --- Dividing -----------------------------------------------------------------------------------------------------


def test_equal_in_words():
    assert numbers(pieces(*[10] * 12), 4) == [3, 6, 9, 12]
    assert numbers(pieces(90, 10, 10, 10, 10, 10, 40), 2) == [1, 7]


def test_the_end_of_a_section_is_taken_if_it_is_near_and_not_if_it_is_far():
    assert numbers(pieces(*[10] * 24, sections={11, 24}), 2) == [11, 24]
    assert numbers(pieces(*[10] * 24, sections={8, 24}), 2) == [12, 24]


def test_what_belongs_together_is_not_parted_even_if_it_is_long():
    whole = pieces(10, *[30] * 10, 10, 10, ends={1, 11, 12})
    assert numbers(whole, 3) == [1, 11, 13]
    assert numbers(whole, 9) == [1, 11, 12, 13]


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.integers(1, 60), min_size=2, max_size=12),
    closed=st.sets(st.integers(1, 11)),
    sections=st.sets(st.integers(1, 12)),
    parts=st.integers(1, 5),
)
def test_no_other_choice_of_ends_is_better(words, closed, sections, parts):
    given_ = pieces(*words, ends=set(range(1, len(words))) - closed, sections=sections)
    ends = divide(given_, parts)
    able = [position for position, piece in enumerate(given_) if piece.can_end]
    assert ends[-1] == len(words) - 1
    assert len(ends) == min(parts, len(able))
    assert set(ends) <= set(able)
    assert all(before < after for before, after in pairwise(ends))

    def unequal(chosen):
        mean = sum(words) / len(chosen)
        lengths = [part.words for part in parts_between(given_, chosen)]
        assert sum(lengths) == sum(words)
        return sum((length / mean - 1) ** 2 for length in lengths) + sum(
            0 if given_[end].ends_section else 0.02 for end in chosen[:-1]
        )

    best = min(unequal([*chosen, able[-1]]) for chosen in combinations(able[:-1], len(ends) - 1))
    # Only ends near to where each would be are tried first, which is seldom not the very best.
    assert unequal(ends) <= best + 1


def test_a_long_text_is_divided_in_no_time():
    before = time.monotonic()
    whole = pieces(*[40 + number % 37 for number in range(2_000)], sections=set(range(0, 2_000, 45)))
    ends = divide(whole, 40)
    assert time.monotonic() - before < 5  # 0.1 on a machine that does nothing else
    lengths = [part.words for part in parts_between(whole, ends)]
    assert max(lengths) < 1.25 * min(lengths)


def test_never_inside_a_list_or_a_quotation_nor_after_a_heading(house):
    reading = a_reading(house.group)
    of_text = pieces_of(reading.edition.current_id)
    versions = list(reading.edition.current.versions.all())
    for before, after in pairwise(range(len(versions))):
        together = versions[before].kind == versions[after].kind in {"list_item", "blockquote"}
        leads = versions[before].kind == "heading" or versions[before].text.endswith("this:")
        if together or leads:
            assert not of_text[before].can_end, versions[before]
    # Every list and quotation whole, whatever the number of parts.
    for parts in range(1, 20):
        for end in divide(of_text, parts):
            assert of_text[end].can_end
    assert of_text[-1].can_end
    assert sum(piece.can_end for piece in of_text) >= 5


# --- The page -----------------------------------------------------------------------------------------------------


def address(house, reading=None):
    return reverse("schedule:plan", args=[house.group.slug, (reading or house.reading).slug])


def shown_form(answer, **more):
    """The form as the page shows it, ready to be sent."""
    context = answer.context
    data = {name: context["form"][name].value() or "" for name in ("first", "parts", "on")}
    data["shown"] = context["shown"]
    for row in context["rows"]:
        data[f"title-{row.number}"] = row.title
        data[f"end-{row.number}"] = row.part.last.number
    return data | more


def test_the_rest_of_the_text_is_divided_and_the_sessions_are_drafts(house, as_user):
    reading, client = a_reading(house.group), as_user(house.organizer)
    shown = client.post(address(house, reading), {"first": 1, "parts": 3, "divide": "1"})
    assert shown.status_code == 200
    made = client.post(address(house, reading), shown_form(shown, make="1"))
    assert made.status_code == 302
    sessions = list(ReadingSession.objects.order_by("pk"))
    assert [session.state for session in sessions] == [SessionState.DRAFT] * 3
    order = {pk: piece.number for piece in pieces_of(reading.edition.current_id) for pk in [piece.pk]}
    ranges = [(order[one.first_id], order[one.last_id]) for one in Passage.objects.order_by("session")]
    assert ranges[0][0] == 1
    assert ranges[-1][1] == len(order)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))


def test_the_ends_can_be_moved_by_number(house, as_user):
    reading, client = a_reading(house.group), as_user(house.organizer)
    of_text = pieces_of(reading.edition.current_id)
    free = [piece.number for piece in of_text if piece.can_end]
    within = next(piece.number for piece in of_text if not piece.can_end and piece.number > free[0])
    shown = client.post(address(house, reading), {"first": 1, "parts": 2, "divide": "1"})
    moved = client.post(address(house, reading), shown_form(shown, **{"end-1": free[0], "title-1": "Sacks", "show": 1}))
    assert moved.status_code == 200
    assert [row.part.last.number for row in moved.context["rows"]] == [free[0], len(of_text)]
    refused = client.post(address(house, reading), shown_form(moved, **{"end-1": within, "make": 1}))
    assert refused.status_code == 422
    near = [number for number in free if number < within][-1], next(number for number in free if number > within)
    assert f"{near[0]} · {near[1]}" in refused.text
    assert f'value="{within}"' in refused.text
    assert "Sacks" in refused.text
    assert not ReadingSession.objects.exists()
    client.post(address(house, reading), shown_form(moved, make="1"))
    assert ReadingSession.objects.earliest("pk").title == "Sacks"


@pytest.mark.parametrize("typed", ["", "x", "0", "-3", "99", "9" * 400, "²", "\x00", "1\ud800"])
def test_an_end_that_is_none_is_asked_again(house, as_user, typed):
    client = as_user(house.organizer)
    shown = client.post(address(house), {"first": 1, "parts": 2, "divide": "1"})
    answer = client.post(
        address(house), shown_form(shown, **{"end-1": typed.encode("utf-8", "surrogatepass"), "make": 1})
    )
    assert answer.status_code == 422
    assert not ReadingSession.objects.exists()


@pytest.mark.parametrize(
    "typed", [{"first": 0}, {"first": 999}, {"parts": 0}, {"parts": 61}, {"on": "nowhere"}, {"first": "a"}]
)
def test_what_cannot_be_planned_is_asked_again(house, as_user, typed):
    answer = as_user(house.organizer).post(address(house), {"first": 1, "parts": 2, "make": 1, **typed})
    assert answer.status_code == 422
    assert not ReadingSession.objects.exists()


def test_the_plan_begins_after_what_sessions_are_about_already(house, as_user):
    reading, client = a_reading(house.group), as_user(house.organizer)
    half = client.post(address(house, reading), {"first": 1, "parts": 2, "divide": "1"})
    client.post(address(house, reading), shown_form(half, make="1"))
    last = ReadingSession.objects.latest("pk")
    last.delete()
    again = client.get(address(house, reading))
    assert again.context["form"]["first"].value() == half.context["rows"][1].part.first.number


def test_a_plan_that_is_sent_twice_is_made_once(house, as_user):
    client = as_user(house.organizer)
    shown = client.post(address(house), {"first": 1, "parts": 2, "divide": "1"})
    assert client.post(address(house), shown_form(shown, make="1")).status_code == 302
    again = client.post(address(house), shown_form(shown, make="1"))
    assert again.status_code == 409
    assert ReadingSession.objects.count() == 2
    assert client.post(address(house), shown_form(shown, make="1", again="on")).status_code == 302
    assert ReadingSession.objects.count() == 4


def test_the_dates_of_a_series_get_their_passages(house, as_user):
    series, client = make(house, count=3), as_user(house.organizer)
    page = client.get(f"{address(house)}?series={series.public_id}")
    assert page.context["form"]["parts"].value() == 3
    made = client.post(address(house), shown_form(page, make="1"))
    assert made["Location"] == reverse("schedule:series", args=[house.group.slug, series.public_id])
    sessions = list(series.sessions.order_by("starts_at"))
    assert [session.passages.count() for session in sessions] == [1, 1, 1]
    assert [session.wall for session in sessions] == [wall(week) for week in range(3)]
    assert sessions[0].passages.get().first_id == pieces_of(house.reading.edition.current_id)[0].pk
    # Nothing is free any more, so it is not offered.
    assert client.get(address(house)).context["form"].series == {}


def test_a_series_with_too_few_dates_says_so(house, as_user):
    series, client = make(house, count=2), as_user(house.organizer)
    answer = client.post(address(house), {"first": 1, "parts": 3, "on": series.public_id, "divide": "1"})
    assert answer.status_code == 422
    assert "2 dates with nothing to read yet" in answer.text


def test_only_who_schedules_plans(house, as_user):
    for person, status in ((house.member, 403), (house.moderator, 403), (house.outsider, 403), (house.owner, 200)):
        assert as_user(person).get(address(house)).status_code == status


def test_the_page_asks_as_much_for_one_series_as_for_three(house, as_user):
    client, counts = as_user(house.organizer), []
    for number in range(3):
        make(house, title=f"Series {number}")
        client.get(address(house))
        with CaptureQueriesContext(connection) as captured:
            client.get(address(house))
        counts.append(len(captured))
    assert counts[0] == counts[2]
