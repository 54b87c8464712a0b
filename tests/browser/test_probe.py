import pytest
from playwright.sync_api import expect
pytestmark = pytest.mark.browser

def test_probe(house, page_for):
    page = page_for(house.member)
    page.goto(f"/g/{house.group.slug}/read/{house.reading.slug}/")
    print(page.locator("body").aria_snapshot())
    page.screenshot(path="/tmp/p1.png")
    page.locator(".talk").nth(3).click()
    expect(page.locator("#discussion-title")).to_be_focused()
    page.get_by_label("Your comment").fill("Hello *you*")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".comment")).to_be_focused()
    print(page.locator("body").aria_snapshot())
    page.screenshot(path="/tmp/p2.png")
def test_probe2(house, page_for):
    page = page_for(house.member, (390,844))
    page.goto(f"/g/{house.group.slug}/read/{house.reading.slug}/")
    page.screenshot(path="/tmp/p3.png")
    page.locator(".talk").nth(3).click()
    expect(page.locator("#discussion-title")).to_be_focused()
    page.screenshot(path="/tmp/p4.png")
