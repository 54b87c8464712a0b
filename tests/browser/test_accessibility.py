"""Every kind of page, searched for faults by axe in both schemes and on both windows; no sideways scroll at 320 px."""

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings as django_settings
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment, MutedPerson, RestrictionKind, State
from readinggroup.discussion.restricting import restrict
from readinggroup.groups.actions import ask_for_review, elect_moderators
from readinggroup.moderation.actions import Seen, Verdict, agree, appeal, decide, report, write_statement
from readinggroup.moderation.models import Action, Case, Ground, Juror
from readinggroup.notifications.unsubscribing import unsubscribe_address
from readinggroup.proposals import actions as proposals
from readinggroup.readings.actions import keep_upload
from readinggroup.revisions.actions import open_correction
from readinggroup.schedule import actions as schedule
from readinggroup.schedule.actions import make_calendar_address

from .. import factories
from ..moderation.conftest import decided as decided_about
from ..moderation.conftest import rule_of
from ..moderation.decisions import entered, hidden, reversed_
from ..proposals import ballots
from ..proposals import steps as proposing
from ..proposals.counted import accepted, closed_ballot, proposed, receipts
from ..revisions.steps import changed, published
from ..revisions.steps import page as page_of_revisions
from ..schedule import sessions
from ..schedule.agenda_steps import ended, put_on_agenda, under_way
from ..schedule.houses import draft_session, passages, scheduled_session, series_of
from ..side_by_side.houses import two_editions
from ..thoroughness import thoroughly
from .conftest import NARROW, WIDE
from .steps import (
    NOT_A_TEXT,
    address_of,
    answer,
    box_for_words,
    code_in,
    comment,
    composer,
    open_discussion,
    open_form,
    open_text,
    opened,
    paragraph_address,
    send,
    title,
)

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults_of(page, only=None):
    """What axe finds, one line each: the rule, where, and why."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    rules = {"type": "rule", "values": only} if only else {"type": "tag", "values": RULES}
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate("(options) => axe.run(document, options)", options)["violations"]
    return [
        f"{fault['id']}: {node['target']}: {' '.join(node['failureSummary'].split())} {node['html'][:160]}"
        for fault in found
        for node in fault["nodes"]
        # What lies half under the docked box for a comment, or under the panel's heading, is scrolled, not small.
        if "partially obscured" not in node["failureSummary"]
    ]


def sideways(page):
    """What stands out of the window to the side, if the page can be scrolled there."""
    return page.evaluate(
        """() => {
            const wide = (e) => e.scrollWidth > e.clientWidth + 1;
            const boxes = [document.documentElement, ...document.querySelectorAll(".margin, dialog[open]")];
            const scrollers = boxes.filter(wide);
            if (!scrollers.length) return [];
            return [...document.querySelectorAll("body *")]
                .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                .slice(0, 5).map((e) => e.outerHTML.slice(0, 160)).concat(scrollers.map((e) => e.tagName + " scrolls"));
        }"""
    )


# --- The pages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def furnished(house):
    """The house with everything in it that a page can show."""
    said = factories.create_comment(
        house.reading,
        house.other,
        "A remark with *weight*, [a link](https://example.org/), `code` and\n\n> a quotation\n\n- and\n- a list",
    )
    parent = said
    for by in (house.member, house.other, house.organizer, house.moderator, house.member, house.other):
        parent = factories.create_comment(house.reading, by, f"An answer by {by.display_name}.", parent=parent)
    mine = factories.create_comment(house.reading, house.member, "My own remark.")
    gone = factories.create_comment(house.reading, house.member, "Taken back.")
    factories.create_comment(house.reading, house.other, "Why taken back?", parent=gone)
    Comment.objects.filter(pk=gone.pk).update(
        state=State.WITHDRAWN, withdrawn_from=State.VISIBLE, withdrawn_at=gone.created_at
    )
    held = factories.create_comment(house.reading, house.other, "Waits for a moderator.")
    Comment.objects.filter(pk=held.pk).update(state=State.HELD)
    hidden = factories.create_comment(house.reading, house.other, "Not for here.")
    factories.create_comment(house.reading, house.other, "What was it?", parent=hidden)
    Comment.objects.filter(pk=hidden.pk).update(state=State.HIDDEN)
    house.about, house.against = moderated(house)
    slow = {"kind": RestrictionKind.SLOW, "every": timedelta(minutes=10), "by": house.moderator, "reason": "Slowly."}
    locked = {"kind": RestrictionKind.LOCKED, "by": house.moderator, "reason": "Let us sleep over it."}
    restrict(reading=house.reading, thread=said, **slow)
    restrict(reading=house.reading, thread=hidden, **locked)
    restrict(reading=house.reading, paragraph=factories.version_of(house.reading, 5).paragraph, **locked)
    MutedPerson.objects.create(group=house.group, by=house.organizer, person=house.other)
    report(comment=said, words="It has too much weight.", by=house.member)
    house.group.reasons.create(title="Weight", words="Not so heavy, please.")
    return SimpleNamespace(said=said, mine=mine, **vars(house))


def moderated(house):
    """A decision about the member, who has appealed and written; the organizer is drawn to serve."""
    sold = factories.create_comment(house.reading, house.member, "Buy my *boats*.", number=5)
    decision = decided_about(house, [sold], person="warn")
    against = appeal(decision=decision, words="I asked for one.", by=house.member)
    write_statement(decision=decision, person=house.member, words="Which words?", key=uuid.uuid4(), by=house.member)
    until = timezone.now() + timedelta(days=3)
    juror = Juror.objects.create(appeal=against, user=house.organizer, answer_by=until)
    agree(juror=juror, by=house.organizer)
    Juror.objects.create(appeal=against, user=house.other, answer_by=until)
    return decision, against


def go(address):
    """A page that one opens by its address; `address` is made of the house."""
    return lambda page, house, **_: page.goto(address(house))


def a_text_revised(name, *more):
    """A page of revisions, after one in which paragraphs were edited, split and removed."""

    def show(page, house, **_):
        split = changed(house, 9, texts=["Nothing came of it.", "In spring the river took the quay."])
        published(house, changed(house, house.said.version.number), split, changed(house, 10, "remove"))
        page.goto(page_of_revisions(house, name, *more))

    return show


def words_written_about(page, house, **_):
    published(house, changed(house, house.said.version.number))
    page.goto(reverse("discussion:words_written_about", args=[house.said.public_id]))
    expect(page.get_by_role("heading", name="As it read then")).to_be_visible()


def a_rehearsal(page, house, *, refused=False, **_):
    changes = [changed(house, house.said.version.number), changed(house, 9, "move", after="")]
    correction = open_correction(reading=house.reading, by=house.organizer, changes=changes)
    page.goto(page_of_revisions(house, "rehearsal", correction.pk))
    link = page.locator(".changed details").first
    link.locator("summary").click()
    if refused:
        link.locator("[name=new]").fill("999")
        link.get_by_role("button").click()
        expect(page.get_by_text("Nothing was linked.")).to_be_visible()


def a_rehearsal_refused(page, house, **_):
    a_rehearsal(page, house, refused=True)


def correcting_a_paragraph(page, house, **_):
    page.goto(page_of_revisions(house, "correct_paragraph", house.said.paragraph.public_id))
    expect(page.get_by_role("button", name="Move it", exact=True)).to_be_visible()


def my_calendar(page, house, **_):
    make_calendar_address(by=house.member)
    page.goto(reverse("schedule:my_calendar"))


def in_group(name, *more):
    return go(lambda house: reverse(name, args=[house.group.slug, *more]))


def by_name(name):
    return go(lambda house: reverse(name))


def a_case(page, house, **_):
    case = Case.objects.get(comment=house.said)
    page.goto(reverse("moderation:case", args=[house.group.slug, case.pk]))
    expect(page.get_by_text("You have it before you until")).to_be_visible()
    page.locator("#decide summary").click()


def a_case_refused(page, house, **_):
    a_case(page, house)
    page.locator("#decide").get_by_label("Hide it").check()
    page.locator("#decide button.send").click()
    expect(page.locator(".errorlist").first).to_be_visible()


def several_cases(page, house, **_):
    cases = Case.objects.filter(group=house.group).values_list("pk", flat=True)
    asked = "&".join(f"case={pk}" for pk in cases)
    page.goto(f"{reverse('moderation:decide', args=[house.group.slug])}?{asked}")


def reading_page(page, house, **_):
    open_text(page, house.reading)
    page.locator(".contents summary").click()


def beside(page, house, **_):
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(title(page)).to_be_focused()


def opened_form(words, act, what):
    def show(page, house, **_):
        beside(page, house)
        open_form(page, words, act, what)

    return show


def muting(page, house, **_):
    beside(page, house)
    open_form(page, "A remark with", "Mute this person", "mute")
    # axe calls a link too small that lies half under the docked box.
    page.get_by_role("link", name="Continue this thread").scroll_into_view_if_needed()


def put_back_form(page, house, **_):
    beside(page, house)
    page.get_by_role("link", name="Put back").click()
    expect(opened(page, "put-back")).to_be_visible()


def previewed(page, house, **_):
    beside(page, house)
    box_for_words(composer(page)).fill("A *preview*.\n\n> with a quotation")
    composer(page).get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview")).to_be_visible()


def refused(page, house, **_):
    beside(page, house)
    box_for_words(composer(page)).fill("  ")
    send(composer(page))
    expect(box_for_words(composer(page))).to_have_attribute("aria-invalid", "true")


def edited_in_two_windows(page, house, **_):
    beside(page, house)
    form = open_form(page, "My own remark.", "Edit", "edit")
    Comment.objects.filter(pk=house.mine.pk).update(body="Changed.", body_html="<p>Changed.</p>", wording=2)
    box_for_words(form).fill("Changed here.")
    send(form)
    expect(opened(page, "edit").get_by_role("alert").first).to_contain_text("Changed.")


def just_said(page, house, **_):
    beside(page, house)
    answer(page, to="My own remark.", words="And another thing.")
    expect(comment(page, "And another thing.")).to_be_focused()


def a_note(page, house, **_):
    open_text(page, house.reading)
    page.get_by_role("button", name="Note 1", exact=True).click()
    expect(page.locator(".note:popover-open")).to_be_visible()


def keys(page, house, **_):
    open_text(page, house.reading)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def preview_of_an_import(page, house, **_):
    upload = keep_upload(
        group=house.group, content=factories.TEXT.encode() + b"\nMore.\n", filename="more.txt", by=house.organizer
    )
    page.goto(reverse("readings:preview_import", args=[house.group.slug, upload.pk]))


def refused_import(page, house, **_):
    page.goto(reverse("readings:import_text", args=[house.group.slug]))
    page.get_by_label("File").set_input_files(NOT_A_TEXT)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator(".errorlist")).to_be_visible()


def code_asked_for(page, house, outbox):
    page.goto(reverse("account_request_login_code"))
    page.locator("input[name=email]").fill(house.member.email)
    page.locator("main button.send").first.click()
    expect(page.locator("input[name=code]")).to_be_visible()
    assert code_in(outbox()[-1])


def signed_up(page, house, **_):
    page.goto(reverse("account_signup"))
    page.locator("input[name=display_name]").fill("Nora")
    page.locator("input[name=email]").fill("nora@example.org")
    page.locator("main button.send").first.click()
    expect(page.locator("input[name=code]")).to_be_visible()


def wrong_password(page, house, **_):
    page.goto(reverse("account_login"))
    page.locator("input[name=login]").fill("nobody@example.org")
    page.locator("input[name=password]").fill("not the one")
    page.locator("input[name=password]").press("Enter")
    expect(page.locator(".errorlist")).to_be_visible()


def wrong_name(page, house, **_):
    page.goto(reverse("accounts:profile"))
    page.locator("input[name=display_name]").fill("a\u200bb")
    page.locator("main button.send").first.click()
    expect(page.locator(".errorlist")).to_be_visible()


def quiet_without_an_end(page, house, **_):
    page.goto(reverse("mail_choices"))
    page.locator("input[name=quiet_from]").fill("22:00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[name=quiet_until]")).to_have_attribute("aria-invalid", "true")


def no_such_mail(page, house, **_):
    page.goto(unsubscribe_address(house.member, "reply").removeprefix(django_settings.SITE_URL))


def wrong_zone(page, house, **_):
    page.goto(reverse("accounts:preferences"))
    page.get_by_label("Time zone").fill("Mars/Olympus")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errorlist")).to_be_visible()


def decided(name, *args):
    """A page of the log when something has been decided, and reversed."""

    def show(page, house, **_):
        reversed_(house, entered(house, house.said))
        page.goto(reverse(f"moderation:{name}", args=[house.group.slug, *args]))

    return show


def a_session(name, make=scheduled_session):
    """A page about a session that is on the calendar, or a draft."""

    def show(page, house, **_):
        session = make(house, words="Bring the list.", where="The quay", passages=passages(house, (4, 6), (9, 9)))
        more = {"sessions": [], "group": [], "month": [2027, 5]}.get(name, [session.public_id])
        address = reverse("group" if name == "group" else f"schedule:{name}", args=[house.group.slug, *more])
        page.goto(address)
        expect(page.get_by_text(session.title).first).to_be_visible()

    return show


def a_series(name, **more):
    """A page about sessions that recur; `more` is typed and sent, once."""

    def show(page, house, **_):
        series = series_of(house)
        args = [series.public_id] if name != "plan" else [house.reading.slug]
        page.goto(reverse(f"schedule:{name}", args=[house.group.slug, *args]))
        for label, words in more.items():
            page.get_by_label(label, exact=True).fill(words)
        if more:
            page.locator("form button.send").first.click()
            expect(page.locator("#dates")).to_be_visible()

    return show


def dates_of_a_series(page, house, **_):
    """A night on which the time is missing, and one on which it is there twice."""
    page.goto(reverse("schedule:make_series", args=[house.group.slug]))
    page.get_by_label("Title:", exact=True).fill("Ferry nights")
    page.get_by_label("The first on").fill("2027-03-28")
    page.get_by_label("Time:", exact=True).fill("02:30")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_label("Number of sessions:", exact=True).fill("40")
    page.get_by_role("button", name="Show the dates").click()
    expect(page.get_by_text("the clocks show this time twice")).to_be_visible()


def no_such_time(page, house, **_):
    page.goto(reverse("schedule:new_session", args=[house.group.slug]))
    page.get_by_label("Title").fill("The first ferry")
    page.get_by_label("Date").fill("2027-03-28")
    page.get_by_label("Time:", exact=True).fill("02:30")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.get_by_role("button", name="Take 03:30")).to_be_visible()


def choosing_passages(page, house, **_):
    a_session("choose_passages")(page, house)
    for number in (5, 7):
        page.get_by_role("link", name=f"Paragraph {number} ").click()
    expect(page.get_by_role("button", name="Add this passage")).to_be_focused()


def ask(house):
    """A rule that somebody wants to be looked at again."""
    rule = rule_of(house)
    asked = {"rule_set": rule.rule_set, "rule": rule, "words": "Brief is not always clear.\n\nIs it?"}
    review = ask_for_review(group=house.group, **asked, by=house.member)
    elect_moderators(
        group=house.group, people=[house.member], until=timezone.now() + timedelta(days=90), by=house.owner
    )
    return review


def asked_about(page, house, **_):
    ask(house)
    page.goto(reverse("groups:rules", args=[house.group.slug]))


def review_page(name):
    def show(page, house, **_):
        review = ask(house)
        more = [] if name == "rules_reviews" else [review.pk]
        page.goto(reverse(f"groups:{name}", args=[house.group.slug, *more]))

    return show


def who_comes(page, house, **_):
    """To one with a place, an organizer who waits for another."""
    session = sessions.scheduled(house, places=1)
    for person, words in ((house.member, "I bring tea."), (house.other, ""), (house.organizer, "")):
        schedule.answer(session=session, by=person, answer="going", words=words)
    schedule.answer(session=session, by=house.owner, answer="maybe", words="It depends.")
    page.goto(sessions.address("attend", session))
    expect(page.get_by_text("number 2 on the waiting list")).to_be_visible()


def who_was_there(page, house, **_):
    session = sessions.begun(sessions.scheduled(house))
    for person in (house.member, house.other):
        schedule.answer(session=session, by=person, answer="going")
    page.goto(sessions.address("note_who_was_there", session))


def a_date_poll(page, house, **_):
    """With everything that organizers see."""
    session = sessions.asked_when(house, zone="Asia/Kathmandu")
    times = sessions.times_of(session)
    for person, said in ((house.member, ["yes", "if_need_be", "no"]), (house.other, ["yes", "no", "yes"])):
        answers = dict(zip(times, said, strict=True))
        schedule.answer_poll(session=session, answers=answers, words="Not after nine.", by=person)
    schedule.withdraw_time(session=session, time=times[2], by=house.organizer)
    page.goto(sessions.address("poll", session))
    page.locator("#poll details summary").first.click()


def all_of(name):
    """Of a session to which one comes, or a date poll that one has answered: the page that names everybody."""

    def show(page, house, **_):
        session = sessions.scheduled(house) if name == "people" else sessions.asked_when(house)
        if name == "people":
            schedule.answer(session=session, by=house.member, answer="going", words="I bring tea.", guests=2)
            more = ["going"]
        else:
            more = [sessions.times_of(session)[0], "yes"]
            schedule.answer_poll(session=session, answers={more[0]: "yes"}, words="Gladly.", by=house.member)
        page.goto(sessions.address(name, session, *more))
        expect(page.get_by_text("Mara").first).to_be_visible()

    return show


def a_date_poll_refused(page, house, **_):
    page.goto(sessions.address("open_poll", sessions.draft(house)))
    page.get_by_label("Answers until").fill(sessions.a_day(5).isoformat())
    page.get_by_role("button", name="Ask the members").click()
    expect(page.locator(".errorlist").first).to_be_visible()


def judged(name):
    """After a report was followed by a decision."""

    def show(page, house, **_):
        report(comment=house.mine, words="It says nothing.", by=house.other)
        seen = Seen(Case.objects.get(comment=house.mine).pk, "visible", 1)
        verdict = Verdict(action=Action.HIDE, ground=Ground.LAW, words="It is unlawful.")
        decide(group=house.group, seen=[seen], verdict=verdict, by=house.moderator)
        page.goto(reverse(name))

    return show


def of_decision(name):
    return go(lambda house: reverse(f"moderation:{name}", args=[house.about.public_id]))


def appealing(page, house, **_):
    """Against another one: one appeals once."""
    said = factories.create_comment(house.reading, house.member, "Sell my boats.", number=6)
    page.goto(reverse("moderation:appeal_against", args=[decided_about(house, [said]).public_id]))


def statement_refused(page, house, **_):
    of_decision("decision")(page, house)
    page.get_by_label("What you want to say").fill("   ")
    page.get_by_role("button", name="Send to the moderators").click()
    expect(page.locator(".errorlist")).to_be_visible()


def met(house):
    """A session under way, at a paragraph with an open question, of which something is noted."""
    it = under_way(house, 4, 5, 6)
    schedule.note_decision(session=it.session, item=it.items[0], words="So.", key=uuid.uuid4(), by=house.other)
    schedule.write_minutes(session=it.session, item=it.items[0], version=0, body="*Said.*", by=house.other)
    return it


def at_session(name, *more):
    def show(page, house, **_):
        it = met(house)
        asked = {"question": "open", "question_by": house.other, "question_at": timezone.now()}
        Comment.objects.filter(pk=house.said.pk).update(**asked)
        page.goto(reverse(name, args=[house.group.slug, it.session.public_id, *more]))

    return show


def minutes_overtaken(page, house, **_):
    it = met(house)
    page.goto(reverse("schedule:minutes", args=[house.group.slug, it.session.public_id]))
    form = page.locator("form:has(textarea)").first
    form.locator("textarea").fill("Otherwise.")
    schedule.write_minutes(session=it.session, item=it.items[0], version=1, body="Said again.", by=house.other)
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()


def minutes_reworded(page, house, **_):
    it = met(house)
    schedule.write_minutes(session=it.session, item=it.items[0], version=1, body="Said again.", by=house.other)
    page.goto(
        reverse("schedule:minutes_wordings", args=[house.group.slug, it.session.public_id, it.items[0].public_id])
    )
    expect(page.get_by_role("heading", name="Wording 1")).to_be_visible()


def agenda_overtaken(page, house, **_):
    it = met(house)
    page.goto(reverse("schedule:edit_agenda", args=[house.group.slug, it.session.public_id]))
    put_on_agenda(house, it.session, 7)
    page.get_by_role("button", name="Save the agenda").click()
    expect(page.get_by_role("alert")).to_be_visible()


def minutes_published(page, house, **_):
    it = met(house)
    schedule.publish_minutes(session=ended(it.session), by=house.organizer)
    page.goto(reverse("schedule:session", args=[house.group.slug, it.session.public_id]))


def a_paragraph_that_was_discussed(page, house, **_):
    minutes_published(page, house)
    reading_page(page, house)


def a_ballot(name, make=ballots.opened, has_voted=False, **details):
    """A page of a ballot; `has_voted`: after the vote of who looks at it."""

    def show(page, house, **_):
        ballot = make(house, **details)
        if has_voted:
            page.goto(ballots.address("vote", ballot))
            page.get_by_label("The quay").check()
            page.get_by_role("button", name="Put it into the box").click()
        page.goto(ballots.address(name, ballot))

    return show


def a_ballot_refused(page, house, **_):
    page.goto(reverse("proposals:new_ballot", args=[house.group.slug]))
    page.get_by_label("Question").fill("Which?")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.locator(".errorlist").first).to_be_visible()


VISITOR = "visitor"


def of_proposal(name):
    """A page about a proposal with hands, an answer, two wordings, a co-proposer and one who is asked."""

    def show(page, house, **_):
        file = (b"The Bridge\n\nNobody sang on it.\n", "bridge.txt")
        proposal = proposing.proposed(house, file=file, translator="Milo Renner", rights="Free")
        proposals.reword(
            proposal=proposal, wording=1, by=house.member, **proposing.said(why="It is short.\n\nAnd good.")
        )
        proposals.support(proposal=proposal, by=house.organizer)
        proposals.ask_to_propose_with(proposal=proposal, user=house.owner, by=house.member)
        proposals.answer_co_proposing(proposal=proposal, agree=True, by=house.owner)
        proposals.ask_to_propose_with(proposal=proposal, user=house.other, by=house.member)
        proposing.answered(house, proposal, "later", "In autumn.")
        proposing.proposed(house, title="Winter", publish=False)
        page.goto(proposing.address(name, house, None if name in {"proposals", "settle_proposals"} else proposal))

    return show


def a_proposal_like_another(page, house, **_):
    proposing.proposed(house, by=house.other)
    page.goto(proposing.address("propose", house))
    page.get_by_label("Title").fill("The Bridges")
    page.get_by_label("Why it is worth reading").fill("It is short.")
    expect(page.locator("#alike")).to_contain_text("very like it")
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("button", name="Propose it all the same")).to_be_visible()


def how_the_site_stands(page, house, **_more):
    User.objects.filter(pk=house.owner.pk).update(is_staff=True)
    hidden(house)
    page.goto(reverse("site_state"))


# What it is: who opens it, how.
RANKED = receipts(
    {"ranks": {"1": 1, "2": 2}, "reason": "It is short, and in its own words it is about a river."},
    {"ranks": {"2": 1, "3": 1}},
    {"ranks": {"3": 1, "1": 2}},
    {"abstains": True},
)
APPROVED = receipts({"named": [1, 2], "reason": "Both."}, {"named": [2, 1]}, {"abstains": True})


def result_of(method, papers):
    """A ballot among a proposal that was chosen, another one, and words."""

    def show(page, house, **_more):
        options = [accepted(house, "The Weir"), proposed(house, "The Lock and its keeper"), "Neither of them"]
        ballot = closed_ballot(house, papers=papers, options=options, method=method, quorum=20)
        page.goto(reverse("proposals:result", args=[house.group.slug, ballot.public_id]))

    return show


def bringing(page, house, **_more):
    proposal = accepted(house, "The Weir", where="In every library.", rights="None left.")
    page.goto(reverse("proposals:bring_text", args=[house.group.slug, proposal.public_id]))


def of_two_editions(page):
    """A page of the text beside its translation, of which a row is not confirmed."""

    def show(browser, house, **_more):
        browser.goto(two_editions(house, confirmed=False).beside + page)

    return show


PAGES = {
    "how the site stands": ("owner", how_the_site_stands),
    "what we read": (VISITOR, in_group("what_we_read")),
    "the result of a ranking": (VISITOR, result_of("ranking", RANKED)),
    "the result of an approval": ("organizer", result_of("approval", APPROVED)),
    "bringing a chosen text": ("organizer", bringing),
    "home": (VISITOR, go(lambda house: "/")),
    "home, signed in": ("member", go(lambda house: "/")),
    "group": (VISITOR, in_group("group")),
    "group of an owner": ("owner", in_group("group")),
    "reading page": (VISITOR, reading_page),
    "reading page of a member": ("member", reading_page),
    "discussion beside the text": ("member", beside),
    "discussion, of a visitor": (VISITOR, beside),
    "discussion, of a moderator": ("moderator", beside),
    "answering": ("member", opened_form("A remark with", "Answer", "answer")),
    "editing": ("member", opened_form("My own remark.", "Edit", "edit")),
    "withdrawing": ("member", opened_form("My own remark.", "Withdraw", "withdraw")),
    "putting back": ("member", put_back_form),
    "a preview of words": ("member", previewed),
    "words refused": ("member", refused),
    "an edit in two windows": ("member", edited_in_two_windows),
    "just said": ("member", just_said),
    "a note": ("member", a_note),
    "keys": ("member", keys),
    "paragraph": ("member", go(lambda house: paragraph_address(house.reading, 4))),
    "paragraph without comments": (VISITOR, go(lambda house: paragraph_address(house.reading, 3))),
    "the text with its discussion": ("member", go(lambda house: f"{address_of(house.reading)}whole/")),
    "discussion, of who has muted somebody": ("organizer", beside),
    "muting": ("member", muting),
    "whom one has muted": ("organizer", by_name("discussion:my_muted")),
    "a locked paragraph": ("member", go(lambda house: paragraph_address(house.reading, 5))),
    "slow mode": ("moderator", go(lambda house: f"/c/{house.said.public_id}/slow/")),
    "looking first": ("moderator", go(lambda house: f"{paragraph_address(house.reading, 4)}look-first/")),
    "import": ("organizer", in_group("readings:import_text")),
    "import refused": ("organizer", refused_import),
    "preview of an import": ("organizer", preview_of_an_import),
    "who comes to a session": ("organizer", who_comes),
    "who was there": ("organizer", who_was_there),
    "a date poll": ("organizer", a_date_poll),
    "all who come": ("other", all_of("people")),
    "all who can": ("other", all_of("who_can")),
    "a date poll refused": ("organizer", a_date_poll_refused),
    "report": ("member", go(lambda house: f"/c/{house.said.public_id}/report/")),
    "what waits for moderators": ("moderator", in_group("moderation:queue")),
    "log of moderation": (VISITOR, decided("log")),
    "an entry of the log": ("member", decided("log_entry", 1)),
    "moderation in numbers": (VISITOR, decided("log_numbers")),
    "a decision, of whom it concerns": ("member", of_decision("decision")),
    "a decision, of a moderator": ("moderator", of_decision("decision")),
    "a statement refused": ("member", statement_refused),
    "appealing": ("member", appealing),
    "reversing": ("moderator", of_decision("reverse_decision")),
    "an appeal": ("owner", go(lambda house: reverse("moderation:appeal", args=[house.group.slug, house.against.pk]))),
    "asked to serve": ("other", go(lambda house: reverse("moderation:serve", args=[house.against.pk]))),
    "serving": ("organizer", go(lambda house: reverse("moderation:serve", args=[house.against.pk]))),
    "a case": ("moderator", a_case),
    "a case refused": ("moderator", a_case_refused),
    "several cases": ("moderator", several_cases),
    "reasons": ("moderator", in_group("moderation:reasons")),
    "locking": (
        "moderator",
        go(lambda house: reverse("moderation:decide_about_thread", args=[house.said.public_id])),
    ),
    "founding a group": ("member", by_name("groups:found_group")),
    "settling a group": ("owner", in_group("groups:settle_group")),
    "no rules yet": ("member", in_group("groups:rules")),
    "writing rules": ("owner", in_group("groups:edit_rules")),
    "history of the rules": ("member", in_group("groups:rules_history")),
    "rules that were asked about": ("member", asked_about),
    "a review of the rules": ("other", review_page("rules_review")),
    "all reviews of the rules": (VISITOR, review_page("rules_reviews")),
    "asking for a review of the rules": ("member", in_group("groups:ask_rules_review")),
    "answering a review of the rules": ("owner", review_page("answer_rules_review")),
    "how moderation is set": ("owner", in_group("moderation:settings")),
    "my cases": ("member", judged("moderation:my_cases")),
    "my reports": ("other", judged("moderation:my_reports")),
    "archiving": ("owner", in_group("groups:archive_group")),
    "handing over": ("owner", in_group("groups:hand_over")),
    "deleting a group": ("owner", in_group("groups:delete_group")),
    "export": ("owner", in_group("group_export")),
    "where we are": (
        "member",
        go(lambda house: reverse("readings:where_we_are", args=[house.group.slug, house.reading.slug])),
    ),
    "settling a text": (
        "organizer",
        go(lambda house: reverse("readings:settle_reading", args=[house.group.slug, house.reading.slug])),
    ),
    "two editions side by side": (VISITOR, of_two_editions("")),
    "which paragraphs go together": ("organizer", of_two_editions("links/")),
    "separating two editions": ("organizer", of_two_editions("separate/")),
    "other editions": (
        "organizer",
        go(lambda house: reverse("side_by_side:editions", args=[house.group.slug, house.reading.slug])),
    ),
    "the history of a text": (VISITOR, a_text_revised("history")),
    "what a revision changed": (VISITOR, a_text_revised("changes", 2)),
    "an old revision": (VISITOR, a_text_revised("revision", 1)),
    "removed paragraphs": (VISITOR, a_text_revised("removed_paragraphs")),
    "undoing a revision": ("organizer", a_text_revised("undo")),
    "words that a comment was written about": (VISITOR, words_written_about),
    "bringing a corrected text": (
        "organizer",
        go(lambda house: page_of_revisions(house, "bring_correction")),
    ),
    "a rehearsal": ("organizer", a_rehearsal),
    "a rehearsal refused": ("organizer", a_rehearsal_refused),
    "correcting a paragraph": ("organizer", correcting_a_paragraph),
    "notes of a text": ("organizer", go(lambda house: page_of_revisions(house, "notes"))),
    "what to talk about": ("organizer", at_session("propose_agenda")),
    "an agenda": ("organizer", at_session("schedule:edit_agenda")),
    "an agenda overtaken": ("organizer", agenda_overtaken),
    "running a session": ("organizer", at_session("run_session")),
    "minutes": ("organizer", at_session("schedule:minutes")),
    "minutes overtaken": ("organizer", minutes_overtaken),
    "wordings of the minutes": ("organizer", minutes_reworded),
    "minutes of the whole session": ("organizer", at_session("schedule:write_minutes", "all")),
    "minutes published": ("member", minutes_published),
    "a paragraph that was discussed": (VISITOR, a_paragraph_that_was_discussed),
    "ballots": (VISITOR, in_group("proposals:ballots")),
    "a draft of a ballot": ("organizer", a_ballot("ballot", ballots.draft)),
    "an open ballot": ("member", a_ballot("ballot")),
    "voting": ("member", a_ballot("vote")),
    "ranking": ("member", a_ballot("vote", method="ranking")),
    "a receipt": ("member", a_ballot("voted", has_voted=True)),
    "declaring a ballot void": ("organizer", a_ballot("void_ballot")),
    "a ballot refused": ("organizer", a_ballot_refused),
    "who may": ("member", in_group("groups:who_may")),
    "my calendar": ("member", my_calendar),
    "feeds": ("member", in_group("feeds:addresses")),
    "writing a letter": ("organizer", in_group("groups:write_letter")),
    "letters": ("organizer", in_group("groups:letters")),
    "sessions": ("organizer", a_session("sessions")),
    "a session": ("member", a_session("session")),
    "a draft of a session": ("organizer", a_session("session", draft_session)),
    "planning a session": ("organizer", in_group("schedule:new_session")),
    "a time that does not exist": ("organizer", no_such_time),
    "choosing passages": ("organizer", choosing_passages),
    "cancelling a session": ("organizer", a_session("cancel_session")),
    "sessions of a month": ("organizer", a_session("month")),
    "group with a session": ("member", a_session("group")),
    "a series": ("organizer", a_series("series")),
    "dates of a new series": ("organizer", dates_of_a_series),
    "changing a series": ("organizer", a_series("change_series", **{"Time:": "20:00"})),
    "calling off a series": ("organizer", a_series("cancel_series")),
    "a reading plan": ("organizer", a_series("plan")),
    "proposals": ("member", of_proposal("proposals")),
    "a proposal, of who proposes it": ("member", of_proposal("proposal")),
    "a proposal, of a visitor": (VISITOR, of_proposal("proposal")),
    "a proposal, of who is asked to propose it, too": ("other", of_proposal("proposal")),
    "a proposal like another": ("member", a_proposal_like_another),
    "changing a proposal": ("member", of_proposal("change_proposal")),
    "wordings of a proposal": (VISITOR, of_proposal("proposal_wordings")),
    "the text of a proposal": ("organizer", of_proposal("proposal_text")),
    "withdrawing a proposal": ("member", of_proposal("withdraw_proposal")),
    "answering a proposal": ("organizer", of_proposal("answer_proposal")),
    "how proposals are set": ("owner", of_proposal("settle_proposals")),
    "members": ("owner", in_group("groups:members")),
    "a member": (
        "owner",
        go(lambda house: reverse("groups:member", args=[house.group.slug, house.member.public_id])),
    ),
    "deciding about a member": (
        "owner",
        go(lambda house: reverse("moderation:decide_about_member", args=[house.group.slug, house.member.public_id])),
    ),
    "reporting a name": (
        "other",
        go(lambda house: reverse("moderation:report_name", args=[house.group.slug, house.member.public_id])),
    ),
    "contributions": (
        "other",
        go(lambda house: reverse("discussion:contributions", args=[house.group.slug, house.member.public_id])),
    ),
    "name in a group": ("member", in_group("groups:name_here")),
    "my groups": ("member", by_name("groups:my_groups")),
    "inviting by mail": ("owner", in_group("groups:invite_by_email")),
    "inviting": ("owner", in_group("groups:invite")),
    "leaving": ("member", in_group("discussion:leave")),
    "profile": ("member", by_name("accounts:profile")),
    "profile refused": ("member", wrong_name),
    "inbox": ("member", by_name("inbox")),
    "notifications": ("member", by_name("mail_choices")),
    "notifications refused": ("member", quiet_without_an_end),
    "no such mail": (VISITOR, no_such_mail),
    "preferences": ("member", by_name("accounts:preferences")),
    "preferences refused": ("member", wrong_zone),
    "login": (VISITOR, by_name("account_login")),
    "login refused": (VISITOR, wrong_password),
    "signup": (VISITOR, by_name("account_signup")),
    "signed up": (VISITOR, signed_up),
    "reset of the password": (VISITOR, by_name("account_reset_password")),
    "asking for a code": (VISITOR, by_name("account_request_login_code")),
    "typing the code": (VISITOR, code_asked_for),
    "e-mail addresses": ("member", by_name("account_email")),
    "second factors": ("member", by_name("mfa_index")),
    "devices": ("member", by_name("usersessions_list")),
    "not found": (VISITOR, go(lambda house: "/g/nothing-here/")),
    "not allowed": ("outsider", in_group("readings:import_text")),
}


# Pages are put together of the same parts: every run looks at each fifth.
@pytest.mark.parametrize("kind", thoroughly(list(PAGES), list(PAGES)[::5]))
def test_a_page_without_faults(furnished, page_for, outbox, kind):
    who, show = PAGES[kind]
    page = page_for(getattr(furnished, who, None), WIDE, expects=[400, 403, 404, 409, 422])
    show(page, furnished, outbox=outbox)
    search(page)


def test_the_gallery_without_faults(furnished, page_for, settings):
    try:
        get_template("site/gallery.html")
    except TemplateDoesNotExist:
        pytest.skip("the gallery is not drawn yet")
    settings.ROOT_URLCONF = "tests.browser.urls_with_gallery"
    page = page_for(furnished.owner, WIDE)
    page.goto("/gallery/")
    search(page)


def search(page):
    """The page on both windows, and in the other scheme: of these axe looks only at what they can change."""
    faults = {}
    looks = [
        ("light", None, WIDE),
        ("light", ["target-size", "scrollable-region-focusable"], NARROW),
        ("dark", ["color-contrast"], NARROW),
    ]
    for scheme, only, window in looks:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": window[0], "height": window[1]})
        for fault in faults_of(page, only):
            faults.setdefault(fault, []).append(f"{scheme} {window[0]}")
    page.set_viewport_size({"width": 320, "height": 700})
    out = sideways(page)
    assert not faults, "\n".join(f"{fault} [{', '.join(where)}]" for fault, where in faults.items())
    assert not out, "\n".join(out)


def test_axe_finds_faults_where_there_are_some(house, page_for):
    """The control: a picture without words, and letters that cannot be seen."""
    page = page_for(None)
    page.goto("/")
    page.evaluate(
        """() => {
            const image = document.createElement("img");
            image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
            document.querySelector("main").append(image);
            document.querySelector("h1").style.color = "#eeeeee";
        }"""
    )
    rules = {fault.split(":")[0] for fault in faults_of(page)}
    assert {"image-alt", "color-contrast"} <= rules
