"""What is constant in a template is rendered once for each language, and says what Django's own loader says."""

import pytest
from django.template import Context, Engine, TemplateDoesNotExist, engines
from django.template.base import NodeList
from django.test import RequestFactory
from django.utils.translation import override

from readinggroup.lib.constant_parts import Address, Constant, join

PARTS = {
    "frame": '{% load i18n static %}<p>{% translate "Inbox" %}</p><a href="{% url \'home\' %}">{% static "x.css" %}</a>'
    '{% block inside %}{% translate "Sign in" %}{% endblock %}{% translate name %}{% if on %}{% translate "Rules" %}'
    '{% else %}{% translate "Sign out" %}{% endif %}',
    "page": '{% extends "frame" %}{% load i18n %}{% block inside %}<i>{% translate "Search" %}</i>{{ block.super }}'
    '{% for each in many %}{% translate "Members" %}{{ each }}{% empty %}{% translate "Rules" %}{% endfor %}'
    '{% blocktranslate trimmed %}Where you are{% endblocktranslate %}'
    '{% blocktranslate trimmed count n=n %}{{ n }} comment{% plural %}{{ n }} comments{% endblocktranslate %}'
    '{% translate "Inbox" as kept %}{{ kept }}{% url "group" slug %}{% url "group" group=slug %}'
    '{% url "group" slug as way %}{{ way }}{% url "no such" as none %}{{ none }}{% include "frame" %}{% endblock %}',
}  # fmt: skip
BARE = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]


def engine(loader, folder):
    ours = engines["django"].engine
    return Engine(dirs=[folder], loaders=[(loader, BARE)], builtins=ours.builtins, libraries=ours.libraries)


@pytest.fixture
def both(tmp_path, settings):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    for name, text in PARTS.items():
        (tmp_path / name).write_text(text)
    loaders = "readinggroup.lib.constant_parts.Loader", "django.template.loaders.cached.Loader"
    return [engine(loader, tmp_path) for loader in loaders]


def test_it_says_what_django_says_in_each_language_and_again(both):
    contexts = [
        {"slug": "a-group", "many": [1, "<2>"], "n": 1, "on": True, "name": "Members"},
        {"slug": "other", "many": [], "n": 3, "on": False, "name": "Search", "request": RequestFactory().get("/")},
    ]
    for language in ("en", "de", "fr", "de", "en"):
        with override(language):
            for each in contexts:
                for page in PARTS:
                    ours, theirs = (one.get_template(page).render(Context(dict(each))) for one in both)
                    assert ours == theirs, (language, page)


def test_neighbours_are_one_and_what_varies_is_none_of_them(both):
    nodes = both[0].get_template("frame").nodelist
    assert [type(node).__name__ for node in nodes if type(node).__name__ != "LoadNode"] == [
        "Constant", "BlockNode", "TranslateNode", "IfNode",
    ]  # fmt: skip
    assert len(both[0].get_template("page").nodelist.get_nodes_by_type(Address)) == 2


def test_what_is_kept_knows_whether_it_is_escaped(both):
    text = '{% load i18n %}{% with said="a < b" %}{% translate said %}{% endwith %}<b>{% translate "a < b" %}</b>'
    ours, theirs = (both[1].from_string(text) for _ in range(2))
    join(ours.nodelist)
    assert ours.nodelist.get_nodes_by_type(Constant)
    for autoescape in (True, False, True, False):
        each = Context(autoescape=autoescape)
        assert ours.render(each) == theirs.render(each)


def test_text_alone_stays_text_and_a_missing_template_is_missed(both):
    nodes = both[1].from_string("only words").nodelist
    before = list(nodes)
    join(nodes)
    assert isinstance(nodes, NodeList)
    assert list(nodes) == before
    with pytest.raises(TemplateDoesNotExist):
        both[0].get_template("no such")


def test_addresses_that_cannot_be_are_an_error_as_before(both):
    from django.urls import NoReverseMatch

    template = both[1].from_string('{% url "group" slug %}')
    join(template.nodelist)
    with pytest.raises(NoReverseMatch):
        template.render(Context({"slug": "no/such"}))


def test_the_site_reads_its_templates_so():
    assert engines["django"].engine.get_template("base.html").nodelist.get_nodes_by_type(Constant)
