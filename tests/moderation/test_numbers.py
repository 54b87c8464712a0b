"""Moderation in numbers: they are what stands in the tables, month by month in the group's zone."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.groups.models import Group
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.models import Appeal, Decision
from readinggroup.moderation.numbers import numbers_of

from ..conftest import make_house
from .decisions import hidden, left, reported, reversed_


def address(house, name="log_numbers"):
    return reverse(f"moderation:{name}", args=[house.group.slug])


def moved(moment, *rows):
    """As if these decisions had been made then, and what they are about reported two hours before."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was done until now has been committed
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for decision in rows:
            Decision.objects.filter(pk=decision.pk).update(decided_at=moment)
            for part in decision.parts.exclude(case=None):
                type(part.case).objects.filter(pk=part.case_id).update(opened_at=moment - timedelta(hours=2))
                part.case.reports.update(created_at=moment - timedelta(hours=2))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def table(house, as_user):
    """The CSV as dictionaries, by month."""
    answer = as_user(None).get(address(house, "log_numbers_csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return {row["month"]: row for row in csv.DictReader(io.StringIO(answer.text))}


@pytest.fixture
def autumn(house):
    """September: two hidden on a rule, one of them reversed after an appeal; October: nothing; November: one left."""
    rules = change_rules(group=house.group, rules=[("No trade", "")], by=house.owner)
    first, second = (hidden(house, rule=rules.rules.get()) for _two in range(2))
    reversal = reversed_(house, first)
    moved(datetime(2026, 9, 10, 12, tzinfo=UTC), first, second, reversal)
    appeal = Appeal.objects.create(decision=first, by=house.member, words="No.")
    Appeal.objects.filter(pk=appeal.pk).update(created_at=datetime(2026, 9, 12, tzinfo=UTC))
    moved(datetime(2026, 11, 2, 12, tzinfo=UTC), left(house))
    return house


def test_the_numbers_are_what_happened(autumn, as_user):
    months = table(autumn, as_user)
    assert list(months)[:3] == ["2026-09", "2026-10", "2026-11"]
    assert months["2026-09"] == {
        "month": "2026-09", "reports": "2", "decisions": "3", "median_hours": "2.0", "appeals": "1", "reversals": "1",
        "action: leave": "0", "action: hide": "2", "action: show": "1", "on: No trade": "2", "on: (none)": "1",
    }  # fmt: skip
    assert set(months["2026-10"].values()) == {"2026-10", "0", ""}
    november = months["2026-11"]
    assert (november["reports"], november["decisions"], november["action: leave"]) == ("1", "1", "1")


def test_the_page_says_the_same_in_tables_and_in_a_plot_with_a_name(autumn, as_user):
    page = as_user(None).get(address(autumn)).text
    row = re.search(r'<th scope="row">September 2026</th>(.*?)</tr>', page)[1]
    assert re.findall(r"<td>(.*?)</td>", row) == ["2", "3", "2 hours", "1", "1"]
    assert page.index("November 2026</th>") < page.index("September 2026</th>")
    assert '<svg role="img" aria-labelledby="plot-title"' in page
    assert page.count("<rect") == 2 * len(numbers_of(autumn.group).months)
    assert "style=" not in page
    assert '<table aria-labelledby="by-month"' in page
    for name in ("Mara", "Milo", "Mona"):
        assert name not in page


def test_a_plot_in_german_has_no_commas_in_its_places(autumn, as_user):
    page = as_user(None).get(address(autumn), headers={"Accept-Language": "de"}).text
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert re.findall(r'(?:x|y|height|width)="([^"]*,[^"]*)"', svg) == []


def test_the_middle_one_counts_and_only_the_first_decision_about_a_case(house):
    decisions = [hidden(house, reported(house)) for _three in range(3)]
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    moved(now, *decisions)
    for hours, decision in zip((1, 5, 90), decisions, strict=True):
        case = decision.parts.get().case
        type(case).objects.filter(pk=case.pk).update(opened_at=now - timedelta(hours=hours))
    (month,) = [month for month in numbers_of(house.group).months if month.decisions]
    assert month.median == timedelta(hours=5)


def test_a_month_begins_where_the_group_is(house):
    decision = left(house)
    moved(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), decision)
    for zone, month in (("UTC", 10), ("Asia/Tokyo", 11)):
        Group.objects.filter(pk=house.group.pk).update(time_zone=zone)
        house.group.refresh_from_db()
        assert [found.first.month for found in numbers_of(house.group).months if found.decisions] == [month]


def test_another_groups_numbers_are_not_counted(house, autumn):
    other = make_house("public")
    left(other)
    assert sum(month.decisions for month in numbers_of(house.group).months) == 4
    assert sum(month.decisions for month in numbers_of(other.group).months) == 1


def test_one_month_and_thirty_six_ask_the_database_as_often(house, as_user):
    client, counts = as_user(house.member), []
    decision = left(house)
    client.get(address(house))
    for months in (1, 36):
        for number in range(1, months):
            moved(datetime(2023 + number // 12, number % 12 + 1, 3, tzinfo=UTC), left(house))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(address(house)).text
        counts.append(len(captured))
    assert decision
    assert page.count("<rect") >= 2 * 36
    assert counts[0] == counts[1]


def test_nothing_yet_is_said(house, as_user):
    assert "Nothing has been reported or decided yet." in as_user(None).get(address(house)).text
    assert list(table(house, as_user)) == []


def test_a_rule_that_looks_like_a_formula_is_none_in_a_spreadsheet(house, as_user):
    rules = change_rules(group=house.group, rules=[('=HYPERLINK("x")', "")], by=house.owner)
    hidden(house, rule=rules.rules.get())
    text = as_user(None).get(address(house, "log_numbers_csv")).text
    assert all(cell[:1] not in {"=", "+", "-", "@"} for row in csv.reader(io.StringIO(text)) for cell in row)
