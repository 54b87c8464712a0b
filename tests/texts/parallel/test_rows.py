"""Links as rows of two texts, and what people say about them: nothing is lost, shown twice, or in another row."""

from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from texts.importing import read
from texts.importing.saving import keep_source, save_edition, save_sections, sections_of
from texts.models import (
    Edition,
    LinkedParagraph,
    Paragraph,
    ParagraphVersion,
    Parallel,
    ParallelLink,
    ParallelStatus,
    Revision,
    RevisionState,
    Work,
)
from texts.parallel import saving
from texts.parallel.rows import Standing, in_order, rows_of, standing_in
from texts.removing import remove_edition

from ...thoroughness import thoroughly
from .test_aligning import ENGLISH, GERMAN


def edition_of(units, language="en", work=None):
    content = "\n\n".join(unit.text for unit in units).encode()
    return save_edition(read(content, filename="x.txt"), keep_source(content, "x.txt"), work=work, language=language)


@pytest.fixture
def pair(db):
    """The ferry in two languages: the third paragraph is two in the second."""
    english, german = edition_of(ENGLISH), edition_of(GERMAN, "de")
    return saving.join_works(english, german)


def shown(parallel, edition=None):
    """Rows by the numbers that paragraphs bear."""
    mine = edition or parallel.first
    theirs = parallel.second if mine == parallel.first else parallel.first
    mine.refresh_from_db()
    theirs.refresh_from_db()
    numbers = dict(
        ParagraphVersion.objects.filter(revision__in=[mine.current, theirs.current]).values_list("paragraph", "number")
    )
    rows = rows_of(parallel, standing_in(mine.current), standing_in(theirs.current))
    return [([numbers[pk] for pk in row.mine], [numbers[pk] for pk in row.theirs], row.status) for row in rows]


def state_of(parallel):
    rows = rows_of(parallel, standing_in(parallel.first.current), standing_in(parallel.second.current))
    return {
        "parallel": parallel,
        "edition": parallel.first,
        "section": 0,
        "seen": saving.fingerprint([row for row in rows if row.section == 0]),
    }


def key_of(edition, number):
    return edition.current.versions.get(number=number).paragraph_id


PROPOSED = [([1], [1]), ([2], [2]), ([3], [3, 4]), ([4], [5]), ([5], [6])]


def test_joined_they_are_of_one_work_and_their_links_are_proposed(pair):
    assert [(one, other) for one, other, _status in shown(pair)] == PROPOSED
    assert {status for _one, _other, status in shown(pair)} == {"proposed"}
    assert Work.objects.count() == 1
    assert [(one, other) for one, other, _status in shown(pair, pair.second)] == [
        (other, one) for one, other in PROPOSED
    ]
    assert saving.join_works(pair.second, pair.first) == pair  # joined again, in the other order, they are as they were
    assert Parallel.objects.count() == 1


def test_a_section_is_confirmed_with_what_stands_alone(pair):
    saving.separate_row(**state_of(pair), paragraph=key_of(pair.first, 5))
    assert [row[:2] for row in shown(pair)][-2:] == [([], [6]), ([5], [])]
    saving.confirm_section(**state_of(pair))
    assert {status for _one, _other, status in shown(pair)} == {"confirmed"}
    saving.propose(pair)
    assert [row[:2] for row in shown(pair)][-2:] == [([], [6]), ([5], [])]  # a person said so


def test_rows_are_joined_separated_and_moved(pair):
    saving.separate_row(**state_of(pair), paragraph=key_of(pair.second, 4))
    assert [row[:2] for row in shown(pair)][2:4] == [([3], [3]), ([], [4])]
    saving.join_with_next(**state_of(pair), paragraph=key_of(pair.first, 3))
    assert [row[:2] for row in shown(pair)][2] == ([3], [3, 4])
    saving.move(**state_of(pair), paragraph=key_of(pair.second, 4), to=key_of(pair.first, 4))
    assert [row[:2] for row in shown(pair)][2:4] == [([3], [3]), ([4], [4, 5])]
    assert shown(pair)[3][2] == "confirmed"
    with pytest.raises(saving.NoSuchRow):
        saving.join_with_next(**state_of(pair), paragraph=key_of(pair.first, 5))
    with pytest.raises(saving.NoSuchRow):
        saving.move(**state_of(pair), paragraph=key_of(pair.second, 4), to=key_of(pair.first, 4))


def test_of_two_who_correct_the_second_is_told(pair):
    before = state_of(pair)
    saving.confirm_row(**before, paragraph=key_of(pair.first, 1))
    was = shown(pair)
    with pytest.raises(saving.StaleLinks):
        saving.confirm_section(**before)
    assert shown(pair) == was


def revised(edition, left_out):
    """A new revision without one paragraph, as the publication of a correction makes it: identities stay."""
    was = edition.current
    versions = [version for version in was.versions.order_by("number") if version.number != left_out]
    now = Revision.objects.create(
        edition=edition, number=2, state=RevisionState.PUBLISHED, published_at=was.published_at
    )
    document = read("\n\n".join(version.text for version in versions).encode(), filename="x.txt")
    sections = save_sections(now, sections_of(document.blocks), {})
    for number, (version, section) in enumerate(zip(versions, sections, strict=True), 1):
        same = {
            name: getattr(version, name) for name in ("paragraph", "kind", "list_kind", "list_number", "text", "html")
        }
        ParagraphVersion.objects.create(revision=now, section=section, number=number, **same)
    edition.current = now
    edition.save(update_fields=["current"])


