"""What tells whether two databases hold the same: of every table the number of its rows and a sum over their words."""

from django.db import connection

# How values are written must not depend on who asks.
PLAIN_WRITING = """
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601';
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
"""
TABLES = """
    SELECT c.relname FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'public'::pg_catalog.regnamespace AND c.relkind = 'r' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname
"""


def fingerprint_query(table: str) -> str:
    """A SELECT of one text, "rows:sum:sum": the two halves of each row's MD5, summed up in whatever order."""
    name = connection.ops.quote_name(table)
    half = "sum(('x' || substr(pg_catalog.md5(r::text), {}, 16))::bit(64)::bigint::numeric)"
    return (
        f"SELECT count(*) || ':' || coalesce({half.format(1)}, 0) || ':' || coalesce({half.format(17)}, 0)"  # noqa: S608
        f" FROM public.{name} r"
    )


def fingerprints() -> dict[str, str]:
    """Of every table of the site, in the transaction that is open."""
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_WRITING)
        cursor.execute(TABLES)
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(fingerprint_query(table))
            found[table] = cursor.fetchone()[0]
    return found
