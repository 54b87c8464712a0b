"""The other yardstick: each page as Django's documentation would have it, one SELECT and a template, and nothing else.

No permissions, nothing kept ready, nothing that belongs to a person; the same server, middleware and data. `post` is an
INSERT and an UPDATE of a counter in one transaction, in tables of their own.
"""

from functools import cache

from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import path

from readinggroup.accounts.access import public

ONLY_HERE = "exists in the benchmark's process only"
HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head><body><main>'
READING = (
    HEAD + '{% for each in rows %}<section id="n{{ each.0 }}">{{ each.1|safe }}'
    '<a href="p/{{ each.2 }}/">{{ each.3 }} comment{{ each.3|pluralize }}</a></section>\n'
    "{% endfor %}</main></body></html>"
)
THREAD = (
    HEAD + '{% for each in rows %}<article id="c{{ each.0 }}"><h3>{{ each.1 }}</h3><time>{{ each.2|date:"c" }}</time>'
    '{{ each.3|safe }}<a href="/c/{{ each.0 }}/answer/">Answer</a></article>\n{% endfor %}</main></body></html>'
)
PARAGRAPHS = """
    SELECT version.number, version.html, paragraph.public_id, coalesce(activity.comments, 0)
    FROM readings_reading reading JOIN texts_edition edition ON edition.id = reading.edition_id
    JOIN texts_paragraphversion version ON version.revision_id = edition.current_id
    JOIN texts_paragraph paragraph ON paragraph.id = version.paragraph_id
    LEFT JOIN readings_paragraphactivity activity
        ON activity.reading_id = reading.id AND activity.paragraph_id = version.paragraph_id
    WHERE reading.slug = %s ORDER BY version.number
"""
SAID = """
    SELECT said.public_id, person.display_name, said.created_at, said.body_html
    FROM discussion_comment said JOIN accounts_user person ON person.id = said.author_id
"""
OF_ONE = SAID + " WHERE said.paragraph_id = (SELECT paragraph_id FROM discussion_comment WHERE public_id = %s)"  # noqa: S608 - our own SQL
IN_ORDER = " ORDER BY said.created_at, said.id"
FOUND = SAID + " WHERE said.search @@ websearch_to_tsquery('english', %s) ORDER BY said.id DESC LIMIT 20"
TABLES = """
    CREATE TABLE IF NOT EXISTS yardstick_counter (id bigint PRIMARY KEY, comments bigint NOT NULL);
    CREATE TABLE IF NOT EXISTS yardstick_comment (
        id bigserial PRIMARY KEY, counter_id bigint NOT NULL REFERENCES yardstick_counter, author_id bigint NOT NULL,
        body text NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
    );
    INSERT INTO yardstick_counter VALUES (1, 0) ON CONFLICT DO NOTHING;
"""


def prepare() -> None:
    """The tables of `post`."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)


def page(template, title, question, values):
    """One SELECT, a template."""
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        rows = cursor.fetchall()
    return HttpResponse(compiled(template).render({"title": title, "rows": rows}))


@cache
def compiled(template):
    """Read once, as Django keeps templates."""
    return engines["django"].from_string(template)


@public(because=ONLY_HERE)
def reading(request, slug):
    return page(READING, slug, PARAGRAPHS, [slug])


@public(because=ONLY_HERE)
def thread(request, comment):
    return page(THREAD, comment, f"{OF_ONE}{IN_ORDER} LIMIT 50", [comment])


@public(because=ONLY_HERE)
def whole(request, comment):
    return page(THREAD, comment, OF_ONE + IN_ORDER, [comment])


@public(because=ONLY_HERE)
def found(request):
    return page(THREAD, "Found", FOUND, [request.GET["q"]])


@public(because=ONLY_HERE)
def post(request):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO yardstick_comment (counter_id, author_id, body) VALUES (1, %s, %s)",
            [request.user.pk, request.POST["body"]],
        )
        cursor.execute("UPDATE yardstick_counter SET comments = comments + 1 WHERE id = 1")
    return HttpResponseRedirect("/")


urlpatterns = [
    path("select/reading/<slug:slug>/", reading),
    path("select/thread/<slug:comment>/", thread),
    path("select/whole/<slug:comment>/", whole),
    path("select/found/", found),
    path("select/post/", post),
]
