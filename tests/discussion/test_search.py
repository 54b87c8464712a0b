"""Search in a group: what is found, in which order, and that nothing is told of what a reader may not see."""

from django.urls import reverse
from lxml import html

from readinggroup.discussion.models import Comment, State

from .. import factories


def address_of(group):
    return reverse("discussion:search", args=[group.slug])


def look(client, group, q, **more):
    """The answer to a search, and its document."""
    answer = client.get(address_of(group), {"q": q, **more})
    return answer, html.fromstring(answer.content.decode())


def snippets(client, group, q, **more):
    """The words of each hit, in order."""
    answer, document = look(client, group, q, **more)
    assert answer.status_code == 200
    return [" ".join(words.text_content().split()) for words in document.xpath("//ol/li//div[@class='words']")]


def test_words_are_found_in_texts_and_comments_in_all_their_forms(house, as_user):
    factories.create_comment(house.reading, house.member, "Everybody counts the sacks.")
    found = snippets(as_user(None), house.group, "counting sack")
    assert len(found) == 2
    assert found[0] == "Everybody counts the sacks."
