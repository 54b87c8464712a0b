"""The way that the site is for: read, open a discussion, write, be answered, edit, withdraw, come back by the link."""

import pytest
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment, State

from .conftest import NARROW, WIDE
from .steps import (
    act_of,
    answer,
    at,
    comment,
    discussion,
    edit,
    is_in_window,
    name_of,
    open_discussion,
    open_text,
    paragraph_address,
    permalink,
    shows_discussion_of,
    stubs,
    withdraw,
    write,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_two_people_talk_about_a_paragraph(house, page_for, window, javascript):
    mara = page_for(house.member, window, javascript=javascript)
    milo = page_for(house.other, window, javascript=javascript)

    open_text(mara, house.reading)
    open_discussion(mara, 4)
    expect(mara).to_have_url(at(paragraph_address(house.reading, 4)))
    write(mara, "Whose sacks were they?")
    link = permalink(mara, "Whose sacks were they?")

    open_text(milo, house.reading)
    open_discussion(milo, 4)
    expect(comment(milo, "Whose sacks were they?")).to_contain_text("Mara")
    expect(act_of(comment(milo, "Whose sacks were they?"), "Edit")).to_have_count(0)
    answer(milo, to="Whose sacks were they?", words="The widow's, I think.")

    mara.goto(link)
    shows_discussion_of(mara, 4)
    expect(comment(mara, "The widow's, I think.")).to_contain_text("Milo")
    edit(mara, "Whose sacks were they?", "Whose were the sacks?")
    expect(comment(mara, "Whose were the sacks?")).to_contain_text("edited")

    milo.goto(link)
    expect(comment(milo, "Whose were the sacks?")).to_be_visible()
    expect(discussion(milo)).not_to_contain_text("Whose sacks were they?")

    withdraw(mara, "Whose were the sacks?")
    expect(stubs(mara)).to_have_text("Withdrawn by its author.")
    expect(comment(mara, "The widow's, I think.")).to_be_visible()

    answered = permalink(milo, "The widow's, I think.")
    milo.goto(link)
    expect(discussion(milo)).not_to_contain_text("Whose were the sacks?")
    expect(stubs(milo)).to_have_text("Withdrawn by its author.")

    mara.goto(answered)
    expect(mara).to_have_url(at(f"#c-{name_of(comment(mara, 'The widow'))}"))
    is_in_window(comment(mara, "The widow's, I think."))

    assert list(Comment.objects.order_by("pk").values_list("body", "state")) == [
        ("Whose were the sacks?", State.WITHDRAWN),
        ("The widow's, I think.", State.VISIBLE),
    ]


def test_a_visitor_reads_and_is_asked_to_sign_in(house, page_for):
    page = page_for(None)
    open_text(page, house.reading)
    open_discussion(page, 4)
    page.get_by_role("link", name="Sign in to say something").click()
    expect(page).to_have_url(at(f"/accounts/login/?next={paragraph_address(house.reading, 4)}"))
