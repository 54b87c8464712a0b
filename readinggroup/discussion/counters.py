"""Holding the counters of paragraphs: whoever writes at one holds it, and whoever decides there."""

from django.db import connection


def hold_counters(places) -> None:
    """Hold the rows that everybody holds who writes at these (reading, paragraph), by their keys; made if nobody has.

    In the order in which the triggers of `Comment` hold them, so that of two who are about several paragraphs one waits
    for the other. Whoever holds comments, too, holds them before.
    """
    places = sorted(set(places))
    if not places:
        return
    readings, paragraphs = [reading for reading, _ in places], [paragraph for _, paragraph in places]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO readings_paragraphactivity (reading_id, paragraph_id, comments, changes, said)"
            " SELECT reading, paragraph, 0, 0, 0 FROM unnest(%s::bigint[], %s::bigint[]) AS place (reading, paragraph)"
            " ORDER BY 1, 2 ON CONFLICT (reading_id, paragraph_id) DO NOTHING",
            [readings, paragraphs],
        )
        cursor.execute(
            "SELECT FROM readings_paragraphactivity"
            " WHERE (reading_id, paragraph_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))"
            " ORDER BY reading_id, paragraph_id FOR NO KEY UPDATE",
            [readings, paragraphs],
        )