def test_a_paragraph_that_is_gone_is_not_shown_and_comes_back_to_its_row(pair):
    gone = key_of(pair.second, 4)
    first = pair.second.current
    revised(pair.second, left_out=4)
    assert [row[:2] for row in shown(pair)] == [([1], [1]), ([2], [2]), ([3], [3]), ([4], [4]), ([5], [5])]
    saving.join_with_next(**state_of(pair), paragraph=key_of(pair.first, 3))
    assert [row[:2] for row in shown(pair)][2] == ([3, 4], [3, 4])
    Edition.objects.filter(pk=pair.second_id).update(current=first)
    assert [row[:2] for row in shown(pair)][2] == ([3, 4], [3, 4, 5])
    assert LinkedParagraph.objects.get(paragraph=gone).parallel == pair


def test_a_paragraph_that_was_merged_takes_its_links_along(pair):
    saving.confirm_all(parallel=pair)
    gone, heir = key_of(pair.first, 4), key_of(pair.first, 3)
    first = pair.first.current
    revised(pair.first, left_out=4)
    Paragraph.objects.filter(pk=gone).update(heir=heir)
    rows = [([1], [1]), ([2], [2]), ([3], [3, 4, 5]), ([4], [6])]
    assert [row[:2] for row in shown(pair)] == rows
    saving.propose(pair)
    assert [row[:2] for row in shown(pair)] == rows
    saving.separate_row(**state_of(pair), paragraph=heir)
    assert [row[:2] for row in shown(pair)] == [*rows[:2], ([3], [3]), ([], [4]), ([], [5]), rows[3]]
    Paragraph.objects.filter(pk=gone).update(heir=None)
    Edition.objects.filter(pk=pair.first_id).update(current=first)
    assert [row[:2] for row in shown(pair)][2] == ([3, 4], [3])


def test_separated_they_are_two_works_and_nothing_is_left(pair):
    saving.separate_edition(pair.second)
    assert Work.objects.count() == 2
    assert [model.objects.count() for model in (Parallel, ParallelLink, LinkedParagraph)] == [0, 0, 0]
    with pytest.raises(saving.StaleLinks):
        saving.pair(pair.first, pair.second)


def test_an_edition_goes_with_its_links_and_leaves_the_work(pair):
    remove_edition(pair.second)
    assert Work.objects.count() == Edition.objects.count() == 1
    assert not ParallelLink.objects.exists()


def refused(make):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make()
    return str(refusal.value)


def test_the_database_keeps_pairs_and_links_in_order(pair):
    stranger = edition_of(ENGLISH)
    one, other = pair.first, pair.second
    assert "of two works" in refused(lambda: Parallel.objects.create(first=one, second=stranger))
    assert "parallel_has_no_order" in refused(lambda: Parallel.objects.create(first=other, second=one))
    assert "parallel_once" in refused(lambda: Parallel.objects.create(first=one, second=other))
    link = ParallelLink.objects.create(parallel=pair)
    theirs = {"link": link, "parallel": pair}
    strange = key_of(stranger, 1)
    assert "two editions" in refused(lambda: LinkedParagraph.objects.create(**theirs, paragraph_id=strange))
    known = key_of(one, 1)
    assert "linked_paragraph_once" in refused(lambda: LinkedParagraph.objects.create(**theirs, paragraph_id=known))
    assert "parallel_link_status" in refused(lambda: ParallelLink.objects.create(parallel=pair, status="sure"))


def test_a_longer_text_costs_as_many_questions(db):
    """Joining is as many statements for four paragraphs as for forty."""
    costs = []
    for times in (1, 10):
        one, other = edition_of(ENGLISH[1:] * times), edition_of(ENGLISH[1:] * times, "de")
        with CaptureQueriesContext(connection) as captured:
            saving.join_works(one, other)
        costs.append(len(captured))
        assert ParallelLink.objects.filter(parallel__first=one, status=ParallelStatus.PROPOSED).count() == 4 * times
    assert costs[0] == costs[1] <= 30


@settings(max_examples=thoroughly(300, 50))
@given(st.data())
def test_every_paragraph_is_in_one_row_whatever_the_links(data):
    """Also of links that cross, have gone paragraphs, or none that stand; my text keeps its order by first ones."""
    mine = [Standing(pk, pk // 4) for pk in range(data.draw(st.integers(0, 9)))]
    theirs = [Standing(100 + pk, 0) for pk in range(data.draw(st.integers(0, 9)))]
    everybody = [*range(12), *range(100, 112)]
    links = data.draw(st.lists(st.sampled_from([*range(1, 8), None]), min_size=len(everybody), max_size=len(everybody)))
    members = [(link, "proposed", pk) for link, pk in zip(links, everybody, strict=True) if link]
    rows = in_order(members, mine, theirs)
    assert sorted(pk for row in rows for pk in row.mine) == [each.pk for each in mine]
    assert sorted(pk for row in rows for pk in row.theirs) == [each.pk for each in theirs]
    firsts = [row.mine[0] for row in rows if row.mine]
    assert firsts == sorted(firsts)
    assert all(row.mine or row.theirs for row in rows)
    assert all(row.section <= next_one.section for row, next_one in pairwise(rows))
    by_link = dict(zip(everybody, links, strict=True))
    for row in rows:
        assert {by_link[pk] for pk in (*row.mine, *row.theirs)} <= ({row.links[0]} if row.links else {None})
