"""A question that is written once gives what the same question gives that is written anew."""

import threading

from django.db import connection
from django.db.models import Q, Value
from django.test.utils import CaptureQueriesContext

from readinggroup.discussion.models import Comment, Draft, State, Viewer, words_are_for
from readinggroup.groups.models import Membership
from readinggroup.lib import prepared as module
from readinggroup.lib.prepared import AnyOf, AnyOfTexts, Parameter, prepared
from readinggroup.readings.models import Reading

from .. import factories
from .test_quick_rows import fields_of

written = []


@prepared
def readings_of(open_only):
    written.append(open_only)
    readings = Reading.objects.filter(group=Parameter("group")).with_text().with_passages_ahead()
    return readings.filter(for_members=False) if open_only else readings


@prepared
def comments_among():
    comments = Comment.objects.filter(AnyOf("id", Parameter("keys"))).order_by("pk")
    return comments.values_list(Value("here"), "body", "author__display_name")


def test_instances_are_the_very_same(house):
    [found] = readings_of(True).objects(group=house.group.pk)
    plain = house.group.readings.with_text().with_passages_ahead().get()
    assert fields_of(found) == fields_of(plain)
    with CaptureQueriesContext(connection) as captured:
        assert fields_of(found.edition) == fields_of(plain.edition)
        assert fields_of(found.edition.current) == fields_of(plain.edition.current)
        assert found.passages_ahead is None
    assert len(captured) == 0
    assert readings_of(True).first(group=house.group.pk) == plain
    assert readings_of(True).first(group=0) is None


def test_it_is_written_once_for_each_shape(house):
    module.forget_all()
    written.clear()
    Reading.objects.update(for_members=True)
    for _time in range(3):
        assert readings_of(True).objects(group=house.group.pk) == []
        assert readings_of(False).objects(group=house.group.pk) == [house.reading]
        assert readings_of(False).objects(group=0) == []
    assert written == [True, False]


def test_rows_of_a_list_of_keys(house):
    made = [factories.create_comment(house.reading, house.member, f"100 %s {number}") for number in range(3)]
    name = house.member.display_name
    rows = comments_among().rows(keys=[made[0].pk, made[2].pk])
    assert rows == [("here", "100 %s 0", name), ("here", "100 %s 2", name)]
    assert comments_among().rows(keys=[]) == []


def test_a_question_can_be_a_part_of_another(house):
    comment = factories.create_comment(house.reading, house.member, "Whole.")
    sql, values = comments_among().with_values({"keys": [comment.pk], "besides": 1})
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) part", values)  # noqa: S608 - ours
        assert cursor.fetchone() == (1,)


def test_every_thread_asks_by_its_own_connection(house):
    """The house is not committed: another connection sees nothing of it."""
    readings_of(True).objects(group=house.group.pk)
    seen = []

    def ask():
        try:
            seen.append(readings_of(True).objects(group=house.group.pk))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [[]]


def test_a_viewer_of_the_same_traits_is_asked_the_same(house):
    """What the policy says of a member it says of the parameters that stand for them."""
    for author in (house.other, house.member):
        factories.create_comment(house.reading, author, f"Held, of {author.pk}.")
    Comment.objects.update(state=State.HELD)
    factories.create_comment(house.reading, house.member, "For all.")

    @prepared
    def readable(traits):
        return Comment.objects.filter(words_are_for(Viewer.with_traits(traits))).order_by("pk").values_list("body")

    for membership in (*Membership.objects.all(), Membership(group=house.group)):
        viewer = Viewer.of(membership)
        plain = Comment.objects.filter(Q(words_are_for(viewer))).order_by("pk").values_list("body")
        assert readable(viewer.traits).rows(group=viewer.group, user=viewer.user) == list(plain), membership


def test_what_is_asked_can_be_deleted(house):
    @prepared
    def drafts_of():
        return Draft.objects.filter(author=Parameter("author"), body=Parameter("body"))

    version = factories.version_of(house.reading)
    for person in (house.member, house.other):
        Draft.objects.create(author=person, reading=house.reading, paragraph=version.paragraph, body="100 %s")
    drafts_of().delete(author=house.member.pk, body="something else")
    assert Draft.objects.count() == 2
    drafts_of().delete(author=house.member.pk, body="100 %s")
    assert Draft.objects.get().author == house.other


@prepared
def people_called():
    return Membership.objects.filter(AnyOfTexts("user__display_name", Parameter("names"))).values_list("user")


def test_one_page_and_how_many_there_are_on_all(house):
    people = [house.member, house.other, house.owner]
    names = [each.display_name for each in people]
    keys = sorted(each.pk for each in people)
    pages = [people_called().page(number, 2, order='"user" DESC', names=names) for number in (1, 2, 3)]
    assert pages == [([(keys[2],), (keys[1],)], 3), ([(keys[0],)], 3), ([], 0)]
